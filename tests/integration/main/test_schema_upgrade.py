"""Every schema that was ever merged is brought to the newest with the rows it holds, on every engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, LargeBinary, MetaData, String, Table, create_engine, insert, select

from chargecloud.main import schema, schema_server, schema_state
from tests.support.mariadb import own_database_now

ROWS = 3
FITTING = {("wallets", "arrears_fen"): 0}
"""What a CHECK demands beyond being positive."""

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.connected)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{(tmp_path / 'old.db').as_posix()}"
    else:
        with own_database_now() as made:
            yield made


@pytest.mark.parametrize("old", schema_state.known()[:-1])
def test_a_populated_database_keeps_its_rows(url: str, old: str) -> None:
    assert schema.upgrade(url, old) == ("", old)
    written = on(url, populate)
    assert len(written) > 25
    assert schema.upgrade(url) == (old, schema_state.newest())
    found = on(url, rows_of)
    for table, rows in written.items():
        names = rows[0].keys()
        assert [{name: row[name] for name in names} for row in found[table]] == rows, table
    assert schema.drift(url) == []


def on(url: str, work: Any) -> Rows:
    if schema_state.is_server(url):
        rows: Rows = schema_server.on_server(url, work)
        return rows
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result: Rows = work(connection)
            return result
    finally:
        engine.dispose()


def populate(connection: Connection) -> Rows:
    """Some rows in each table of the schema as it is there, parents first."""
    there = MetaData()
    there.reflect(connection)
    for table in there.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(insert(table), [row_of(table, number) for number in range(1, ROWS + 1)])
    return rows_of(connection)


def row_of(table: Table, number: int) -> dict[str, object]:
    return {column.name: value_of(table, column.name, number) for column in table.columns}


def value_of(table: Table, name: str, number: int) -> object:
    column = table.columns[name]
    for key in column.foreign_keys:
        return value_of(key.column.table, key.column.name, number)
    if (table.name, name) in FITTING:
        return FITTING[table.name, name]
    if isinstance(column.type, LargeBinary) or column.type.python_type is bytes:
        return bytes([0, number, 255])
    if isinstance(column.type, String):
        return f"{number}桩 {name}"[: column.type.length]
    return number if column.type.python_type is not bool else number % 2 == 0


def rows_of(connection: Connection) -> Rows:
    there = MetaData()
    there.reflect(connection)
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in there.sorted_tables
        if table.name != "alembic_version"
    }
