"""Who may write to SQLite: one task after the other, and who can wait lets others go first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count

from chargecloud.kernel.errors import Unavailable

WAIT_FOR_TURN_S = 15.0


class Turn:
    """A lock that is not waited for longer than a while, given to whoever is due first.

    A task is due when it asks, or so much later as it has patience. Whoever has waited out its patience stands before
    all who ask afterwards, so nobody starves.
    """

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._serial = count()

    @asynccontextmanager
    async def mine(self, patience_s: float = 0.0) -> AsyncIterator[None]:
        """Hold the turn; Unavailable when it does not come within a while."""
        if self._taken:
            await self._given(patience_s)
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _given(self, patience_s: float) -> None:
        loop = asyncio.get_running_loop()
        given = loop.create_future()
        heappush(self._waiting, (loop.time() + patience_s, next(self._serial), given))
        taken = False
        try:
            async with asyncio.timeout(WAIT_FOR_TURN_S):
                await given
            taken = True
        except TimeoutError:
            raise Unavailable(
                f"the database was busy for {WAIT_FOR_TURN_S:.0f} s; try again", "database_busy"
            ) from None
        finally:
            if not taken and given.done() and not given.cancelled():  # it came just as the wait ended
                self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            given = heappop(self._waiting)[2]
            if not given.done():
                given.set_result(None)
                return
        self._taken = False
