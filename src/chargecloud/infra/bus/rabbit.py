"""The bus of several processes, on RabbitMQ: events in quorum queues, one for each group and partition."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import structlog
from aiormq import Connection

from chargecloud.infra.bus.contract import Audience, CommandHandler, EventHandler, partition_of
from chargecloud.infra.bus.rabbit_group import RabbitGroup
from chargecloud.infra.bus.rabbit_line import RabbitLimits, RabbitLine, Ready, open_channel, refusal, side_by_side
from chargecloud.infra.bus.rabbit_mailbox import Mailbox, Sender
from chargecloud.infra.bus.rabbit_names import Names, declare
from chargecloud.infra.bus.rabbit_outbound import Outbound, OutQueue
from chargecloud.infra.bus.rabbit_partition import Partition
from chargecloud.infra.bus.redelivery import Poison, PoisonHook
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.bus")

_KEYS_REMEMBERED = 100_000
_DRAIN_POLL_S = 0.01
_LINGER_SHARE = 0.5
"""A publisher lets events gather for this part of what their subscriber lingers."""

Queues = tuple[OutQueue, ...]


class RabbitBus:
    """Implements `Bus`. An event is safe when a majority of the broker's nodes has it on disk.

    `groups` are all groups of the platform, also those other processes subscribe to: their queues are made and filled
    by whoever publishes. Two connections, because a broker short of memory stops reading from those that publish.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        groups: Sequence[Audience] = (),
        on_poison: PoisonHook | None = None,
        limits: RabbitLimits | None = None,
    ) -> None:
        self._limits = limits or RabbitLimits()
        self.poison: deque[Poison] = deque(maxlen=self._limits.poison_kept)
        self._clock = clock
        self._on_poison = on_poison
        self._names = Names(self._limits.prefix)
        self._audiences = {audience.name: audience for audience in groups}
        self._queues: dict[str, Queues] = {}
        self._routes: dict[type, tuple[Queues, ...]] = {}
        self._partitions: dict[str, int] = {}
        self._groups: dict[str, RabbitGroup] = {}
        self._mailboxes: dict[str, Mailbox] = {}
        self._counts: Counter[str] = Counter()
        self._outbound = Outbound(self._limits, clock, self._counts)
        self._sender = Sender(self._limits, clock)
        self._out = RabbitLine(url, "out", self._limits, self._use_out)
        self._in = RabbitLine(url, "in", self._limits, self._use_in)
        self._stopped = False

    @property
    def congested(self) -> bool:
        return self._outbound.congested

    @property
    def available(self) -> bool:
        return not self._stopped and self._outbound.available

    def publish(self, envelope: Envelope) -> None:
        if self._stopped:
            self._counts["lost_at_stop"] += 1
            return
        queues = self._queues_of(envelope)
        if queues:
            self._outbound.put(queues, envelope)

    async def publish_durably(self, envelopes: Sequence[Envelope]) -> None:
        if self._stopped:
            raise Unavailable("the bus has been stopped; hand the messages over again after a restart", "bus_stopped")
        await self._outbound.put_durably([(self._queues_of(each), each) for each in envelopes])

    def subscribe(self, group: str, handler: EventHandler, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        if group in self._groups:
            raise Conflict(f"two subscriptions are named {group!r}; give each its own name", "group_taken", group=group)
        self._audiences[group] = Audience(group, tuple(bodies), linger_ms)
        self._groups[group] = RabbitGroup(
            group, handler, limits=self._limits, linger_s=linger_ms / 1000, set_aside=self._set_aside
        )
        self._routes.clear()

    async def send(self, gateway_id: str, envelope: Envelope) -> None:
        await self._sender.send(gateway_id, envelope)

    def receive(self, gateway_id: str, handler: CommandHandler, on_expired: CommandHandler) -> None:
        if gateway_id in self._mailboxes:
            raise Conflict(
                f"two gateways are named {gateway_id!r}; give each its own id", "mailbox_taken", gateway_id=gateway_id
            )
        self._mailboxes[gateway_id] = Mailbox(
            gateway_id, (handler, on_expired), limits=self._limits, clock=self._clock, counts=self._counts
        )

    async def start(self) -> None:
        """Connect. A broker that is away is waited for in the background; Unavailable when it turns us away."""
        await self._out.start()
        if self._groups or self._mailboxes:
            try:
                await self._in.start()
            except BaseException:
                await self._out.stop()
                raise

    async def stop(self) -> None:
        """Finish the batches in hand and what waits to be confirmed, for at most `stop_s` seconds.

        What has not been handled stays on the broker; what has not been confirmed by then is lost and counted.
        """
        if self._in.up:
            await self._retire()
        await self._in.stop()
        self._stopped = True
        if self._out.up:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._outbound.flushed(), self._limits.stop_s)
        await self._out.stop()
        lost = self._outbound.give_up()
        if lost:
            self._counts["lost_at_stop"] += lost
            log.error("bus.lost_at_stop", events=lost)

    async def drain(self) -> None:
        """Return when all we published is confirmed, our queues are empty and nothing is in hand here."""
        with self._hurried():
            while True:
                before = self._progress()
                await self._outbound.flushed()
                if await self._all_empty() and self._progress() == before and not self._outbound.queued:
                    return
                await asyncio.sleep(_DRAIN_POLL_S)

    def counts(self) -> Mapping[str, int]:
        """Events not yet confirmed, handled and lost, outages of the broker; for metrics."""
        groups = self._groups.values()
        found = Counter(
            queued=self._outbound.queued,
            unconfirmed=self._outbound.unconfirmed,
            down=int(not self.available),
            outages=self._out.outages + self._in.outages,
            handled=sum(group.handled for group in groups),
            handler_failures=sum(group.failures for group in groups),
        )
        for each in (self._counts, *(group.counts for group in groups)):
            found.update(each)
        return found

    def queue_names(self) -> list[str]:
        """Every queue this bus makes that outlives it."""
        return self._names.durable(self._audiences, self._limits.partitions)

    async def _retire(self) -> None:
        """Finish the batches in hand and take no more."""
        partitions = self._all_partitions()
        for partition in partitions:
            partition.retire()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                for partition in partitions:
                    await partition.retired.wait()

    async def _use_out(self, connection: Connection, ready: Ready) -> None:
        await self._declare(connection)
        await self._sender.open(connection)
        await side_by_side(self._outbound.run(connection, ready), self._sender.run())

    async def _use_in(self, connection: Connection, ready: Ready) -> None:
        await self._declare(connection)
        partitions = self._all_partitions()
        for partition in partitions:
            await partition.open(connection)
        for mailbox in self._mailboxes.values():
            await mailbox.open(connection)
        ready()
        await side_by_side(
            *(partition.run(connection) for partition in partitions),
            *(mailbox.run() for mailbox in self._mailboxes.values()),
            *(group.balance(connection) for group in self._groups.values()),
        )

    async def _declare(self, connection: Connection) -> None:
        channel = await open_channel(connection)
        try:
            await declare(channel, self._names, self._audiences, self._limits.partitions)
        except Exception as error:
            refused = refusal(error, self._out.name)
            if refused is None:
                raise
            raise refused from error
        await channel.close()

    def _queues_of(self, envelope: Envelope) -> Queues:
        """The queue of the key's partition in every group that wants this type or one it derives from."""
        body = type(envelope.body)
        routes = self._routes.get(body)
        if routes is None:
            routes = self._route(body)
        partition = self._partitions.get(envelope.key)
        if partition is None:
            if len(self._partitions) >= _KEYS_REMEMBERED:
                self._partitions.clear()
            partition = self._partitions[envelope.key] = partition_of(envelope.key, self._limits.partitions)
        return routes[partition] if routes else ()

    def _route(self, body: type) -> tuple[Queues, ...]:
        wanted = [audience for audience in self._audiences.values() if issubclass(body, audience.bodies)]
        by_group = [self._queues.get(audience.name) or self._make_queues(audience) for audience in wanted]
        routes = self._routes[body] = tuple(zip(*by_group, strict=True))
        return routes

    def _make_queues(self, audience: Audience) -> Queues:
        linger_s = audience.linger_ms * _LINGER_SHARE / 1000
        names = (self._names.partition(audience.name, number) for number in range(self._limits.partitions))
        queues = self._queues[audience.name] = tuple(OutQueue(name, linger_s) for name in names)
        return queues

    def _set_aside(self, group: str, envelope: Envelope, error: str) -> None:
        poison = Poison(group, envelope, error)
        self.poison.append(poison)
        self._counts["poison"] += 1
        log.error("bus.poison", group=group, key=envelope.key, body=type(envelope.body).__name__, error=error)
        if self._on_poison is not None:
            self._on_poison(poison)

    def _progress(self) -> tuple[int, ...]:
        """Changes when anything was published or handled."""
        handled = sum(group.handled for group in self._groups.values())
        return handled, self._counts["published"], self._counts["commands"], self._counts["commands_expired"]

    async def _all_empty(self) -> bool:
        for mailbox in self._mailboxes.values():
            if not await mailbox.empty():
                return False
        for partition in self._all_partitions():
            if not await partition.empty():
                return False
        return True

    def _all_partitions(self) -> list[Partition]:
        return [partition for group in self._groups.values() for partition in group.partitions]

    @contextmanager
    def _hurried(self) -> Iterator[None]:
        partitions = self._all_partitions()
        for partition in partitions:
            partition.hurry()
        try:
            yield
        finally:
            for partition in partitions:
                partition.relax()
