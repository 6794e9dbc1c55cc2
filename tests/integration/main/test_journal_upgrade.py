"""Transfers that are older than the journal of all drivers get their driver's operator, and stay what they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from chargecloud.main import schema
from tests.support.mariadb import own_database_now
from tests.support.rows import on

BEFORE = "0026"
OPERATORS = {1: 1, 2: 2, 3: None}
"""By driver."""


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.connected)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'old.db').as_posix()}"
    else:
        with own_database_now() as made:
            yield made


def fill(connection: Connection) -> None:
    for number in (1, 2):
        connection.exec_driver_sql(f"INSERT INTO operators (id, name, created_at_ms) VALUES ({number}, 'o{number}', 0)")
    for driver_id, operator_id in OPERATORS.items():
        connection.exec_driver_sql(
            "INSERT INTO drivers (id, operator_id, name, frozen, frozen_reason, created_at_ms) "
            f"VALUES ({driver_id}, {operator_id or 'NULL'}, 'x', 0, '', 0)"
        )
        write(connection, driver_id)


def write(connection: Connection, driver_id: int) -> None:
    """A transfer as the version before writes it."""
    columns = "transfer_id, kind, purpose, driver_id, digest, memo, actor, at_ms"
    values = f"'t{driver_id}', 'direct', 'top_up', {driver_id}, '', 'm{driver_id}', 'system', {driver_id}"
    connection.exec_driver_sql(f"INSERT INTO wallet_transfers ({columns}) VALUES ({values})")


def written(connection: Connection) -> list[tuple[object, ...]]:
    columns = "transfer_id, driver_id, memo, at_ms, operator_id"
    rows = connection.exec_driver_sql(f"SELECT {columns} FROM wallet_transfers ORDER BY id")
    return [tuple(row) for row in rows]


def refused(connection: Connection) -> None:
    for statement in ("UPDATE wallet_transfers SET memo = 'y'", "DELETE FROM wallet_transfers"):
        with pytest.raises(DatabaseError, match="append-only"):
            connection.exec_driver_sql(statement)


def test_old_transfers_get_their_drivers_operator_and_are_guarded_again(url: str) -> None:
    schema.upgrade(url, BEFORE)
    on(url, fill)
    on(url, refused)
    schema.upgrade(url)
    expected = [(f"t{driver}", driver, f"m{driver}", driver, operator) for driver, operator in OPERATORS.items()]
    assert on(url, written) == expected
    on(url, refused)
    assert on(url, written) == expected
    assert schema.drift(url) == []


@pytest.mark.connected
def test_what_a_process_of_the_version_before_still_writes_has_its_operator_too() -> None:
    """On a server the old processes go on with the new schema until they are restarted."""
    with own_database_now() as url:
        schema.upgrade(url, BEFORE)
        on(url, fill)
        schema.upgrade(url)

        def go_on(connection: Connection) -> None:
            values = "(4, 2, 'x', 0, '', 0), (5, NULL, 'x', 0, '', 0)"
            columns = "id, operator_id, name, frozen, frozen_reason, created_at_ms"
            connection.exec_driver_sql(f"INSERT INTO drivers ({columns}) VALUES {values}")
            for driver_id in (4, 5):
                write(connection, driver_id)

        on(url, go_on)
        assert [row[-1] for row in on(url, written)] == [*OPERATORS.values(), 2, None]


def test_rows_of_several_portions(tmp_path: Path) -> None:
    """Ids far apart, as after a restore."""
    url = f"sqlite:///{(tmp_path / 'old.db').as_posix()}"
    schema.upgrade(url, BEFORE)

    def spread(connection: Connection) -> None:
        fill(connection)
        connection.exec_driver_sql("DROP TRIGGER tr_wallet_transfers_no_update")
        connection.exec_driver_sql("UPDATE wallet_transfers SET id = id * 20000")

    on(url, spread)
    schema.upgrade(url)
    assert [row[-1] for row in on(url, written)] == list(OPERATORS.values())
