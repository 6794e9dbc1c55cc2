"""Waiting for what another task, thread or process brings about."""

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Return when the condition holds; TimeoutError when it never does."""
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)
