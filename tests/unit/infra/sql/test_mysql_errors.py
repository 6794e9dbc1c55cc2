"""Complaints of MySQL and MariaDB in our words, by their numbers."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from chargecloud.infra.sql.errors import translated
from chargecloud.kernel.errors import Conflict, Invalid, Unavailable

KNOWN = [
    (1213, Unavailable, "database_busy"),
    (1205, Unavailable, "database_busy"),
    (2006, Unavailable, "database_unreachable"),
    (2013, Unavailable, "database_unreachable"),
    (1040, Unavailable, "database_full"),
    (1045, Unavailable, "database_denied"),
    (1792, Unavailable, "database_read_only"),
    (1114, Unavailable, "disk_full"),
    (3819, Conflict, "constraint_broken"),
    (4025, Conflict, "constraint_broken"),
    (1644, Conflict, "constraint_broken"),
    (1264, Invalid, "number_too_large"),
    (1406, Invalid, "text_too_long"),
]


@pytest.mark.parametrize(("number", "kind", "code"), KNOWN)
def test_numbers_have_meanings(number: int, kind: type, code: str) -> None:
    known = translated(OperationalError("INSERT …", {}, Exception(number, "something is wrong")))
    assert isinstance(known, kind)
    assert known.code == code
    assert "something is wrong" in known.message


def test_a_taken_key_is_a_conflict() -> None:
    known = translated(IntegrityError("INSERT …", {}, Exception(1062, "Duplicate entry")))
    assert isinstance(known, Conflict)


def test_a_lost_connection_is_unavailable_whatever_the_driver_says() -> None:
    error = InterfaceError("SELECT 1", {}, Exception(0, "Not connected"), connection_invalidated=True)
    known = translated(error)
    assert isinstance(known, Unavailable)
    assert known.code == "database_unreachable"


@pytest.mark.parametrize("cause", [Exception(1064, "syntax"), Exception("no number"), Exception()])
def test_a_wrong_statement_stays_what_it_is(cause: Exception) -> None:
    assert translated(DBAPIError("SELEKT", {}, cause)) is None
