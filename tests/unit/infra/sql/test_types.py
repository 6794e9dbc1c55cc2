"""Column types mean the same on every engine."""

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateTable

from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, fen, json_text, large_bytes

everything = Table(
    "everything",
    MetaData(),
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("number", code(20), nullable=False),
    Column("cash_fen", fen(), nullable=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("facts", json_text(), nullable=False),
    Column("body", large_bytes(), nullable=False),
)


def test_sqlite_counts_its_ids_up() -> None:
    words = str(CreateTable(everything).compile(dialect=sqlite.dialect()))
    assert "id INTEGER NOT NULL" in words and "cash_fen BIGINT NOT NULL" in words and "number VARCHAR(20)" in words


def test_mysql_compares_codes_byte_by_byte() -> None:
    words = str(CreateTable(everything).compile(dialect=mysql.dialect()))
    assert "id BIGINT NOT NULL AUTO_INCREMENT" in words
    assert "number VARCHAR(20) COLLATE utf8mb4_bin NOT NULL" in words
    assert "facts MEDIUMTEXT" in words and "body MEDIUMBLOB" in words
    assert "energy_mwh BIGINT" in words and "at_ms BIGINT" in words
