"""SQLite opens with what durability needs, says clearly what is wrong, and keeps its log short."""

import asyncio
import os
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from chargecloud.infra.sql import sqlite
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.sqlite import SqliteStore
from chargecloud.infra.sql.sqlite_driver import HoppingCursor, InlineCursor
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable


async def started(path: Path, synchronous: str = "FULL") -> SqliteStore:
    store = SqliteStore(str(path), synchronous)
    await store.start()
    return store


async def setting(store: SqliteStore, name: str, *, writer: bool) -> object:
    if writer:
        connection = await store.begin(in_thread=False)
        value = (await connection.execute(text(f"PRAGMA {name}"))).scalar()
        await connection.rollback()
    else:
        async with store.reader(quick=False) as connection:
            value = (await connection.execute(text(f"PRAGMA {name}"))).scalar()
    return value


SETTINGS = [
    ("journal_mode", True, "wal"),
    ("synchronous", True, 2),
    ("foreign_keys", True, 1),
    ("wal_autocheckpoint", True, 0),
    ("query_only", True, 0),
    ("query_only", False, 1),
    ("foreign_keys", False, 1),
    ("busy_timeout", False, 5000),
]


@pytest.mark.parametrize(("name", "writer", "value"), SETTINGS)
async def test_connections_are_set(tmp_path: Path, name: str, writer: bool, value: object) -> None:
    store = await started(tmp_path / "a.db")
    assert await setting(store, name, writer=writer) == value
    await store.stop()


async def test_a_writer_that_was_given_up_is_followed_by_a_writer(tmp_path: Path) -> None:
    store = await started(tmp_path / "a.db")
    connection = await store.begin(in_thread=False)
    await connection.execute(text("CREATE TABLE t (x)"))
    await connection.commit()
    await connection.invalidate()
    with capture_logs() as logs:
        connection = await store.begin(in_thread=False)
    await connection.execute(text("INSERT INTO t VALUES (1)"))
    await connection.commit()
    assert [line["event"] for line in logs] == ["database.writer_replaced"]
    assert await setting(store, "synchronous", writer=True) == 2
    await store.stop()


async def test_stopping_folds_the_log_back(tmp_path: Path) -> None:
    store = await started(tmp_path / "a.db")
    connection = await store.begin(in_thread=False)
    await connection.execute(text("CREATE TABLE t (x)"))
    await connection.commit()
    assert store.log_bytes() > 0
    await store.stop()
    assert os.listdir(tmp_path) == ["a.db"]


async def fill(store: SqliteStore, rows: int) -> None:
    connection = await store.begin(in_thread=False)
    await connection.execute(text("CREATE TABLE IF NOT EXISTS t (x)"))
    await connection.execute(text("INSERT INTO t VALUES (:x)"), [{"x": "x" * 1000} for _ in range(rows)])
    await connection.commit()


async def test_the_log_does_not_grow_when_it_is_folded(tmp_path: Path) -> None:
    store = await started(tmp_path / "a.db", "OFF")
    sizes = []
    for _ in range(6):
        await fill(store, 200)
        await store.fold()
        sizes.append(store.log_bytes())
    assert max(sizes) < 2 * sizes[0]
    await store.stop()


async def test_a_reader_does_not_keep_the_log_from_starting_over(tmp_path: Path) -> None:
    store = await started(tmp_path / "a.db", "OFF")
    await fill(store, 200)
    await store.restart_log()
    assert store.log_bytes() == 0
    await store.stop()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("these are not the bytes of a database, however long one looks at them", "utf-8")
    with pytest.raises(Unavailable, match="not an SQLite database") as caught:
        await started(path)
    assert caught.value.code == "not_a_database"
    assert str(path) in caught.value.message


async def test_a_path_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="check path and permissions") as caught:
        await started(tmp_path / "nowhere" / "a.db")
    assert caught.value.code == "database_unreachable"


async def test_a_full_disk_is_unavailable_and_over_when_there_is_space(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", ManualClock(), store=StoreOptions(synchronous="OFF"))
    await database.start()
    async with database.unit() as uow:
        await uow.connection.execute(text("CREATE TABLE t (x)"))
        await uow.connection.execute(text("PRAGMA max_page_count = 20"))
    big = text("INSERT INTO t VALUES (zeroblob(200000))")
    with pytest.raises(Unavailable) as caught:
        async with database.unit() as uow:
            await uow.connection.execute(big)
    assert caught.value.code == "disk_full"
    async with database.unit() as uow:
        await uow.connection.execute(text("PRAGMA max_page_count = 2000"))
        await uow.connection.execute(big)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar() == 1
    await database.stop()


async def test_waits_for_another_process_that_writes(tmp_path: Path) -> None:
    store = await started(tmp_path / "a.db")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.begin(in_thread=False))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    other.execute("ROLLBACK")
    await (await waiting).rollback()
    other.close()
    await store.stop()


async def test_gives_up_on_a_process_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chargecloud.infra.sql.sqlite_driver.BUSY_TIMEOUT_MS", 30)
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", ManualClock())
    await database.start()
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        async with database.unit():
            raise AssertionError("never reached")
    assert caught.value.code == "database_busy"
    other.execute("ROLLBACK")
    other.close()
    async with database.unit():
        pass
    await database.stop()


async def test_readers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAIT_FOR_READER_S", 0.01)
    store = await started(tmp_path / "a.db")
    async with AsyncExitStack() as taken:
        for _ in range(sqlite.READERS):
            await taken.enter_async_context(store.reader(quick=False))
        with pytest.raises(Unavailable, match="readers were busy"):
            await taken.enter_async_context(store.reader(quick=False))
    async with store.reader(quick=True):
        pass
    await store.stop()


@pytest.mark.parametrize("quick", [True, False])
async def test_only_quick_look_ups_run_in_the_loop(tmp_path: Path, quick: bool) -> None:
    store = await started(tmp_path / "a.db")
    async with store.reader(quick=quick) as connection:
        cursor = (await connection.get_raw_connection()).cursor()
        assert isinstance(cursor, InlineCursor if quick else HoppingCursor)
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    await store.stop()


async def test_a_reader_that_is_never_returned_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAIT_FOR_READER_S", 0.01)
    store = await started(tmp_path / "a.db")
    async with AsyncExitStack() as kept:
        connection = await kept.enter_async_context(store.reader(quick=True))
        with capture_logs() as logs:
            await store.stop()
        assert [each["event"] for each in logs] == ["database.reader_not_returned"]
    await connection.close()


async def test_the_log_is_looked_after_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "UPKEEP_S", 0.01)
    monkeypatch.setattr(sqlite, "RESTART_BYTES", 10_000)
    store = await started(tmp_path / "a.db", "OFF")
    await fill(store, 100)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if store.log_bytes() == 0:
            break
    assert store.log_bytes() == 0
    await store.stop()
