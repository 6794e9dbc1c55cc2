"""What is missing after a restore is listed, and nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chargecloud.main import schema
from chargecloud.main.gap import COLUMNS, list_missing


def made(path: Path, transfers: int) -> Path:
    schema.upgrade(f"sqlite:///{path.as_posix()}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        names = [row[1] for row in connection.execute("PRAGMA table_info(wallet_transfers)")]
        for number in range(1, transfers + 1):
            known = {"id": number, "transfer_id": f"t{number}", "purpose": "top_up", "driver_id": 7, "at_ms": 1_000}
            values = [known.get(name, "") for name in names]
            marks = ", ".join("?" * len(names))
            connection.execute(f"INSERT INTO wallet_transfers VALUES ({marks})", values)
            for line, amount in enumerate((-number, number)):
                row = (f"t{number}", line, "driver_cash", 7, amount, 1)
                connection.execute("INSERT INTO wallet_postings VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    return path


def test_what_the_backup_does_not_know(tmp_path: Path) -> None:
    old, restored = made(tmp_path / "old.db", 3), made(tmp_path / "new.db", 1)
    assert list_missing(restored, old, tmp_path / "m.csv") == {"transfers": 2, "orders": 0, "records": 0}
    assert (tmp_path / "m.csv").read_text("utf-8").splitlines() == [
        ",".join(COLUMNS),
        "transfers,t2,top_up,7,1970-01-01T08:00:01.000+08:00,2",
        "transfers,t3,top_up,7,1970-01-01T08:00:01.000+08:00,3",
    ]


def test_an_old_file_that_cannot_be_read(tmp_path: Path) -> None:
    restored = made(tmp_path / "new.db", 1)
    (tmp_path / "old.db").write_bytes(b"these are not the bytes of a database " * 200)
    with pytest.raises(sqlite3.Error):
        list_missing(restored, tmp_path / "old.db", tmp_path / "m.csv")
    assert not (tmp_path / "m.csv").exists()
