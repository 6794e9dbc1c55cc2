"""Every row of a SQLite file into an empty database on a server, and back again to see that all of it arrived.

Synchronous and not to be called inside an event loop. Nobody may have the file open meanwhile; what would be written
then would be left behind.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import URL, Connection, Table, create_engine, func, insert, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import AuditReport
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.mysql import DRIVER
from chargecloud.kernel.errors import Conflict, NotFound, Refused, Unavailable, Unsupported
from chargecloud.main import schema, schema_state
from chargecloud.main.tables import metadata

AT_ONCE = 500
"""Rows of one statement, which commits by itself; small enough for the largest rows and the server's packets."""
PROBLEMS_SHOWN = 5
DIGEST_BYTES = 8

Progress = Callable[[int, int], None]
"""Takes how many rows are done and how many there are; each counts twice, written and read again."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What arrived."""

    rows: Mapping[str, int]
    """By table, parents first."""
    ledger: AuditReport


@dataclass(slots=True)
class _Sum:
    """Rows of one table: how many, and a digest of all their values that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def add(self, row: tuple[object, ...]) -> None:
        packed = hashlib.blake2b(msgspec.msgpack.encode(row), digest_size=DIGEST_BYTES).digest()
        self.digest = (self.digest + int.from_bytes(packed, "big")) % (1 << 8 * DIGEST_BYTES)
        self.rows += 1


def copy_database(source_url: str, target_url: str, database: Database, progress: Progress) -> Moved:
    """`database` is the target, not started: it looks at the server's durability first and proves the ledger last."""
    path = _refused(source_url, target_url)
    asyncio.run(_started(database))
    with _alone(path) as source:
        schema.upgrade(target_url)
        rows = asyncio.run(_moved(source, target_url, progress))
    ledger = asyncio.run(_audited(database))
    if not ledger.ok:
        raise Refused(
            f"the ledger does not prove itself: {'; '.join(ledger.problems[:PROBLEMS_SHOWN])}", "ledger_broken"
        )
    return Moved(rows, ledger)


def _refused(source_url: str, target_url: str) -> Path:
    if schema_state.is_server(source_url) or not schema_state.is_server(target_url):
        raise Unsupported(
            "only a SQLite file is copied into a MySQL or MariaDB database: --from sqlite:///path --to mysql://…; "
            "between servers use their own tools (docs/operating/backup.md)",
            "copy_direction",
        )
    path = schema_state.path_of(source_url)
    if path is None or not path.exists():
        raise NotFound(f"there is no database {path}; mend --from", "database_missing")
    found, needed = schema_state.revision(source_url), schema_state.newest()
    if found != needed:
        raise Unavailable(
            f"{path} has schema {found or '(none)'}, this version needs {needed}; run `chargecloud migrate` on it",
            "schema_old",
        )
    return path


@contextmanager
def _alone(path: Path) -> Iterator[Connection]:
    """The file within one read transaction; a platform that is started meanwhile is turned away."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as first:
            first.execute("PRAGMA journal_mode = DELETE")  # needs to be alone
    except sqlite3.OperationalError as error:
        raise Conflict(f"{path} is in use ({error}); stop the platform first", "database_in_use") from error
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()


async def _moved(source: Connection, target_url: str, progress: Progress) -> dict[str, int]:
    engine = create_async_engine(
        make_url(target_url).set(drivername=DRIVER), poolclass=NullPool, isolation_level="AUTOCOMMIT",
        connect_args={"charset": "utf8mb4"},
    )  # fmt: skip
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda target: copy_tables(source, target, progress))
    finally:
        await engine.dispose()


def copy_tables(source: Connection, target: Connection, progress: Progress) -> dict[str, int]:
    """Rows by table. Conflict when the target holds any already, Refused when what it holds then is not the same."""
    tables = metadata().sorted_tables
    full = [table.name for table in tables if target.execute(select(*table.primary_key).limit(1)).first() is not None]
    if full:
        raise Conflict(
            f"the target holds rows already ({', '.join(full[:PROBLEMS_SHOWN])}); give an empty database, also after a "
            "copy that was broken off: DROP DATABASE, CREATE DATABASE",
            "target_not_empty",
        )
    counts = {table: int(source.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables}
    total, done = 2 * sum(counts.values()), 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done, total)

    written = {table: _write(table, source, target, step) for table in tables}
    _continue_counting(source, target)
    for table, sent in written.items():
        arrived = _read(table, target, step)
        if arrived != sent:
            raise Refused(
                f"{table.name} arrived with {arrived.rows} rows for {sent.rows}, or with other values; "
                "do not use the copy, and report this",
                "copy_differs",
            )
    return {table.name: sent.rows for table, sent in written.items()}


def _write(table: Table, source: Connection, target: Connection, step: Callable[[int], None]) -> _Sum:
    sent, names = _Sum(), [column.name for column in table.columns]
    for part in _parts(table, source):
        for row in part:
            sent.add(row)
        try:
            target.execute(insert(table), [dict(zip(names, row, strict=True)) for row in part])
        except DBAPIError as error:
            raise Refused(f"the server does not take a row of {table.name}: {error.orig}", "copy_refused") from error
        step(len(part))
    return sent


def _read(table: Table, target: Connection, step: Callable[[int], None]) -> _Sum:
    arrived = _Sum()
    for part in _parts(table, target):
        for row in part:
            arrived.add(row)
        step(len(part))
    return arrived


def _parts(table: Table, connection: Connection) -> Iterator[list[tuple[object, ...]]]:
    streamed = connection.execution_options(yield_per=AT_ONCE).execute(select(table))
    for part in streamed.partitions():
        yield [tuple(row) for row in part]


def _continue_counting(source: Connection, target: Connection) -> None:
    """Where the file promises that numbers never return, the server goes on after the last one, its row gone or not."""
    known = {table.name for table in metadata().sorted_tables}
    for name, last in source.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all():
        if name in known:
            target.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = {int(last) + 1}")


async def _started(database: Database) -> None:
    await database.start()
    await database.stop()


async def _audited(database: Database) -> AuditReport:
    await database.start()
    try:
        async with database.in_background().read() as connection:
            return await wallet.audit(connection)
    finally:
        await database.stop()
