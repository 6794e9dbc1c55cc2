"""The role `worker`: messages into services, outbox onto the bus, jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chargecloud.features.drivers import jobs as drivers_jobs
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.jobs import delivery_jobs, provider_jobs
from chargecloud.features.payments.service_delivery import Counter
from chargecloud.gateway.collector import SparedCollector
from chargecloud.infra import deadletters, inbox, telemetry
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.bus.redelivery import Poison
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.depths import STATES as depths_states
from chargecloud.infra.depths import Depths
from chargecloud.infra.http import idempotency
from chargecloud.infra.inbox import Inbox
from chargecloud.infra.looplag import LoopLag
from chargecloud.infra.relay import Relay
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.schedule.lease import Lease
from chargecloud.infra.schedule.loop import Scheduler
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import WechatApp
from chargecloud.kernel.clock import Clock
from chargecloud.main import features
from chargecloud.main.metrics_port import metrics_parts
from chargecloud.main.place import Place
from chargecloud.main.process import Alone, Part
from chargecloud.main.settings import Settings
from chargecloud.main.storage import DatabasePart, DeadLettersPart, presence
from chargecloud.main.wechat import WechatPart, message_templates
from chargecloud.main.wiring import (
    Providers,
    is_shared,
    open_bus,
    open_cache,
    open_channels,
    open_database,
    open_wechat_apps,
    watch_servers,
)

JOBS = (*features.JOBS, *inbox.JOBS, *deadletters.JOBS, *idempotency.JOBS)


@dataclass(frozen=True)
class WorkerRole:
    """Wired, not started."""

    bus: Bus
    dead_letters: DeadLetters
    relay: Relay
    scheduler: Scheduler
    providers: Sequence[Part]
    asking: Scheduler
    """Jobs that wait for providers of payments, beside the others so that they hold none of them up."""
    depths: Depths
    wechat_apps: Mapping[str, WechatApp]

    def parts(self) -> list[Part]:
        """What runs, to be started after the database."""
        apps = WechatPart(self.wechat_apps.values())
        jobs = (self.scheduler, *self.providers, self.asking)
        return [DeadLettersPart(self.dead_letters), self.bus, self.relay, apps, *jobs, self.depths]


def wire_worker(
    settings: Settings, clock: Clock, database: Database, cache: Cache, *, channels: Channels | None = None
) -> WorkerRole:
    """A worker with the bus it listens to; what no attempt gets through is kept in the database."""
    dead_letters = DeadLetters(database)
    bus = open_bus(settings, clock, on_poison=lambda poison: _bury(dead_letters, poison))
    Inbox(database, features.SUBSCRIPTIONS).subscribe(bus)
    lease = Lease(database, "relay") if is_shared(settings, "database") else None
    relay = Relay(database, bus, cache, lease=lease)
    depths = Depths(database)
    telemetry.watch("relay", relay.counts, states={"in_hand", "turn"})
    telemetry.watch("database", depths.counts, states=depths_states)
    watch_servers(bus, cache)
    apps = open_wechat_apps(settings, clock)
    opened = Providers(channels) if channels is not None else open_channels(settings, clock)
    return WorkerRole(
        bus=bus,
        dead_letters=dead_letters,
        relay=relay,
        scheduler=Scheduler(database, (*JOBS, *drivers_jobs.message_jobs(apps, message_templates(settings)))),
        providers=opened.parts,
        asking=Scheduler(database, (*provider_jobs(opened.channels), *_deliveries(settings, apps))),
        depths=depths,
        wechat_apps=apps,
    )


def _deliveries(settings: Settings, apps: Mapping[str, WechatApp]) -> tuple[Job, ...]:
    """Where there is both, a mini program and a merchant."""
    app, mchid = apps.get(settings.wechat.appid), settings.wechat.mchid
    return delivery_jobs(Counter(app, mchid)) if app is not None and mchid else ()


def worker_alone(settings: Settings, clock: Clock, place: Place) -> Alone:
    """A process that is a worker and nothing else."""
    cache = open_cache(settings, clock)
    database = open_database(settings, clock, broadcast=cache.broadcast)
    role = wire_worker(settings, clock, database, cache)
    return Alone(
        parts=[
            cache,
            DatabasePart(settings.database_url, database, migrate=False),
            presence(database, "worker", place),
            *role.parts(),
            LoopLag(),
            *metrics_parts(settings, "worker", place),
            SparedCollector(),
        ]
    )


def _bury(dead_letters: DeadLetters, poison: Poison) -> None:
    dead_letters.keep(poison.group, poison.envelope, poison.error)
