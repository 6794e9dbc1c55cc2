"""A Redis server of a test's own, for tests that flush, freeze, kill and start it again beside an event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis as Client

from tests.support.servers import Redis


async def flush(server: Redis) -> None:
    """Forget everything."""
    async with Client.from_url(server.url) as client:
        await client.flushall()


@asynccontextmanager
async def own_redis(folder: Path) -> AsyncIterator[Redis]:
    """A running server that ends with the test."""
    server = Redis(folder)
    await asyncio.to_thread(server.__enter__)
    try:
        yield server
    finally:
        server.__exit__()
