"""The bus of the embedded profile: everything in one process, nothing on disk."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from chargecloud.infra.bus.contract import PARTITIONS, CommandHandler, EventHandler, partition_of
from chargecloud.infra.bus.group import Group
from chargecloud.infra.bus.redelivery import Poison, PoisonHook, Redelivery, RetryPolicy
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.bus")

_LANES_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class MemoryBusLimits:
    """Sizes and times of the in-memory bus."""

    partitions: int = PARTITIONS
    batch: int = 500
    high_water: int = 20_000
    low_water: int = 10_000
    ceiling: int = 200_000
    """Events published beyond this are dropped and counted; gateways stop reading long before."""
    poison_kept: int = 1_000
    stop_s: float = 10.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class _Receipt:
    """How many groups still have to handle an envelope that was handed over durably."""

    __slots__ = ("done", "remaining")

    def __init__(self, remaining: int, done: asyncio.Future[None]) -> None:
        self.remaining = remaining
        self.done = done


class MemoryBus:
    """Implements `Bus` inside one event loop. A message counts as safe when every group has handled it."""

    def __init__(
        self, clock: Clock, limits: MemoryBusLimits | None = None, *, on_poison: PoisonHook | None = None
    ) -> None:
        self.congested = False
        self.poison: deque[Poison] = deque(maxlen=(limits or MemoryBusLimits()).poison_kept)
        self._clock = clock
        self._limits = limits or MemoryBusLimits()
        self._on_poison = on_poison
        self._groups: dict[str, Group] = {}
        self._bodies: dict[str, tuple[type, ...]] = {}
        self._routes: dict[type, tuple[Group, ...]] = {}
        self._mailboxes: dict[str, tuple[CommandHandler, CommandHandler]] = {}
        self._receipts: dict[int, _Receipt] = {}
        self._queued = 0
        self._high_water = self._limits.high_water
        self._lanes: dict[str, int] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._stopped = False
        self._counts: Counter[str] = Counter()

    @property
    def available(self) -> bool:
        """False while what a subscriber depends on (the database) is away: nothing handed over would be handled."""
        return not self._stopped and not any(group.away for group in self._groups.values())

    def publish(self, envelope: Envelope) -> None:
        groups = self._routes.get(type(envelope.body))
        if groups is None:
            groups = self._route(type(envelope.body))
        lane_no = self._lanes.get(envelope.key)
        if lane_no is None:
            lane_no = self._lane(envelope.key)
        for group in groups:
            lane = group.lanes[lane_no]
            lane.queue.append(envelope)
            if not lane.busy:
                group.rouse(lane)
        self._queued += len(groups)
        if self._queued > self._high_water:
            self._strain(lane_no, groups)

    async def publish_durably(self, envelopes: Sequence[Envelope]) -> None:
        while self.congested:
            await self._progress()
        if self._stopped:
            raise Unavailable("the bus has been stopped; hand the messages over again after a restart", "bus_stopped")
        loop = asyncio.get_running_loop()
        done: list[asyncio.Future[None]] = []
        for envelope in envelopes:
            groups = self._route(type(envelope.body))
            if groups:
                receipt = _Receipt(len(groups), loop.create_future())
                self._receipts[id(envelope)] = receipt
                done.append(receipt.done)
                self.publish(envelope)
        if done:
            await asyncio.wait(done)

    def subscribe(self, group: str, handler: EventHandler, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        if group in self._groups:
            raise Conflict(f"two subscriptions are named {group!r}; give each its own name", "group_taken", group=group)
        self._groups[group] = Group(
            Redelivery(group, handler, self._limits.retry),
            lanes=self._limits.partitions,
            batch=self._limits.batch,
            linger_s=linger_ms / 1000,
            finished=self._finished,
            set_aside=self._set_aside,
        )
        self._bodies[group] = tuple(bodies)
        self._routes.clear()

    async def send(self, gateway_id: str, envelope: Envelope) -> None:
        mailbox = self._mailboxes.get(gateway_id)
        if mailbox is None:
            raise Unavailable(
                f"no gateway named {gateway_id!r} has opened a mailbox", "gateway_unknown", gateway_id=gateway_id
            )
        handler, on_expired = mailbox
        expired = 0 < envelope.expires_at_ms <= self._clock.now_ms()
        self._counts["commands_expired" if expired else "commands"] += 1
        try:
            (on_expired if expired else handler)(envelope)
        except Exception:
            self._counts["mailbox_failed"] += 1
            log.exception("bus.mailbox_failed", gateway_id=gateway_id, body=type(envelope.body).__name__)

    def receive(self, gateway_id: str, handler: CommandHandler, on_expired: CommandHandler) -> None:
        if gateway_id in self._mailboxes:
            raise Conflict(
                f"two gateways are named {gateway_id!r}; give each its own id", "mailbox_taken", gateway_id=gateway_id
            )
        self._mailboxes[gateway_id] = (handler, on_expired)

    async def start(self) -> None:
        for group in self._groups.values():
            group.start()

    async def stop(self) -> None:
        """Handle what is queued, for at most `stop_s` seconds; what is left then is lost and counted."""
        self._stopped = True
        try:
            await asyncio.wait_for(self.drain(), self._limits.stop_s)
        except TimeoutError:
            self._counts["lost_at_stop"] += self._queued
            log.error("bus.lost_at_stop", deliveries=self._queued)
        for group in self._groups.values():
            await group.stop()

    async def drain(self) -> None:
        for group in self._groups.values():
            group.hurry()
        try:
            while self._queued:
                await self._progress()
        finally:
            for group in self._groups.values():
                group.relax()

    def counts(self) -> Mapping[str, int]:
        """Queued deliveries and what has happened so far, for metrics."""
        failures = sum(group.failures for group in self._groups.values())
        return {"queued": self._queued, "handler_failures": failures, **self._counts}

    def _route(self, body: type) -> tuple[Group, ...]:
        """Groups that want this type or one it derives from."""
        wanted = tuple(group for name, group in self._groups.items() if issubclass(body, self._bodies[name]))
        self._routes[body] = wanted
        return wanted

    def _lane(self, key: str) -> int:
        """Remembered, because charge points speak often."""
        if len(self._lanes) >= _LANES_REMEMBERED:
            self._lanes.clear()
        lane_no = self._lanes[key] = partition_of(key, self._limits.partitions)
        return lane_no

    def _strain(self, lane_no: int, groups: tuple[Group, ...]) -> None:
        """Ask gateways to pause; above the ceiling take the message back."""
        self.congested = True
        if self._queued > self._limits.ceiling:
            for group in groups:
                group.lanes[lane_no].queue.pop()
            self._queued -= len(groups)
            self._counts["dropped_at_ceiling"] += 1

    def _finished(self, batch: Sequence[Envelope]) -> None:
        self._queued -= len(batch)
        if self._receipts:
            self._sign(batch)
        if self._queued <= self._limits.low_water:
            self.congested = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _sign(self, batch: Sequence[Envelope]) -> None:
        for envelope in batch:
            receipt = self._receipts.get(id(envelope))
            if receipt is None:
                continue
            receipt.remaining -= 1
            if not receipt.remaining:
                del self._receipts[id(envelope)]
                if not receipt.done.done():
                    receipt.done.set_result(None)

    def _set_aside(self, group: str, envelope: Envelope, error: str) -> None:
        poison = Poison(group, envelope, error)
        self.poison.append(poison)
        self._counts["poison"] += 1
        log.error("bus.poison", group=group, key=envelope.key, body=type(envelope.body).__name__, error=error)
        if self._on_poison is not None:
            self._on_poison(poison)

    async def _progress(self) -> None:
        """Wait until some group has finished a batch."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter
