"""What the database's complaints mean to the rest of the house."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError

from chargecloud.infra.sql import mysql_errors
from chargecloud.kernel.errors import ChargeCloudError, Conflict, Invalid, Unavailable

_AWAY = {
    sqlite3.SQLITE_BUSY: ("database_busy", "another process holds the database; end it or wait"),
    sqlite3.SQLITE_LOCKED: ("database_busy", "another process holds the database; end it or wait"),
    sqlite3.SQLITE_FULL: ("disk_full", "the disk is full; free some space, writing goes on by itself"),
    sqlite3.SQLITE_IOERR: ("disk_failed", "the disk reported an error; check it and its free space"),
    sqlite3.SQLITE_READONLY: ("database_read_only", "the database file or its folder is not writable"),
    sqlite3.SQLITE_CANTOPEN: ("database_unreachable", "the database file cannot be opened; check path and permissions"),
    sqlite3.SQLITE_CORRUPT: ("database_damaged", "the database file is damaged; restore a backup"),
    sqlite3.SQLITE_NOTADB: ("not_a_database", "the file is not an SQLite database; check the configured path"),
}
"""Primary result codes that mean: not the statement is wrong, the database cannot just now."""


Complaint = DBAPIError | sqlite3.Error | OverflowError
COMPLAINTS = (DBAPIError, sqlite3.Error, OverflowError)


def translated(error: Complaint) -> ChargeCloudError | None:
    """Unavailable when the database cannot, Conflict for a broken constraint, None when our statement is wrong."""
    if isinstance(error, OverflowError):
        return Invalid("a number is too large for the database; 64 bits are the limit", "number_too_large")
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, DBAPIError) and not isinstance(cause, sqlite3.Error):
        return mysql_errors.translated(error)
    result = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if result in _AWAY:
        code, advice = _AWAY[result]
        return Unavailable(f"{cause}: {advice}", code)
    if isinstance(error, IntegrityError) or result == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(f"the change contradicts what is stored: {cause}", "constraint_broken")
    return None
