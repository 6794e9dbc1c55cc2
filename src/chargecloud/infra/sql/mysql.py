"""The connections of the cluster profile: two pools on one MySQL or MariaDB server, one that writes, one that reads.

Units of work run at READ COMMITTED: each statement sees what others have committed, and a conditional update or a row
read `FOR UPDATE` decides races. Readers run at REPEATABLE READ and READ ONLY: one snapshot, and the server refuses to
write.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from chargecloud.infra.sql import mysql_safety
from chargecloud.infra.sql.errors import translated
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.database")

RECYCLE_S = 1_800
"""Servers and firewalls forget connections that are idle for long; ours are younger."""
DRIVER = "mysql+asyncmy"

# The driver writes each remark of the server into the log, such as MySQL's that VALUES() in an upsert is deprecated;
# whatever matters is an error in strict mode.
logging.getLogger("asyncmy").setLevel(logging.ERROR)


class MysqlStore:
    """Keeps up to `connections` open for units of work and as many for readers."""

    def __init__(self, url: URL, options: StoreOptions) -> None:
        self._url = url.set(drivername=DRIVER)
        self._options = options
        self._units: AsyncEngine | None = None
        self._readers: AsyncEngine | None = None

    async def start(self) -> None:
        """Connect once and see that the server keeps what it commits; Unavailable or Refused says what to mend."""
        self._units = self._engine("READ COMMITTED, READ WRITE")
        self._readers = self._engine("REPEATABLE READ, READ ONLY")
        async with AsyncExitStack() as undone:
            undone.push_async_callback(self.stop)
            await self._look_at(self._units)
            undone.pop_all()

    async def _look_at(self, engine: AsyncEngine) -> None:
        try:
            async with engine.connect() as connection:
                await mysql_safety.check(connection, allow_unsafe=self._options.allow_unsafe)
        except DBAPIError as error:
            known = translated(error)
            if known is None:
                raise
            shown, code = self._url.render_as_string(), known.code
            raise Unavailable(f"the database {shown} cannot be used: {known.message}", code) from error

    async def stop(self) -> None:
        """Close the connections nobody uses; those in use are closed when they come back."""
        units, self._units = self._units, None
        readers, self._readers = self._readers, None
        for engine in (units, readers):
            if engine is not None:
                await engine.dispose()

    @asynccontextmanager
    async def unit(self, *, bulk: bool, patience_s: float = 0.0) -> AsyncIterator[AsyncConnection]:
        """A transaction on a connection of its own; several run side by side, so patience changes nothing."""
        async with self._deadline(bulk), self._connected(self._units) as connection:
            yield connection

    @asynccontextmanager
    async def reader(self, *, quick: bool, bulk: bool = False) -> AsyncIterator[AsyncConnection]:
        """A read-only transaction on a connection of its own; quick or not is all the same to a server."""
        async with self._deadline(bulk), self._connected(self._readers) as connection:
            yield connection

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine | None) -> AsyncIterator[AsyncConnection]:
        if engine is None:
            raise Unavailable("the database is not open; start it first", "database_stopped")
        try:
            connection = await engine.connect()
        except PoolTimeout:
            raise Unavailable(
                f"all {self._options.connections} connections were busy for {self._options.wait_s:g} s; try again, "
                "or raise database.connections",
                "database_busy",
            ) from None
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def _deadline(self, bulk: bool) -> AsyncIterator[None]:
        """A server that does not answer, or a unit that never ends, holds nobody up for ever."""
        try:
            async with asyncio.timeout(None if bulk else self._options.unit_s) as deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Unavailable(
                f"the database did not finish within {self._options.unit_s:g} s; it was broken off, try again",
                "database_slow",
            ) from None

    def _engine(self, transaction: str) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            connect_args={"connect_timeout": self._options.connect_s, "charset": "utf8mb4"},
            pool_size=self._options.connections,
            max_overflow=0,
            pool_timeout=self._options.wait_s,
            pool_recycle=RECYCLE_S,
            pool_use_lifo=True,
        )
        statements = (
            f"SET SESSION TRANSACTION ISOLATION LEVEL {transaction}",
            f"SET SESSION innodb_lock_wait_timeout = {self._options.lock_wait_s}, "
            f"lock_wait_timeout = {self._options.lock_wait_s}, time_zone = '+00:00'",
        )

        def prepare(connection: Any, _record: object) -> None:
            for statement in statements:
                await_only(connection.driver_connection.query(statement))

        event.listen(engine.sync_engine, "connect", prepare)
        return engine
