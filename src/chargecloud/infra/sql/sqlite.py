"""The connections of the embedded profile: one that writes, some that read, one that folds the log back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

import structlog
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chargecloud.infra.sql.errors import translated
from chargecloud.infra.sql.sqlite_driver import LocalConnection
from chargecloud.infra.sql.turn import Turn
from chargecloud.kernel.errors import ChargeCloudError, Unavailable
from chargecloud.kernel.killpoints import reach

log = structlog.get_logger("chargecloud.database")

READERS = 4
WAIT_FOR_READER_S = 10.0
FOLD_BYTES = 4 * 1024 * 1024
"""From this size on the write-ahead log is folded back beside the work."""
RESTART_BYTES = 64 * 1024 * 1024
"""From this size on the writer waits until readers let go of the log and it can start from its beginning."""
UPKEEP_S = 1.0

Reader = tuple[AsyncConnection, LocalConnection]


class SqliteStore:
    """Keeps connections open; nothing is opened or checked for each use."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.path = Path(path)
        self._synchronous = synchronous
        self._log_path = Path(f"{path}-wal")
        self._engine: AsyncEngine | None = None
        self._writer: AsyncConnection | None = None
        self._driver: LocalConnection | None = None
        self._folder: LocalConnection | None = None
        self._readers: asyncio.LifoQueue[Reader] = asyncio.LifoQueue()
        self._turn = Turn()
        self._upkeep: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def unit(self, *, bulk: bool, patience_s: float = 0.0) -> AsyncIterator[AsyncConnection]:
        """The connection that writes, once it is this task's turn; `bulk` statements do not hold up the loop."""
        async with self._turn.mine(patience_s):
            connection = await self.begin(in_thread=bulk)
            try:
                yield connection
            finally:
                if connection.in_transaction():
                    await connection.rollback()

    async def begin(self, *, in_thread: bool) -> AsyncConnection:
        """Open a transaction on the connection that writes, for whoever has the turn.

        `in_thread`: its statements may be large and should not hold up the loop.
        """
        if self._writer is None or self._driver is None:
            raise Unavailable("the database is not open; start it first", "database_stopped")
        if self._writer.invalidated:  # SQLAlchemy gave it up and would go on with a new one, which is born a reader
            log.warning("database.writer_replaced")
            self._driver = await _driver_of(self._writer)
            self._driver.become_writer(self._synchronous)
        self._driver.inline = not in_thread
        await self._driver.begin_writing()
        await self._writer.begin()
        return self._writer

    async def start(self) -> None:
        """Open everything; Unavailable says what is wrong with path, file or disk."""
        await asyncio.to_thread(self._prepare)
        self._engine = create_async_engine(URL.create("sqlite+local", database=str(self.path)))
        try:
            self._writer = await self._engine.connect()
            self._driver = await _driver_of(self._writer)
            self._driver.become_writer(self._synchronous)
            for _ in range(READERS):
                reader = await self._engine.connect()
                self._readers.put_nowait((reader, await _driver_of(reader)))
        except DBAPIError as error:
            raise translated(error) or error from error
        self._folder = LocalConnection.open(str(self.path))
        self._upkeep = asyncio.create_task(self._keep_log_short())

    async def stop(self) -> None:
        """Wait for the unit of work in hand and close; the last connection folds the write-ahead log back."""
        if self._upkeep:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
            self._upkeep = None
        async with self._turn.mine():
            await self._close()

    async def _close(self) -> None:
        if self._engine is None:
            return
        for _ in range(READERS):
            try:
                connection, _ = await self._take_reader()
            except Unavailable:
                log.warning("database.reader_not_returned")
                continue
            await connection.close()
        if self._folder:
            await self._folder.hop(self._folder.raw.close)
        if self._writer and self._driver:
            await self._driver.hop(self._driver.optimize)
            await self._writer.close()
        self._writer = self._folder = self._driver = None
        await self._engine.dispose()
        self._engine = None

    @asynccontextmanager
    async def reader(self, *, quick: bool, bulk: bool = False) -> AsyncIterator[AsyncConnection]:
        """A reader for one user at a time; its snapshot ends with it. `quick` statements run in the event loop."""
        connection, driver = await self._take_reader()
        driver.inline = quick
        try:
            yield connection
        finally:
            await connection.rollback()
            self._readers.put_nowait((connection, driver))

    async def _take_reader(self) -> Reader:
        if self._engine is None:
            raise Unavailable("the database is not open; start it first", "database_stopped")
        try:
            async with asyncio.timeout(WAIT_FOR_READER_S):
                return await self._readers.get()
        except TimeoutError:
            raise Unavailable("all database readers were busy; try again", "database_busy") from None

    async def _keep_log_short(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_S)
            try:
                if self.log_bytes() > RESTART_BYTES:
                    async with self._turn.mine():
                        await self.restart_log()
                elif self.log_bytes() > FOLD_BYTES:
                    await self.fold()
            except (Unavailable, sqlite3.Error, OSError) as error:
                log.warning("database.fold_failed", error=str(error))

    def log_bytes(self) -> int:
        """Size of the write-ahead log."""
        try:
            return self._log_path.stat().st_size
        except FileNotFoundError:
            return 0

    async def fold(self) -> None:
        """Write what the log holds into the database file, disturbing nobody."""
        folder = self._folder
        if folder:
            await folder.hop(lambda: _checkpoint(folder.raw, "PASSIVE"))

    async def restart_log(self) -> None:
        """Fold and make the next writer start from the beginning; for whoever has the turn."""
        driver = self._driver
        if driver:
            await driver.hop(lambda: _checkpoint(driver.raw, "TRUNCATE"))

    def _prepare(self) -> None:
        """Make the file, set what is kept in it, and find out early whether it can be written."""
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._unusable(translated(error), str(error)) from error
        if mode != "wal":
            raise self._unusable(None, f"it stays in journal mode {mode}; is it on a network drive?")

    def _unusable(self, known: ChargeCloudError | None, reason: str) -> Unavailable:
        code, why = (known.code, known.message) if known else ("database_unusable", reason)
        return Unavailable(f"the database {self.path} cannot be used: {why}", code, path=str(self.path))


async def _driver_of(connection: AsyncConnection) -> LocalConnection:
    return cast(LocalConnection, (await connection.get_raw_connection()).driver_connection)


def _checkpoint(raw: sqlite3.Connection, how: str) -> None:
    reach("K15")
    raw.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
