"""Committed messages reach the bus, in order, at least once, whatever breaks."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select

from chargecloud.device.commands import AnswerBoot, Reboot
from chargecloud.device.events import Beat, CommandEnded, CommandOutcome
from chargecloud.infra import relay as module
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.cache.contract import Holder
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.deadletters import dead_messages
from chargecloud.infra.relay import Relay
from chargecloud.infra.schedule.lease import Lease
from chargecloud.infra.schedule.loop import job_lease
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import add, outbox
from chargecloud.infra.sql.uow import Outgoing
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope, Message
from tests.support.eventually import eventually
from tests.support.mariadb import opened, own_database
from tests.unit.infra.fakes import FaultyBus


def beat(number: int) -> Beat:
    return Beat(charge_point_code="1", connector_no=number, faulted=False)


def reboot(code: str = "1", command_id: str = "c1") -> Reboot:
    return Reboot(command_id=command_id, charge_point_code=code, expires_at_ms=2**45)


async def tell(database: Database, *messages: Message) -> None:
    async with database.unit("trace") as uow:
        for message in messages:
            if isinstance(message, Reboot | AnswerBoot):
                uow.command(message)
            else:
                uow.publish(message, key="1")


async def left(database: Database) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(outbox.c.id))).all())


def numbers(envelopes: list[Envelope]) -> list[int]:
    return [each.body.connector_no for each in envelopes if isinstance(each.body, Beat)]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(module, "PAUSE_S", 0.001)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(module, "STOP_WITHIN_S", 0.01)


@pytest.fixture
def bus() -> FaultyBus:
    return FaultyBus()


@pytest.fixture
def cache(database: Database) -> MemoryCache:
    return MemoryCache(database.clock)


@pytest.fixture
async def relay(database: Database, bus: FaultyBus, cache: MemoryCache) -> AsyncIterator[Relay]:
    started = Relay(database, bus, cache)
    await started.start()
    yield started
    await started.stop()


async def drained(relay: Relay) -> None:
    async with asyncio.timeout(10):
        await relay.drain()


async def test_events_go_out_in_order_with_id_and_trace(database: Database, bus: FaultyBus, relay: Relay) -> None:
    for first in range(0, 30, 3):
        await tell(database, *(beat(first + each) for each in range(3)))
    await drained(relay)
    assert numbers(bus.published) == list(range(30))
    assert {each.trace_id for each in bus.published} == {"trace"}
    assert len({each.id for each in bus.published}) == 30
    assert await left(database) == 0
    assert relay.counts() == {"in_hand": 0, "turn": 1, "failures": 0}


async def test_a_commit_wakes_it(
    database: Database, bus: FaultyBus, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 60)
    await asyncio.sleep(0.08)
    await tell(database, beat(1))
    for _ in range(500):
        if bus.published:
            break
        await asyncio.sleep(0.001)
    assert numbers(bus.published) == [1]


async def test_a_command_goes_to_whoever_holds_the_charge_point(
    database: Database, bus: FaultyBus, cache: MemoryCache, relay: Relay
) -> None:
    await cache.claim("1", "g1", "g1/7")
    await tell(database, reboot())
    await drained(relay)
    assert [(gateway, each.body) for gateway, each in bus.sent] == [("g1", reboot())]
    assert bus.sent[0][1].expires_at_ms == 2**45
    assert bus.published == []


@pytest.mark.parametrize("holder", ["", "gone"])
async def test_a_command_nobody_can_take_ends_offline(
    database: Database, bus: FaultyBus, cache: MemoryCache, relay: Relay, holder: str
) -> None:
    if holder:
        await cache.claim("1", holder, "x/1")
    await tell(database, reboot())
    await drained(relay)
    (envelope,) = bus.published
    assert isinstance(envelope.body, CommandEnded)
    assert (envelope.body.command_id, envelope.body.command) == ("c1", "Reboot")
    assert envelope.body.outcome is CommandOutcome.OFFLINE
    assert envelope.key == "1" and envelope.id.endswith(".e")


async def test_commands_of_different_charge_points_go_side_by_side_and_those_of_one_in_order(
    database: Database, bus: FaultyBus, cache: MemoryCache, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, sent = asyncio.Barrier(3), list[str]()

    async def send(_gateway_id: str, envelope: Envelope) -> None:
        assert isinstance(envelope.body, Reboot)
        if envelope.body.command_id != "second":
            await together.wait()
        sent.append(envelope.body.command_id)

    for code in "123":
        await cache.claim(code, "g1", f"g1/{code}")
    monkeypatch.setattr(bus, "send", send)
    await tell(database, reboot("1", "first"), reboot("1", "second"), reboot("2", "b"), reboot("3", "c"))
    await eventually(lambda: len(sent) == 4)
    assert sent.index("first") < sent.index("second")


async def test_a_boot_answer_goes_to_the_gateway_that_asked(database: Database, bus: FaultyBus, relay: Relay) -> None:
    answer = AnswerBoot(
        command_id="c", charge_point_code="1", expires_at_ms=2**45, link_id="g1/99", accepted=True, reason=""
    )
    await tell(database, answer)
    await drained(relay)
    assert [(gateway, each.body) for gateway, each in bus.sent] == [("g1", answer)]


async def test_a_failing_bus_gets_the_messages_again(database: Database, bus: FaultyBus, relay: Relay) -> None:
    bus.failing = 3
    await tell(database, beat(1), beat(2))
    await drained(relay)
    assert numbers(bus.published) == [1, 2]
    assert relay.failures == 3
    assert await left(database) == 0


async def test_an_unreachable_gateway_bus_gets_the_command_later(
    database: Database, bus: FaultyBus, cache: MemoryCache, relay: Relay
) -> None:
    await cache.claim("1", "g1", "g1/7")
    bus.away = True
    await tell(database, reboot())
    await asyncio.sleep(0.02)
    assert bus.sent == [] and await left(database) == 1
    bus.away = False
    await drained(relay)
    assert len(bus.sent) == 1


async def test_a_crash_between_publishing_and_deleting_delivers_again(
    database: Database, bus: FaultyBus, cache: MemoryCache
) -> None:
    bus.hanging = True
    first = Relay(database, bus, cache)
    await first.start()
    await tell(database, beat(1), beat(2))
    await asyncio.wait_for(bus.hung.wait(), 5)
    await first.stop()
    assert await left(database) == 2
    bus.hanging = False
    second = Relay(database, bus, cache)
    await second.start()
    await drained(second)
    await second.stop()
    assert numbers(bus.published) == [1, 2, 1, 2]
    assert bus.published[0].id == bus.published[2].id
    assert await left(database) == 0


async def test_a_command_from_before_a_restart_is_not_sent_a_second_time(
    database: Database, bus: FaultyBus, cache: MemoryCache
) -> None:
    await cache.claim("1", "g1", "g1/7")
    await tell(database, reboot(), beat(1))
    relay = Relay(database, bus, cache)
    await relay.start()
    await drained(relay)
    await tell(database, reboot(command_id="c2"))
    await drained(relay)
    await relay.stop()
    ended, event = (each.body for each in bus.published)
    assert isinstance(ended, CommandEnded)
    assert (ended.command_id, ended.outcome, ended.reason) == (
        "c1",
        CommandOutcome.UNANSWERED,
        "platform_restarted",
    )
    assert event == beat(1)
    assert [each.body.command_id for _, each in bus.sent if isinstance(each.body, Reboot)] == ["c2"]


async def test_events_wait_while_the_bus_is_congested_and_commands_do_not(
    database: Database, bus: FaultyBus, cache: MemoryCache, relay: Relay
) -> None:
    await cache.claim("1", "g1", "g1/7")
    bus.congested = True
    await tell(database, beat(1))
    await tell(database, reboot(), beat(2))
    await asyncio.sleep(0.05)
    assert numbers(bus.published) == [] and len(bus.sent) == 1
    bus.congested = False
    await drained(relay)
    assert numbers(bus.published) == [1, 2]


async def test_a_row_nobody_can_read_is_set_aside(database: Database, bus: FaultyBus, relay: Relay) -> None:
    row = {"key": "1", "kind": "Gone", "body": "{}", "trace_id": "", "at_ms": 1, "expires_at_ms": 0}
    async with database.unit() as uow:
        await uow.connection.execute(insert(outbox).values(row))
        uow.publish(beat(1), key="1")
    await drained(relay)
    assert numbers(bus.published) == [1]
    async with database.read() as connection:
        (dead,) = (await connection.execute(select(dead_messages))).all()
    assert (dead.group_name, dead.kind, dead.body) == ("relay", "Gone", "{}")
    assert "no message class is named 'Gone'" in dead.error


async def test_more_rows_than_a_batch_all_go(
    database: Database, bus: FaultyBus, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    await tell(database, *(beat(each) for each in range(100)))
    await drained(relay)
    assert numbers(bus.published) == list(range(100))
    assert await left(database) == 0


def test_it_fits_the_contract_of_the_bus() -> None:
    bus: Bus = FaultyBus()
    assert not bus.congested


class AskedInVain(MemoryCache):
    """Knows some charge points and cannot be asked about the others for a while."""

    away = True

    async def holder(self, charge_point_code: str) -> Holder | None:
        known = await super().holder(charge_point_code)
        if known is None and self.away:
            raise Unavailable("planned outage", "planned")
        return known


async def test_a_command_whose_gateway_cannot_be_asked_for_holds_up_only_those_of_its_charge_point(
    database: Database, bus: FaultyBus
) -> None:
    cache = AskedInVain(database.clock)
    await cache.claim("2", "g1", "g1/2")
    relay = Relay(database, bus, cache)
    await relay.start()
    await tell(database, reboot("1", "c1"), beat(1), reboot("2", "c2"), reboot("1", "c3"), beat(2))
    await eventually(lambda: len(bus.published) == 2 and len(bus.sent) == 1)
    assert [each.body.command_id for _, each in bus.sent if isinstance(each.body, Reboot)] == ["c2"]
    await cache.claim("1", "g1", "g1/1")
    await drained(relay)
    await relay.stop()
    assert [each.body.command_id for _, each in bus.sent if isinstance(each.body, Reboot)] == ["c2", "c1", "c3"]
    assert numbers(bus.published) == [1, 2]
    assert relay.failures >= 1


def taking_turns(database: Database, bus: FaultyBus, cache: MemoryCache, *, lasts_s: float = 6.0) -> Relay:
    return Relay(database, bus, cache, lease=Lease(database, "relay", lasts_s=lasts_s, margin_s=0.0))


async def test_of_two_workers_one_relays_and_the_other_goes_on_when_it_stops(
    database: Database, bus: FaultyBus, cache: MemoryCache
) -> None:
    first, second = taking_turns(database, bus, cache), taking_turns(database, bus, cache)
    await first.start()
    await eventually(lambda: first.counts()["turn"])
    await second.start()
    await tell(database, *(beat(each) for each in range(10)))
    await drained(first)
    assert (first.counts()["turn"], second.counts()["turn"]) == (1, 0)
    await first.stop()
    await tell(database, *(beat(each) for each in range(10, 20)))
    await drained(second)
    assert second.counts()["turn"] == 1
    await second.stop()
    assert numbers(bus.published) == list(range(20))


async def test_what_a_worker_that_died_had_in_hand_is_published_by_the_next(
    database: Database, cache: MemoryCache, clock: ManualClock
) -> None:
    lost, kept = FaultyBus(), FaultyBus()
    lost.hanging = True
    first, second = taking_turns(database, lost, cache), taking_turns(database, kept, cache)
    await first.start()
    await tell(database, beat(1), beat(2))
    await asyncio.wait_for(lost.hung.wait(), 5)
    for task in first._tasks:
        task.cancel()  # it does not renew any more, and does not release
    await second.start()
    await asyncio.sleep(0.1)
    assert kept.published == []
    clock.advance(6_000)
    await drained(second)
    await second.stop()
    assert numbers(kept.published) == [1, 2]
    assert [each.id for each in kept.published] == [each.id for each in lost.published]
    await first.stop()


async def test_whoever_cannot_renew_its_lease_stops_by_itself(
    database: Database, bus: FaultyBus, cache: MemoryCache, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = taking_turns(database, bus, cache)
    await relay.start()
    await eventually(lambda: relay.counts()["turn"])

    async def fails(_: Lease) -> bool:
        raise Unavailable("planned outage", "planned")

    monkeypatch.setattr(Lease, "renew", fails)
    clock.advance(6_000)
    await tell(database, beat(1))
    await asyncio.sleep(0.1)
    assert bus.published == [] and relay.counts()["turn"] == 0
    monkeypatch.undo()
    await drained(relay)
    await relay.stop()
    assert numbers(bus.published) == [1]


async def test_a_command_is_sent_again_by_the_next_worker_over_the_connection_that_was_there(
    database: Database, bus: FaultyBus, cache: MemoryCache, clock: ManualClock
) -> None:
    await cache.claim("1", "g1", "g1/7")
    clock.advance(module.SURELY_OLDER_MS)
    await cache.claim("2", "g1", "g1/8")
    await tell(database, reboot("1", "c1"), reboot("2", "c2"))
    relay = taking_turns(database, bus, cache)
    await relay.start()
    await drained(relay)
    await relay.stop()
    assert [each.body.command_id for _, each in bus.sent if isinstance(each.body, Reboot)] == ["c1"]
    (ended,) = (each.body for each in bus.published)
    assert isinstance(ended, CommandEnded)
    assert (ended.command_id, ended.outcome) == ("c2", CommandOutcome.UNANSWERED)


async def test_a_gateway_may_take_a_moment_to_open_its_mailbox_again(
    database: Database, bus: FaultyBus, cache: MemoryCache, clock: ManualClock
) -> None:
    relay = taking_turns(database, bus, cache, lasts_s=600.0)
    await relay.start()
    await eventually(lambda: relay.counts()["turn"])
    await cache.claim("1", "g1", "g1/7")
    bus.gateways.clear()
    await tell(database, reboot("1", "c1"))
    await asyncio.sleep(0.1)
    assert bus.published == [] and await left(database) == 1
    bus.gateways.add("g1")
    await drained(relay)
    assert [each.body.command_id for _, each in bus.sent if isinstance(each.body, Reboot)] == ["c1"]
    bus.gateways.clear()
    await tell(database, reboot("1", "c2"))
    await asyncio.sleep(0.1)
    assert bus.published == []
    clock.advance(module.MAILBOX_WITHIN_MS)
    await drained(relay)
    await relay.stop()
    (ended,) = (each.body for each in bus.published)
    assert isinstance(ended, CommandEnded)
    assert (ended.command_id, ended.outcome) == ("c2", CommandOutcome.OFFLINE)


@pytest.mark.connected
async def test_a_row_that_commits_after_a_later_one_does_not_wait_for_the_next_sweep(
    bus: FaultyBus, cache: MemoryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 3_600)
    async with own_database() as url, opened(url) as database:
        async with database.unit() as uow:
            await uow.connection.run_sync(outbox.create)
            await uow.connection.run_sync(job_lease.create)
        relay = taking_turns(database, bus, cache)
        await relay.start()
        await eventually(lambda: relay.counts()["turn"])
        await asyncio.sleep(0.1)
        async with database.unit() as uow:
            await add(uow.connection, [Outgoing("1", beat(1), 0, "")], uow.now_ms)
            await asyncio.create_task(tell(database, beat(2)))
            await eventually(lambda: numbers(bus.published) == [2])
        await eventually(lambda: numbers(bus.published) == [2, 1])
        await relay.stop()
