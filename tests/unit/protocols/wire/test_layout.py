"""Layouts refuse declarations that cannot work."""

from __future__ import annotations

import pytest

from chargecloud.protocols.wire.columns import ascii_rest, bcd, count, uint
from chargecloud.protocols.wire.layout import Variant
from chargecloud.protocols.wire.schema import Record
from tests.unit.protocols.wire.sample import Counted, EveryColumn, Uncounted


def test_size_and_offsets_follow_the_table() -> None:
    assert EveryColumn.layout.size == 37
    assert EveryColumn.layout.offset("code_text") == 0
    assert EveryColumn.layout.offset("three") == 7
    with pytest.raises(KeyError):
        EveryColumn.layout.offset("absent")


def test_tail_size_is_counted_or_whole_entries() -> None:
    assert EveryColumn.layout.tail_size(bytes(50), 0, 50) == 0
    assert Counted.layout.tail_size(b"\x05" + bytes(6), 0, 7) == 15
    assert Uncounted.layout.tail_size(bytes(9), 0, 9) == 6


def test_the_column_of_variable_length_must_be_the_last() -> None:
    with pytest.raises(TypeError, match="must be the last"):

        class Misplaced(Record):
            length: int = count("长度", of="text")
            text: bytes = ascii_rest("文本")
            after: int = uint(1, "之后")


def test_a_variant_leaves_out_only_what_can_tell_that_it_is_missing() -> None:
    with pytest.raises(TypeError, match="only columns of digits can be left out"):

        class Ambiguous(Record, variants=(Variant(only=("owner",)),)):
            owner: str = bcd(1, "所有者")
            result: int = uint(1, "结果")


def test_a_variant_names_existing_columns() -> None:
    with pytest.raises(TypeError, match="no such columns: \\['owmer'\\]"):

        class Misspelt(Record, variants=(Variant(only=("owmer",)),)):
            owner: str = bcd(1, "所有者")
