"""The connections of the embedded profile: one that writes, some that read, one that folds the log back."""

import asyncio
import sqlite3
from pathlib import Path
from typing import cast

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chargecloud.infra.sql.errors import translated
from chargecloud.infra.sql.sqlite_driver import LocalConnection
from chargecloud.kernel.errors import Unavailable

READERS = 4
WAIT_FOR_READER_S = 10.0


class SqliteStore:
    """Keeps connections open; nothing is opened or checked for each use."""

    def __init__(self, path: str, synchronous: str) -> None:
        self.path = Path(path)
        self._synchronous = synchronous
        self._engine: AsyncEngine | None = None
        self._writer: AsyncConnection | None = None
        self._readers: asyncio.LifoQueue[AsyncConnection] = asyncio.LifoQueue()

    @property
    def writer(self) -> AsyncConnection:
        """The connection that writes, for whoever has the turn."""
        if self._writer is None:
            raise Unavailable("the database is not open; start it first", "database_stopped")
        return self._writer

    async def start(self) -> None:
        """Open everything."""
        await asyncio.to_thread(self._prepare)
        self._engine = create_async_engine(URL.create("sqlite+local", database=str(self.path)))
        try:
            self._writer = await self._open(self._engine, writer=True)
            for _ in range(READERS):
                self._readers.put_nowait(await self._open(self._engine, writer=False))
        except DBAPIError as error:
            raise translated(error) or error from error

    async def stop(self) -> None:
        """Close everything; the last connection folds the write-ahead log back."""
        if self._engine is None:
            return
        for _ in range(READERS):
            await (await self._readers.get()).close()
        if self._writer:
            await self._writer.close()
        self._writer = None
        await self._engine.dispose()
        self._engine = None

    async def take_reader(self) -> AsyncConnection:
        """A reader, for one user at a time."""
        try:
            async with asyncio.timeout(WAIT_FOR_READER_S):
                return await self._readers.get()
        except TimeoutError:
            raise Unavailable("all database readers were busy; try again", "database_busy") from None

    async def give_back(self, connection: AsyncConnection) -> None:
        """End the snapshot and let others read."""
        await connection.rollback()
        self._readers.put_nowait(connection)

    async def _open(self, engine: AsyncEngine, *, writer: bool) -> AsyncConnection:
        connection = await engine.connect()
        if writer:
            driver = cast(LocalConnection, (await connection.get_raw_connection()).driver_connection)
            driver.become_writer(self._synchronous)
        return connection

    def _prepare(self) -> None:
        """Make the file, set what is kept in it, and find out early whether it can be written."""
        try:
            with sqlite3.connect(self.path) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            connection.close()
        except sqlite3.Error as error:
            raise translated(error) or error from error
