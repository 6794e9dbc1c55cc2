"""The slow and the generated way of reading a column agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.kinds import Column, at_most, digits, exactly
from tests.support.wire_strategies import column_values
from tests.unit.protocols.wire.sample import EveryColumn

COLUMNS = EveryColumn.columns


@given(st.sampled_from(COLUMNS).flatmap(lambda column: st.tuples(st.just(column), column_values(column))))
def test_one_column_survives_packing(case: tuple[Column, object]) -> None:
    column, value = case
    packed = column.pack(value)
    assert len(packed) == column.size
    assert column.parse(packed) == value


@given(st.binary(min_size=EveryColumn.layout.size, max_size=EveryColumn.layout.size))
def test_generated_and_slow_reading_agree(body: bytes) -> None:
    frame = EveryColumn.parse(body)
    assert frame is not None
    for column in COLUMNS:
        at = EveryColumn.layout.offset(column.name)
        assert getattr(frame, column.name) == column.parse(body[at : at + column.size])


def test_checks_name_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="needs 4 hex digits"):
        digits("123", 2)
    with pytest.raises(ValueError, match="needs 2 bytes, has 3"):
        exactly(b"abc", 2)
    with pytest.raises(ValueError, match="has 3 bytes, room for 2"):
        at_most(b"abc", 2)
