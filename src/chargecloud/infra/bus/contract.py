"""What both buses promise.

Events go to subscribers, keyed and in order: messages with one key are handled one after the other, different keys may
run side by side; each message reaches every group at least once, in batches. Commands go to one gateway's mailbox and
are dropped (and reported) when they have expired.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from chargecloud.kernel.message import Envelope

PARTITIONS = 16
"""How many streams a group's events are cut into. Every process of a platform has the same number."""

BUSINESS, TELEMETRY = "business", "telemetry"
"""The platform's two groups: what somebody waits for, and rows that are only appended."""
LINGER_MS = {BUSINESS: 5, TELEMETRY: 500}


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """The stream a key belongs to, from 0: the same in every process, every run and on every bus."""
    return crc32(key.encode()) % partitions


@dataclass(frozen=True, slots=True)
class Audience:
    """A group of subscribers, as those know it too who only publish: its name and the types of body it wants."""

    name: str
    bodies: tuple[type, ...]
    linger_ms: int = 0


EventHandler = Callable[[Sequence[Envelope]], Awaitable[None]]
"""Handles a batch of one partition in order. When it raises, the batch is delivered again, then message by message;
a message that fails on its own `max_attempts` times is set aside as poison and reported."""

CommandHandler = Callable[[Envelope], None]
"""Takes one command into a gateway; must not block."""


class Bus(Protocol):
    """Events by key, commands by address."""

    def publish(self, envelope: Envelope) -> None:
        """Hand over an event without waiting. Bounded: see `congested`."""
        ...

    async def publish_durably(self, envelopes: Sequence[Envelope]) -> None:
        """Hand over events and return when the bus will not lose them any more (the relay's way)."""
        ...

    def subscribe(self, group: str, handler: EventHandler, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        """Let a group see all events whose body is one of these types. Call before `start`.

        `linger_ms` lets a batch grow before it is handed over: little for what must be quick, more for telemetry.
        """
        ...

    async def send(self, gateway_id: str, envelope: Envelope) -> None:
        """Put a command into a gateway's mailbox. An expired one is dropped on delivery and given to `on_expired`."""
        ...

    def receive(self, gateway_id: str, handler: CommandHandler, on_expired: CommandHandler) -> None:
        """Open a gateway's mailbox. Call before `start`."""
        ...

    @property
    def congested(self) -> bool:
        """More is queued than is good: gateways stop reading from their sockets until it is false again."""
        ...

    @property
    def available(self) -> bool:
        """Whether what is handed over now gets anywhere; False while the broker cannot be reached, and after `stop`.

        Without a broker: while the subscribers are without their database. Meanwhile gateways keep records in their
        journal, hold back what else they hear, and refuse starts.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Events queued and what has happened so far, for metrics."""
        ...

    async def start(self) -> None:
        """Begin to deliver."""
        ...

    async def stop(self) -> None:
        """Finish what is in hand and stop; undelivered messages of an in-memory bus are handled first."""
        ...

    async def drain(self) -> None:
        """Return when nothing is queued or in hand (tests, the city, orderly shutdown)."""
        ...
