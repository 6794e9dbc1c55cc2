"""Text, times and decimals out of raw bytes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.values import decimal_text, read_cp56, text_or_none, write_cp56

# 2000 to 2127 is what seven bits of a year can say.
local_times = st.datetimes(datetime(2000, 1, 1), datetime(2127, 12, 31, 23, 59)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"V4.1.50\0", "V4.1.50"),
        (b"\0" * 17, ""),
        (b"\xff" * 17, ""),
        (b"ab\xff\xff\0", "ab"),
        (b"a b", "a b"),
        (b"a\0b", None),
        (b"a\nb", None),
        (b"\x7f", None),
        ("桩".encode(), None),
    ],
)
def test_text(raw: bytes, expected: str | None) -> None:
    assert text_or_none(raw) == expected


@pytest.mark.parametrize(
    ("raw", "scale", "expected"),
    [(2251, 1, "225.1"), (0, 4, "0.0000"), (-4000, 1, "-400.0"), (-5, 1, "-0.5"), (7, 0, "7"), (100000, 5, "1.00000")],
)
def test_decimal_text(raw: int, scale: int, expected: str) -> None:
    assert decimal_text(raw, scale) == expected


def test_worked_examples_of_times() -> None:
    assert read_cp56(bytes.fromhex("98B70E11100314")) == datetime(2020, 3, 16, 17, 14, 47)  # noqa: DTZ001
    moment = datetime(2025, 7, 3, 9, 5, 10, 250_000)  # noqa: DTZ001
    assert write_cp56(moment) == bytes.fromhex("0A280509030719")
    assert read_cp56(bytes.fromhex("0A280509830719")) == moment, "the day of week is masked"
    assert read_cp56(bytes.fromhex("0A28C5E983F799")) == moment, "reserved bits are masked"


@pytest.mark.parametrize(
    "raw",
    ["00000000000000", "000000000D0D19", "0000003F010119", "60EA0000010119", "0000000000011A", "0000001F1F0219", "00"],
)
def test_impossible_times_are_none(raw: str) -> None:
    assert read_cp56(bytes.fromhex(raw)) is None


@given(local_times)
def test_times_survive_the_wire(moment: datetime) -> None:
    assert read_cp56(write_cp56(moment)) == moment


@given(st.binary(max_size=9))
def test_no_bytes_raise(raw: bytes) -> None:
    read_cp56(raw)
    text_or_none(raw)


def test_no_time_is_seven_zero_bytes() -> None:
    assert write_cp56(None) == bytes(7)


def test_years_outside_the_field_are_refused() -> None:
    with pytest.raises(ValueError, match="2000 to 2127"):
        write_cp56(datetime(1999, 1, 1))  # noqa: DTZ001
