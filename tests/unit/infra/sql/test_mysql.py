"""The pools: several units side by side, deadlines, and a server that goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.kernel.clock import ManualClock, SystemClock
from chargecloud.kernel.errors import Invalid, Unavailable
from chargecloud.main.certificates import self_signed
from tests.support.mariadb import own_database
from tests.support.mariadb_server import own_server

QUICK = StoreOptions(connections=2, wait_s=0.2, unit_s=1.0, lock_wait_s=1, connect_s=1.0)


@asynccontextmanager
async def started(url: str, options: StoreOptions = QUICK) -> AsyncIterator[Database]:
    database = Database(url, ManualClock(), store=options)
    await database.start()
    try:
        async with database.unit() as uow:
            await uow.connection.execute(text("CREATE TABLE IF NOT EXISTS t (x INT PRIMARY KEY, y INT)"))
        yield database
    finally:
        await database.stop()


async def add(database: Database, x: int) -> None:
    async with database.unit() as uow:
        await uow.connection.execute(text("INSERT INTO t VALUES (:x, 0)"), {"x": x})


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())


@pytest.mark.parametrize("url", ["mysql://host", "mariadb://host/"])
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="mysql://user"):
        Database(url, ManualClock())


async def test_nobody_there_is_named_without_the_password() -> None:
    database = Database("mysql://somebody:secret@127.0.0.1:1/x", ManualClock(), store=QUICK)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/x cannot be used") as caught:
        await database.start()
    assert caught.value.code == "database_unreachable"
    assert "secret" not in caught.value.message
    with pytest.raises(Unavailable, match="start it first"):
        async with database.unit():
            raise AssertionError("never reached")
    await database.stop()


@pytest.mark.connected
async def test_units_run_side_by_side_until_all_connections_are_taken() -> None:
    async with own_database() as url, started(url) as database:
        inside, leave = asyncio.Semaphore(0), asyncio.Event()

        async def stay(x: int) -> None:
            async with database.unit() as uow:
                await uow.connection.execute(text("INSERT INTO t VALUES (:x, 0)"), {"x": x})
                inside.release()
                await leave.wait()

        tasks = [asyncio.create_task(stay(x)) for x in range(2)]
        for _ in tasks:
            await inside.acquire()
        with pytest.raises(Unavailable, match=r"2 connections were busy.*database\.connections") as caught:
            await add(database, 9)
        assert caught.value.code == "database_busy"
        leave.set()
        await asyncio.gather(*tasks)
        assert await count(database) == 2


@pytest.mark.connected
async def test_a_row_somebody_keeps_is_not_waited_for_without_end() -> None:
    async with own_database() as url, started(url, StoreOptions(lock_wait_s=1)) as database:
        await add(database, 1)
        change = text("UPDATE t SET y = y + 1 WHERE x = 1")

        async def second() -> None:
            async with database.unit() as uow:
                await uow.connection.execute(change)

        async with database.unit() as uow:
            await uow.connection.execute(change)
            with pytest.raises(Unavailable) as caught:
                await asyncio.create_task(second())
        assert caught.value.code == "database_busy"


@pytest.mark.connected
async def test_of_two_that_wait_for_each_other_one_is_told_to_try_again() -> None:
    async with own_database() as url, started(url, StoreOptions()) as database:
        await add(database, 1)
        await add(database, 2)
        ready = asyncio.Barrier(2)

        async def both(first: int, second: int) -> None:
            async with database.unit() as uow:
                await uow.connection.execute(text("UPDATE t SET y = y + 1 WHERE x = :x"), {"x": first})
                await ready.wait()
                await uow.connection.execute(text("UPDATE t SET y = y + 1 WHERE x = :x"), {"x": second})

        done = await asyncio.gather(both(1, 2), both(2, 1), return_exceptions=True)
        (loser,) = [each for each in done if each is not None]
        assert isinstance(loser, Unavailable)
        assert loser.code == "database_busy"
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT sum(y) FROM t"))).scalar() == 2


@pytest.mark.connected
async def test_a_unit_that_never_ends_is_broken_off() -> None:
    async with own_database() as url, started(url) as database:
        with pytest.raises(Unavailable) as caught:
            async with database.unit() as uow:
                await uow.connection.execute(text("INSERT INTO t VALUES (1, 0)"))
                await asyncio.sleep(60)
        assert caught.value.code == "database_slow"
        assert await count(database) == 0
        async with database.in_background().unit() as uow:
            await uow.connection.execute(text("SELECT sleep(1.2)"))


@pytest.mark.connected
async def test_a_timeout_of_the_body_stays_its_own() -> None:
    async with own_database() as url, started(url) as database:
        with pytest.raises(TimeoutError):
            async with database.unit():
                raise TimeoutError
        await add(database, 1)


@pytest.mark.connected
async def test_tls_is_spoken_and_checked_when_the_url_names_an_authority(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "tls", SystemClock().now_ms())
    async with own_server(tmp_path, f"--ssl-cert={certificate}", f"--ssl-key={key}") as server:
        url = f"{server.url}/chargecloud?ssl_ca={certificate}"
        async with started(url) as database, database.read() as connection:
            cipher = (await connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'"))).one()[1]
        assert str(cipher).startswith("TLS_")
        stranger, _ = self_signed(tmp_path / "other", SystemClock().now_ms())
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            async with started(f"{server.url}/chargecloud?ssl_ca={stranger}"):
                raise AssertionError("never reached")


@pytest.mark.connected
async def test_a_server_that_freezes_dies_and_comes_back(tmp_path: Path) -> None:
    async with own_server(tmp_path) as server, started(f"{server.url}/chargecloud") as database:
        await add(database, 1)
        server.freeze()
        with pytest.raises(Unavailable) as caught:
            await add(database, 2)
        assert caught.value.code == "database_slow"
        server.thaw()
        await add(database, 3)
        server.kill()
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await add(database, 4)
            assert caught.value.code == "database_unreachable"
            with pytest.raises(Unavailable):
                await count(database)
        await server.start()
        await _until_it_works(database)
        async with database.read() as connection:
            kept = list((await connection.execute(text("SELECT x FROM t WHERE x <> 2 ORDER BY x"))).scalars())
        assert kept == [1, 3, 5]


async def _until_it_works(database: Database) -> None:
    """Connections that died are found out one by one, and no more than there were."""
    for _ in range(2 * QUICK.connections + 1):
        try:
            await add(database, 5)
        except Unavailable:
            continue
        return
    raise AssertionError("it never worked again")
