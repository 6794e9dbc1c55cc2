"""How both buses retry: the batch twice, then message by message, then set aside; an outage is waited out instead."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from chargecloud.infra.bus.contract import EventHandler
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.bus")

BATCH_ATTEMPTS = 2
EXPECTED = (Unavailable, Conflict)
"""Something is away, or somebody was faster: told in one line. A traceback from every attempt would bury the rest."""
OUTAGES = 2
"""So many in a row are an outage; one may be a deadlock or a lock that was held for a moment."""


class Poison(msgspec.Struct, frozen=True, gc=False):
    """A message no attempt could get through one group."""

    group: str
    envelope: Envelope
    error: str


PoisonHook = Callable[[Poison], None]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a message may fail on its own, and how long to wait in between."""

    max_attempts: int = 5
    first_delay_s: float = 0.1
    longest_delay_s: float = 5.0

    def delay_s(self, failures: int) -> float:
        """Pause after so many failures in a row; doubles up to the longest."""
        doublings = min(failures - 1, 20)
        return min(self.longest_delay_s, self.first_delay_s * (1 << doublings))


class Redelivery:
    """Hands batches to one group's handler until each message is handled or set aside."""

    def __init__(self, group: str, handler: EventHandler, policy: RetryPolicy) -> None:
        self.group = group
        self.failures = 0
        self.waiting_out = 0
        """Batches whose handler has been without a dependency for longer than a moment."""
        self._handler = handler
        self._policy = policy

    async def deliver(self, batch: Sequence[Envelope], set_aside: Callable[[Envelope, str], None]) -> None:
        """Return when every message of the batch was handled or given to `set_aside` with the last error."""
        if await self._try(batch, BATCH_ATTEMPTS) is None:
            return
        for envelope in batch:
            error = await self._try((envelope,), self._policy.max_attempts)
            if error is not None:
                set_aside(envelope, error)

    async def _try(self, batch: Sequence[Envelope], attempts: int) -> str | None:
        """None when handled, else the last error. A dependency that is away costs time, not attempts."""
        failures = outages = 0
        try:
            while True:
                try:
                    await self._handler(batch)
                    return None
                except Unavailable as error:
                    outages += 1
                    self.waiting_out += outages == OUTAGES
                    self._note(batch, error)
                    await asyncio.sleep(self._policy.delay_s(outages))
                except Exception as error:
                    failures += 1
                    self._note(batch, error)
                    if failures >= attempts:
                        return f"{type(error).__name__}: {error}"
                    await asyncio.sleep(self._policy.delay_s(failures))
        finally:
            self.waiting_out -= outages >= OUTAGES

    def _note(self, batch: Sequence[Envelope], error: Exception) -> None:
        self.failures += 1
        log.warning(
            "bus.handler_failed",
            group=self.group,
            messages=len(batch),
            first_key=batch[0].key,
            first_body=type(batch[0].body).__name__,
            error=str(error),
            exc_info=None if isinstance(error, EXPECTED) else error,
        )
