"""What the queues on the broker are called and how they are made."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiormq.abc import ArgumentsType
from aiormq.channel import Channel

from chargecloud.infra.bus.rabbit_line import answered

DELIVERIES = 200
"""So often a message may be given out again because whoever had it went away: what kills workers ends as dead."""

QUORUM: ArgumentsType = {"x-queue-type": "quorum"}


@dataclass(frozen=True, slots=True)
class Names:
    """All begin with the same prefix, which permissions can be given for."""

    prefix: str

    def partition(self, group: str, number: int) -> str:
        """A stream of a group's events."""
        return f"{self.prefix}.events.{group}.{number:02d}"

    def presence(self, group: str) -> str:
        """Nothing is ever put there; its consumers are the workers of a group."""
        return f"{self.prefix}.workers.{group}"

    def mailbox(self, gateway_id: str) -> str:
        """Commands for one gateway."""
        return f"{self.prefix}.commands.{gateway_id}"

    @property
    def dead(self) -> str:
        """What was given out too often."""
        return f"{self.prefix}.dead"

    def durable(self, groups: Iterable[str], partitions: int) -> list[str]:
        """Every queue that outlives its consumers."""
        names = [self.dead]
        for group in groups:
            names += [self.presence(group), *(self.partition(group, number) for number in range(partitions))]
        return names


async def declare(channel: Channel, names: Names, groups: Iterable[str], partitions: int) -> None:
    """Make what is not there yet. Publishers do it too: nothing is lost before the first worker has started."""
    stream: ArgumentsType = {
        **QUORUM,
        "x-single-active-consumer": True,
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": names.dead,
    }
    await answered(channel.queue_declare(names.dead, durable=True, arguments=dict(QUORUM)))
    for group in groups:
        await answered(channel.queue_declare(names.presence(group), durable=True, arguments=dict(QUORUM)))
        for number in range(partitions):
            await answered(channel.queue_declare(names.partition(group, number), durable=True, arguments=stream))
