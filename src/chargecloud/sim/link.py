"""One connection of one virtual charge point: a protocol without a task and without a timer of its own."""

import asyncio
import random
from typing import Any, cast

from chargecloud.kernel.clock import Clock
from chargecloud.sim.actor import Actor
from chargecloud.sim.summary import Tally

MAX_UNSENT_BYTES = 256 * 1024
LONGEST_BACKOFF = 8
"""The pause between two attempts is doubled up to this factor."""


class _Silence(asyncio.Protocol):
    """What is left of a charge point whose link is half open: bytes arrive, nobody reads them."""


class Link(asyncio.Protocol):
    """Carries bytes between a socket and an actor, and knows when to try again."""

    def __init__(self, actor: Actor[Any], clock: Clock, tally: Tally, *, pause_s: float, jitter_s: float) -> None:
        self.actor = actor
        self.connecting = False
        self.due_at = 0.0
        """When `sweep` has something to do for this charge point."""
        self.retry_at = 0.0
        self._clock = clock
        self._tally = tally
        self._pause_s = pause_s
        self._jitter_s = jitter_s
        self._rng = random.Random(f"{actor.code}/reconnect")
        self._failures = 0
        self._transport: asyncio.Transport | None = None
        self._ghost: asyncio.Transport | None = None

    @property
    def open(self) -> bool:
        """Whether a socket is there."""
        return self._transport is not None

    def wants(self, now: float) -> bool:
        """Whether to connect now."""
        return not self.connecting and not self.open and now >= self.retry_at and self.actor.wants_link(now)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: the charge point speaks first."""
        self._transport = cast("asyncio.Transport", transport)
        self._tally.connects += 1
        now = self._clock.monotonic()
        self.actor.connected(now)
        self.flush(now)

    def data_received(self, data: bytes) -> None:
        """Bytes from the platform."""
        now = self._clock.monotonic()
        self.actor.receive(data, now)
        if self.actor.point.online:
            self._failures = 0
        self.flush(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone; charging goes on."""
        self._transport = None
        if exc is not None:
            self._tally.errors[type(exc).__name__] += 1
        self._gone(self._clock.monotonic())

    def failed(self, error: OSError, now: float) -> None:
        """No connection came about."""
        self._tally.errors[type(error).__name__] += 1
        self.postpone(now)

    def postpone(self, now: float) -> None:
        """Wait before the next attempt, longer each time."""
        factor = min(LONGEST_BACKOFF, 1 << self._failures)
        self._failures = min(self._failures + 1, 8)
        self.retry_at = now + self._pause_s * factor + self._rng.random() * self._jitter_s
        self.due_at = min(self.due_at, self.actor.deadline())

    def sweep(self, now: float) -> None:
        """Do what is due."""
        self.actor.tick(now)
        self.flush(now)

    def flush(self, now: float) -> None:
        """Send what there is; close when the charge point or an accident wants it."""
        writes = self.actor.take_writes(now)
        if self._transport is not None:
            for data in writes:
                self._transport.write(data)
            if self.actor.closing and self.actor.half_open:
                self._leave_open(self._transport, now)
            elif self.actor.closing:
                self._transport.close()
            elif self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                self._tally.errors["platform does not read"] += 1
                self._transport.abort()
        self.due_at = self.actor.deadline()

    def close(self) -> None:
        """Hang up."""
        for transport in (self._transport, self._ghost):
            if transport is not None:
                transport.close()

    def _leave_open(self, transport: asyncio.Transport, now: float) -> None:
        """The far end hears nothing of the loss; only one such ghost is kept."""
        if self._ghost is not None:
            self._ghost.abort()
        transport.set_protocol(_Silence())
        self._ghost, self._transport = transport, None
        self._gone(now)

    def _gone(self, now: float) -> None:
        self._tally.disconnects += 1
        self.actor.disconnected(now)
        self.postpone(now)
