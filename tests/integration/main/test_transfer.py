"""From SQLite to a server with every row, every kind of value, and the numbers that were given out."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, delete, insert
from typer.testing import CliRunner

from chargecloud.features.operators import service as operators
from chargecloud.infra import telemetry
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import outbox
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.types import metadata
from chargecloud.kernel.clock import ManualClock, SystemClock
from chargecloud.kernel.errors import Conflict, NotFound, Refused, Unavailable, Unsupported
from chargecloud.main import schema, schema_state, transfer
from chargecloud.main.cli import app
from tests.support import mariadb
from tests.support.database import opened
from tests.support.rows import ROWS, on, populate, rows_of
from tests.support.world import KWH, World, answered, record, sample

connected = pytest.mark.connected


@pytest.fixture
def source(tmp_path: Path) -> str:
    url = f"sqlite:///{(tmp_path / 'old.db').as_posix()}"
    schema.upgrade(url)
    return url


@pytest.fixture
def target() -> Iterator[str]:
    with mariadb.own_database_now() as url:
        yield url


def database(url: str) -> Database:
    return Database(url, SystemClock(), store=StoreOptions(allow_unsafe=True))


def copied(source: str, target: str, progress: transfer.Progress = lambda *_: None) -> transfer.Moved:
    return transfer.copy_database(source, target, database(target), progress)


def file_of(url: str) -> Path:
    path = schema_state.path_of(url)
    assert path is not None
    return path


async def charge(path: Path) -> None:
    """A car charges and pays, another one is charging; the outbox is empty, and its numbers are used up."""
    clock = ManualClock(SystemClock().now_ms())
    async with opened(path, clock=clock) as database:
        async with database.unit() as uow:
            await operators.require_default_operator(uow)
        world = World(database, clock)
        await world.furnish()
        order = await world.place()
        await world.say(answered(order.session_no))
        clock.advance(60_000)
        await world.say(sample(order.session_no, KWH // 2))
        await world.say(record(order.session_no, (0, 0, 15 * KWH, 0)))
        await world.place(connector_no=2)
        await world.pump()


@connected
def test_a_platform_moves(source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)
    monkeypatch.setenv("CHARGECLOUD_DATABASE__ALLOW_UNSAFE", "true")
    asyncio.run(charge(file_of(source)))
    told = CliRunner().invoke(app, ["copy-database", "--from", source, "--to", target], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert "rows, the same on both sides" in told.stdout and "1 holds are open" in told.stdout
    assert "copy: 100 %" in told.stderr
    assert on(source, rows_of) == on(target, rows_of)
    assert schema.drift(target) == []
    assert next_number(target) == next_number(source) > 5


def next_number(url: str) -> int:
    """The id the outbox gives out next, after all its rows were handled."""

    def add(connection: Connection) -> int:
        connection.execute(delete(outbox))
        row = {"key": "k", "kind": "k", "body": "{}", "trace_id": "", "at_ms": 1, "expires_at_ms": 0}
        return int(connection.execute(insert(outbox), row).inserted_primary_key[0])

    work: Any = on(url, add)
    return int(work)


@connected
def test_every_table_and_kind_of_value(source: str, target: str) -> None:
    """Rows that are no sense but fill every table; only the ledger notices."""
    on(source, populate)
    seen: list[tuple[int, int]] = []
    with pytest.raises(Refused, match="ledger"):
        copied(source, target, lambda done, total: seen.append((done, total)))
    assert on(source, rows_of) == on(target, rows_of)
    assert seen[-1] == (2 * ROWS * len(metadata.sorted_tables),) * 2


@connected
def test_a_target_that_is_not_empty_is_left_alone(source: str, target: str) -> None:
    schema.upgrade(target)
    on(target, populate)
    before = on(target, rows_of)
    with pytest.raises(Conflict, match="DROP DATABASE"):
        copied(source, target)
    assert on(target, rows_of) == before


@connected
def test_a_row_that_arrives_otherwise_is_noticed(source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(charge(file_of(source)))
    read = transfer._read

    def falsified(table: Any, connection: Connection, step: Any) -> Any:
        connection.exec_driver_sql("UPDATE drivers SET name = CONCAT(name, '?')")
        return read(table, connection, step)

    monkeypatch.setattr(transfer, "_read", falsified)
    with pytest.raises(Refused, match="drivers arrived"):
        copied(source, target)


@connected
def test_a_running_platform_and_an_old_schema_are_told(source: str, target: str, tmp_path: Path) -> None:
    engine = create_engine(source)
    with engine.connect() as holding:
        holding.exec_driver_sql("PRAGMA journal_mode = WAL")
        assert holding.exec_driver_sql("SELECT COUNT(*) FROM drivers").scalar() == 0
        with pytest.raises(Conflict, match="stop the platform"):
            copied(source, target)
    engine.dispose()
    old = f"sqlite:///{(tmp_path / 'older.db').as_posix()}"
    schema.upgrade(old, schema_state.known()[0])
    with pytest.raises(Unavailable, match="chargecloud migrate"):
        copied(old, target)


@pytest.mark.parametrize(("old", "new"), [("mysql://h/a", "mysql://h/b"), ("sqlite:///a.db", "sqlite:///b.db")])
def test_only_from_sqlite_to_a_server(old: str, new: str) -> None:
    with pytest.raises(Unsupported, match=r"--from sqlite"):
        transfer.copy_database(old, new, database(f"sqlite:///{secrets.token_hex(4)}.db"), lambda *_: None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="--from"):
        copied(f"sqlite:///{tmp_path / 'none.db'}", "mysql://h/b")
