"""Many rows in one statement: what was sent is what is there, and what was not found is not counted."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, select

from chargecloud.infra.sql import bulk
from chargecloud.infra.sql.bulk import Change, insert_many, update_many
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import big_int, code
from chargecloud.kernel.clock import ManualClock
from tests.support.mariadb import own_database

things = Table(
    "suite_things",
    MetaData(),
    Column("name", code(20), primary_key=True),
    Column("key", String(40)),
    Column("fen", big_int(), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("raw", LargeBinary(64)),
)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.connected)])
async def bulky(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        async with database.unit() as uow:
            await uow.connection.run_sync(things.create)
        yield database
        return
    async with own_database() as url:
        server = Database(url, ManualClock())
        await server.start()
        try:
            async with server.unit() as uow:
                await uow.connection.run_sync(things.create)
            yield server
        finally:
            await server.stop()


def row(name: str, fen: int = 0, **changes: object) -> dict[str, object]:
    return {"name": name, "key": "充电", "fen": fen, "revision": 0, "done": False, "raw": b"\x00'\\%s\xff"} | changes


async def all_rows(database: Database) -> list[tuple[object, ...]]:
    async with database.read() as connection:
        return [tuple(found) for found in await connection.execute(select(things).order_by(things.c.name))]


async def test_rows_come_back_as_they_went(bulky: Database) -> None:
    rows = [row("a", 2**53), row("A", -1, key=None, raw=None), row("b", done=True, key="100% %s ? :x 'quoted' \\")]
    async with bulky.unit() as uow:
        await insert_many(uow.connection, things, rows)
        await insert_many(uow.connection, things, [])
    expected = {each["name"]: tuple(each.values()) for each in rows}
    assert {found[0]: found for found in await all_rows(bulky)} == expected


async def test_rows_name_the_same_columns(bulky: Database) -> None:
    with pytest.raises(ValueError, match="suite_things"):
        async with bulky.unit() as uow:
            await insert_many(uow.connection, things, [row("a"), {"name": "b"}])


async def test_each_row_is_changed_by_its_own_values(bulky: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    names = [f"n{number}" for number in range(8)]
    changes = [
        Change(
            {"name": name, "revision": 0}, {"fen": number, "key": None if number % 2 else f"k{number}", "revision": 1}
        )
        for number, name in enumerate(names)
    ]
    async with bulky.unit() as uow:
        await insert_many(uow.connection, things, [row(name) for name in [*names, "other"]])
        assert await update_many(uow.connection, things, changes) == 8
        assert await update_many(uow.connection, things, []) == 0
    found = {name: (key, fen, revision) for name, key, fen, revision, _, _ in await all_rows(bulky)}
    assert found == {
        **{name: (None if number % 2 else f"k{number}", number, 1) for number, name in enumerate(names)},
        "other": ("充电", 0, 0),
    }


async def test_what_is_not_as_expected_is_not_changed_and_not_counted(bulky: Database) -> None:
    async with bulky.unit() as uow:
        await insert_many(uow.connection, things, [row("a"), row("b", revision=4), row("c")])
        changes = [Change({"name": name, "revision": 0}, {"fen": 9}) for name in ("a", "b", "c", "gone", "A")]
        assert await update_many(uow.connection, things, changes) == 2
        assert await update_many(uow.connection, things, [Change({"name": "a", "revision": 0}, {"fen": 9})]) == 1
    assert [(name, fen) for name, _, fen, *_ in await all_rows(bulky)] == [("a", 9), ("b", 0), ("c", 9)]


async def test_different_columns_in_one_call(bulky: Database) -> None:
    async with bulky.unit() as uow:
        await insert_many(uow.connection, things, [row("a"), row("b")])
        changes = [Change({"name": "a"}, {"fen": 1}), Change({"name": "b"}, {"done": True, "raw": b"new"})]
        assert await update_many(uow.connection, things, changes) == 2
    assert [(each[2], bool(each[4]), each[5]) for each in await all_rows(bulky)] == [
        (1, False, b"\x00'\\%s\xff"),
        (0, True, b"new"),
    ]
