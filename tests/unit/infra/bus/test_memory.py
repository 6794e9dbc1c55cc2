"""What is particular to the in-memory bus: congestion, bounds, and that durable means handled."""

import asyncio
from collections.abc import Sequence

import pytest

from chargecloud.device.events import Beat
from chargecloud.infra.bus.memory import MemoryBus, MemoryBusLimits
from chargecloud.infra.bus.redelivery import Poison, RetryPolicy
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope
from tests.contract.bus import Ear, beat, reboot
from tests.support.eventually import eventually

QUICK = RetryPolicy(max_attempts=2, first_delay_s=0.001, longest_delay_s=0.001)


class Gate(Ear):
    """A subscriber that waits for permission."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def __call__(self, batch: Sequence[Envelope]) -> None:
        await self.open.wait()
        await super().__call__(batch)


async def test_congestion_begins_above_the_high_mark_and_ends_at_the_low_one() -> None:
    bus = MemoryBus(ManualClock(), MemoryBusLimits(high_water=10, low_water=4, batch=3))
    gate = Gate()
    bus.subscribe("gate", gate, bodies=[Beat])
    await bus.start()
    for number in range(10):
        bus.publish(beat("1", number))
    assert not bus.congested
    bus.publish(beat("1", 10))
    assert bus.congested
    gate.open.set()
    await bus.drain()
    assert not bus.congested
    assert gate.numbers("1") == list(range(11))


async def test_the_ceiling_drops_the_newest_and_counts() -> None:
    bus = MemoryBus(ManualClock(), MemoryBusLimits(high_water=2, low_water=1, ceiling=4))
    gate = Gate()
    bus.subscribe("gate", gate, bodies=[Beat])
    await bus.start()
    for number in range(6):
        bus.publish(beat("1", number))
    gate.open.set()
    await bus.drain()
    assert gate.numbers("1") == [0, 1, 2, 3]
    assert bus.counts()["dropped_at_ceiling"] == 2
    assert bus.counts()["queued"] == 0


async def test_durable_returns_only_when_every_group_has_handled() -> None:
    bus = MemoryBus(ManualClock())
    gate, ear = Gate(), Ear()
    bus.subscribe("gate", gate, bodies=[Beat])
    bus.subscribe("ear", ear, bodies=[Beat])
    await bus.start()
    handing_over = asyncio.create_task(bus.publish_durably([beat("1", 0)]))
    await asyncio.sleep(0.02)
    assert ear.heard
    assert not handing_over.done()
    gate.open.set()
    await asyncio.wait_for(handing_over, 5)
    assert gate.heard


async def test_durable_waits_while_congested() -> None:
    bus = MemoryBus(ManualClock(), MemoryBusLimits(high_water=1, low_water=0))
    gate = Gate()
    bus.subscribe("gate", gate, bodies=[Beat])
    await bus.start()
    bus.publish(beat("1", 0))
    bus.publish(beat("1", 1))
    handing_over = asyncio.create_task(bus.publish_durably([beat("1", 2)]))
    await asyncio.sleep(0.02)
    assert bus.counts()["queued"] == 2
    gate.open.set()
    await asyncio.wait_for(handing_over, 5)
    assert gate.numbers("1") == [0, 1, 2]


async def test_lanes_run_side_by_side() -> None:
    bus = MemoryBus(ManualClock(), MemoryBusLimits(partitions=16))
    gate = Gate()
    bus.subscribe("gate", gate, bodies=[Beat])
    await bus.start()
    running = 0

    async def slow(batch: Sequence[Envelope]) -> None:
        nonlocal running
        running += 1
        await gate.open.wait()

    bus.subscribe("slow", slow, bodies=[Beat])
    await bus.start()
    for key in range(50):
        bus.publish(beat(str(key), 0))
    await asyncio.sleep(0.02)
    assert running > 8
    gate.open.set()
    await bus.drain()


async def test_an_event_nobody_wants_costs_nothing() -> None:
    bus = MemoryBus(ManualClock())
    await bus.start()
    bus.publish(beat("1", 0))
    await bus.publish_durably([beat("1", 1)])
    assert bus.counts()["queued"] == 0


async def test_poison_is_reported_and_only_so_much_is_kept() -> None:
    reports: list[Poison] = []
    bus = MemoryBus(ManualClock(), MemoryBusLimits(retry=QUICK, poison_kept=2), on_poison=reports.append)
    ear = Ear()
    ear.failing = dict.fromkeys(range(3), 1_000)
    bus.subscribe("ear", ear, bodies=[Beat])
    await bus.start()
    for number in range(3):
        bus.publish(beat("1", number))
    await bus.drain()
    assert [report.envelope.body.connector_no for report in reports] == [0, 1, 2]
    assert reports[0].error == "RuntimeError: planned failure of 0"
    assert len(bus.poison) == 2
    assert bus.counts()["poison"] == 3


async def test_what_a_handler_publishes_is_drained_too() -> None:
    bus = MemoryBus(ManualClock())
    ear = Ear()

    async def relay(batch: Sequence[Envelope]) -> None:
        for envelope in batch:
            if envelope.body.connector_no < 5:
                bus.publish(beat("1", envelope.body.connector_no + 1))

    bus.subscribe("relay", relay, bodies=[Beat], linger_ms=1_000)
    bus.subscribe("ear", ear, bodies=[Beat], linger_ms=1_000)
    await bus.start()
    bus.publish(beat("1", 0))
    await asyncio.wait_for(bus.drain(), 5)
    assert ear.numbers("1") == [0, 1, 2, 3, 4, 5]


async def test_stop_gives_up_on_a_handler_that_hangs_and_counts_the_loss() -> None:
    bus = MemoryBus(ManualClock(), MemoryBusLimits(stop_s=0.05))
    gate = Gate()
    bus.subscribe("gate", gate, bodies=[Beat])
    await bus.start()
    bus.publish(beat("1", 0))
    await asyncio.wait_for(bus.stop(), 5)
    assert bus.counts()["lost_at_stop"] == 1
    with pytest.raises(Unavailable, match="stopped"):
        await bus.publish_durably([beat("1", 1)])


async def test_a_command_for_a_gateway_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(Unavailable, match="'g9'"):
        await MemoryBus(ManualClock()).send("g9", reboot(expires_at_ms=0))


async def test_expiry_follows_the_given_clock() -> None:
    clock = ManualClock(start_ms=1_000)
    bus = MemoryBus(clock)
    delivered: list[Envelope] = []
    expired: list[Envelope] = []
    bus.receive("g1", delivered.append, expired.append)
    await bus.send("g1", reboot(expires_at_ms=1_001))
    clock.advance(1)
    await bus.send("g1", reboot(expires_at_ms=1_001))
    await bus.send("g1", reboot(expires_at_ms=0))
    assert (len(delivered), len(expired)) == (2, 1)


async def test_names_are_given_once() -> None:
    bus = MemoryBus(ManualClock())
    bus.subscribe("a", Ear(), bodies=[Beat])
    with pytest.raises(Conflict, match="'a'"):
        bus.subscribe("a", Ear(), bodies=[Beat])
    bus.receive("g1", print, print)
    with pytest.raises(Conflict, match="'g1'"):
        bus.receive("g1", print, print)


async def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chargecloud.infra.bus.memory._LANES_REMEMBERED", 10)
    bus = MemoryBus(ManualClock())
    ear = Ear()
    bus.subscribe("ear", ear, bodies=[Beat])
    await bus.start()
    for number in range(200):
        bus.publish(beat(str(number % 25), number))
    await bus.drain()
    assert len(bus._lanes) <= 10
    assert all(ear.numbers(str(key)) == sorted(ear.numbers(str(key))) for key in range(25))
    assert len(ear.heard) == 200


async def test_a_subscriber_without_its_database_makes_the_bus_unavailable_until_it_is_back() -> None:
    away, tried = True, asyncio.Event()

    async def handler(_: Sequence[Envelope]) -> None:
        tried.set()
        if away:
            raise Unavailable("planned outage", "planned")

    bus = MemoryBus(ManualClock(), MemoryBusLimits(retry=QUICK))
    bus.subscribe("ear", handler, bodies=[Beat])
    await bus.start()
    bus.publish(beat("1", 1))
    await tried.wait()
    assert bus.available, "one refusal may be a lock that was held for a moment"
    await eventually(lambda: not bus.available)
    away = False
    await asyncio.wait_for(bus.drain(), 10)
    assert bus.available
    await bus.stop()
    assert not bus.available
