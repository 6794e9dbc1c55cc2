"""The real platform on virtual time: every part of `main.roles` but sockets and disk; stopped, or killed outright."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from chargecloud.device.profile import Profile
from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service as stations
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra import deadletters, inbox
from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.inbox import Inbox
from chargecloud.infra.relay import Relay
from chargecloud.infra.schedule.loop import Scheduler
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.uow import Options, UnitOfWork
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable
from chargecloud.main import features
from chargecloud.protocols.catalog import protocols
from tests.city.journal import Journal
from tests.city.network import Network
from tests.city.options import CityOptions
from tests.city.virtual import LIFE, VirtualLoop

T = TypeVar("T")

GATEWAY_ID = "gateway-1"
PROFILES = {
    "dny": (
        Profile(
            name="old-boards", why="Without it two starts are lost on each new connection.", product="20",
            changes={"start_sizes": (29,)},
        ),
    )
}  # fmt: skip
"""What an operator says of the products it has."""


class _Memory:
    """A frame log that only counts: the city keeps its own journal, and the disk is not what is tested here."""

    def __init__(self) -> None:
        self.amount = 0

    def write(self, charge_point_code: str, protocol: str, frames: Sequence[object]) -> None:
        self.amount += len(frames) // 2

    def counts(self) -> Mapping[str, int]:
        return {"written": self.amount}


class Platform:
    """One installation; lives several lives on one database file."""

    def __init__(self, path: Path, loop: VirtualLoop, network: Network, options: CityOptions) -> None:
        self.path = path
        self.life = 0
        self.up = False
        self.totals: dict[str, int] = {}
        self._loop = loop
        self._network = network
        self._options = options
        self._business = Options(estimate_after_s=options.estimate_after_s, qr_prefix="https://127.0.0.1/c?no=")
        self._limits = GatewayLimits(sweep_s=options.sweep_s)

    @property
    def clock(self) -> ManualClock:
        """The one clock of the city."""
        return self._loop.clock

    @property
    def journal(self) -> Journal:
        return self._network.journal

    async def start(self) -> None:
        """Begin a life with what the database holds."""
        self.life += 1
        self.context: Context = contextvars.copy_context()
        self.context.run(LIFE.set, self.life)
        await self._within(self._start())
        self.up = True
        self._network.listen(self.context, lambda wire, source, protocol: self.gateway.connect(protocol, wire, source))

    async def stop(self) -> None:
        """End in order, as on SIGTERM; nothing may be left running."""
        self.up = False
        self._network.deaf_to_new()
        await self._within(self._stop())
        self._network.all_gone()
        left = await self._loop.end_life(self.life)
        if left:
            self.journal.counts["tasks_left_by_stop"] += left

    async def kill(self) -> None:
        """End now: whatever is in memory is gone, uncommitted work is rolled back, the kernel closes the sockets."""
        self.up = False
        self._network.all_gone()
        self._count()
        self.journal.counts["tasks_killed"] += await self._loop.end_life(self.life)
        await self.database.stop()

    async def ask(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Somebody uses a service, as a request would: one unit of work, which dies with the platform."""
        if not self.up:
            raise Unavailable("the platform is down", "platform_down")
        return await self._within(self._unit(work))

    async def _unit(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        async with self.database.unit() as uow:
            return await work(uow)

    async def _within(self, work: Awaitable[T]) -> T:
        """Run as part of this life of the platform."""
        task: asyncio.Task[T] = self.context.run(self._loop.create_task, work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise Unavailable("the platform died meanwhile", "platform_down") from None
            raise

    async def _start(self) -> None:
        clock = self._loop.clock
        cache = MemoryCache(clock)
        url = f"sqlite:///{self.path}"
        self.database = Database(
            url, clock, options=self._business, broadcast=cache.broadcast, store=StoreOptions(synchronous="OFF")
        )
        self.dead_letters = DeadLetters(self.database)
        self.bus = MemoryBus(
            clock, on_poison=lambda poison: self.dead_letters.keep(poison.group, poison.envelope, poison.error)
        )
        Inbox(self.database, features.SUBSCRIPTIONS).subscribe(self.bus)
        around = Surroundings(clock, self.bus, cache, _Memory())
        self.gateway = Gateway(GatewaySettings(GATEWAY_ID, (), self._limits), around, protocols(PROFILES))
        self.relay = Relay(self.database, self.bus, cache)
        jobs = (*features.JOBS, *inbox.JOBS, *deadletters.JOBS)
        self.scheduler = Scheduler(
            self.database, [replace(job, every_s=max(job.every_s, self._options.job_s)) for job in jobs]
        )
        await self.database.start()
        async with self.database.unit() as uow:
            await operators.require_default_operator(uow)
            await stations.forget_gateway(uow, GATEWAY_ID)
        for part in (self.bus, self.relay, self.scheduler, self.gateway):
            await part.start()

    async def _stop(self) -> None:
        for part in (self.gateway, self.scheduler, self.relay, self.bus, self.dead_letters):
            await part.stop()
        self._count()
        await self.database.stop()

    def counted(self) -> dict[str, int]:
        """What the parts of this life have counted so far."""
        buses = {f"bus.{name}": value for name, value in self.bus.counts().items()}
        others = {"relay.failures": self.relay.failures, "jobs.failures": self.scheduler.failures}
        return {**self.gateway.stats(), **buses, **others}

    def _count(self) -> None:
        """Add up what the parts of this life have counted."""
        for name, value in self.counted().items():
            self.totals[name] = self.totals.get(name, 0) + value
