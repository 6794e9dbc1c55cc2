"""Who may write to SQLite: one task after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chargecloud.kernel.errors import Unavailable

WAIT_FOR_TURN_S = 15.0


class Turn:
    """A lock that is not waited for longer than a while."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Hold the turn; Unavailable when it does not come within a while."""
        try:
            async with asyncio.timeout(WAIT_FOR_TURN_S):
                await self._lock.acquire()
        except TimeoutError:
            raise Unavailable(
                f"the database was busy for {WAIT_FOR_TURN_S:.0f} s; try again", "database_busy"
            ) from None
        try:
            yield
        finally:
            self._lock.release()
