"""The embedded bus keeps the promises of the bus contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.bus.memory import MemoryBus, MemoryBusLimits
from chargecloud.infra.bus.redelivery import RetryPolicy
from chargecloud.kernel.clock import SystemClock
from tests.contract.bus import MAX_ATTEMPTS, BusContract


class TestMemoryBus(BusContract):
    @asynccontextmanager
    async def open_bus(self) -> AsyncIterator[Bus]:
        retry = RetryPolicy(max_attempts=MAX_ATTEMPTS, first_delay_s=0.001, longest_delay_s=0.01)
        bus = MemoryBus(SystemClock(), MemoryBusLimits(retry=retry, stop_s=5))
        yield bus
        await bus.stop()

    def set_aside(self, bus: Bus) -> list[tuple[str, int]]:
        poison = cast(MemoryBus, bus).poison
        return [(entry.group, entry.envelope.body.connector_no) for entry in poison]
