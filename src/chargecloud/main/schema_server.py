"""A MySQL or MariaDB server while its schema is looked at or changed: one connection, on an event loop of its own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, inspect, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chargecloud.infra.sql.errors import translated
from chargecloud.infra.sql.mysql import DRIVER
from chargecloud.kernel.errors import Unavailable
from chargecloud.main.schema_state import unusable

T = TypeVar("T")

CONNECT_S = 10
TURN_S = 600
"""So long a process waits while another one migrates."""


def on_server(url: str, work: Callable[[Connection], T]) -> T:
    """What `work` makes of a connection. Not to be called inside an event loop; use `asyncio.to_thread` there."""
    return asyncio.run(_on_server(url, work))


async def _on_server(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(
        make_url(url).set(drivername=DRIVER),
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_S, "charset": "utf8mb4"},
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except DBAPIError as error:
        known = translated(error)
        raise unusable(url, known or error.orig) from error
    finally:
        await engine.dispose()


def revision(url: str) -> str:
    """The revision the database has, "" when it is empty."""

    def look(connection: Connection) -> str:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")

    return on_server(url, look)


def take_turn(connection: Connection) -> None:
    """Only one process changes a schema; the server forgets the lock when the connection ends."""
    name = "CONCAT('chargecloud.', DATABASE())"
    if connection.exec_driver_sql(f"SELECT GET_LOCK(LEFT({name}, 64), {TURN_S})").scalar() != 1:
        raise Unavailable(
            f"another process has been migrating this database for {TURN_S} s; wait for it or end it", "migrating"
        )
