"""A batch is one transaction; an outbox message has effect once, whatever is delivered again."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from chargecloud.device.events import Beat, CameOnline, DeviceEvent
from chargecloud.infra import inbox as module
from chargecloud.infra.bus.contract import EventHandler
from chargecloud.infra.bus.memory import MemoryBus, MemoryBusLimits
from chargecloud.infra.bus.redelivery import RetryPolicy
from chargecloud.infra.inbox import BUSINESS, TELEMETRY, Inbox, Subscription, forget_seen
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import inbox_seen
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict
from chargecloud.kernel.message import Envelope

effects = Table(
    "inbox_effects", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer, nullable=False)
)


def beat(number: int, *, id: str = "", key: str = "1", trace: str = "") -> Envelope:
    body = Beat(charge_point_code=key, connector_no=number, faulted=False)
    return Envelope(key, body, 1_767_225_600_000, id=id, trace_id=trace)


class Groups:
    """Stands where the bus does."""

    def __init__(self) -> None:
        self.handlers: dict[str, EventHandler] = {}
        self.bodies: dict[str, set[type]] = {}
        self.lingers: dict[str, int] = {}

    def subscribe(self, group: str, handler: EventHandler, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        self.handlers[group], self.bodies[group], self.lingers[group] = handler, set(bodies), linger_ms


@pytest.fixture
async def with_effects(database: Database) -> AsyncIterator[Database]:
    async with database.unit() as uow:
        await uow.connection.run_sync(effects.create)
    yield database


async def record(uow: UnitOfWork, event: Beat, _: Envelope) -> None:
    """The effect: one row; 13 cannot be handled."""
    if event.connector_no == 13:
        raise Conflict("thirteen", "planned")
    await uow.connection.execute(insert(effects).values(number=event.connector_no))


async def numbers(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.execute(select(effects.c.number).order_by(effects.c.id))).scalars())


def handler(database: Database, *subscriptions: Subscription, group: str = BUSINESS) -> EventHandler:
    groups = Groups()
    Inbox(database, subscriptions).subscribe(groups)  # type: ignore[arg-type]
    return groups.handlers[group]


async def test_a_batch_is_one_unit(with_effects: Database) -> None:
    handle = handler(with_effects, Subscription(Beat, record))
    with pytest.raises(Conflict):
        await handle([beat(1), beat(13), beat(2)])
    assert await numbers(with_effects) == []
    await handle([beat(1), beat(2)])
    assert await numbers(with_effects) == [1, 2]


async def test_a_second_delivery_has_no_effect(with_effects: Database) -> None:
    handle = handler(with_effects, Subscription(Beat, record))
    await handle([beat(1, id="a"), beat(2, id="b"), beat(1, id="a")])
    await handle([beat(2, id="b"), beat(3, id="c")])
    assert await numbers(with_effects) == [1, 2, 3]


async def test_a_failed_delivery_is_not_remembered(with_effects: Database) -> None:
    handle = handler(with_effects, Subscription(Beat, record))
    with pytest.raises(Conflict):
        await handle([beat(1, id="a"), beat(13, id="b")])
    await handle([beat(1, id="a")])
    assert await numbers(with_effects) == [1]


async def test_each_group_remembers_for_itself(with_effects: Database) -> None:
    subscriptions = (Subscription(Beat, record), Subscription(Beat, record, telemetry=True))
    for group in (BUSINESS, TELEMETRY):
        await handler(with_effects, *subscriptions, group=group)([beat(1, id="a")])
    assert await numbers(with_effects) == [1, 1]


async def test_messages_without_an_id_are_not_remembered(with_effects: Database) -> None:
    handle = handler(with_effects, Subscription(Beat, record))
    await handle([beat(1)])
    await handle([beat(1)])
    assert await numbers(with_effects) == [1, 1]


async def test_handlers_of_one_message_follow_in_order_and_share_the_unit(database: Database) -> None:
    seen: list[tuple[str, UnitOfWork, str]] = []

    def note(name: str) -> Callable[[UnitOfWork, DeviceEvent, Envelope], object]:
        async def handle(uow: UnitOfWork, _event: DeviceEvent, envelope: Envelope) -> None:
            seen.append((name, uow, uow.trace_id))
            assert uow.trace_id == envelope.trace_id

        return handle

    handle = handler(
        database,
        Subscription(DeviceEvent, note("stations")),  # type: ignore[arg-type]
        Subscription(Beat, note("sessions")),  # type: ignore[arg-type]
        Subscription(CameOnline, note("tariffs")),  # type: ignore[arg-type]
    )
    await handle([beat(1, trace="t1"), beat(2, trace="t2")])
    assert [(name, trace) for name, _, trace in seen] == [
        ("stations", "t1"), ("sessions", "t1"), ("stations", "t2"), ("sessions", "t2"),
    ]  # fmt: skip
    assert len({id(uow) for _, uow, _ in seen}) == 1


async def test_groups_linger_and_ask_only_for_what_is_wanted(database: Database) -> None:
    groups = Groups()
    subscriptions = (
        Subscription(Beat, record),
        Subscription(Beat, record),
        Subscription(CameOnline, record, telemetry=True),
    )
    Inbox(database, subscriptions).subscribe(groups)  # type: ignore[arg-type]
    assert groups.bodies == {BUSINESS: {Beat}, TELEMETRY: {CameOnline}}
    assert groups.lingers == {BUSINESS: 5, TELEMETRY: 500}


async def test_one_poisonous_message_hurts_nobody_else(with_effects: Database) -> None:
    retry = RetryPolicy(max_attempts=2, first_delay_s=0.001, longest_delay_s=0.001)
    bus = MemoryBus(with_effects.clock, MemoryBusLimits(partitions=1, retry=retry))
    Inbox(with_effects, (Subscription(Beat, record),)).subscribe(bus)
    for number in (1, 2, 13, 3):
        bus.publish(beat(number, id=f"m{number}"))
    await bus.start()
    await bus.drain()
    await bus.stop()
    assert await numbers(with_effects) == [1, 2, 3]
    assert [poison.envelope.id for poison in bus.poison] == ["m13"]


async def test_what_cannot_come_again_is_forgotten(
    with_effects: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PRUNE_ROWS", 2)
    handle = handler(with_effects, Subscription(Beat, record))
    await handle([beat(number, id=f"m{number}") for number in range(3)])
    clock.advance(module.REMEMBER_MS + 1)
    await handle([beat(9, id="m9")])
    left = []
    for _ in range(3):
        await forget_seen(with_effects)
        async with with_effects.read() as connection:
            left.append(sorted((await connection.execute(select(inbox_seen.c.message_id))).scalars()))
    assert [len(each) for each in left] == [2, 1, 1]
    assert left[-1] == ["m9"]


async def test_several_of_a_type_go_together_and_keys_stay_in_order(with_effects: Database) -> None:
    """Each key's own order holds; across keys one type is handled at once."""
    said: list[str] = []

    async def one(uow: UnitOfWork, event: DeviceEvent, envelope: Envelope) -> None:
        said.append(f"{type(event).__name__} {envelope.key} {uow.trace_id}")

    async def many(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        said.append(
            "many " + " ".join(f"{envelope.key}{getattr(envelope.body, 'connector_no', 0)}" for envelope in envelopes)
        )

    handle = handler(with_effects, Subscription(Beat, one, many=many), Subscription(CameOnline, one))
    online = Envelope("a", CameOnline(charge_point_code="a", gateway_id="g", epoch=1), 0, trace_id="t")
    await handle([beat(1, key="a"), online, beat(2, key="a"), beat(1, key="b"), beat(1, key="c"), beat(2, key="c")])
    assert said == ["many a1 b1 c1", "CameOnline a t", "Beat c ", "Beat a "]


async def test_many_and_one_fail_alike(with_effects: Database) -> None:
    async def many(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            assert isinstance(envelope.body, Beat)
            await record(uow, envelope.body, envelope)

    handle = handler(with_effects, Subscription(Beat, record, many=many))
    with pytest.raises(Conflict):
        await handle([beat(1, key="a"), beat(13, key="b")])
    assert await numbers(with_effects) == []
    await handle([beat(1, key="a"), beat(2, key="b")])
    assert await numbers(with_effects) == [1, 2]
