"""What both caches promise. Nothing about money lives here; forgetting everything costs time, never truth."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

import msgspec


class Holder(msgspec.Struct, frozen=True, gc=False):
    """Who holds a charge point's connection: the gateway, its link, and the epoch that fences earlier ones."""

    gateway_id: str
    link_id: str
    epoch: int


Fenced = Callable[[str, int], None]
"""(charge point code, epoch of whoever has it now)"""


class Cache(Protocol):
    """Directory, rate limits and live fan-out. What needs an answer raises Unavailable when there is none in time."""

    async def start(self) -> None:
        """Begin; before anything else that uses it."""
        ...

    async def stop(self) -> None:
        """End; after everything else."""
        ...

    async def ready(self) -> None:
        """Unavailable while nothing could be asked."""
        ...

    def counts(self) -> Mapping[str, int]:
        """For metrics."""
        ...

    def on_fenced(self, fenced: Fenced) -> None:
        """Say what to do when somebody else holds a charge point that this process held: the connection is over.

        May be called more than once for the same loss, until the claim is released.
        """
        ...

    async def holder(self, charge_point_code: str) -> Holder | None:
        """Who holds this charge point now; while that cannot be asked, who held it when it was asked last."""
        ...

    async def claim(self, charge_point_code: str, gateway_id: str, link_id: str, *, replace: int = 0) -> Holder:
        """Become the holder if nobody is, or if `replace` is the epoch of the present holder.

        The answer is the holder after the call: the caller compares `link_id` to see whether it won. Epochs of one
        charge point only grow, also across restarts and losses of the cache.
        """
        ...

    async def release(self, charge_point_code: str, epoch: int) -> None:
        """Give up a claim; does nothing when a later epoch holds it."""
        ...

    async def take(self, bucket: str, *, limit: int, window_s: int, strict: bool = True) -> bool:
        """Count one act in a bucket; False when more than `limit` fell into the window.

        Without an answer: Unavailable, or when not `strict` what this process alone has counted decides.
        """
        ...

    def broadcast(self, topic: str, patch: bytes) -> None:
        """Tell every process that listens about a change of a live topic (JSON merge patch, encoded)."""
        ...

    def listen(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every broadcast from now on; a listener that falls too far behind loses patches and is told by ("", b"")."""
        ...
