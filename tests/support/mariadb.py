"""Databases of their own on the shared MariaDB server: made under a random name, dropped at the end."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncmy
from sqlalchemy import make_url

from tests.support.servers import MARIADB_URL


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
    return asyncio.run(work)


def name_of(url: str) -> str:
    """The database of a URL."""
    return make_url(url).database or ""
