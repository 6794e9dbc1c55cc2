"""What waits for the broker: order, window, bounds, and nothing lost when a channel breaks."""

import asyncio
from collections import Counter
from typing import Any, cast

import pytest
from aiormq import Connection

from chargecloud.infra.bus.rabbit_line import Lost, RabbitLimits
from chargecloud.infra.bus.rabbit_outbound import Outbound, OutQueue
from chargecloud.infra.bus.rabbit_wire import unpack
from chargecloud.infra.kinds import Kinds
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable
from tests.contract.bus import beat


class FakeChannel:
    """Takes what is published and confirms it, at once or when told."""

    def __init__(self, *, confirming: bool = True) -> None:
        self.sent: list[tuple[str, list[int]]] = []
        self.unanswered: list[asyncio.Future[None]] = []
        self.confirming = confirming
        self.closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def basic_publish(self, body: bytes, *, routing_key: str, **options: object) -> None:
        assert options["mandatory"] is True
        numbers = [cast(Any, each.body).connector_no for each in unpack(body, Kinds())]
        self.sent.append((routing_key, numbers))
        if not self.confirming:
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.unanswered.append(answer)
            await answer

    @property
    def numbers(self) -> list[int]:
        return [number for _, numbers in self.sent for number in numbers]


class FakeConnection:
    """Has one channel."""

    def __init__(self, channel: FakeChannel) -> None:
        self._channel = channel

    async def channel(self, **_: object) -> FakeChannel:
        return self._channel


class Rig:
    """An outbound side over fake channels, one after the other."""

    def __init__(self, **limits: Any) -> None:
        self.clock = ManualClock()
        self.counts: Counter[str] = Counter()
        self.outbound = Outbound(RabbitLimits(**limits), self.clock, self.counts)
        self.queue = OutQueue("q", 0.0)
        self._running: asyncio.Task[None] | None = None

    async def connect(self, *, confirming: bool = True) -> FakeChannel:
        channel = FakeChannel(confirming=confirming)
        ready = asyncio.Event()
        connection = cast(Connection, FakeConnection(channel))
        self._running = asyncio.create_task(self.outbound.run(connection, ready.set))
        await ready.wait()
        return channel

    async def lose(self, channel: FakeChannel) -> None:
        assert self._running is not None
        channel.closing.set_exception(Lost("planned"))
        with pytest.raises(Lost, match="planned"):
            await self._running

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.outbound.put((self.queue,), beat("1", number))


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_put_in_one_turn_of_the_loop_shares_a_parcel() -> None:
    rig = Rig(parcel=3)
    channel = await rig.connect()
    rig.put(1, 2, 3, 4)
    await turns()
    assert channel.sent == [("q", [1, 2, 3]), ("q", [4])]
    assert rig.outbound.queued == 0 and rig.counts["published"] == 4


async def test_beyond_the_window_events_gather_into_larger_parcels() -> None:
    rig = Rig(window=2)
    channel = await rig.connect(confirming=False)
    for number in range(6):
        rig.put(number)
        await turns()
    assert channel.sent == [("q", [0]), ("q", [1])]
    channel.unanswered.pop(0).set_result(None)
    await turns()
    assert channel.sent[2:] == [("q", [2, 3, 4, 5])]


async def test_what_was_not_confirmed_is_sent_again_in_order_before_what_came_later() -> None:
    rig = Rig(window=2)
    channel = await rig.connect(confirming=False)
    for number in range(4):
        rig.put(number)
        await turns()
    channel.unanswered.pop(0).set_result(None)
    await turns()
    await rig.lose(channel)
    assert not rig.outbound.available
    rig.put(4)
    again = await rig.connect()
    await turns()
    assert again.numbers == [1, 2, 3, 4]
    assert rig.outbound.queued == 0


async def test_a_parcel_no_queue_takes_ends_the_channel_and_is_kept() -> None:
    rig = Rig()
    channel = await rig.connect(confirming=False)
    rig.put(1)
    await turns()
    channel.unanswered.pop(0).set_exception(RuntimeError("returned"))
    assert rig._running is not None
    with pytest.raises(Lost, match="returned"):
        await rig._running
    again = await rig.connect()
    await turns()
    assert again.numbers == [1]


