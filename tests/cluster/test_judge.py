"""The cluster's judge is awake: what is wrong in the books or at the charge points is named."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.books import copy_tables
from tests.cluster.judge import judge
from tests.support.mariadb import name_of, own_database_now, run_now, run_sql
from tests.support.populated import Plan, build

SESSION = "32017001000001010000000000000001"
ENTRY: dict[str, Any] = {
    "event": "confirmed", "session_no": SESSION, "record": "0102", "energy_mwh": 5_000_000, "confirmed": True,
    "ended_at_ms": 1, "uploads": 1, "latency_ms": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cluster")
    asyncio.run(build(directory, Plan(card_points=1, app_points=1)))
    return directory / "chargecloud.db"


def complaints(built: Path, tmp_path: Path, *entries: dict[str, Any], statement: str = "") -> list[str]:
    copy, ledger = tmp_path / "copy.db", tmp_path / "ledger.jsonl"
    with sqlite3.connect(built) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        target.execute("DELETE FROM outbox")  # nobody has run yet who could have published it
        if statement:
            target.execute(statement)
    ledger.write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")
    return list(judge(copy, [ledger]).faults)


def test_books_nobody_charged_in_are_sound(built: Path, tmp_path: Path) -> None:
    assert complaints(built, tmp_path) == []


def test_a_confirmed_record_that_nobody_billed_is_found(built: Path, tmp_path: Path) -> None:
    found = complaints(built, tmp_path, ENTRY)
    assert f"I3: confirmed record of {SESSION} is not stored" in found
    assert f"I8 session {SESSION}: 5000000 mWh flowed, None mWh are billed" in found


def test_a_record_that_was_never_confirmed_is_found(built: Path, tmp_path: Path) -> None:
    found = complaints(built, tmp_path, ENTRY | {"event": "session", "confirmed": False, "uploads": 4})
    assert found == [f"I3 session {SESSION}: ended, 4 uploads, no confirmation"]


def test_a_start_that_acted_twice_is_found(built: Path, tmp_path: Path) -> None:
    session = ENTRY | {"event": "session"}
    assert complaints(built, tmp_path, session, session) == [f"I10 session {SESSION} was begun 2 times"]


def test_money_that_comes_from_nowhere_is_found(built: Path, tmp_path: Path) -> None:
    found = complaints(built, tmp_path, statement="UPDATE wallets SET cash_fen = cash_fen + 1 WHERE driver_id = 1")
    assert {line[:2] for line in found} == {"I2"}


@pytest.mark.connected
def test_tables_are_copied_whole(tmp_path: Path) -> None:
    with own_database_now() as url:
        name = name_of(url)
        run_now(
            run_sql(
                "CREATE TABLE things (id BIGINT PRIMARY KEY, raw BLOB, text VARCHAR(20), sure BOOLEAN)",
                "INSERT INTO things VALUES (1, x'00FF', '充电', TRUE), (9007199254740993, NULL, '', FALSE)",
                "CREATE TABLE session_samples (id BIGINT PRIMARY KEY)",
                database=name,
            )
        )
        copy_tables(3306, name, tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        rows = copy.execute("SELECT * FROM things ORDER BY id").fetchall()
        tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert rows == [(1, b"\x00\xff", "充电", 1), (9007199254740993, None, "", 0)]
    assert tables == ["things"]
