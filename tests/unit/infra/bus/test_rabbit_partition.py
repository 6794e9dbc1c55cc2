"""One partition: acknowledged after it was handled, handed over in order, and nobody stumbles over strange bodies."""

import asyncio
from collections.abc import Sequence

import pytest
from aiormq import Connection
from pamqp.commands import Basic

from chargecloud.device.events import Beat
from chargecloud.infra.bus.contract import Audience
from chargecloud.infra.bus.rabbit_line import open_channel
from chargecloud.infra.bus.rabbit_wire import pack
from chargecloud.infra.kinds import Unreadable
from chargecloud.kernel.message import Envelope
from tests.contract.bus import Ear, beat
from tests.support.eventually import eventually
from tests.support.rabbitmq import house, limits
from tests.support.servers import RABBITMQ_URL

pytestmark = pytest.mark.connected
EAR = Audience("ear", (Beat,))


class Slow(Ear):
    """Handles a batch only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.may = asyncio.Event()

    async def __call__(self, batch: Sequence[Envelope]) -> None:
        self.begun.set()
        await self.may.wait()
        await super().__call__(batch)


async def put(queue: str, body: bytes) -> None:
    connection = Connection(RABBITMQ_URL)
    await connection.connect()
    channel = await open_channel(connection, confirms=True)
    await channel.basic_publish(body, routing_key=queue, mandatory=True, properties=Basic.Properties(delivery_mode=2))
    await connection.close()


async def test_what_was_not_acknowledged_goes_to_the_next_in_order() -> None:
    slow, ear = Slow(), Ear()
    async with house(EAR, given=limits(partitions=1, parcel=1)) as ours:
        publisher, first, second = ours.bus(), ours.bus(stop_s=0.05), ours.bus()
        first.subscribe("ear", slow, bodies=[Beat])
        second.subscribe("ear", ear, bodies=[Beat])
        await publisher.start()
        await first.start()
        await second.start()
        for number in range(10):
            publisher.publish(beat("1", number))
        await asyncio.wait_for(slow.begun.wait(), 20)
        assert not ear.heard
        await first.stop()  # breaks the batch off after `stop_s`
        await eventually(lambda: len(ear.heard) == 10)
        assert ear.numbers("1") == list(range(10)) and not slow.heard


async def test_the_batch_in_hand_is_finished_by_a_stop_and_does_not_come_again() -> None:
    slow, ear = Slow(), Ear()
    async with house(EAR, given=limits(partitions=1, parcel=1, prefetch=1)) as ours:
        first, second = ours.bus(), ours.bus()
        first.subscribe("ear", slow, bodies=[Beat])
        second.subscribe("ear", ear, bodies=[Beat])
        await first.start()
        await second.start()
        for number in range(5):
            first.publish(beat("1", number))
        await asyncio.wait_for(slow.begun.wait(), 20)
        stopping = asyncio.create_task(first.stop())
        await asyncio.sleep(0)
        slow.may.set()
        await asyncio.wait_for(stopping, 20)
        await eventually(lambda: len(slow.heard) + len(ear.heard) == 5)
        assert slow.numbers("1") + ear.numbers("1") == list(range(5))
        assert slow.heard and ear.heard


async def test_strange_bodies_are_set_aside_and_the_rest_flows() -> None:
    ear = Ear()
    async with house(EAR, given=limits(partitions=1)) as ours:
        bus = ours.bus()
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        queue = bus.queue_names()[-1]
        await put(queue, b"hello")
        await put(queue, pack([beat("1", 1), beat("1", 2)]).replace(b"\xa4Beat", b"\xa4Next", 1))
        await eventually(lambda: len(ear.heard) == 1)
        assert ear.numbers("1") == [2]
        bodies = [each.envelope.body for each in bus.poison]
        assert [body.kind for body in bodies if isinstance(body, Unreadable)] == ["", "Next"]
        assert bus.counts()["unreadable"] == 2


async def test_a_queue_that_was_deleted_is_made_again() -> None:
    ear = Ear()
    async with house(EAR, given=limits(partitions=1)) as ours:
        bus = ours.bus()
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        connection = Connection(RABBITMQ_URL)
        await connection.connect()
        await (await connection.channel()).queue_delete(bus.queue_names()[-1])
        await connection.close()
        await asyncio.wait_for(bus.publish_durably([beat("1", 1)]), 20)
        await eventually(lambda: ear.numbers("1") == [1])
        assert bus.counts()["outages"] >= 1
