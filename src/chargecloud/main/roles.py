"""The three roles as parts to start and stop; `up` runs all of them in one loop."""

import asyncio

import structlog

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service as stations
from chargecloud.gateway.collector import SparedCollector
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.framelog import SqliteFrameLog
from chargecloud.infra.sql.engine import Database
from chargecloud.main import accounts, schema_state
from chargecloud.main.certificates import self_signed, server_context
from chargecloud.main.process import Part
from chargecloud.main.servers import WebServer
from chargecloud.main.wiring import GATEWAY_ID, Platform

log = structlog.get_logger("chargecloud.roles")


class FrameLogPart:
    """The frame log's thread, started and joined without holding up the loop."""

    def __init__(self, frame_log: SqliteFrameLog) -> None:
        self._frame_log = frame_log

    async def start(self) -> None:
        """Open the file."""
        await asyncio.to_thread(self._frame_log.start)

    async def stop(self) -> None:
        """Write what is waiting."""
        await asyncio.to_thread(self._frame_log.close)


class DatabasePart:
    """The database with its newest schema, and what every installation has in it."""

    def __init__(self, url: str, database: Database, *, demo: bool) -> None:
        self._url = url
        self._database = database
        self._demo = demo

    async def start(self) -> None:
        """Migrate, open, forget which charge points an earlier run believed to be online."""
        if schema_state.revision(self._url) != schema_state.newest():
            await asyncio.to_thread(_upgrade, self._url)
        await self._database.start()
        if not self._demo:
            await accounts.refuse_demo_accounts(self._database)
        async with self._database.unit() as uow:
            await operators.require_default_operator(uow)
            await stations.forget_gateway(uow, GATEWAY_ID)
        if not self._demo and not await accounts.everybody(self._database):
            log.warning("staff.none", hint="nobody can sign in yet; run `chargecloud staff add NAME`")

    async def stop(self) -> None:
        """Close after the unit of work in hand."""
        await self._database.stop()


def _upgrade(url: str) -> None:
    from chargecloud.main import schema

    before, after = schema.upgrade(url)
    log.info("schema.upgraded", before=before or "empty", after=after)


class DeadLettersPart:
    """What the bus set aside is written down before the database closes."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    async def start(self) -> None:
        """Nothing: it works when it is given something."""

    async def stop(self) -> None:
        """Finish writing."""
        await self._dead_letters.stop()


def worker_parts(platform: Platform) -> list[Part]:
    """Messages into services, outbox onto the bus, jobs."""
    return [platform.bus, platform.relay, platform.scheduler]


def api_parts(platform: Platform) -> list[Part]:
    """HTTP, HTTPS and live topics."""
    settings, hub = platform.settings, platform.app.state.live
    http = WebServer(platform.app, host=settings.http.host, port=settings.http.port)
    if not settings.https.enabled:
        return [hub, http]
    certificate, key = settings.https.cert, settings.https.key
    if certificate is None or key is None:
        directory = settings.data_dir / "certificates"
        certificate, key = self_signed(directory, platform.clock.now_ms(), hosts=settings.http.hosts)
    context = server_context(certificate, key)
    https = WebServer(platform.app, host=settings.https.host, port=settings.https.port, context=context)
    return [hub, http, https]


def gateway_parts(platform: Platform) -> list[Part]:
    """Listeners for charge points, and a garbage collector that does not disturb them."""
    return [platform.gateway, SparedCollector()]


def all_parts(platform: Platform, *, seeding: Part | None = None) -> list[Part]:
    """Business first, then people, charge points last; stopped the other way round. Only the demo is seeded."""
    storage: list[Part] = [
        FrameLogPart(platform.frame_log),
        DatabasePart(platform.settings.database_url, platform.database, demo=seeding is not None),
        DeadLettersPart(platform.dead_letters),
        *([seeding] if seeding else []),
    ]
    return [*storage, *worker_parts(platform), *api_parts(platform), *gateway_parts(platform)]


def tell_ready(platform: Platform) -> None:
    """One line when everything listens."""
    log.info(
        "platform.ready",
        charge_points=[f"{host}:{port}" for host, port in platform.gateway.addresses()],
        http=platform.settings.http.port,
        data=str(platform.settings.data_dir),
    )
