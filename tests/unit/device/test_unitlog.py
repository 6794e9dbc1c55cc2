"""Packing and unpacking of what passed over a connection."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chargecloud.device.unitlog import UnitLog, join_logs, pack_log, units_of, unpack_logs

UNITS = st.lists(st.tuples(st.integers(1, 1 << 45), st.booleans(), st.binary(max_size=300)), max_size=20)
Units = list[tuple[int, bool, bytes]]


def log_of(units: Units) -> UnitLog:
    return [item for at_ms, up, raw in units for item in (at_ms if up else -at_ms, raw)]


@given(st.lists(UNITS, max_size=5))
@example([[(1, True, b"x")] * 8, [(2, False, b"y")] * 40_000])
def test_what_was_packed_comes_back_in_order(logs: list[Units]) -> None:
    packed = b"".join(pack_log(log_of(units)) for units in logs)
    expected = [unit for units in logs for unit in units]
    assert list(unpack_logs(join_logs(packed, len(expected)))) == expected


def test_a_damaged_blob_says_so() -> None:
    with pytest.raises(msgspec.DecodeError):
        list(unpack_logs(join_logs(pack_log([1, b"a"]), 2)))


@pytest.mark.parametrize("log", [[1], [b"a", 1], [1, b"a", 2], [1, 2]])
def test_what_is_no_log_is_refused(log: UnitLog) -> None:
    with pytest.raises(ValueError):
        list(units_of(log))
