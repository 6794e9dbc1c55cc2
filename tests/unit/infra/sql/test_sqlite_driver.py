"""The driver runs statements where they are called and never leaves a connection to two users."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chargecloud.infra.sql.sqlite_driver import HoppingCursor, InlineCursor, LocalConnection


@pytest.fixture(params=["writer", "writer in its thread", "reader"])
async def connection(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[AsyncConnection]:
    with sqlite3.connect(tmp_path / "a.db") as raw:
        raw.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        raw.executemany("INSERT INTO t (x) VALUES (?)", [(str(number),) for number in range(10)])
    raw.close()
    engine = create_async_engine(URL.create("sqlite+local", database=str(tmp_path / "a.db")))
    async with engine.connect() as opened:
        if request.param != "reader":
            driver = await driver_of(opened)
            driver.become_writer("OFF")
            driver.inline = request.param == "writer"
        yield opened
    await engine.dispose()


async def driver_of(connection: AsyncConnection) -> LocalConnection:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, LocalConnection)
    return driver


async def test_every_way_of_fetching(connection: AsyncConnection) -> None:
    everything = text("SELECT id, x FROM t ORDER BY id")
    assert len((await connection.execute(everything)).all()) == 10
    assert (await connection.execute(everything)).first() == (1, "0")
    assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one() == 10
    result = await connection.execute(everything)
    assert result.fetchmany(3) == [(1, "0"), (2, "1"), (3, "2")]
    assert result.fetchone() == (4, "3")
    assert len(result.fetchall()) == 6
    assert (await connection.execute(text("SELECT x FROM t WHERE id = 99"))).first() is None


async def test_an_error_of_a_statement_reaches_the_caller(connection: AsyncConnection) -> None:
    with pytest.raises(Exception, match="no such table"):
        await connection.execute(text("SELECT * FROM absent"))
    assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def test_readers_and_bulk_work_leave_the_loop(tmp_path: Path) -> None:
    threads: list[int] = []
    connection = LocalConnection.open(str(tmp_path / "a.db"))
    connection.raw.create_function("here", 0, lambda: threads.append(threading.get_ident()))
    await connection.hop(lambda: connection.raw.execute("SELECT here()").fetchall())
    assert threads and threads[0] != threading.get_ident()
    assert isinstance(connection.cursor(), HoppingCursor)
    connection.become_writer("FULL")
    assert isinstance(connection.cursor(), InlineCursor)
    await connection.hop(connection.raw.close)


async def test_a_cancelled_task_waits_for_its_work_and_is_cancelled_then(tmp_path: Path) -> None:
    connection = LocalConnection.open(str(tmp_path / "a.db"))
    begun, may_end = threading.Event(), threading.Event()
    steps: list[str] = []

    def work() -> None:
        begun.set()
        may_end.wait(5)
        steps.append("work done")

    async def user() -> None:
        await connection.hop(work)
        steps.append("result seen")
        await asyncio.sleep(0)
        steps.append("never")

    task = asyncio.create_task(user())
    await asyncio.to_thread(begun.wait, 5)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.001)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["work done", "result seen"]
    await connection.hop(connection.raw.close)


async def test_a_time_limit_around_the_work_stays_a_time_limit(tmp_path: Path) -> None:
    connection = LocalConnection.open(str(tmp_path / "a.db"))
    may_end = threading.Event()
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await connection.hop(lambda: may_end.wait(5))
            await asyncio.sleep(1)
    await connection.hop(connection.raw.close)


async def test_what_cannot_be_committed_is_rolled_back(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as raw:
        raw.execute("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        raw.execute("CREATE TABLE c (p INTEGER REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)")
    raw.close()
    engine = create_async_engine(URL.create("sqlite+local", database=str(tmp_path / "a.db")))
    async with engine.connect() as connection:
        driver = await driver_of(connection)
        driver.become_writer("OFF")
        await connection.execute(text("INSERT INTO c VALUES (1)"))
        with pytest.raises(Exception, match="FOREIGN KEY"):
            await connection.commit()
        assert not driver.raw.in_transaction
        await connection.rollback()
        assert (await connection.execute(text("SELECT count(*) FROM c"))).scalar() == 0
    await engine.dispose()
