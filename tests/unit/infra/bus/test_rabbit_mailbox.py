"""Commands over the broker: to one gateway, or refused by name."""

import asyncio

import pytest

from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope
from tests.contract.bus import reboot
from tests.support.eventually import eventually
from tests.support.rabbitmq import house, limits

FOREVER = 4_000_000_000_000


async def test_without_a_broker_a_command_is_refused_at_once() -> None:
    bus = RabbitBus("amqp://guest:guest@127.0.0.1:1", ManualClock(), limits=limits())
    await bus.start()
    with pytest.raises(Unavailable) as caught:
        await bus.send("g1", reboot(FOREVER))
    assert caught.value.code == "bus_unavailable"
    await bus.stop()


@pytest.mark.connected
async def test_a_command_crosses_processes_and_one_for_nobody_is_refused() -> None:
    got: list[Envelope] = []
    async with house() as ours:
        gateway, worker = ours.bus(), ours.bus()
        gateway.receive("g1", got.append, got.append)
        await gateway.start()
        await worker.start()
        for number in range(50):
            await worker.send("g1", reboot(FOREVER, f"c{number}"))
        await eventually(lambda: len(got) == 50)
        assert [each.body.command_id for each in got] == [f"c{number}" for number in range(50)]
        with pytest.raises(Unavailable, match="'g2'") as caught:
            await worker.send("g2", reboot(FOREVER))
        assert caught.value.code == "gateway_unknown"
        await gateway.stop()
        with pytest.raises(Unavailable, match="'g1'"):
            await worker.send("g1", reboot(FOREVER))
        assert worker.available


@pytest.mark.connected
async def test_expiry_is_looked_at_when_a_command_arrives() -> None:
    clock = ManualClock(start_ms=1_000)
    delivered: list[Envelope] = []
    expired: list[Envelope] = []
    async with house() as ours:
        bus = ours.bus(clock=clock)
        bus.receive("g1", delivered.append, expired.append)
        await bus.start()
        await bus.send("g1", reboot(expires_at_ms=1_001))
        await eventually(lambda: len(delivered) == 1)
        clock.advance(1)
        await bus.send("g1", reboot(expires_at_ms=1_001))
        await bus.send("g1", reboot(expires_at_ms=0))
        await eventually(lambda: len(delivered) + len(expired) == 3)
        assert (len(delivered), len(expired)) == (2, 1)


@pytest.mark.connected
async def test_a_second_gateway_of_one_name_is_refused_and_the_first_keeps_its_mailbox() -> None:
    got: list[Envelope] = []
    async with house() as ours:
        first, second = ours.bus(), ours.bus(taken_s=0.2)
        first.receive("g1", got.append, got.append)
        second.receive("g1", print, print)
        await first.start()
        with pytest.raises(Conflict, match="'g1'") as caught:
            await asyncio.wait_for(second.start(), 20)
        assert caught.value.code == "mailbox_taken"
        await first.send("g1", reboot(FOREVER))
        await eventually(lambda: len(got) == 1)
