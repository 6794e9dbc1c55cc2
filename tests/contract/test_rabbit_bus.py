"""RabbitMQ keeps the promises of the bus contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from chargecloud.device.events import Beat
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.bus.rabbit import RabbitBus
from tests.contract.bus import BusContract, Ear
from tests.support.rabbitmq import House, house


@pytest.mark.connected
class TestRabbitBus(BusContract):
    @asynccontextmanager
    async def open_bus(self) -> AsyncIterator[Bus]:
        async with house() as self.house:
            yield self.house.bus()

    house: House

    def set_aside(self, bus: Bus) -> list[tuple[str, int]]:
        poison = cast(RabbitBus, bus).poison
        return [(entry.group, entry.envelope.body.connector_no) for entry in poison]

    async def after_a_stop(self, bus: Bus, ear: Ear) -> None:
        again = self.house.bus()
        again.subscribe("ear", ear, bodies=[Beat])
        await again.start()
        await self.settle(again)
