"""What every database promises. A subclass says how to open one; the tables here are of the suite alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from chargecloud.device.commands import Reboot
from chargecloud.device.events import Beat
from chargecloud.infra.kinds import Kinds
from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import big_id, big_int, code, metadata
from chargecloud.infra.sql.upsert import insert_ignore, upsert
from chargecloud.kernel.errors import Conflict, Unavailable

suite = MetaData(naming_convention=metadata.naming_convention)
purses = Table(
    "suite_purses",
    suite,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("name", code(20), nullable=False, unique=True),
    Column("cash_fen", big_int(), nullable=False),
    Column("visits", Integer, nullable=False),
    CheckConstraint("cash_fen >= 0", name="cash"),
)
coins = Table(
    "suite_coins",
    suite,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("purse_id", ForeignKey("suite_purses.id"), nullable=False),
    Column("fen", big_int(), nullable=False),
)


labels = Table("suite_labels", suite, Column("id", big_id(), primary_key=True), Column("text", String(40), unique=True))
TEXTS = ("a", "A", "á", "充电", "充電", "𠮷", "𠮶", "😀", "😁")


@dataclass
class Open:
    """A started database and what it told."""

    database: Database
    told: list[tuple[str, bytes]]


def beat(number: int) -> Beat:
    return Beat(charge_point_code="1", connector_no=number, faulted=False)


async def add(database: Database, name: str, cash_fen: int = 0) -> int:
    """A purse; its id."""
    async with database.unit() as uow:
        result = await uow.connection.execute(insert(purses).values(name=name, cash_fen=cash_fen, visits=0))
    key = result.inserted_primary_key
    assert key
    return int(key[0])


async def cash(database: Database, name: str) -> int | None:
    async with database.read() as connection:
        return (await connection.execute(select(purses.c.cash_fen).where(purses.c.name == name))).scalar()


async def waiting(database: Database) -> list[str]:
    """Kinds of the messages in the outbox, in order."""
    async with database.read() as connection:
        return [row.kind for row in await outbox.oldest(connection, after=0, most=1000)]


class DatabaseContract:
    """Inherited by test_sqlite and its twin."""

    def open_database(self) -> AbstractAsyncContextManager[Open]:
        """A started database with the tables of the platform and of this suite."""
        raise AssertionError("the subclass says how")

    @pytest.fixture
    async def world(self) -> AsyncIterator[Open]:
        async with self.open_database() as opened:
            yield opened

    @pytest.fixture
    def database(self, world: Open) -> Database:
        return world.database

    async def test_a_unit_that_ends_is_there_for_readers(self, database: Database) -> None:
        await add(database, "a", 5)
        assert await cash(database, "a") == 5

    async def test_a_unit_that_raises_leaves_nothing(self, world: Open) -> None:
        with pytest.raises(ZeroDivisionError):
            async with world.database.unit() as uow:
                await uow.connection.execute(insert(purses).values(name="a", cash_fen=1, visits=0))
                uow.publish(beat(1), key="1")
                uow.append(coins, {"purse_id": 1, "fen": 1})
                uow.live("purse:a", {"cash": 1})
                raise ZeroDivisionError
        assert await cash(world.database, "a") is None
        assert await waiting(world.database) == []
        assert world.told == []

    async def test_a_unit_that_is_cancelled_leaves_nothing_and_blocks_nobody(self, database: Database) -> None:
        inside = asyncio.Event()

        async def slow() -> None:
            async with database.unit() as uow:
                await uow.connection.execute(insert(purses).values(name="a", cash_fen=1, visits=0))
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(slow())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await add(database, "b")
        assert await cash(database, "a") is None

    async def test_cancelling_at_any_moment_never_leaves_half_a_unit(self, database: Database) -> None:
        async def both(name: str) -> None:
            async with database.unit() as uow:
                key = await uow.connection.execute(insert(purses).values(name=name, cash_fen=1, visits=0))
                uow.append(coins, {"purse_id": key.inserted_primary_key[0], "fen": 1})  # type: ignore[index]

        for steps in range(30):
            task = asyncio.create_task(both(f"p{steps}"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with database.read() as connection:
            orphans = select(func.count()).select_from(purses).where(purses.c.id.not_in(select(coins.c.purse_id)))
            assert (await connection.execute(orphans)).scalar() == 0
        await add(database, "still works")

    async def test_messages_wait_in_order_for_the_relay(self, world: Open) -> None:
        woken: list[int] = []
        world.database.on_outbox(lambda: woken.append(1))
        async with world.database.unit("trace-1") as uow:
            uow.publish(beat(1), key="1")
            uow.command(Reboot(command_id="c", charge_point_code="1", expires_at_ms=99))
            assert not woken
        async with world.database.read() as connection:
            first, second = await outbox.oldest(connection, after=0, most=10)
        assert (first.kind, first.trace_id, first.expires_at_ms) == ("Beat", "trace-1", 0)
        assert (second.kind, second.key, second.expires_at_ms) == ("Reboot", "1", 99)
        assert outbox.envelope_of(first, Kinds()).body == beat(1)
        assert woken == [1]
        async with world.database.in_background().unit() as uow:
            uow.publish(beat(1), key="1")
        async with world.database.unit(patience_s=0.1) as uow:
            uow.publish(beat(1), key="1")
        assert woken == [1, 1, 1], "jobs and whoever has patience wake the relay too"

    async def test_ids_of_messages_never_come_again(self, database: Database) -> None:
        seen: set[str] = set()
        for _ in range(3):
            async with database.unit() as uow:
                uow.publish(beat(1), key="1")
            async with database.read() as connection:
                (row,) = await outbox.oldest(connection, after=0, most=10)
            seen.add(outbox.message_id(row))
            async with database.unit() as uow:
                await outbox.remove(uow.connection, [row.id])
        assert len(seen) == 3

    async def test_live_patches_are_told_after_the_commit(self, world: Open) -> None:
        async with world.database.unit() as uow:
            uow.live("purse:a", {"cash": 1})
            assert world.told == []
        assert world.told == [("purse:a", b'{"cash":1}')]

    async def test_appended_rows_are_written_together(self, database: Database) -> None:
        purse = await add(database, "a")
        async with database.unit() as uow:
            for fen in range(100):
                uow.append(coins, {"purse_id": purse, "fen": fen})
        async with database.read() as connection:
            total = (await connection.execute(select(func.count(), func.sum(coins.c.fen)))).one()
        assert tuple(total) == (100, 4950)

    async def test_appended_rows_have_the_same_columns(self, database: Database) -> None:
        with pytest.raises(ValueError, match="suite_coins"):
            async with database.unit() as uow:
                uow.append(coins, {"purse_id": 1, "fen": 1})
                uow.append(coins, {"purse_id": 1, "fen": 1, "id": 7})

    async def test_a_conditional_update_says_whether_it_was_one(self, database: Database) -> None:
        await add(database, "a", 10)
        async with database.unit() as uow:
            take = update(purses).where(purses.c.name == "a", purses.c.cash_fen >= 8)
            taken = [(await uow.connection.execute(take.values(cash_fen=purses.c.cash_fen - 8))).rowcount for _ in "ab"]
            same = await uow.connection.execute(update(purses).where(purses.c.name == "a").values(cash_fen=2))
        assert taken == [1, 0]
        assert same.rowcount == 1

    async def test_a_row_read_for_update_is_not_changed_by_others_meanwhile(self, database: Database) -> None:
        await add(database, "a")
        locked = select(purses.c.visits).where(purses.c.name == "a").with_for_update()

        async def visit() -> None:
            async with database.unit() as uow:
                seen = (await uow.connection.execute(locked)).scalar()
                await asyncio.sleep(0)
                await uow.connection.execute(update(purses).where(purses.c.name == "a").values(visits=(seen or 0) + 1))

        await asyncio.gather(*(visit() for _ in range(20)))
        async with database.read() as connection:
            assert (await connection.execute(select(purses.c.visits))).scalar() == 20

    async def test_units_side_by_side_never_take_more_than_there_is(self, database: Database) -> None:
        await add(database, "a", 7)
        take = update(purses).where(purses.c.name == "a", purses.c.cash_fen >= 1)

        async def spend() -> int:
            async with database.unit() as uow:
                return (await uow.connection.execute(take.values(cash_fen=purses.c.cash_fen - 1))).rowcount

        assert sum(await asyncio.gather(*(spend() for _ in range(20)))) == 7
        assert await cash(database, "a") == 0

    async def test_of_units_that_insert_the_same_key_one_wins(self, database: Database) -> None:
        done = await asyncio.gather(*(add(database, "a") for _ in range(5)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in done) == ["Conflict"] * 4 + ["int"]

    async def test_a_unit_sees_what_others_committed_since_it_began(self, database: Database) -> None:
        """After losing a race one reads who won it."""
        await add(database, "a", 1)
        async with database.unit() as uow:
            with pytest.raises(IntegrityError):
                await uow.connection.execute(insert(purses).values(name="a", cash_fen=9, visits=0))
            assert (await uow.connection.execute(select(purses.c.cash_fen))).scalars().all() == [1]
            await uow.connection.execute(update(purses).values(visits=3))
        assert await cash(database, "a") == 1

    @pytest.mark.parametrize("broken", ["unique", "check", "foreign key", "not null"])
    async def test_a_broken_constraint_is_a_conflict(self, database: Database, broken: str) -> None:
        await add(database, "a")
        statement = {
            "unique": insert(purses).values(name="a", cash_fen=0, visits=0),
            "check": insert(purses).values(name="b", cash_fen=-1, visits=0),
            "foreign key": insert(coins).values(purse_id=99_999, fen=1),
            "not null": insert(purses).values(name="b", cash_fen=None, visits=0),
        }[broken]
        with pytest.raises(Conflict) as caught:
            async with database.unit() as uow:
                await uow.connection.execute(statement)
        assert caught.value.code == "constraint_broken"
        await add(database, "works afterwards")

    async def test_texts_compare_by_their_characters(self, database: Database) -> None:
        """No engine folds case, accents or rare characters into one."""
        async with database.unit() as uow:
            await uow.connection.execute(insert(labels), [{"text": text} for text in TEXTS])
        async with database.read() as connection:
            for text in TEXTS:
                assert (
                    await connection.execute(select(labels.c.text).where(labels.c.text == text))
                ).scalars().all() == [text]

    async def test_codes_differ_in_case(self, database: Database) -> None:
        await add(database, "N0", 1)
        await add(database, "n0", 2)
        assert await cash(database, "n0") == 2

    async def test_large_numbers_come_back(self, database: Database) -> None:
        await add(database, "a", 2**53 - 1)
        assert await cash(database, "a") == 2**53 - 1

    async def test_insert_ignore_leaves_what_is_there(self, database: Database) -> None:
        await add(database, "a", 1)
        async with database.unit() as uow:
            await uow.connection.execute(insert_ignore(purses, {"name": "a", "cash_fen": 2, "visits": 0}))
            rows = [{"name": name, "cash_fen": 3, "visits": 0} for name in "ab"]
            await uow.connection.execute(insert_ignore(purses), rows)
        assert [await cash(database, name) for name in "ab"] == [1, 3]

    async def test_insert_ignore_does_not_hide_other_mistakes(self, database: Database) -> None:
        with pytest.raises(Conflict):
            async with database.unit() as uow:
                await uow.connection.execute(insert_ignore(purses, {"name": "a", "cash_fen": -1, "visits": 0}))

    async def test_upsert_inserts_then_updates(self, database: Database) -> None:
        async with database.unit() as uow:
            for fen in (1, 2):
                row = {"name": "a", "cash_fen": fen, "visits": fen}
                await uow.connection.execute(upsert(purses, row, key=["name"]))
            rows = [{"name": name, "cash_fen": 7, "visits": 7} for name in "ab"]
            await uow.connection.execute(upsert(purses, key=["name"], update=["cash_fen"]), rows)
        async with database.read() as connection:
            found = (await connection.execute(select(purses.c.name, purses.c.cash_fen, purses.c.visits))).all()
        assert sorted(map(tuple, found)) == [("a", 7, 2), ("b", 7, 7)]

    async def test_readers_see_one_snapshot(self, database: Database) -> None:
        await add(database, "a", 1)
        async with database.read() as connection:
            before = (await connection.execute(select(purses.c.cash_fen))).scalar()
            async with database.unit() as uow:
                await uow.connection.execute(update(purses).values(cash_fen=2))
            assert (await connection.execute(select(purses.c.cash_fen))).scalar() == before == 1
        assert await cash(database, "a") == 2

    async def test_readers_cannot_write(self, database: Database) -> None:
        with pytest.raises(Unavailable):
            async with database.read() as connection:
                await connection.execute(insert(purses).values(name="a", cash_fen=0, visits=0))

    async def test_a_unit_within_a_unit_is_refused(self, database: Database) -> None:
        with pytest.raises(RuntimeError, match="pass it on"):
            async with database.unit(), database.unit():
                raise AssertionError("never reached")
        await add(database, "works afterwards")

    async def test_work_in_the_background_is_the_same_work(self, database: Database) -> None:
        await add(database.in_background(), "a", 4)
        assert await cash(database, "a") == 4
        await add(database, "b", 5)
        assert await cash(database, "b") == 5
