"""The database: units of work one after the other, readers beside them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from typing import cast

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.errors import COMPLAINTS, translated
from chargecloud.infra.sql.sqlite import SqliteStore
from chargecloud.infra.sql.store import Store, StoreOptions
from chargecloud.infra.sql.uow import Options, UnitOfWork
from chargecloud.infra.telemetry import trace_id as current_trace_id
from chargecloud.infra.telemetry import unit_failures, unit_seconds
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Invalid
from chargecloud.kernel.killpoints import reach

log = structlog.get_logger("chargecloud.database")

SLOW_S = 0.5
PATIENCE_OF_JOBS_S = 0.5

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
        store: StoreOptions | None = None,
    ) -> None:
        self.clock = clock
        self.options = options or Options()
        self._broadcast = broadcast
        self._store = _store(url, store or StoreOptions())
        self._inside: set[asyncio.Task[object]] = set()
        self._bulk = False
        self._wake_relay: Callable[[], None] | None = None

    async def start(self) -> None:
        """Open the connections; Unavailable says what is wrong with the file or the server."""
        await self._store.start()

    async def stop(self) -> None:
        """Finish what is in hand and close."""
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
    async def unit(self, trace_id: str = "", *, patience_s: float = 0.0) -> AsyncIterator[UnitOfWork]:
        """One transaction: committed at the end, rolled back when the body raises.

        `patience_s`: where units stand in line, those go first that ask up to so much later.
        """
        if self._bulk:
            patience_s = PATIENCE_OF_JOBS_S
        with self._only_one():
            try:
                async with self._store.unit(bulk=self._bulk, patience_s=patience_s) as connection:
                    trace_id = trace_id or current_trace_id.get()
                    uow = UnitOfWork(connection, self.clock.now_ms(), trace_id, options=self.options)
                    with self._measured():
                        yield uow
                        await self._flush(uow)
                        await connection.commit()
            except COMPLAINTS as error:
                raise translated(error) or error from error
        self._tell(uow)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """A second unit within one task would wait for the first for ever, or see nothing of it: refused."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        if task in self._inside:
            raise RuntimeError("a unit of work is open in this task already; pass it on instead of opening another")
        self._inside.add(task)
        try:
            yield
        finally:
            self._inside.discard(task)

    @asynccontextmanager
    async def read(self, *, quick: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one snapshot and cannot write.

        `quick` is for look-ups by key, a fraction of a millisecond each: they run in the event loop, which is cheaper
        than a trip to a thread. Whatever scans or sorts leaves it out.
        """
        try:
            async with self._store.reader(quick=quick, bulk=self._bulk) as connection:
                yield connection
        except COMPLAINTS as error:
            raise translated(error) or error from error

    @contextmanager
    def _measured(self) -> Iterator[None]:
        began, committed = self.clock.monotonic(), False
        try:
            yield
            committed = True
        finally:
            seconds = self.clock.monotonic() - began
            unit_seconds.observe(seconds)
            if not committed:
                unit_failures.inc()
            if seconds > SLOW_S and not self._bulk:
                log.warning("database.unit_slow", ms=int(seconds * 1000), committed=committed)

    async def _flush(self, uow: UnitOfWork) -> None:
        for table, rows in uow.appended.items():
            await insert_many(uow.connection, table, rows)
        if uow.outgoing:
            await outbox.add(uow.connection, uow.outgoing, uow.now_ms)
        for write, rows in uow.closing.items():
            await write(uow, rows)

    def _tell(self, uow: UnitOfWork) -> None:
        if uow.outgoing and self._wake_relay:
            reach("K6")
            self._wake_relay()
        if self._broadcast:
            for topic, patch in uow.patches:
                self._broadcast(topic, patch)


def _store(url: str, options: StoreOptions) -> Store:
    """The one place that knows which engines there are."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in (None, "", ":memory:"):
            return SqliteStore(parsed.database or "", options.synchronous)
        case "mysql" | "mariadb" if parsed.database:
            from chargecloud.infra.sql.mysql import MysqlStore

            return MysqlStore(parsed, options)
    raise Invalid(
        f"the database URL {parsed.render_as_string()} is not supported; use sqlite:///path/to/file or "
        "mysql://user:password@host:3306/name",
        "database_url",
    )
