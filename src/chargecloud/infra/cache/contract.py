"""What both caches promise. Nothing about money lives here; forgetting everything costs time, never truth."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


class Holder(msgspec.Struct, frozen=True, gc=False):
    """Who holds a charge point's connection: the gateway, its link, and the epoch that fences earlier ones."""

    gateway_id: str
    link_id: str
    epoch: int


class Cache(Protocol):
    """Directory, rate limits and live fan-out."""

    async def holder(self, charge_point_code: str) -> Holder | None:
        """Who holds this charge point now."""
        ...

    async def claim(self, charge_point_code: str, gateway_id: str, link_id: str, *, replace: int = 0) -> Holder:
        """Become the holder if nobody is, or if `replace` is the epoch of the present holder.

        The answer is the holder after the call: the caller compares `link_id` to see whether it won. Epochs of one
        charge point only grow, also across restarts.
        """
        ...

    async def release(self, charge_point_code: str, epoch: int) -> None:
        """Give up a claim; does nothing when a later epoch holds it."""
        ...

    async def take(self, bucket: str, *, limit: int, window_s: int) -> bool:
        """Count one act in a bucket; False when more than `limit` fell into the window."""
        ...

    def broadcast(self, topic: str, patch: bytes) -> None:
        """Tell every process that listens about a change of a live topic (JSON merge patch, encoded)."""
        ...

    def listen(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every broadcast from now on; a listener that falls too far behind loses patches and is told by ("", b"")."""
        ...
