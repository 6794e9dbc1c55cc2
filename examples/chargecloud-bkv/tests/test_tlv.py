"""Entries of length, 01, tag, value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud_bkv import tlv

ENTRIES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=250)), max_size=8)


@given(entries=ENTRIES)
def test_what_is_built_can_be_read(entries: list[tlv.Entry]) -> None:
    assert tlv.parse(tlv.build(entries)) == entries


@pytest.mark.parametrize("data", ["00", "01", "020108", "0301", "0302aabb", "04010801", "ff01aa"])
def test_lengths_that_lie(data: str) -> None:
    if data == "020108":
        assert tlv.parse(bytes.fromhex(data)) == [(8, b"")]
        return
    with pytest.raises(ValueError, match="no entry"):
        tlv.parse(bytes.fromhex(data))


def test_a_value_too_long_for_its_length_byte() -> None:
    with pytest.raises(ValueError):
        tlv.build([(1, bytes(254))])


def test_a_number_that_is_missing_is_named() -> None:
    assert tlv.number({0x0A: b"\x00\x68"}, 0x0A) == 0x68
    with pytest.raises(ValueError, match="0A is missing"):
        tlv.number({}, 0x0A)
