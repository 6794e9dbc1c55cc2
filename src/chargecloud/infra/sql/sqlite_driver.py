"""SQLite under SQLAlchemy's asyncio interface, without a thread hop for each statement (docs/adr/0012).

The one connection that writes runs its statements in the event loop, a few microseconds each, and leaves only the
commit, which waits for the disk, to a thread. Connections that read may scan tables: each of their statements goes to
a thread, fetch included, in one hop.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import NullPool, Pool
from sqlalchemy.util import await_only

T = TypeVar("T")
Parameters = Sequence[object]

BUSY_TIMEOUT_MS = 5_000
BUSY_POLL_MS = 10
WRITER_CACHE_KIB = 32 * 1024


class _Done:
    """An awaitable that is done; AsyncConnection insists on one for each statement."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_DONE = _Done()


class InlineCursor(sqlite3.Cursor):
    """Executes in the event loop."""

    def execute(self, sql: str, parameters: Any = (), /) -> "InlineCursor":
        super().execute(sql, parameters)
        await_only(_DONE)
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> "InlineCursor":
        super().executemany(sql, parameters)
        await_only(_DONE)
        return self

    async def _async_soft_close(self) -> None:
        """Nothing waits on a server here."""


class HoppingCursor:
    """Executes and fetches in the connection's thread; rows wait here."""

    arraysize = 1

    def __init__(self, connection: "LocalConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._next = 0
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        self._take(lambda: self._connection.raw.execute(sql, parameters))

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> None:
        self._take(lambda: self._connection.raw.executemany(sql, parameters))

    def _take(self, run: Callable[[], sqlite3.Cursor]) -> None:
        def work() -> sqlite3.Cursor:
            cursor = run()
            self._rows = cursor.fetchall() if cursor.description else []
            return cursor

        cursor = await_only(self._connection.hop(work))
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        self._next = 0
        cursor.close()

    def fetchone(self) -> Any:
        row = self._rows[self._next] if self._next < len(self._rows) else None
        self._next += 1
        return row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        start = self._next
        self._next = start + (size or self.arraysize)
        return self._rows[start : self._next]

    def fetchall(self) -> list[Any]:
        start, self._next = self._next, len(self._rows)
        return self._rows[start:] if start else self._rows

    def close(self) -> None:
        self._rows = []

    async def _async_soft_close(self) -> None:
        """Rows are here already."""


class LocalConnection:
    """A `sqlite3.Connection` of one task at a time; starts as a reader."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.inline = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        for pragma in (
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "temp_store = MEMORY",
            "query_only = ON",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @classmethod
    def open(cls, path: str) -> "LocalConnection":
        """A reader of this file."""
        return cls(sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512))

    def become_writer(self, synchronous: str) -> None:
        """Statements run in the event loop from now on, transactions hold the write lock from their start.

        The write-ahead log is folded back by somebody else, so that no commit has to wait for that.
        """
        for pragma in (
            "query_only = OFF",
            f"synchronous = {synchronous}",
            "busy_timeout = 0",
            "wal_autocheckpoint = 0",
            f"cache_size = -{WRITER_CACHE_KIB}",
        ):
            self.raw.execute(f"PRAGMA {pragma}")
        self.inline = True

    def optimize(self) -> None:
        """Refresh the planner's statistics where they are far off."""
        self.raw.execute("PRAGMA analysis_limit = 400")
        self.raw.execute("PRAGMA optimize")

    @property
    def isolation_level(self) -> str | None:
        """Always None: this driver says BEGIN itself."""
        return self.raw.isolation_level

    def cursor(self) -> "InlineCursor | HoppingCursor":
        return self.raw.cursor(InlineCursor) if self.inline else HoppingCursor(self)

    async def begin_writing(self) -> None:
        """Take the write lock; waits without blocking while another process writes."""
        for _ in range(BUSY_TIMEOUT_MS // BUSY_POLL_MS):
            try:
                self.raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            await asyncio.sleep(BUSY_POLL_MS / 1000)
        self.raw.execute("BEGIN IMMEDIATE")

    def begin(self) -> None:
        """Open a transaction, unless `begin_writing` has."""
        if not self.raw.in_transaction:
            self.raw.execute("BEGIN")

    def commit(self) -> None:
        """Commit in the thread; what cannot be committed is rolled back, so that nothing half done stays open."""
        if self.raw.in_transaction:
            await_only(self.hop(self._commit))

    def rollback(self) -> None:
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    def _commit(self) -> None:
        try:
            self.raw.execute("COMMIT")
        except sqlite3.Error:
            self.rollback()
            raise

    def close(self) -> None:
        """Close in the thread: the last connection of a file folds the write-ahead log back into it."""
        await_only(self.hop(self.raw.close))
        self._thread.shutdown(wait=False)

    async def hop(self, work: Callable[[], T]) -> T:
        """Run in the thread, to its end even when the task is cancelled meanwhile.

        The connection must never be used by two, and SQLAlchemy throws a connection away when it sees a cancellation;
        so the task is cancelled only once the work is done.
        """
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        cancelled = False
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError:
                cancelled = True
        task = asyncio.current_task()
        if cancelled and task:
            task.uncancel()
            task.cancel()
        return future.result()


class LocalDialect(SQLiteDialect_pysqlite):
    """`sqlite+local`: SQLAlchemy's SQLite with the connections above."""

    driver = "local"
    is_async = True
    supports_statement_cache = True

    def connect(self, path: str, **_: object) -> Any:
        return LocalConnection.open(path)

    def on_connect(self) -> Callable[[DBAPIConnection], None]:
        return _nothing_to_set

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return NullPool

    def get_driver_connection(self, connection: DBAPIConnection) -> Any:
        return connection

    def do_begin(self, dbapi_connection: DBAPIConnection) -> None:
        dbapi_connection.begin()


def _nothing_to_set(_: DBAPIConnection) -> None:
    """SQLAlchemy would add functions nobody uses."""


registry.register("sqlite.local", __name__, "LocalDialect")
