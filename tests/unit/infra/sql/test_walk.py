"""Expressions for which no index is walked, and how numbers begin."""

from sqlalchemy import Column, Integer, MetaData, String, Table

from chargecloud.infra.sql.walk import second_text, unwalked

TABLE = Table("t", MetaData(), Column("a", Integer), Column("b", String(4)))


def test_a_column_is_wrapped_by_its_type() -> None:
    assert str(unwalked(TABLE.c.a)).startswith("t.a +")
    assert str(unwalked(TABLE.c.b)).startswith("t.b ||")


def test_numbers_of_a_second_begin_alike() -> None:
    assert second_text(1_767_225_600_000) == second_text(1_767_225_600_999) == "20260101080000"
    assert second_text(1_767_225_601_000) == "20260101080001"
