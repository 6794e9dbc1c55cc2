"""The database: units of work one after the other, readers beside them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Literal

import structlog
from sqlalchemy import Insert, Table, insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.errors import COMPLAINTS, translated
from chargecloud.infra.sql.sqlite import FOLD_BYTES, RESTART_BYTES, SqliteStore
from chargecloud.infra.sql.uow import Options, Row, UnitOfWork
from chargecloud.infra.telemetry import trace_id as current_trace_id
from chargecloud.infra.telemetry import unit_failures, unit_seconds
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Invalid, Unavailable

log = structlog.get_logger("chargecloud.database")

WAIT_FOR_TURN_S = 15.0
UPKEEP_S = 1.0
SLOW_S = 0.5

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""FULL survives power loss and is what runs; tests and simulations need not wait for the disk."""

Broadcast = Callable[[str, bytes], None]
"""Takes a live topic and a patch: `Cache.broadcast`."""


class _Turn:
    """Who may write: one task after the other."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.holder: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Hold the turn; Unavailable when it does not come within a while."""
        task = asyncio.current_task()
        if task is self.holder:
            raise RuntimeError("a unit of work is open in this task already; pass it on instead of opening another")
        try:
            async with asyncio.timeout(WAIT_FOR_TURN_S):
                await self.lock.acquire()
        except TimeoutError:
            raise Unavailable(
                f"the database was busy for {WAIT_FOR_TURN_S:.0f} s; try again", "database_busy"
            ) from None
        self.holder = task
        try:
            yield
        finally:
            self.holder = None
            self.lock.release()


class Database:
    """Opens units of work and readers; tells the relay and whoever watches once something is durable."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        options: Options | None = None,
        broadcast: Broadcast | None = None,
        synchronous: Synchronous = "FULL",
    ) -> None:
        self.clock = clock
        self.options = options or Options()
        self._broadcast = broadcast
        self._store = _store(url, synchronous)
        self._turn = _Turn()
        self._bulk = False
        self._wake_relay: Callable[[], None] | None = None
        self._inserts: dict[Table, Insert] = {}
        self._upkeep: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the connections; Unavailable says what is wrong with the path, the file or the disk."""
        await self._store.start()
        self._upkeep = asyncio.create_task(self._keep_log_short())

    async def stop(self) -> None:
        """Wait for the unit of work in hand, fold the write-ahead log back and close."""
        if self._upkeep:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
            self._upkeep = None
        async with self._turn.mine():
            await self._store.stop()

    def on_outbox(self, wake: Callable[[], None]) -> None:
        """Have the relay called after each commit that left messages in the outbox."""
        self._wake_relay = wake

    def in_background(self) -> "Database":
        """The same database for work that is not urgent and may be large: its statements do not hold up the loop."""
        other = copy(self)
        other._bulk = True
        return other

    @asynccontextmanager
    async def unit(self, trace_id: str = "") -> AsyncIterator[UnitOfWork]:
        """One transaction: committed at the end, rolled back when the body raises."""
        async with self._turn.mine():
            began = self.clock.monotonic()
            committed = False
            try:
                connection = await self._store.begin(in_thread=self._bulk)
                uow = UnitOfWork(
                    connection, self.clock.now_ms(), trace_id or current_trace_id.get(), options=self.options
                )
                try:
                    yield uow
                    await self._flush(uow)
                    await connection.commit()
                    committed = True
                finally:
                    if not committed:
                        await connection.rollback()
            except COMPLAINTS as error:
                raise translated(error) or error from error
            finally:
                self._measure(self.clock.monotonic() - began, committed)
        self._tell(uow)

    @asynccontextmanager
    async def read(self, *, quick: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one snapshot and cannot write.

        `quick` is for look-ups by key, a fraction of a millisecond each: they run in the event loop, which is cheaper
        than a trip to a thread. Whatever scans or sorts leaves it out.
        """
        try:
            async with self._store.reader(quick=quick) as connection:
                yield connection
        except COMPLAINTS as error:
            raise translated(error) or error from error

    async def _keep_log_short(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_S)
            try:
                if self._store.log_bytes() > RESTART_BYTES:
                    async with self._turn.mine():
                        await self._store.restart_log()
                elif self._store.log_bytes() > FOLD_BYTES:
                    await self._store.fold()
            except (Unavailable, sqlite3.Error, OSError) as error:
                log.warning("database.fold_failed", error=str(error))

    def _measure(self, seconds: float, committed: bool) -> None:
        unit_seconds.observe(seconds)
        if not committed:
            unit_failures.inc()
        if seconds > SLOW_S and not self._bulk:
            log.warning("database.unit_slow", ms=int(seconds * 1000), committed=committed)

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


def _store(url: str, synchronous: Synchronous) -> SqliteStore:
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
