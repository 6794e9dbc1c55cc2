"""Complaints of the database in our words."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.errors import translated
from chargecloud.kernel.errors import Conflict, Invalid, Unavailable


def failed(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("something is wrong")
    error.sqlite_errorcode = code
    return error


KNOWN = [
    (sqlite3.SQLITE_BUSY, "database_busy"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, "database_busy"),
    (sqlite3.SQLITE_FULL, "disk_full"),
    (sqlite3.SQLITE_IOERR_FSYNC, "disk_failed"),
    (sqlite3.SQLITE_READONLY, "database_read_only"),
    (sqlite3.SQLITE_CANTOPEN, "database_unreachable"),
    (sqlite3.SQLITE_CORRUPT, "database_damaged"),
    (sqlite3.SQLITE_NOTADB, "not_a_database"),
]


@pytest.mark.parametrize(("code", "word"), KNOWN)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_database_that_cannot_is_unavailable(code: int, word: str, wrapped: bool) -> None:
    error = OperationalError("INSERT …", {}, failed(code)) if wrapped else failed(code)
    known = translated(error)
    assert isinstance(known, Unavailable)
    assert known.code == word


def test_a_broken_constraint_is_a_conflict() -> None:
    known = translated(IntegrityError("INSERT …", {}, sqlite3.IntegrityError("UNIQUE constraint failed: t.x")))
    assert isinstance(known, Conflict)
    assert "UNIQUE constraint failed: t.x" in known.message


def test_a_wrong_statement_stays_what_it_is() -> None:
    assert translated(OperationalError("SELEKT", {}, failed(sqlite3.SQLITE_ERROR))) is None


async def test_a_number_of_more_than_64_bits_is_the_askers_mistake(database: Database) -> None:
    with pytest.raises(Invalid, match="64 bits"):
        async with database.read() as connection:
            await connection.execute(text("SELECT :number"), {"number": 2**64})
