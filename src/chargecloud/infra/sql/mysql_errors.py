"""What complaints of MySQL and MariaDB mean to the rest of the house, by their numbers."""

from sqlalchemy.exc import DBAPIError, IntegrityError

from chargecloud.kernel.errors import ChargeCloudError, Conflict, Invalid, Unavailable

_BUSY = ("database_busy", "another unit of work had the same rows; the same request can be sent again")
_GONE = ("database_unreachable", "the server does not answer; see that it runs and can be reached")
_READ_ONLY = ("database_read_only", "the server or this connection only reads; configure the primary server")
_DENIED = ("database_denied", "the server does not let this user in; check database.url and the user's grants")
_FULL = ("disk_full", "the disk of the server is full; free some space, writing goes on by itself")
_AWAY = {
    1205: _BUSY,
    1213: _BUSY,
    1020: _BUSY,  # the row changed since the snapshot (MariaDB with innodb_snapshot_isolation)
    1040: (
        "database_full",
        "the server has no connection left; raise its max_connections or lower database.connections",
    ),
    1203: ("database_full", "the user has no connection left; raise max_user_connections"),
    1021: _FULL,
    1114: _FULL,
    1030: ("disk_failed", "the storage of the server reported an error; see its error log"),
    1044: _DENIED,
    1045: _DENIED,
    1142: _DENIED,
    1698: _DENIED,
    1049: ("database_unreachable", "the server has no database of this name; create it"),
    1053: _GONE,
    1158: _GONE,
    1159: _GONE,
    1160: _GONE,
    1161: _GONE,
    1317: _GONE,
    1927: _GONE,
    2002: _GONE,
    2003: _GONE,
    2005: _GONE,
    2006: _GONE,
    2013: _GONE,
    2014: _GONE,
    2055: _GONE,
    1290: _READ_ONLY,
    1792: _READ_ONLY,
    1836: _READ_ONLY,
    1969: ("database_busy", "the statement took longer than the server allows (max_statement_time)"),
    3024: ("database_busy", "the statement took longer than the server allows (max_execution_time)"),
}
"""Not the statement is wrong, the database cannot just now."""

_CONTRADICTIONS = frozenset({1048, 1062, 1216, 1217, 1364, 1451, 1452, 1586, 1644, 3819, 4025})
"""Unique, foreign and not-null keys; CHECK is 3819 on MySQL and 4025 on MariaDB; 1644 is a guard of ours."""

_TOO_LARGE = {
    1264: ("a number is too large for its column", "number_too_large"),
    1406: ("a text is too long for its column", "text_too_long"),
    1690: ("a number is too large for the database; 64 bits are the limit", "number_too_large"),
}


def translated(error: DBAPIError) -> ChargeCloudError | None:
    """Unavailable when the server cannot, Conflict for a broken constraint, Invalid for what no column can hold,
    None when our statement is wrong."""
    cause = error.orig
    number = _number(cause)
    if number in _CONTRADICTIONS or isinstance(error, IntegrityError):
        return Conflict(f"the change contradicts what is stored: {cause}", "constraint_broken")
    if number in _TOO_LARGE:
        text, word = _TOO_LARGE[number]
        return Invalid(f"{text}: {cause}", word)
    if number in _AWAY or error.connection_invalidated:
        code, advice = _AWAY.get(number, _GONE)
        return Unavailable(f"{cause}: {advice}", code)
    return None


def _number(cause: BaseException | None) -> int:
    first = cause.args[0] if cause is not None and cause.args else 0
    return first if isinstance(first, int) else 0
