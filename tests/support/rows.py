"""Some rows in every table there is, whatever the schema, and all of them read back."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, LargeBinary, MetaData, String, Table, create_engine, insert, select

from chargecloud.main import schema_server, schema_state

ROWS = 3
FITTING = {("wallets", "arrears_fen"): 0}
"""What a CHECK demands beyond being positive."""

Rows = dict[str, list[dict[str, Any]]]


def on(url: str, work: Callable[[Connection], Any]) -> Any:
    if schema_state.is_server(url):
        return schema_server.on_server(url, work)
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def tables(connection: Connection) -> list[Table]:
    """The tables as they are there, parents first."""
    there = MetaData()
    there.reflect(connection)
    return [table for table in there.sorted_tables if table.name != "alembic_version"]


def populate(connection: Connection, there: list[Table] | None = None, first: int = 1) -> None:
    """Some rows in each table, numbered from `first`."""
    for table in there or tables(connection):
        connection.execute(insert(table), [row_of(table, number) for number in range(first, first + ROWS)])


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


def rows_of(connection: Connection, there: list[Table] | None = None) -> Rows:
    """Every row by table, in the order of the primary key."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in there or tables(connection)
    }
