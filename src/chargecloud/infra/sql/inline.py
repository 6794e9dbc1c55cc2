"""A driver connection for SQLAlchemy's asyncio dialect of SQLite that does not hop between threads for each call.

The stock driver crosses to its thread and back four times a statement, 0.4 ms of CPU. The writer's statements take tens
of microseconds, so they run where they are called; only the commit, which waits for the disk, leaves the loop. Readers
cross once a statement, because a report may take long. See ADR 12.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class InlineCursor:
    """A cursor with the awaitable face SQLAlchemy's adapter expects; rows are fetched with the statement."""

    def __init__(self, connection: "InlineConnection") -> None:
        self._connection = connection
        self._cursor = connection.raw.cursor()
        self._rows: list[tuple[object, ...]] = []

    async def __aenter__(self) -> "InlineCursor":
        return self

    @property
    def description(self) -> object:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    @property
    def arraysize(self) -> int:
        return self._cursor.arraysize

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._cursor.arraysize = value

    async def execute(self, operation: str, parameters: Sequence[object] = ()) -> "InlineCursor":
        await self._connection.call(lambda: self._run(operation, parameters))
        return self

    async def executemany(self, operation: str, many: Sequence[Sequence[object]]) -> "InlineCursor":
        await self._connection.call(lambda: self._cursor.executemany(operation, many))
        return self

    async def fetchall(self) -> list[tuple[object, ...]]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._cursor.close()

    def _run(self, operation: str, parameters: Sequence[object]) -> None:
        self._cursor.execute(operation, parameters)
        self._rows = self._cursor.fetchall() if self._cursor.description else []


class InlineConnection:
    """One SQLite connection. `thread` runs its statements elsewhere; without one they run where they are called."""

    def __init__(self, raw: sqlite3.Connection, thread: ThreadPoolExecutor | None, *, slow_commit: bool) -> None:
        self.raw = raw
        self.isolation_level: str | None = None
        self._connection: sqlite3.Connection | None = raw  # the adapter asks for it to see whether we are open
        self._thread = thread
        self._slow_commit = slow_commit

    async def call(self, work: Callable[[], T]) -> T:
        """Run one piece of work on the connection."""
        if self._thread is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def cursor(self) -> InlineCursor:
        return InlineCursor(self)

    async def create_function(self, *facts: Any, **more: Any) -> None:
        self.raw.create_function(*facts, **more)

    async def commit(self) -> None:
        if not self.raw.in_transaction:
            return
        if self._slow_commit:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._end, "COMMIT")
        else:
            await self.call(lambda: self._end("COMMIT"))

    async def rollback(self) -> None:
        if self.raw.in_transaction:
            await self.call(lambda: self._end("ROLLBACK"))

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Close at once."""
        self._connection = None
        self.raw.close()

    def _end(self, word: str) -> None:
        self.raw.execute(word)


async def open_inline(
    path: Path, pragmas: Sequence[str], thread: ThreadPoolExecutor | None, *, slow_commit: bool
) -> InlineConnection:
    """Open a connection whose transactions SQLAlchemy begins and ends itself."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    try:
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        raw.close()
        raise
    return InlineConnection(raw, thread, slow_commit=slow_commit)
