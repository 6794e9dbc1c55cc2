"""Databases of their own on the shared MariaDB server: made under a random name, dropped at the end."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncmy
from sqlalchemy import make_url

from chargecloud.infra.sql.append_only import append_only_tables
from chargecloud.infra.sql.engine import Broadcast, Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.clock import Clock, ManualClock
from chargecloud.main.tables import metadata
from tests.support.servers import MARIADB_URL

T = TypeVar("T")

PATIENT = StoreOptions(wait_s=60, unit_s=60, lock_wait_s=30)
"""The machine of a test may be busy with others; what waits is what is tested, not how long."""


async def run_sql(*statements: str, database: str = "") -> list[tuple[Any, ...]]:
    """Statements on a connection of their own; the rows of the last."""
    url = make_url(MARIADB_URL)
    connection = await asyncmy.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", db=database or None,
        autocommit=True, charset="utf8mb4",
    )  # fmt: skip
    try:
        async with connection.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement)
            return list(await cursor.fetchall()) if cursor.description else []
    finally:
        await connection.ensure_closed()


def new_name() -> str:
    return f"chargecloud_test_{secrets.token_hex(6)}"


@asynccontextmanager
async def own_database() -> AsyncIterator[str]:
    """The URL of an empty database."""
    name = new_name()
    await run_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield f"{MARIADB_URL}/{name}"
    finally:
        await run_sql(f"DROP DATABASE {name}")


@contextmanager
def own_database_now() -> Iterator[str]:
    """The same outside an event loop."""
    name = new_name()
    run_now(run_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    try:
        yield f"{MARIADB_URL}/{name}"
    finally:
        run_now(run_sql(f"DROP DATABASE {name}"))


def run_now(work: Coroutine[Any, Any, Any]) -> Any:
    """To its end, on a loop of its own in a thread, whether or not one runs here."""
    return in_thread(asyncio.run, work)


def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *arguments).result()


def name_of(url: str) -> str:
    """The database of a URL."""
    return make_url(url).database or ""


async def empty(url: str) -> None:
    """Take every row out of a migrated database; quicker than making another.

    A guarded table cannot be deleted from, and some tests know the number of the first row.
    """
    tables = [table.name for table in metadata().sorted_tables]
    counted = {table.name for table in append_only_tables()} | {"alarms", "stations"}
    looks = " UNION ALL ".join(f"(SELECT '{name}' FROM `{name}` LIMIT 1)" for name in tables)
    filled = [row[0] for row in await run_sql(looks, database=name_of(url))]
    remove = [f"TRUNCATE `{name}`" if name in counted else f"DELETE FROM `{name}`" for name in filled]
    await run_sql("SET foreign_key_checks = 0", *remove, database=name_of(url))


@asynccontextmanager
async def opened(
    url: str, *, clock: Clock | None = None, options: Options | None = None, broadcast: Broadcast | None = None
) -> AsyncIterator[Database]:
    """A started database on a server, stopped at the end."""
    database = Database(url, clock or ManualClock(), options=options, broadcast=broadcast, store=PATIENT)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()
