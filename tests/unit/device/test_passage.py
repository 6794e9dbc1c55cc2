"""Packing and unpacking of what passed over a connection."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.device.passage import join_passages, pack_passage, unpack_passages

UNITS = st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=5)


@given(st.lists(st.tuples(st.integers(0, 1 << 45), UNITS), max_size=5))
def test_what_was_packed_comes_back_in_order(passages: list[tuple[int, list[tuple[bool, bytes]]]]) -> None:
    joined = b"".join(pack_passage(at_ms, units) for at_ms, units in passages)
    expected = [(at_ms, up, raw) for at_ms, units in passages for up, raw in units]
    assert list(unpack_passages(join_passages(joined, len(passages)))) == expected


def test_a_damaged_blob_says_so() -> None:
    blob = join_passages(pack_passage(1, [(True, b"a")]), 2)
    with pytest.raises(msgspec.DecodeError):
        list(unpack_passages(blob))
