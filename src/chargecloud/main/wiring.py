"""Settings to a platform: adapters, gateway, features, HTTP. The only place that knows which world it is in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from chargecloud.device.contract import FrameLog, ProtocolPlugin
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.listener import ListenerSettings
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra import deadletters, inbox, telemetry
from chargecloud.infra.bus.memory import MemoryBus, Poison
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.framelog import FrameLogLimits, SqliteFrameLog
from chargecloud.infra.http import idempotency
from chargecloud.infra.http.app import ApiParts, build_app
from chargecloud.infra.inbox import Inbox
from chargecloud.infra.relay import Relay
from chargecloud.infra.schedule.loop import Scheduler
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.clock import Clock, rfc3339
from chargecloud.kernel.errors import Unsupported
from chargecloud.main import features, page
from chargecloud.main.settings import Settings
from chargecloud.protocols.catalog import protocols

GATEWAY_ID = "gateway-1"
"""Of the embedded profile, where there is one."""

FrameReader = Callable[[str, int | None, int], Awaitable[list[dict[str, object]]]]


@dataclass(frozen=True)
class Platform:
    """Everything wired, nothing started."""

    settings: Settings
    clock: Clock
    database: Database
    bus: MemoryBus
    frame_log: SqliteFrameLog
    dead_letters: DeadLetters
    relay: Relay
    scheduler: Scheduler
    gateway: Gateway
    app: FastAPI


def wire(settings: Settings, clock: Clock, *, pages: Sequence[APIRouter] = ()) -> Platform:
    """The embedded world: one process, SQLite, bus and cache in memory. `pages` are routers beside the API."""
    refuse_other_worlds(settings)
    cache = MemoryCache(clock)
    database = open_database(settings, clock, broadcast=cache.broadcast)
    dead_letters = DeadLetters(database)
    bus = MemoryBus(clock, on_poison=lambda poison: _bury(dead_letters, poison))
    Inbox(database, features.SUBSCRIPTIONS).subscribe(bus)
    log_limits = FrameLogLimits(keep_hours=settings.frame_log.keep_hours, file_mib=settings.frame_log.file_mib)
    frame_log = SqliteFrameLog(settings.frame_log_path, clock, log_limits)
    plugins = protocols()
    gateway = Gateway(_gateway_settings(settings), Surroundings(clock, bus, cache, frame_log), plugins)
    platform = Platform(
        settings=settings,
        clock=clock,
        database=database,
        bus=bus,
        frame_log=frame_log,
        dead_letters=dead_letters,
        relay=Relay(database, bus, cache),
        scheduler=Scheduler(database, (*features.JOBS, *inbox.JOBS, *deadletters.JOBS, *idempotency.JOBS)),
        gateway=gateway,
        app=build_app(
            ApiParts(
                database=database,
                cache=cache,
                resolvers=features.RESOLVERS,
                routers=features.ROUTERS,
                pages=(page.router, *pages),
                live_topics=features.LIVE_TOPICS,
                state={"frame_reader": _frame_reader(frame_log, plugins)},
                docs=settings.http.docs,
                hosts=settings.http.hosts,
                metrics_token=settings.http.metrics_token.get_secret_value(),
                version=version("chargecloud"),
            )
        ),
    )
    telemetry.watch("gateway", gateway.stats)
    telemetry.watch("frame_log", frame_log.counts)
    telemetry.watch("bus", bus.counts)
    telemetry.watch("relay", platform.relay.counts)
    telemetry.watch("live", platform.app.state.live.counts)
    return platform


def open_database(
    settings: Settings, clock: Clock, *, broadcast: Callable[[str, bytes], None] | None = None
) -> Database:
    """The configured database, not yet started."""
    options = Options(
        enrolment_open=settings.enrolment == "open",
        qr_prefix=settings.qr.prefix,
        qr_with_connector=settings.qr.with_connector,
        **settings.orders.model_dump(),
    )
    return Database(settings.database_url, clock, options=options, broadcast=broadcast)


def refuse_other_worlds(settings: Settings) -> None:
    """Say clearly what this version cannot be configured to be."""
    for key, url, only in (
        ("database.url", settings.database_url, "sqlite:"),
        ("bus.url", settings.bus.url, "memory:"),
        ("cache.url", settings.cache.url, "memory:"),
    ):
        if not url.startswith(only):
            raise Unsupported(
                f"{key}: {url.split(':')[0]}:// comes with the cluster profile, which this version does not have; "
                f"leave it out or give {only}//…",
                "world_unsupported",
            )


def _gateway_settings(settings: Settings) -> GatewaySettings:
    listeners = tuple(ListenerSettings(**dict(listener)) for listener in settings.listeners)
    return GatewaySettings(gateway_id=GATEWAY_ID, listeners=listeners, limits=settings.limits.for_gateway())


def _bury(dead_letters: DeadLetters, poison: Poison) -> None:
    dead_letters.keep(poison.group, poison.envelope, poison.error)


def _frame_reader(frame_log: FrameLog, plugins: Mapping[str, ProtocolPlugin]) -> FrameReader:
    """Frames with what they say; features may see neither the log nor a protocol."""

    async def read(charge_point_code: str, before_id: int | None, limit: int) -> list[dict[str, object]]:
        frames = await frame_log.read(charge_point_code, before_id=before_id, limit=limit)
        return [
            {
                "id": frame.id,
                "at": rfc3339(frame.at_ms),
                "direction": "up" if frame.up else "down",
                "protocol": frame.protocol,
                "hex": frame.raw.hex().upper(),
                "decoded": plugins[frame.protocol].decode(frame.raw) if frame.protocol in plugins else [],
            }
            for frame in frames
        ]

    return read
