"""What one reader of live patches has not read yet."""

import asyncio
from collections.abc import AsyncIterator

Patch = tuple[str, bytes]
BEHIND: Patch = ("", b"")
"""What a reader that lost patches is told."""


class Backlog:
    """Bounded: when it is full all of it goes and a note takes its place. It is gone with whoever follows it."""

    def __init__(self, size: int) -> None:
        self._patches: asyncio.Queue[Patch] = asyncio.Queue()
        self._size = size

    def offer(self, topic: str, patch: bytes) -> None:
        """Add one; never waits."""
        if self._patches.qsize() >= self._size:
            self.restart()
        self._patches.put_nowait((topic, patch))

    def restart(self) -> None:
        """Patches were lost: what waits is worth nothing without them."""
        while not self._patches.empty():
            self._patches.get_nowait()
        self._patches.put_nowait(BEHIND)

    async def take(self, most: int) -> list[Patch]:
        """Wait for one, then take up to so many that are there."""
        taken = [await self._patches.get()]
        while len(taken) < most and not self._patches.empty():
            taken.append(self._patches.get_nowait())
        return taken

    async def follow(self) -> AsyncIterator[Patch]:
        """One after the other, for ever."""
        while True:
            yield await self._patches.get()
