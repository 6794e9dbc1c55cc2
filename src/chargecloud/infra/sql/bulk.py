"""Many rows in one statement: what costs a record its own statement costs a batch of them hardly more than one.

Rows go to the driver as they are: texts, whole numbers, bytes, booleans, None.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import String, Table
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, object]
Names = tuple[str, ...]

AT_ONCE = 500
"""Rows of one UPDATE on a server; more make the statement no cheaper."""


class Change(NamedTuple):
    """One row's change: `where` finds it, by its key and by what must still be true of it."""

    where: Row
    values: Row


async def insert_many(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that name the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows for {table.name} differ in their columns; name the same ones in each")
    statement = _insert(table, names, connection.dialect.name)
    await connection.exec_driver_sql(statement, [tuple([row[name] for name in names]) for row in rows])


async def update_many(connection: AsyncConnection, table: Table, changes: Sequence[Change]) -> int:
    """How many rows were found and changed; whoever demands all of them compares with `len(changes)`."""
    found = 0
    groups: dict[tuple[Names, Names], list[Change]] = {}
    for change in changes:
        groups.setdefault((tuple(change.where), tuple(change.values)), []).append(change)
    for (where, values), group in groups.items():
        if connection.dialect.name == "sqlite":
            rows = [(*change.values.values(), *change.where.values()) for change in group]
            found += (await connection.exec_driver_sql(_update(table, where, values), rows)).rowcount
            continue
        for start in range(0, len(group), AT_ONCE):
            part = group[start : start + AT_ONCE]
            arguments = tuple([each for change in part for row in change for each in row.values()])
            statement = _update_joined(table, where, values, len(part))
            found += (await connection.exec_driver_sql(statement, arguments)).rowcount
    return found


@lru_cache(maxsize=512)
def _insert(table: Table, names: Names, dialect: str) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    columns = ", ".join(map(_quoted, names))
    return f"INSERT INTO {_quoted(table.name)} ({columns}) VALUES ({', '.join([mark] * len(names))})"


@lru_cache(maxsize=512)
def _update(table: Table, where: Names, values: Names) -> str:
    sets = ", ".join(f"{_quoted(name)} = ?" for name in values)
    conditions = " AND ".join(f"{_quoted(name)} = ?" for name in where)
    return f"UPDATE {_quoted(table.name)} SET {sets} WHERE {conditions}"


@lru_cache(maxsize=512)
def _update_joined(table: Table, where: Names, values: Names, count: int) -> str:
    """One UPDATE joined with the new values as rows; MySQL and MariaDB have no common word for VALUES as a table."""
    width = len(where) + len(values)
    first = ", ".join(f"%s AS c{number}" for number in range(width))
    more = f" UNION ALL SELECT {', '.join(['%s'] * width)}" * (count - 1)
    conditions = " AND ".join(
        f"t.{_quoted(name)} = n.c{number}{_collation(table, name)}" for number, name in enumerate(where)
    )
    sets = ", ".join(f"t.{_quoted(name)} = n.c{number}" for number, name in enumerate(values, len(where)))
    return f"UPDATE {_quoted(table.name)} AS t JOIN (SELECT {first}{more}) AS n ON {conditions} SET {sets}"


def _collation(table: Table, name: str) -> str:
    """A text of the statement compares as its column does, so that the column's index is used."""
    return " COLLATE utf8mb4_bin" if isinstance(table.c[name].type, String) else ""


def _quoted(name: str) -> str:
    """In the quotes that all engines know; names are those of our own tables."""
    return f"`{name}`"
