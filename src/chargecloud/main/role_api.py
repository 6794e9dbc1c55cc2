"""The role `api`: HTTP, HTTPS and live topics, on database and cache; no bus, because it speaks by the outbox."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from fastapi import APIRouter, FastAPI

from chargecloud.device.contract import ProtocolPlugin
from chargecloud.features.exports.jobs import Exporter, ReadList, making_jobs
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.infra import telemetry
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.framearchive import FrameArchive
from chargecloud.infra.http.app import API, ApiParts, build_app
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.inward import Inward
from chargecloud.infra.looplag import LoopLag
from chargecloud.infra.schedule.loop import Scheduler
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import WechatApp
from chargecloud.kernel.clock import Clock, rfc3339
from chargecloud.main import console, features, miniapp
from chargecloud.main.certificates import self_signed, server_context
from chargecloud.main.metrics_port import metrics_parts
from chargecloud.main.place import Place
from chargecloud.main.process import Alone, Part
from chargecloud.main.servers import WebServer
from chargecloud.main.settings import Settings
from chargecloud.main.storage import DatabasePart, presence
from chargecloud.main.tools_port import Tools
from chargecloud.main.wechat import WechatPart
from chargecloud.main.wiring import (
    Providers,
    open_cache,
    open_channels,
    open_database,
    open_wechat_apps,
    watch_servers,
)
from chargecloud.protocols.catalog import protocols

log = structlog.get_logger("chargecloud.api")

FrameReader = Callable[[str, int | None, int], Awaitable[list[dict[str, object]]]]


@dataclass(frozen=True)
class ApiRole:
    """Wired, not started."""

    settings: Settings
    clock: Clock
    place: Place
    app: FastAPI
    wechat_apps: Mapping[str, WechatApp]
    exporting: Scheduler
    """Here, because an export asks the list's own route page by page."""
    providers: Sequence[Part] = ()

    def parts(self) -> list[Part]:
        """What runs, to be started after the database."""
        settings, state = self.settings, self.app.state
        first = [WechatPart(self.wechat_apps.values()), *self.providers, state.live, state.doorkeeper, self.exporting]
        shared, proxies = self.place.shared_ports, settings.http.proxies
        http = WebServer(
            self.app, host=settings.http.host, port=settings.http.port, shared_port=shared, proxies=proxies
        )
        if not settings.https.enabled:
            return [*first, http]
        certificate, key = settings.https.cert, settings.https.key
        if certificate is None or key is None:
            directory = settings.data_dir / "certificates"
            certificate, key = self_signed(directory, self.clock.now_ms(), hosts=settings.http.hosts)
        context = server_context(certificate, key)
        https = WebServer(
            self.app, host=settings.https.host, port=settings.https.port, context=context, shared_port=shared
        )
        return [*first, http, https]


@dataclass(frozen=True)
class ApiPorts:
    """What the API is given from outside."""

    clock: Clock
    database: Database
    cache: Cache
    place: Place
    role: str = "api"
    channels: Channels | None = None
    """Shared with the worker of the same process; opened here when there is none."""


def wire_api(settings: Settings, ports: ApiPorts, *, pages: Sequence[APIRouter] = ()) -> ApiRole:
    """The application with every feature's routes; `pages` are the routers the demo brings along."""
    apps = open_wechat_apps(settings, ports.clock)
    opened = Providers(ports.channels) if ports.channels is not None else open_channels(settings, ports.clock)
    plugins = protocols()
    bare = settings.wechat.appid if settings.wechat.bare_openid else ""
    if bare:
        log.warning("socket.bare_openid", hint="whoever knows an openid is that driver; take wechat.bare_openid away")
    app = build_app(
        ApiParts(
            database=ports.database,
            cache=ports.cache,
            resolvers=features.resolvers(ports.database.options),
            routers=features.ROUTERS,
            pages=(
                console.router(_console(settings, demo=bool(pages))),
                miniapp.router(_miniapp(settings)),
                *features.PAGES,
                *pages,
            ),
            larger_bodies=features.LARGER_BODIES,
            live_topics=features.LIVE_TOPICS,
            checks={"cache": ports.cache.ready},
            state={
                "frame_reader": _frame_reader(FrameArchive(settings.data_dir), plugins),
                "wechat_apps": apps,
                "driver_holdings": features.DRIVER_HOLDINGS,
                "approval_kinds": features.APPROVAL_KINDS,
                "own_stations": features.OWN_STATIONS,
                "bare_openid_appid": bare,
                "check_files": settings.qr.check_files,
                "sticker_font": settings.qr.sticker_font,
                "channels": opened.channels,
                "tools": Tools(
                    plugins=plugins,
                    version=version("chargecloud"),
                    role=ports.role,
                    started_at_ms=ports.clock.now_ms(),
                    data_dir=settings.data_dir,
                ),
            },
            docs=settings.http.docs,
            hosts=settings.http.hosts,
            metrics_token=settings.http.metrics_token.get_secret_value(),
            version=version("chargecloud"),
            role=ports.role,
        )
    )
    telemetry.watch("live", app.state.live.counts, states={"watchers", "topics"})
    telemetry.watch("socket", app.state.doorkeeper.counts, states={"guests", "waiting", "banned"})
    exporter = Exporter(_list_reader(app), settings.data_dir / "exports")
    exporting = Scheduler(ports.database, making_jobs(exporter))
    return ApiRole(settings, ports.clock, ports.place, app, apps, exporting, opened.parts)


def _list_reader(app: FastAPI) -> ReadList:
    inward = Inward(app)

    async def read(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        return await inward.get(who, f"{API}{path}", query)

    return read


def _console(settings: Settings, *, demo: bool) -> console.ConsoleOut:
    """What the console is told before anybody has signed in."""
    return console.ConsoleOut(demo=demo, docs=settings.http.docs, version=version("chargecloud"))


def _miniapp(settings: Settings) -> miniapp.MiniappOut:
    """What the drivers' app is told before anybody has signed in."""
    own, wechat = settings.miniapp, settings.wechat
    return miniapp.MiniappOut(
        title=own.title,
        hotline=own.hotline,
        appid=wechat.appid,
        sign_in_url=f"{wechat.web_base_url}/connect" if wechat.web_base_url else "",
        cashier_url=f"{wechat.web_base_url}/cashier" if wechat.web_base_url else "",
        map_key=own.map_key,
        templates=list(own.templates),
    )


def api_alone(settings: Settings, clock: Clock, place: Place) -> Alone:
    """A process that is the API and nothing else."""
    cache = open_cache(settings, clock)
    database = open_database(settings, clock, broadcast=cache.broadcast)
    role = wire_api(settings, ApiPorts(clock, database, cache, place))
    watch_servers(None, cache)
    return Alone(
        parts=[
            cache,
            DatabasePart(settings.database_url, database, migrate=False),
            presence(database, "api", place),
            *role.parts(),
            LoopLag(),
            *metrics_parts(settings, "api", place),
        ],
        facts=lambda: {"http": settings.http.port, "https": settings.https.port if settings.https.enabled else 0},
    )


def _frame_reader(archive: FrameArchive, plugins: Mapping[str, ProtocolPlugin]) -> FrameReader:
    """Frames with what they say; features may see neither the log's files nor a protocol."""

    async def read(charge_point_code: str, before_id: int | None, limit: int) -> list[dict[str, object]]:
        frames = await archive.read(charge_point_code, before_id=before_id, limit=limit)
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
