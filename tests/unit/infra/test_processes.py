"""Which processes live."""

import asyncio

import pytest
from sqlalchemy import func, select

from chargecloud.infra import processes
from chargecloud.infra.processes import FORGOTTEN_AFTER_MS, SILENT_AFTER_MS, Presence, ProcessRow, listed
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock


async def rows(database: Database) -> list[ProcessRow]:
    async with database.read() as connection:
        return await listed(connection)


def presence(database: Database, role: str = "api", name: str = "one-1", version: str = "1.0") -> Presence:
    return Presence(database, role=role, name=name, version=version)


async def until_told(database: Database, *versions: str) -> None:
    """Presences speak in tasks of their own."""
    for _ in range(500):
        if [row.version for row in await rows(database)] == list(versions):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(versions)


async def test_a_process_is_listed_from_its_start_to_its_end(database: Database) -> None:
    api, worker = presence(database), presence(database, role="worker", version="1.1")
    await api.start()
    await worker.start()
    await until_told(database, "1.0", "1.1")
    assert [(row.role, row.name, row.version) for row in await rows(database)] == [
        ("api", "one-1", "1.0"),
        ("worker", "one-1", "1.1"),
    ]
    await api.stop()
    assert [row.role for row in await rows(database)] == ["worker"]
    await worker.stop()
    await worker.stop()
    assert await rows(database) == []


async def test_who_says_nothing_is_silent_until_it_is_forgotten(database: Database, clock: ManualClock) -> None:
    dead, living = presence(database), presence(database, role="worker")
    await dead.tell()
    clock.advance(SILENT_AFTER_MS)
    assert [row.silent(clock.now_ms()) for row in await rows(database)] == [False]
    clock.advance(1)
    await living.tell()
    assert [(row.role, row.silent(clock.now_ms())) for row in await rows(database)] == [
        ("api", True),
        ("worker", False),
    ]
    await dead.tell()
    assert [row.silent(clock.now_ms()) for row in await rows(database)] == [False, False]
    clock.advance(FORGOTTEN_AFTER_MS + 1)
    await living.tell()
    assert [row.role for row in await rows(database)] == ["worker"]


async def test_one_that_was_killed_is_followed_by_the_one_that_took_its_place(
    database: Database, clock: ManualClock
) -> None:
    """However often: who lives is listed, and others are not pushed off the list."""
    await presence(database, role="worker").tell()
    for _ in range(processes.SHOWN + 20):
        clock.advance(1_000)
        await presence(database, version="1.0").tell()
    clock.advance(SILENT_AFTER_MS + 1)
    await presence(database, version="1.1").tell()
    assert [(row.role, row.version) for row in await rows(database)] == [("api", "1.1"), ("worker", "1.0")]


async def test_two_of_one_name_that_live_are_two(database: Database, clock: ManualClock) -> None:
    """Processes with a configuration each may have the same number on one machine."""
    one, other = presence(database, version="1.0"), presence(database, version="1.1")
    await one.tell()
    clock.advance(SILENT_AFTER_MS)
    await other.tell()
    await one.tell()
    assert [row.version for row in await rows(database)] == ["1.0", "1.1"]


async def test_a_database_that_is_away_ends_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SIGN_EVERY_S", 0.01)
    told = presence(database)
    await database.stop()
    await told.start()
    await asyncio.sleep(0.05)
    await database.start()
    await until_told(database, "1.0")
    await told.stop()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(processes.processes)) == 0
