"""The same wish in the words of two engines."""

import pytest
from sqlalchemy import Column, Insert, Integer, MetaData, String, Table
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Dialect

from chargecloud.infra.sql.upsert import insert_ignore, upsert

things = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(9)), Column("order", Integer)
)
ROW = {"id": 1, "name": "a", "order": 2}

WORDS = [
    (insert_ignore(things, ROW), sqlite.dialect(), "ON CONFLICT DO NOTHING"),
    (insert_ignore(things, ROW), mysql.dialect(), "ON DUPLICATE KEY UPDATE id = id"),
    (
        upsert(things, ROW, key=["id"]),
        sqlite.dialect(),
        'ON CONFLICT (id) DO UPDATE SET name = excluded.name, "order" = excluded."order"',
    ),
    (
        upsert(things, ROW, key=["id"]),
        mysql.dialect(),
        "ON DUPLICATE KEY UPDATE name = VALUES(name), `order` = VALUES(`order`)",
    ),
    (
        upsert(things, key=["id"], update=["name"]),
        sqlite.dialect(),
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    ),
]


@pytest.mark.parametrize(("statement", "dialect", "words"), WORDS)
def test_says_it_in_the_words_of_the_engine(statement: Insert, dialect: Dialect, words: str) -> None:
    assert str(statement.compile(dialect=dialect)).endswith(words)


def test_statements_are_told_apart_by_the_statement_cache() -> None:
    keys = {
        repr(statement._generate_cache_key())
        for statement in (
            insert_ignore(things, ROW),
            upsert(things, ROW, key=["id"]),
            upsert(things, ROW, key=["id"], update=["name"]),
            upsert(things, ROW, key=["name"], update=["name"]),
        )
    }
    assert len(keys) == 4
    assert "None" not in keys
