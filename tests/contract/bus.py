"""What both buses promise. A subclass says how to open one; handlers are subscribed before `start`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from chargecloud.device.commands import Reboot
from chargecloud.device.events import Beat, ClockReported, DeviceEvent
from chargecloud.infra.bus.contract import Bus
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope

PATIENCE_S = 20
MAX_ATTEMPTS = 3
"""Subclasses open a bus that sets a message aside after so many attempts, with short pauses in between."""


def beat(key: str, number: int) -> Envelope:
    """Number `number` of a charge point's events."""
    return Envelope(key, Beat(charge_point_code=key, connector_no=number, faulted=False), 1_767_225_600_000)


def reboot(expires_at_ms: int, command_id: str = "c1") -> Envelope:
    """A command with an expiry on its envelope."""
    body = Reboot(command_id=command_id, charge_point_code="1", expires_at_ms=expires_at_ms)
    return Envelope("1", body, 1_767_225_600_000, expires_at_ms=expires_at_ms)


class Ear:
    """A subscriber that remembers what it was given and fails on request."""

    def __init__(self) -> None:
        self.heard: list[Envelope] = []
        self.batches: list[int] = []
        self.failing: dict[int, int] = {}
        self.error: type[Exception] = RuntimeError

    async def __call__(self, batch: Sequence[Envelope]) -> None:
        self.batches.append(len(batch))
        for envelope in batch:
            number = envelope.body.connector_no
            if self.failing.get(number, 0):
                self.failing[number] -= 1
                if self.error is Unavailable:
                    raise Unavailable("planned outage", "planned")
                raise self.error(f"planned failure of {number}")
        await asyncio.sleep(0)
        self.heard.extend(batch)

    def numbers(self, key: str) -> list[int]:
        return [envelope.body.connector_no for envelope in self.heard if envelope.key == key]


