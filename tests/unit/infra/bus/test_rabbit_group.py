"""Workers share the partitions of a group; what one has too many of it lets go, in order."""

import asyncio
from collections.abc import Sequence

import pytest

from chargecloud.device.events import Beat
from chargecloud.infra.bus.contract import Audience, partition_of
from chargecloud.infra.bus.rabbit_group import RabbitGroup
from chargecloud.infra.bus.rabbit_line import RabbitLimits
from chargecloud.kernel.message import Envelope
from tests.contract.bus import Ear, beat
from tests.support.eventually import eventually
from tests.support.rabbitmq import house, limits

EAR = Audience("ear", (Beat,))


def group(partitions: int) -> RabbitGroup:
    return RabbitGroup(
        "ear", Ear(), limits=RabbitLimits(partitions=partitions), linger_s=0.0, set_aside=lambda *_: None
    )


@pytest.mark.parametrize(("active", "workers", "kept"), [(8, 1, 8), (8, 2, 4), (8, 3, 3), (3, 2, 3), (8, 0, 8)])
def test_partitions_in_use_beyond_the_share_are_let_go(active: int, workers: int, kept: int) -> None:
    some = group(8)
    for partition in some.partitions[:active]:
        partition.handled += 1
    some.make_room(max(1, workers))
    assert some.counts["handed_over"] == active - kept
    some.make_room(max(1, workers))
    assert some.counts["handed_over"] == active - kept  # nothing was handled since


class Shared:
    """What all workers of a test have handled."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Envelope]] = []

    def worker(self, name: str) -> "Worker":
        return Worker(self, name)

    def numbers(self, key: str) -> list[int]:
        return [each.body.connector_no for _, each in self.heard if each.key == key]


class Worker:
    """Handles for one of several workers."""

    def __init__(self, shared: Shared, name: str) -> None:
        self._shared = shared
        self._name = name

    async def __call__(self, batch: Sequence[Envelope]) -> None:
        await asyncio.sleep(0.001)
        self._shared.heard += [(self._name, each) for each in batch]


@pytest.mark.connected
async def test_a_second_worker_gets_its_share_and_no_key_is_handled_out_of_order() -> None:
    shared = Shared()
    keys = [f"k{number}" for number in range(24)]
    async with house(EAR, given=limits(partitions=4, prefetch=2, parcel=5, balance_s=0.1)) as ours:
        publisher, first, second = ours.bus(), ours.bus(), ours.bus()
        first.subscribe("ear", shared.worker("first"), bodies=[Beat])
        second.subscribe("ear", shared.worker("second"), bodies=[Beat])
        await publisher.start()
        await first.start()
        sent = 0

        async def publish_until(done: "asyncio.Event") -> None:
            nonlocal sent
            while not done.is_set():
                for key in keys:
                    publisher.publish(beat(key, sent))
                sent += 1
                await asyncio.sleep(0.005)

        over = asyncio.Event()
        publishing = asyncio.create_task(publish_until(over))
        await eventually(lambda: len(shared.heard) > 200)
        await second.start()

        def shared_out() -> bool:
            late = shared.heard[-200:]
            by = {
                name: {partition_of(each.key, 4) for who, each in late if who == name} for name in ("first", "second")
            }
            return len(by["first"]) == len(by["second"]) == 2

        await eventually(shared_out)
        over.set()
        await publishing
        await asyncio.wait_for(publisher.drain(), 20)
        await asyncio.wait_for(first.drain(), 20)
        await asyncio.wait_for(second.drain(), 20)
    for key in keys:
        assert shared.numbers(key) == list(range(sent))
