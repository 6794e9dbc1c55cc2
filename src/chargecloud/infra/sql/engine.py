"""The database: units of work one after the other, readers beside them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import Insert, Table, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.errors import translated
from chargecloud.infra.sql.sqlite import SqliteStore
from chargecloud.infra.sql.uow import Options, Row, UnitOfWork
from chargecloud.infra.telemetry import trace_id as current_trace_id
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Invalid, Unavailable

WAIT_FOR_TURN_S = 15.0

Broadcast = Callable[[str, bytes], None]
"""Takes a live topic and a patch: `Cache.broadcast`."""


class Database:
    """Opens units of work and readers; tells the relay and whoever watches once something is durable."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        options: Options | None = None,
        broadcast: Broadcast | None = None,
        synchronous: str = "FULL",
    ) -> None:
        self.clock = clock
        self.options = options or Options()
        self._broadcast = broadcast
        self._store = _store(url, synchronous)
        self._turn = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None
        self._wake_relay: Callable[[], None] | None = None
        self._inserts: dict[Table, Insert] = {}

    async def start(self) -> None:
        """Open the connections; Unavailable says what is wrong with the path, the file or the disk."""
        await self._store.start()

    async def stop(self) -> None:
        """Wait for the unit of work in hand, fold the write-ahead log back and close."""
        async with self._turn:
            await self._store.stop()

    def on_outbox(self, wake: Callable[[], None]) -> None:
        """Have the relay called after each commit that left messages in the outbox."""
        self._wake_relay = wake

    @asynccontextmanager
    async def unit(self, trace_id: str = "") -> AsyncIterator[UnitOfWork]:
        """One transaction: committed at the end, rolled back when the body raises."""
        async with self._my_turn():
            connection = self._store.writer
            uow = UnitOfWork(connection, self.clock.now_ms(), trace_id or current_trace_id.get(), options=self.options)
            try:
                await connection.begin()
                yield uow
                await self._flush(uow)
                await connection.commit()
            except DBAPIError as error:
                raise translated(error) or error from error
            finally:
                if connection.in_transaction():
                    await connection.rollback()
        self._tell(uow)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one snapshot and cannot write."""
        connection = await self._store.take_reader()
        try:
            yield connection
        except DBAPIError as error:
            raise translated(error) or error from error
        finally:
            await self._store.give_back(connection)

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if task is self._holder:
            raise RuntimeError("a unit of work is open in this task already; pass it on instead of opening another")
        try:
            async with asyncio.timeout(WAIT_FOR_TURN_S):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(
                f"the database was busy for {WAIT_FOR_TURN_S:.0f} s; try again", "database_busy"
            ) from None
        self._holder = task
        try:
            yield
        finally:
            self._holder = None
            self._turn.release()

    async def _flush(self, uow: UnitOfWork) -> None:
        for table, rows in uow.appended.items():
            await uow.connection.execute(self._insert(table), _alike(table, rows))
        if uow.outgoing:
            await outbox.add(uow.connection, uow.outgoing, uow.now_ms)

    def _insert(self, table: Table) -> Insert:
        statement = self._inserts.get(table)
        if statement is None:
            statement = self._inserts[table] = insert(table)
        return statement

    def _tell(self, uow: UnitOfWork) -> None:
        if uow.outgoing and self._wake_relay:
            self._wake_relay()
        if self._broadcast:
            for topic, patch in uow.patches:
                self._broadcast(topic, patch)


def _store(url: str, synchronous: str) -> SqliteStore:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise Invalid(
            f"the database URL {parsed.render_as_string()} is not supported; use sqlite:///path/to/file",
            "database_url",
        )
    return SqliteStore(parsed.database, synchronous)


def _alike(table: Table, rows: Sequence[Row]) -> Sequence[Row]:
    columns = rows[0].keys()
    if any(row.keys() != columns for row in rows):
        raise ValueError(f"rows appended to {table.name} differ in their columns; name the same ones in each")
    return rows
