"""Lanes, lingering and stopping of one subscriber."""

import asyncio
from collections.abc import Sequence

from chargecloud.infra.bus.group import Group
from chargecloud.infra.bus.redelivery import Redelivery, RetryPolicy
from chargecloud.kernel.message import Envelope
from tests.contract.bus import Ear, beat


def group_of(ear: Ear, *, linger_s: float, batch: int = 500) -> tuple[Group, list[int]]:
    finished: list[int] = []

    def done(messages: Sequence[Envelope]) -> None:
        finished.append(len(messages))

    def never(group: str, envelope: Envelope, error: str) -> None:
        raise AssertionError(error)

    redelivery = Redelivery("ear", ear, RetryPolicy())
    return Group(redelivery, lanes=2, batch=batch, linger_s=linger_s, finished=done, set_aside=never), finished


def put(group: Group, message: Envelope) -> None:
    lane = group.lanes[0]
    lane.queue.append(message)
    if not lane.busy:
        group.rouse(lane)


async def test_nothing_is_delivered_before_start() -> None:
    ear = Ear()
    group, finished = group_of(ear, linger_s=0)
    put(group, beat("1", 0))
    await asyncio.sleep(0.01)
    assert not ear.heard
    group.start()
    await asyncio.sleep(0.01)
    assert finished == [1]


async def test_hurry_cuts_the_linger_short() -> None:
    ear = Ear()
    group, finished = group_of(ear, linger_s=60)
    group.start()
    put(group, beat("1", 0))
    await asyncio.sleep(0.01)
    assert not finished
    group.hurry()
    await asyncio.sleep(0.01)
    assert finished == [1]


async def test_a_batch_has_a_largest_size() -> None:
    ear = Ear()
    group, finished = group_of(ear, linger_s=0, batch=4)
    group.start()
    for number in range(10):
        put(group, beat("1", number))
    await asyncio.sleep(0.02)
    assert finished == [4, 4, 2]
    assert ear.numbers("1") == list(range(10))
