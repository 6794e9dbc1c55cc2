"""The partitions of one group in this process, and giving away what is more than a fair share of them."""

import asyncio
from collections import Counter

import structlog
from aiormq import Connection
from aiormq.abc import DeliveredMessage

from chargecloud.infra.bus.contract import EventHandler
from chargecloud.infra.bus.rabbit_line import RabbitLimits, answered, open_channel
from chargecloud.infra.bus.rabbit_names import Names
from chargecloud.infra.bus.rabbit_partition import Partition, SetAside
from chargecloud.infra.bus.redelivery import Redelivery

log = structlog.get_logger("chargecloud.bus")


class RabbitGroup:
    """One subscription. The broker gives each partition to whoever stood in line first, so to the oldest worker;
    that one makes room when it sees that there are others."""

    def __init__(
        self, name: str, handler: EventHandler, *, limits: RabbitLimits, linger_s: float, set_aside: SetAside
    ) -> None:
        self.counts: Counter[str] = Counter()
        names = Names(limits.prefix)
        self._name = name
        self._presence = names.presence(name)
        self._limits = limits
        self._redelivery = Redelivery(name, handler, limits.retry)
        self.partitions = [
            Partition(
                names.partition(name, number),
                self._redelivery,
                limits=limits,
                linger_s=linger_s,
                set_aside=set_aside,
                counts=self.counts,
            )
            for number in range(limits.partitions)
        ]

    @property
    def failures(self) -> int:
        """How often the handler raised."""
        return self._redelivery.failures

    @property
    def handled(self) -> int:
        """Events handled so far."""
        return sum(partition.handled for partition in self.partitions)

    async def balance(self, connection: Connection) -> None:
        """Say that we are there, count who else is, and let go of partitions beyond our share, for ever."""
        channel = await open_channel(connection)

        async def nothing(_message: DeliveredMessage) -> None: ...

        await answered(channel.basic_consume(self._presence, nothing))
        while True:
            await asyncio.sleep(self._limits.balance_s)
            found = await answered(channel.queue_declare(self._presence, passive=True))
            self.make_room(found.consumer_count or 1)

    def make_room(self, workers: int) -> None:
        """Release what is more than the share of one of so many workers; only partitions in use are counted."""
        active = [partition for partition in self.partitions if partition.was_active()]
        share = -(-len(self.partitions) // workers)
        excess = active[share:]
        for partition in excess:
            partition.release()
        if excess:
            self.counts["handed_over"] += len(excess)
            log.info("bus.handed_over", group=self._name, partitions=len(excess), workers=workers)
