"""Inserts that meet a row which is already there, in the words of each engine.

Never branch on the rowcount of an upsert: engines disagree on it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Insert, Table, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import InternalTraversal


class _WhenTaken(ClauseElement):
    """What to do when a unique key is taken: set these columns to the new values, or nothing."""

    _traverse_internals = [
        ("key", InternalTraversal.dp_string_list),
        ("updated", InternalTraversal.dp_string_list),
    ]

    def __init__(self, key: Sequence[str], updated: Sequence[str]) -> None:
        self.key = list(key)
        self.updated = list(updated)


@compiles(_WhenTaken, "sqlite")
def _sqlite(element: _WhenTaken, compiler: SQLCompiler, **_: object) -> str:
    quote = compiler.preparer.quote
    if not element.updated:
        return "ON CONFLICT DO NOTHING"
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in element.updated)
    return f"ON CONFLICT ({', '.join(quote(name) for name in element.key)}) DO UPDATE SET {sets}"


@compiles(_WhenTaken, "mysql")
@compiles(_WhenTaken, "mariadb")
def _mysql(element: _WhenTaken, compiler: SQLCompiler, **_: object) -> str:
    quote = compiler.preparer.quote
    if not element.updated:
        name = quote(element.key[0])
        return f"ON DUPLICATE KEY UPDATE {name} = {name}"
    return "ON DUPLICATE KEY UPDATE " + ", ".join(f"{quote(name)} = VALUES({quote(name)})" for name in element.updated)


def insert_ignore(table: Table, row: Mapping[str, object] | None = None) -> Insert:
    """Insert unless any unique key is taken; without `row`, pass the rows to `execute`. Other errors stay errors."""
    return _insert(table, row, _WhenTaken([next(iter(table.primary_key)).name], []))


def upsert(
    table: Table,
    row: Mapping[str, object] | None = None,
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
) -> Insert:
    """Insert, or set `update` of the row with this unique key to the new values.

    `update` defaults to every column of `row` outside the key; without `row`, name it and pass the rows to `execute`.
    """
    columns = update or [name for name in row or () if name not in key]
    return _insert(table, row, _WhenTaken(key, columns))


def _insert(table: Table, row: Mapping[str, object] | None, when_taken: _WhenTaken) -> Insert:
    statement = insert(table) if row is None else insert(table).values(dict(row))
    statement._post_values_clause = when_taken
    return statement
