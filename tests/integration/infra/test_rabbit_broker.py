"""A broker that is stopped, or takes nothing any more: what was confirmed is there afterwards, and nobody hangs."""

import asyncio
from collections.abc import Iterator

import pytest

from chargecloud.device.events import Beat
from chargecloud.infra.bus.contract import Audience
from chargecloud.kernel.errors import Unavailable
from tests.contract.bus import Ear, beat
from tests.support.eventually import eventually
from tests.support.rabbitmq import house, limits
from tests.support.servers import RabbitMq

pytestmark = pytest.mark.connected
EAR = Audience("ear", (Beat,))


@pytest.fixture(scope="module")
def broker() -> Iterator[RabbitMq]:
    with RabbitMq() as server:
        yield server


async def test_what_a_broker_had_confirmed_is_handled_when_it_is_back(broker: RabbitMq) -> None:
    ear = Ear()
    confirmed: list[int] = []
    async with house(EAR, url=broker.url, given=limits(durable_s=2.0)) as ours:
        gateway, worker = ours.bus(), ours.bus()
        worker.subscribe("ear", ear, bodies=[Beat], linger_ms=50)
        await gateway.start()
        await worker.start()

        async def publish(first: int) -> None:
            """One after the other; what is not confirmed is handed over again, as the relay does."""
            for number in range(first, first + 200):
                while number not in confirmed:
                    try:
                        await gateway.publish_durably([beat(str(first), number)])
                    except Unavailable:
                        await asyncio.sleep(0.05)
                    else:
                        confirmed.append(number)

        publishing = [asyncio.create_task(publish(first)) for first in range(0, 1_000, 200)]
        await eventually(lambda: len(confirmed) > 200)
        await asyncio.to_thread(broker.stop)
        await eventually(lambda: not gateway.available)
        assert len(confirmed) < 1_000
        await asyncio.to_thread(broker.start)
        await asyncio.wait_for(asyncio.gather(*publishing), 90)
        await asyncio.wait_for(worker.drain(), 60)
        for first in range(0, 1_000, 200):
            assert list(dict.fromkeys(ear.numbers(str(first)))) == list(range(first, first + 200))


async def test_a_broker_short_of_memory_is_not_available_and_workers_go_on(broker: RabbitMq) -> None:
    ear = Ear()
    async with house(EAR, url=broker.url, given=limits(durable_s=0.5, stalled_s=0.5)) as ours:
        gateway, worker = ours.bus(), ours.bus()
        worker.subscribe("ear", ear, bodies=[Beat])
        await gateway.start()
        await worker.start()
        await gateway.publish_durably([beat("1", 0)])
        await asyncio.to_thread(broker.ctl, "set_vm_memory_high_watermark", "absolute", "1")
        try:
            with pytest.raises(Unavailable, match="not confirmed"):
                await gateway.publish_durably([beat("1", 1)])
            assert not gateway.available
            await eventually(lambda: ear.numbers("1") == [0])
            gateway.publish(beat("1", 2))
        finally:
            await asyncio.to_thread(broker.ctl, "set_vm_memory_high_watermark", "0.4")
        await eventually(lambda: gateway.available)
        await eventually(lambda: ear.numbers("1")[-1:] == [2])
        assert list(dict.fromkeys(ear.numbers("1"))) == [0, 1, 2]
