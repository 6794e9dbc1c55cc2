"""Old rows go, young ones stay, and days are there before their rows come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Column, MetaData, Table, func, insert, select, text

from chargecloud.infra.sql import expiry
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.expiry import DAY_MS, expire
from chargecloud.infra.sql.types import big_id, epoch_ms
from chargecloud.kernel.clock import ManualClock
from tests.support.mariadb import own_database

curves = Table(
    "suite_curves",
    MetaData(),
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("at_ms", epoch_ms(), nullable=False),
)
KEPT_MS = 10 * DAY_MS


async def fill(database: Database, *, days: int, each: int = 1) -> None:
    """Rows of so many days up to now."""
    now_ms = database.clock.now_ms()
    async with database.unit() as uow:
        rows = [{"at_ms": now_ms - day * DAY_MS} for day in range(days, -1, -1) for _ in range(each)]
        await uow.connection.execute(insert(curves), rows)


async def ages(database: Database) -> list[int]:
    """Days since each row, oldest first."""
    async with database.read() as connection:
        moments = (await connection.execute(select(curves.c.at_ms).order_by(curves.c.at_ms))).scalars()
        return [(database.clock.now_ms() - at_ms) // DAY_MS for at_ms in moments]


async def expire_now(database: Database) -> None:
    await expire(database.in_background(), curves, before_ms=database.clock.now_ms() - KEPT_MS)


async def test_rows_are_deleted_in_portions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PORTION", 4)
    async with database.unit() as uow:
        await uow.connection.run_sync(curves.create)
    await fill(database, days=15, each=3)
    await expire_now(database)
    assert await ages(database) == [day for day in range(10, -1, -1) for _ in range(3)]


async def test_a_run_has_an_end_and_the_next_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PORTION", 1)
    monkeypatch.setattr(expiry, "PORTIONS_A_RUN", 2)
    async with database.unit() as uow:
        await uow.connection.run_sync(curves.create)
    await fill(database, days=13)
    await expire_now(database)
    assert max(await ages(database)) == 11
    await expire_now(database)
    assert max(await ages(database)) == 10


@asynccontextmanager
async def on_server(*, partitioned: bool) -> AsyncIterator[tuple[Database, ManualClock]]:
    async with own_database() as url:
        clock = ManualClock()
        database = Database(url, clock)
        await database.start()
        try:
            async with database.unit() as uow:
                await uow.connection.run_sync(curves.create)
                if partitioned:
                    await uow.connection.execute(
                        text(
                            "ALTER TABLE suite_curves DROP PRIMARY KEY, ADD PRIMARY KEY (id, at_ms) PARTITION BY "
                            "RANGE (at_ms) (PARTITION p_rest VALUES LESS THAN MAXVALUE)"
                        )
                    )
            yield database, clock
        finally:
            await database.stop()


async def partitions(database: Database) -> dict[str, int]:
    """Rows of each partition."""
    async with database.read() as connection:
        names = (await connection.execute(expiry._PARTITIONS, {"name": "suite_curves"})).scalars().all()
        count = "SELECT count(*) FROM suite_curves PARTITION ({})"
        return {name: (await connection.execute(text(count.format(name)))).scalar_one() for name in names}


@pytest.mark.connected
async def test_a_server_without_partitions_deletes_too() -> None:
    async with on_server(partitioned=False) as (database, _):
        await fill(database, days=12)
        await expire_now(database)
        assert max(await ages(database)) == 10


@pytest.mark.connected
async def test_days_come_and_go_as_partitions() -> None:
    async with on_server(partitioned=True) as (database, clock):
        await expire_now(database)
        assert list(await partitions(database)) == ["p20260101", "p20260102", "p20260103", "p20260104", "p_rest"]
        for _ in range(14):
            await fill(database, days=0)
            clock.advance(DAY_MS)
            await expire_now(database)
        found = await partitions(database)
        assert found["p_rest"] == 0
        assert next(iter(found)) == "p20260105"
        assert list(found)[-2] == "p20260118"
        assert max(await ages(database)) == 10
        await expire_now(database)
        assert await partitions(database) == found


@pytest.mark.connected
async def test_a_job_that_stood_still_catches_up() -> None:
    async with on_server(partitioned=True) as (database, clock):
        await expire_now(database)
        clock.advance(30 * DAY_MS)
        await fill(database, days=8)
        await expire_now(database)
        assert (await partitions(database))["p_rest"] == 0
        assert max(await ages(database)) == 8
        async with database.read() as connection:
            assert (await connection.execute(select(func.count()).select_from(curves))).scalar() == 9