async def test_a_cancellation_by_the_client_counts_as_a_loss_too() -> None:
    rig = Rig()
    channel = await rig.connect(confirming=False)
    rig.put(1)
    await turns()
    channel.unanswered.pop(0).set_exception(asyncio.CancelledError())
    assert rig._running is not None
    with pytest.raises(Lost, match="given up"):
        await rig._running
    assert rig.outbound.queued == 1


async def test_without_a_broker_it_keeps_what_fits_in_order_and_counts_the_rest() -> None:
    rig = Rig(high_water=3, low_water=1, ceiling=5)
    rig.put(1, 2, 3)
    assert not rig.outbound.congested
    rig.put(4)
    assert rig.outbound.congested
    rig.put(5, 6, 7)
    assert (rig.outbound.queued, rig.counts["dropped_at_ceiling"]) == (5, 2)
    channel = await rig.connect()
    await turns()
    assert channel.numbers == [1, 2, 3, 4, 5]
    assert not rig.outbound.congested


async def test_a_confirm_that_does_not_come_makes_it_unavailable() -> None:
    rig = Rig(stalled_s=5.0)
    assert not rig.outbound.available
    channel = await rig.connect(confirming=False)
    assert rig.outbound.available
    rig.put(1)
    await turns()
    rig.clock.advance(4_999)
    assert rig.outbound.available
    rig.clock.advance(1)
    assert not rig.outbound.available
    channel.unanswered.pop(0).set_result(None)
    await turns()
    assert rig.outbound.available


async def test_a_lingering_queue_waits_for_company_unless_it_is_hurried() -> None:
    rig = Rig()
    rig.queue.linger_s = 3_600.0
    channel = await rig.connect()
    rig.put(1, 2)
    await turns()
    assert channel.sent == []
    await asyncio.wait_for(rig.outbound.flushed(), 5)
    assert channel.sent == [("q", [1, 2])]


async def test_durably_returns_only_when_every_queue_has_it() -> None:
    rig = Rig()
    other = OutQueue("other", 0.0)
    channel = await rig.connect(confirming=False)
    handing_over = asyncio.create_task(rig.outbound.put_durably([((rig.queue, other), beat("1", 1))]))
    await turns()
    assert sorted(name for name, _ in channel.sent) == ["other", "q"]
    channel.unanswered.pop(0).set_result(None)
    await turns()
    assert not handing_over.done()
    channel.unanswered.pop(0).set_result(None)
    await asyncio.wait_for(handing_over, 5)
    await rig.outbound.put_durably([((), beat("1", 2))])


async def test_durably_fails_at_once_while_the_broker_is_away() -> None:
    rig = Rig()
    with pytest.raises(Unavailable) as caught:
        await rig.outbound.put_durably([((rig.queue,), beat("1", 1))])
    assert caught.value.code == "bus_unavailable"
    assert rig.outbound.queued == 0


async def test_durably_gives_up_after_its_deadline_and_takes_back_what_was_not_sent() -> None:
    rig = Rig(durable_s=0.05, window=1)
    channel = await rig.connect(confirming=False)
    rig.put(1)
    await turns()
    with pytest.raises(Unavailable, match=r"not confirmed within 0\.05 s"):
        await rig.outbound.put_durably([((rig.queue,), beat("1", 2))])
    rig.put(3)
    channel.confirming = True
    channel.unanswered.pop(0).set_result(None)
    await turns()
    assert channel.numbers == [1, 3]
    assert rig.outbound.queued == 0


async def test_whoever_waits_is_told_when_it_is_given_up() -> None:
    rig = Rig()
    await rig.connect(confirming=False)
    handing_over = asyncio.create_task(rig.outbound.put_durably([((rig.queue,), beat("1", 1))]))
    await turns()
    assert rig.outbound.give_up() == 1
    with pytest.raises(Unavailable, match="stopped"):
        await asyncio.wait_for(handing_over, 5)
