"""Buses on the shared RabbitMQ, under a random prefix; what they made is deleted at the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

from aiormq import Connection

from chargecloud.infra.bus.contract import Audience
from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.infra.bus.rabbit_line import RabbitLimits
from chargecloud.infra.bus.redelivery import PoisonHook, RetryPolicy
from chargecloud.kernel.clock import Clock, SystemClock
from tests.support.servers import RABBITMQ_URL

QUICK = RetryPolicy(max_attempts=3, first_delay_s=0.001, longest_delay_s=0.01)


def limits(**changes: Any) -> RabbitLimits:
    """Few partitions and short pauses, under a prefix of its own."""
    small = RabbitLimits(
        prefix=f"chargecloud-test-{token_hex(6)}",
        partitions=3,
        retry=QUICK,
        first_delay_s=0.02,
        longest_delay_s=0.2,
        balance_s=0.2,
        taken_s=1.0,
    )
    return replace(small, **changes)


class House:
    """Processes of one platform, as far as their bus is concerned."""

    def __init__(self, url: str, given: RabbitLimits, groups: Sequence[Audience]) -> None:
        self.url = url
        self.limits = given
        self.groups = tuple(groups)
        self.buses: list[RabbitBus] = []

    def bus(
        self, *, url: str = "", on_poison: PoisonHook | None = None, clock: Clock | None = None, **changes: Any
    ) -> RabbitBus:
        """Another process's bus, not started; stopped with the house."""
        given = replace(self.limits, **changes)
        bus = RabbitBus(url or self.url, clock or SystemClock(), groups=self.groups, on_poison=on_poison, limits=given)
        self.buses.append(bus)
        return bus


@asynccontextmanager
async def house(*groups: Audience, url: str = RABBITMQ_URL, given: RabbitLimits | None = None) -> AsyncIterator[House]:
    """Stops its buses and deletes their queues."""
    made = House(url, given or limits(), groups)
    try:
        yield made
    finally:
        for bus in made.buses:
            await bus.stop()
        await delete(url, {name for bus in made.buses for name in bus.queue_names()})


async def delete(url: str, queues: set[str]) -> None:
    """Delete queues, also ones that are not there."""
    connection = Connection(url)
    await connection.connect()
    try:
        channel = await connection.channel()
        for name in sorted(queues):
            await channel.queue_delete(name)
    finally:
        await connection.close()