class BusContract:
    """Inherited by test_memory_bus and its twin."""

    def open_bus(self) -> AbstractAsyncContextManager[Bus]:
        """A bus that is stopped at the end."""
        raise NotImplementedError

    @pytest.fixture
    async def bus(self) -> AsyncIterator[Bus]:
        async with self.open_bus() as bus:
            yield bus

    async def settle(self, bus: Bus) -> None:
        await asyncio.wait_for(bus.drain(), PATIENCE_S)

    async def test_every_group_hears_every_event_of_its_types(self, bus: Bus) -> None:
        first, second, other = Ear(), Ear(), Ear()
        bus.subscribe("first", first, bodies=[Beat])
        bus.subscribe("second", second, bodies=[DeviceEvent], linger_ms=5)
        bus.subscribe("other", other, bodies=[ClockReported])
        await bus.start()
        for number in range(5):
            bus.publish(beat("1", number))
        await self.settle(bus)
        assert first.numbers("1") == second.numbers("1") == list(range(5))
        assert not other.heard

    async def test_it_is_available_from_start_to_stop(self, bus: Bus) -> None:
        await bus.start()
        assert bus.available
        await bus.stop()
        assert not bus.available

    async def test_one_key_is_handled_in_order(self, bus: Bus) -> None:
        ear = Ear()
        bus.subscribe("ear", ear, bodies=[Beat], linger_ms=5)
        await bus.start()
        for number in range(200):
            for key in ("1", "2", "3"):
                bus.publish(beat(key, number))
            if number % 50 == 0:
                await asyncio.sleep(0.01)
        await self.settle(bus)
        for key in ("1", "2", "3"):
            assert ear.numbers(key) == list(range(200))

    async def test_lingering_makes_batches(self, bus: Bus) -> None:
        ear = Ear()
        bus.subscribe("ear", ear, bodies=[Beat], linger_ms=50)
        await bus.start()
        for number in range(100):
            bus.publish(beat("1", number))
        await self.settle(bus)
        assert len(ear.batches) < 50

    async def test_a_failed_handler_sees_the_messages_again_in_order(self, bus: Bus) -> None:
        ear = Ear()
        ear.failing = {1: 1}
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        for number in range(3):
            bus.publish(beat("1", number))
        await self.settle(bus)
        assert ear.numbers("1") == [0, 1, 2]

    async def test_poison_is_set_aside_and_the_rest_flows(self, bus: Bus) -> None:
        ear, healthy = Ear(), Ear()
        ear.failing = {1: 1_000}
        bus.subscribe("ear", ear, bodies=[Beat])
        bus.subscribe("healthy", healthy, bodies=[Beat])
        await bus.start()
        for number in range(3):
            bus.publish(beat("1", number))
        await self.settle(bus)
        assert sorted(set(ear.numbers("1"))) == [0, 2]
        assert healthy.numbers("1") == [0, 1, 2]
        assert self.set_aside(bus) == [("ear", 1)]

    def set_aside(self, bus: Bus) -> list[tuple[str, int]]:
        """(group, number) of what was set aside so far."""
        raise NotImplementedError

    async def test_an_outage_is_waited_out_and_makes_no_poison(self, bus: Bus) -> None:
        ear = Ear()
        ear.failing, ear.error = {1: 5 * MAX_ATTEMPTS}, Unavailable
        bus.subscribe("ear", ear, bodies=[Beat])
        await bus.start()
        for number in range(3):
            bus.publish(beat("1", number))
        await self.settle(bus)
        assert ear.numbers("1")[-3:] == [0, 1, 2]
        assert self.set_aside(bus) == []

    async def test_durable_events_reach_every_group(self, bus: Bus) -> None:
        first, second = Ear(), Ear()
        bus.subscribe("first", first, bodies=[Beat], linger_ms=5)
        bus.subscribe("second", second, bodies=[Beat])
        await bus.start()
        await asyncio.wait_for(bus.publish_durably([beat("1", number) for number in range(10)]), PATIENCE_S)
        await self.settle(bus)
        assert first.numbers("1") == second.numbers("1") == list(range(10))

    async def test_a_command_reaches_the_gateway_it_is_addressed_to(self, bus: Bus) -> None:
        here: list[Envelope] = []
        elsewhere: list[Envelope] = []
        bus.receive("g1", here.append, elsewhere.append)
        bus.receive("g2", elsewhere.append, elsewhere.append)
        await bus.start()
        await bus.send("g1", reboot(expires_at_ms=4_000_000_000_000))
        await self.settle(bus)
        assert [envelope.body.command_id for envelope in here] == ["c1"]
        assert not elsewhere

    async def test_an_expired_command_is_not_delivered_but_reported(self, bus: Bus) -> None:
        delivered: list[Envelope] = []
        expired: list[Envelope] = []
        bus.receive("g1", delivered.append, expired.append)
        await bus.start()
        await bus.send("g1", reboot(expires_at_ms=1, command_id="late"))
        await self.settle(bus)
        assert not delivered
        assert [envelope.body.command_id for envelope in expired] == ["late"]

    async def test_a_mailbox_that_raises_does_not_stop_the_next_command(self, bus: Bus) -> None:
        seen: list[str] = []

        def handler(envelope: Envelope) -> None:
            seen.append(envelope.body.command_id)
            if len(seen) == 1:
                raise RuntimeError("planned")

        bus.receive("g1", handler, handler)
        await bus.start()
        await bus.send("g1", reboot(expires_at_ms=4_000_000_000_000, command_id="a"))
        await bus.send("g1", reboot(expires_at_ms=4_000_000_000_000, command_id="b"))
        await self.settle(bus)
        assert seen == ["a", "b"]

    async def test_what_is_queued_is_not_lost_by_a_stop(self, bus: Bus) -> None:
        ear = Ear()
        bus.subscribe("ear", ear, bodies=[Beat], linger_ms=50)
        await bus.start()
        for number in range(10):
            bus.publish(beat("1", number))
        await asyncio.wait_for(bus.stop(), PATIENCE_S)
        await self.after_a_stop(bus, ear)
        assert ear.numbers("1") == list(range(10))

    async def after_a_stop(self, bus: Bus, ear: Ear) -> None:
        """Let the subscriber `ear` hear what a bus that was stopped has kept for its next start."""
