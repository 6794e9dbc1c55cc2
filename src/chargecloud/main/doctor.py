"""What `chargecloud doctor` looks at: each check says what it found, or what is wrong and how to mend it."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from chargecloud.features.stations import views
from chargecloud.features.stations.views import GatewayOverview
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import AuditReport
from chargecloud.kernel.clock import SystemClock, rfc3339
from chargecloud.kernel.errors import ChargeCloudError, Invalid, NotFound
from chargecloud.main import schema_state
from chargecloud.main.certificates import RENEW_BEFORE, expires_at, server_context
from chargecloud.main.doctor_finding import Check, Finding, fine, note, wrong
from chargecloud.main.doctor_journals import journals
from chargecloud.main.doctor_ports import listener_port, web_ports
from chargecloud.main.doctor_servers import servers
from chargecloud.main.doctor_staff import staff
from chargecloud.main.doctor_wechat import wechat
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import open_database
from chargecloud.protocols.catalog import protocols

FREE_SPACE_MIB = 1024
LEAST_SPACE_MIB = 64


def examine(settings: Settings) -> Iterator[Finding]:
    """All checks; one that breaks off is itself a finding and does not keep the others from running."""
    for check in CHECKS:
        try:
            yield from check(settings)
        except (ChargeCloudError, OSError, sqlite3.Error) as error:
            yield wrong(check.__name__.removeprefix("_").replace("_", " "), str(error))


def _data_directory(settings: Settings) -> Iterator[Finding]:
    directory = settings.data_dir
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield wrong("data directory", f"{directory} cannot be written: {error.strerror}; mend CHARGECLOUD_DATA_DIR")
        return
    if directory.exists() and os.name == "posix" and directory.stat().st_mode & 0o077:
        yield note("data directory", f"others on this machine may look into {directory}; chmod 700 it")
    free_mib = shutil.disk_usage(there).free >> 20
    if free_mib < LEAST_SPACE_MIB:
        yield wrong("data directory", f"{directory} has {free_mib} MiB left; free some space")
    elif free_mib < FREE_SPACE_MIB:
        yield note("data directory", f"{directory} has only {free_mib} MiB left")
    else:
        yield fine("data directory", f"{directory} can be written, {free_mib} MiB free")


def _database(settings: Settings) -> Iterator[Finding]:
    found, needed = schema_state.revision(settings.database_url), schema_state.newest()
    if not found:
        yield note("database", "empty; `chargecloud up` or `chargecloud migrate` creates the tables")
        return
    if found != needed:
        yield note("database", f"schema {found}, this version needs {needed}; run `chargecloud migrate`")
        return
    yield fine("database", f"schema {found} is the newest")
    if not schema_state.is_server(settings.database_url):
        yield from _durability(Path(make_url(settings.database_url).database or ""))
    yield from _ledger(settings)


def _durability(path: Path) -> Iterator[Finding]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if journal == "wal":
        yield fine("durability", "journal mode is WAL")
    else:
        yield note("durability", f"journal mode is {journal}; the next `chargecloud up` sets it to WAL")
    if sound == "ok":
        yield fine("integrity", "quick_check found nothing")
    else:
        yield wrong("integrity", f"quick_check: {sound}; restore a backup, keep the damaged file for analysis")


def _ledger(settings: Settings) -> Iterator[Finding]:
    report, gateways = asyncio.run(_audited(settings))
    for problem in report.problems:
        yield wrong("ledger", problem)
    if report.ok:
        yield fine("ledger", f"{report.transfers} transfers sum to zero, {report.open_holds} holds are open")
    for gateway in gateways:
        subject, seen = f"gateway {gateway.gateway_id}", rfc3339(gateway.seen_at_ms)
        if gateway.silent_since_ms is None:
            yield fine(subject, f"holds {gateway.online} charge points, heard of at {seen}")
        else:
            yield note(subject, f"not heard of since {seen}; start it, or leave it: it is forgotten after a month")


async def _audited(settings: Settings) -> tuple[AuditReport, list[GatewayOverview]]:
    database = open_database(settings, SystemClock())  # on a server this looks at its durability too
    await database.start()
    try:
        async with database.read() as connection:
            return await wallet.audit(connection), await views.list_gateways(connection)
    finally:
        await database.stop()


def _listeners(settings: Settings) -> Iterator[Finding]:
    known = protocols()
    if not settings.listeners:
        yield note("listeners", "none: no charge point can connect; see CHARGECLOUD_LISTENERS")
    for listener in settings.listeners:
        subject = f"listener {listener.host}:{listener.port}"
        if listener.protocol not in known:
            yield wrong(subject, f"no protocol is called {listener.protocol!r}; there are {', '.join(sorted(known))}")
        else:
            yield listener_port(settings, subject, listener.host, listener.port)
        if listener.tls_cert and listener.tls_key:
            yield from _certificate(subject, listener.tls_cert, listener.tls_key, listener.client_ca)


def _web(settings: Settings) -> Iterator[Finding]:
    yield from web_ports(settings)
    https = settings.https
    if https.enabled:
        if https.cert and https.key:
            yield from _certificate("https certificate", https.cert, https.key)
        else:
            yield note("https certificate", "self-signed: browsers warn; give https.cert and https.key for production")


def _certificate(subject: str, certificate: Path, key: Path, client_ca: Path | None = None) -> Iterator[Finding]:
    try:
        server_context(certificate, key, client_ca)
        left = expires_at(certificate) - datetime.fromtimestamp(SystemClock().now_ms() // 1000, UTC)
    except (OSError, ValueError) as error:
        yield wrong(subject, f"{certificate} with {key} cannot be used: {error}")
        return
    if left < timedelta():
        yield wrong(subject, f"{certificate} has expired; renew it")
    elif left < RENEW_BEFORE:
        yield note(subject, f"{certificate} expires in {left.days} days; renew it")
    else:
        yield fine(subject, f"{certificate} is valid for {left.days} days")


def _profiles(settings: Settings) -> Iterator[Finding]:
    for given in settings.profiles:
        subject = f"profile {given.name}"
        try:
            protocols({given.protocol: [given.for_protocol()]})
        except (Invalid, NotFound) as error:
            yield wrong(subject, error.message)
        else:
            yield fine(subject, f"{given.protocol} can speak so")


CHECKS: tuple[Check, ...] = (_data_directory, _database, journals, servers, _listeners, _profiles, _web, staff, wechat)
