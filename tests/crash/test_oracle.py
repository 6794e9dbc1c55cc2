"""The crash test's judge is awake: each kind of damage planted in a database is named."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from tests.crash.oracle import judge
from tests.support.populated import Plan, build

RECORD = {"event": "confirmed", "session_no": "32017001000001010000000000000001", "record": "0102"}
POSTING = (
    "INSERT INTO wallet_postings VALUES ((SELECT min(transfer_id) FROM wallet_transfers), 9, 'driver_cash', 1, 5, 0)"
)
STORED = (
    "INSERT INTO session_records VALUES"
    " ('r1', '32017001000001', 1, '32017001000001010000000000000001', 'd', 'first', 0, '{}', x'0102')"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("crash")
    asyncio.run(build(directory, Plan(card_points=1, app_points=1)))
    return directory / "chargecloud.db"


def verdict_after(
    built: Path, tmp_path: Path, *statements: str, confirmed: tuple[dict[str, str], ...] = ()
) -> list[str]:
    damaged, ledger = tmp_path / "copy.db", tmp_path / "ledger.jsonl"
    with sqlite3.connect(built) as source, sqlite3.connect(damaged) as copy:
        source.backup(copy)
        for statement in statements:
            copy.execute(statement)
    ledger.write_text("".join(json.dumps(entry) + "\n" for entry in confirmed), "utf-8")
    return [fault[:2] for fault in judge(damaged, [ledger]).faults]


def test_an_untouched_database_is_sound(built: Path, tmp_path: Path) -> None:
    assert verdict_after(built, tmp_path) == []


def test_a_posting_too_many_is_found(built: Path, tmp_path: Path) -> None:
    assert "I1" in verdict_after(built, tmp_path, POSTING)


def test_a_balance_that_its_postings_do_not_give_is_found(built: Path, tmp_path: Path) -> None:
    assert verdict_after(built, tmp_path, "UPDATE wallets SET cash_fen = cash_fen + 1 WHERE driver_id = 1") == ["I2"]


def test_a_confirmed_record_that_is_not_stored_is_found(built: Path, tmp_path: Path) -> None:
    assert "I3" in verdict_after(built, tmp_path, confirmed=(RECORD,))


def test_a_confirmed_record_stored_differently_is_found(built: Path, tmp_path: Path) -> None:
    assert "I3" in verdict_after(built, tmp_path, STORED, confirmed=(RECORD | {"record": "0103"},))


def test_a_stored_record_that_is_not_settled_is_found(built: Path, tmp_path: Path) -> None:
    assert verdict_after(built, tmp_path, STORED, confirmed=(RECORD,)) == ["I4"]
