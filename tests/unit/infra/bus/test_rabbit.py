"""Several processes on one broker, and a network between them that fails in every way."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from chargecloud.device.events import Beat, ClockReported
from chargecloud.infra.bus.contract import Audience
from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.infra.bus.redelivery import Poison
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, Unavailable
from tests.contract.bus import Ear, beat, reboot
from tests.support.eventually import eventually
from tests.support.proxy import Proxy, Toxics
from tests.support.rabbitmq import house, limits
from tests.support.servers import RABBITMQ_URL

EAR = Audience("ear", (Beat,))
FOREVER = 4_000_000_000_000
Fault = Callable[[Proxy], Coroutine[Any, Any, None]]


def through(proxy: Proxy) -> str:
    return RABBITMQ_URL.replace("5672", str(proxy.port))


def nowhere() -> RabbitBus:
    return RabbitBus("amqp://guest:guest@127.0.0.1:1", ManualClock(), groups=[EAR], limits=limits(stop_s=0.05))


async def test_without_a_broker_it_starts_keeps_events_and_says_what_it_loses_at_the_end() -> None:
    bus = nowhere()
    await asyncio.wait_for(bus.start(), 10)
    assert not bus.available
    bus.publish(beat("1", 1))
    bus.publish(beat("1", 2))
    with pytest.raises(Unavailable):
        await bus.publish_durably([beat("1", 3)])
    assert bus.counts()["queued"] == 2
    await bus.stop()
    bus.publish(beat("1", 4))
    assert bus.counts()["lost_at_stop"] == 3
    with pytest.raises(Unavailable, match="stopped"):
        await bus.publish_durably([beat("1", 5)])


async def test_names_are_given_once() -> None:
    bus = nowhere()
    bus.subscribe("a", Ear(), bodies=[Beat])
    with pytest.raises(Conflict, match="'a'"):
        bus.subscribe("a", Ear(), bodies=[Beat])
    bus.receive("g1", print, print)
    with pytest.raises(Conflict, match="'g1'"):
        bus.receive("g1", print, print)


async def test_an_event_no_group_wants_costs_nothing() -> None:
    bus = nowhere()
    bus.publish(reboot(FOREVER))
    assert bus.counts()["queued"] == 0


@pytest.mark.connected
async def test_nothing_is_lost_before_there_is_a_worker() -> None:
    ear = Ear()
    async with house(EAR, Audience("clocks", (ClockReported,))) as ours:
        gateway, worker = ours.bus(), ours.bus()
        await gateway.start()
        await gateway.publish_durably([beat("1", number) for number in range(100)])
        worker.subscribe("ear", ear, bodies=[Beat])
        await worker.start()
        await asyncio.wait_for(worker.drain(), 20)
        assert ear.numbers("1") == list(range(100))


@pytest.mark.connected
async def test_poison_is_reported() -> None:
    ear, reports = Ear(), list[Poison]()
    ear.failing = {1: 1_000}
    async with house(EAR) as ours:
        bus = ours.bus(on_poison=reports.append)
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        for number in range(3):
            bus.publish(beat("1", number))
        await asyncio.wait_for(bus.drain(), 20)
        assert [(each.group, each.envelope) for each in reports] == [("ear", beat("1", 1))]
        assert bus.counts()["poison"] == 1


async def down(proxy: Proxy) -> None:
    await proxy.down()
    await asyncio.sleep(0.2)
    await proxy.up()


async def reset(proxy: Proxy) -> None:
    for _ in range(3):
        await proxy.reset_peers()
        await asyncio.sleep(0.05)


async def half_open(proxy: Proxy) -> None:
    proxy.hold()
    await asyncio.sleep(0.3)
    await proxy.reset_peers()
    proxy.clear()


async def slow(proxy: Proxy) -> None:
    proxy.slow(0.05, 0.02)
    await asyncio.sleep(0.5)
    proxy.clear()


async def sliced(proxy: Proxy) -> None:
    proxy.to_server = proxy.to_client = Toxics(slice_bytes=7)
    await asyncio.sleep(0.3)
    proxy.clear()


async def cut_short(proxy: Proxy) -> None:
    proxy.to_server = Toxics(limit_bytes=2_000)
    await asyncio.sleep(0.3)
    proxy.clear()


@pytest.mark.connected
@pytest.mark.parametrize("fault", [down, reset, half_open, slow, sliced, cut_short])
async def test_whatever_the_network_does_everything_arrives_in_order(fault: Fault) -> None:
    ear = Ear()
    async with Proxy(5672) as to_gateway, Proxy(5672) as to_worker, house(EAR) as ours:
        gateway, worker = ours.bus(url=through(to_gateway)), ours.bus(url=through(to_worker))
        worker.subscribe("ear", ear, bodies=[Beat])
        await worker.start()
        await gateway.start()
        over = asyncio.Event()
        sent = 0

        async def publish() -> None:
            nonlocal sent
            while not over.is_set():
                for key in ("1", "2", "3", "4"):
                    gateway.publish(beat(key, sent))
                sent += 1
                await asyncio.sleep(0.002)

        publishing = asyncio.create_task(publish())
        await eventually(lambda: len(ear.heard) > 40)
        await asyncio.gather(fault(to_gateway), fault(to_worker))
        heard = len(ear.heard)
        await eventually(lambda: len(ear.heard) > heard + 40)
        over.set()
        await publishing
        await eventually(lambda: gateway.available and worker.available)
        await asyncio.wait_for(gateway.drain(), 20)
        await asyncio.wait_for(worker.drain(), 20)
        assert gateway.counts()["dropped_at_ceiling"] == 0
    for key in ("1", "2", "3", "4"):
        numbers = ear.numbers(key)
        assert list(dict.fromkeys(numbers)) == list(range(sent)), "the first time each is heard is in order"


@pytest.mark.connected
async def test_congestion_rises_while_the_broker_is_away_and_ends_when_it_is_back() -> None:
    ear = Ear()
    async with Proxy(5672) as proxy, house(EAR, given=limits(high_water=50, low_water=10, ceiling=80)) as ours:
        bus = ours.bus(url=through(proxy))
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        await proxy.down()
        await eventually(lambda: not bus.available)
        for number in range(100):
            bus.publish(beat("1", number))
        assert bus.congested
        assert bus.counts()["dropped_at_ceiling"] == 20
        await proxy.up()
        await eventually(lambda: len(ear.heard) == 80)
        assert ear.numbers("1") == list(range(80))
        assert bus.available and not bus.congested


@pytest.mark.connected
async def test_commands_flow_again_after_an_outage() -> None:
    got: list[str] = []
    async with Proxy(5672) as proxy, house() as ours:
        gateway, worker = ours.bus(url=through(proxy)), ours.bus()
        gateway.receive("g1", lambda each: got.append(each.id), lambda each: got.append(each.id))
        await gateway.start()
        await worker.start()
        await worker.send("g1", reboot(FOREVER))
        await eventually(lambda: len(got) == 1)  # what is on its way when the gateway's connection breaks is lost
        await down(proxy)

        async def sent_again() -> None:
            while True:
                try:
                    return await worker.send("g1", reboot(FOREVER))
                except Unavailable:
                    await asyncio.sleep(0.02)

        await asyncio.wait_for(sent_again(), 20)
        await eventually(lambda: len(got) == 2)


@pytest.mark.connected
async def test_it_leaves_no_task_behind_after_outages_and_a_stop() -> None:
    before = asyncio.all_tasks()
    async with Proxy(5672) as proxy, house(EAR) as ours:
        for _ in range(2):
            bus = ours.bus(url=through(proxy))
            bus.subscribe("ear", Ear(), bodies=[Beat])
            bus.receive("g1", print, print)
            await bus.start()
            await reset(proxy)
            bus.publish(beat("1", 1))
            await bus.stop()
    await eventually(lambda: asyncio.all_tasks() == before)
