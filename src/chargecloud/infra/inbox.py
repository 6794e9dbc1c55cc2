"""Messages from the bus into the services: one unit of work for each batch of a partition.

A batch that fails leaves no trace; the bus hands it over again and in the end message by message, so that a poisonous
one hurts nobody else. Messages that left an outbox are recognised when they come a second time.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from chargecloud.infra.ages import measured
from chargecloud.infra.bus.contract import BUSINESS, LINGER_MS, TELEMETRY, Bus
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import inbox_seen
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope, Message

Handler = Callable[[UnitOfWork, Any, Envelope], Awaitable[None]]
"""Takes the unit of work, the message and the envelope it came in."""

REMEMBER_MS = 7 * 24 * 3_600_000
"""How long a second delivery is recognised; no bus keeps a message that long."""
PRUNE_ROWS = 2_000
PATIENCE_S = {BUSINESS: 0.02, TELEMETRY: 0.5}
"""Sixteen partitions come at once, and somebody with a phone in the hand should not stand behind all of them."""

_SEEN = select(inbox_seen.c.message_id).where(
    inbox_seen.c.group_name == bindparam("group_name"), inbox_seen.c.message_id.in_(bindparam("ids", expanding=True))
)


Many = Callable[[UnitOfWork, Sequence[Envelope]], Awaitable[None]]
"""Takes the unit of work and messages of one type, each of another key."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feature wants messages of this type (or derived from it) handled."""

    body: type[Message]
    handler: Handler
    telemetry: bool = False
    """Append-only rows nobody waits for: collected for half a second before they are written."""
    many: Many | None = None
    """Handles several at once, where that is cheaper; sets `uow.trace_id` to that of the message it speaks for."""


class Inbox:
    """Gives each message to every subscription, lowest feature first, all in one transaction."""

    def __init__(self, database: Database, subscriptions: Sequence[Subscription]) -> None:
        self._database = database
        self._groups = {
            BUSINESS: tuple(each for each in subscriptions if not each.telemetry),
            TELEMETRY: tuple(each for each in subscriptions if each.telemetry),
        }

    def subscribe(self, bus: Bus) -> None:
        """Call before the bus starts; subscriptions count from the lowest feature to the highest."""
        for name, subscriptions in self._groups.items():
            if subscriptions:
                bodies = tuple({each.body for each in subscriptions})
                handle = measured(name, _Group(self._database, name, subscriptions).handle, self._database.clock)
                bus.subscribe(name, handle, bodies=bodies, linger_ms=LINGER_MS[name])


class _Group:
    def __init__(self, database: Database, name: str, subscriptions: tuple[Subscription, ...]) -> None:
        self._database = database
        self._name = name
        self._subscriptions = subscriptions
        self._wanted: dict[type[Message], tuple[Subscription, ...]] = {}

    async def handle(self, batch: Sequence[Envelope]) -> None:
        """All of a batch, or nothing of it."""
        async with self._database.unit(batch[0].trace_id, patience_s=PATIENCE_S[self._name]) as uow:
            for body, envelopes in _waves(await self._unseen(uow, batch)):
                await self._give(uow, body, envelopes)

    async def _give(self, uow: UnitOfWork, body: type[Message], envelopes: Sequence[Envelope]) -> None:
        for subscription in self._subscriptions_of(body):
            if subscription.many is not None and len(envelopes) > 1:
                await subscription.many(uow, envelopes)
                continue
            for envelope in envelopes:
                uow.trace_id = envelope.trace_id
                await subscription.handler(uow, envelope.body, envelope)

    async def _unseen(self, uow: UnitOfWork, batch: Sequence[Envelope]) -> Sequence[Envelope]:
        """The batch without what this group has handled before; what is left is remembered."""
        ids = [envelope.id for envelope in batch if envelope.id]
        if not ids:
            return batch
        found = await uow.connection.execute(_SEEN, {"group_name": self._name, "ids": ids})
        seen = set(found.scalars())
        fresh: list[Envelope] = []
        for envelope in batch:
            if envelope.id in seen:
                continue
            fresh.append(envelope)
            if envelope.id:
                seen.add(envelope.id)
                uow.append(inbox_seen, {"message_id": envelope.id, "group_name": self._name, "seen_at_ms": uow.now_ms})
        return fresh

    def _subscriptions_of(self, body: type[Message]) -> tuple[Subscription, ...]:
        wanted = self._wanted.get(body)
        if wanted is None:
            wanted = tuple(each for each in self._subscriptions if issubclass(body, each.body))
            self._wanted[body] = wanted
        return wanted


def _waves(batch: Sequence[Envelope]) -> Iterator[tuple[type[Message], list[Envelope]]]:
    """Messages of one type together, as far as that leaves the order within each key as it is.

    The first wave holds the first message of every key, the second the second, and so on.
    """
    waves: list[dict[type[Message], list[Envelope]]] = []
    turns: dict[str, int] = {}
    for envelope in batch:
        turn = turns[envelope.key] = turns.get(envelope.key, -1) + 1
        if turn == len(waves):
            waves.append({})
        waves[turn].setdefault(type(envelope.body), []).append(envelope)
    for wave in waves:
        yield from wave.items()


async def forget_seen(database: Database) -> None:
    """Forget messages that will not come a second time any more, a few at a time."""
    c = inbox_seen.c
    async with database.read() as connection:
        old = select(c.message_id, c.group_name).where(c.seen_at_ms < database.clock.now_ms() - REMEMBER_MS)
        rows = (await connection.execute(old.limit(PRUNE_ROWS))).all()
    groups: dict[str, list[str]] = defaultdict(list)
    for message_id, group in rows:
        groups[group].append(message_id)
    async with database.unit() as uow:
        for group, ids in groups.items():
            await uow.connection.execute(delete(inbox_seen).where(c.group_name == group, c.message_id.in_(ids)))


JOBS = (Job("inbox.forget_seen", 60, forget_seen),)
