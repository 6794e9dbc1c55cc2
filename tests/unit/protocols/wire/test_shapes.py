"""Bodies that grew over the years, rows that a byte counts, bodies without any column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.columns import (
    count,
    counted_numbers,
    counted_raw,
    counted_words,
    raw_rest,
    uint,
)
from chargecloud.protocols.wire.reveal import EXTRA, TRUNCATED, shown_body
from chargecloud.protocols.wire.schema import Direction, FieldError, Frame, Record
from tests.support.wire_strategies import records


class Grown(Record):
    """Two columns of the first edition, two that came later."""

    first: int = uint(2, "一")
    second: int = uint(1, "二")
    third: int | None = uint(1, "三", optional=True)
    fourth: int | None = uint(2, "四", optional=True)


class Rows(Record):
    """Rows in the middle, as long as the byte before them says."""

    voltage: int = uint(2, "电压")
    row_count: int = count("个数", of="states")
    states: bytes = counted_numbers("状态")
    powers: tuple[int, ...] = counted_words("功率", unit="0.1 W")
    signal: int = uint(1, "信号")
    temperature: int | None = uint(1, "温度", optional=True)


class LateRow(Record):
    """A counted row of a later edition."""

    port: int = uint(1, "端口")
    card_size: int | None = count("卡号长度", of="card", optional=True)
    card: bytes | None = counted_raw("卡号", optional=True)


class Rest(Record):
    """Bytes up to the end."""

    result: int = uint(1, "结果")
    data: bytes = raw_rest("数据")


class Empty(Frame, code=0x22, title="空", direction=Direction.UP, identifier="time_sync"):
    """No column at all."""


KINDS: tuple[type[Record], ...] = (Grown, Rows, LateRow, Rest, Empty)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("010002", Grown(first=1, second=2, third=None, fourth=None)),
        ("01000203", Grown(first=1, second=2, third=3, fourth=None)),
        ("0100020304", Grown(first=1, second=2, third=3, fourth=None)),
        ("010002030405", Grown(first=1, second=2, third=3, fourth=0x0504)),
        ("01000203040506", Grown(first=1, second=2, third=3, fourth=0x0504)),
        ("0100", None),
    ],
)
def test_a_body_is_read_as_far_as_it_goes(body: str, expected: Grown | None) -> None:
    assert Grown.parse(bytes.fromhex(body)) == expected


def test_what_did_not_come_is_not_shown_and_not_packed() -> None:
    short = Grown(first=1, second=2, third=3, fourth=None)
    assert short.shown() == {"first": 1, "second": 2, "third": 3}
    assert short.pack() == bytes.fromhex("01000203")


def test_rows_in_the_middle_are_as_long_as_their_count() -> None:
    frame = Rows(voltage=2200, states=b"\x01\x03", powers=(1000, 2), signal=9, temperature=90)
    body = bytes.fromhex("9808" + "02" + "0103" + "E8030200" + "09" + "5A")
    assert frame.pack() == body and Rows.parse(body) == frame and frame.row_count == 2
    assert frame.shown()["states"] == [1, 3] and frame.shown()["powers"] == [1000, 2]
    assert Rows.parse(body[:-1]) == Rows(voltage=2200, states=b"\x01\x03", powers=(1000, 2), signal=9, temperature=None)
    assert Rows.parse(body[:-2]) is None and Rows.parse(b"\x98\x08") is None
    assert Rows.parse(bytes.fromhex("980800095A")) == Rows(
        voltage=2200, states=b"", powers=(), signal=9, temperature=90
    )


def test_a_late_row() -> None:
    assert LateRow.parse(b"\x01") == LateRow(port=1, card=None)
    assert LateRow.parse(b"\x01\x00") == LateRow(port=1, card=b"")
    assert LateRow.parse(b"\x01\x02ab") == LateRow(port=1, card=b"ab")
    assert LateRow(port=1, card=None).card_size is None
    assert LateRow(port=1, card=None).pack() == b"\x01" and LateRow(port=1, card=b"ab").pack() == b"\x01\x02ab"


def test_rest_and_empty() -> None:
    assert Rest.parse(b"\x00abc") == Rest(result=0, data=b"abc") and Rest(result=0, data=b"").pack() == b"\x00"
    assert Rest(result=0, data=b"ab").shown() == {"result": 0, "data": "6162"}
    assert Empty.parse(b"") == Empty() == Empty.parse(b"xy") and Empty().pack() == b""
    assert Empty.identifier == "time_sync"


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (Rows(voltage=1, states=b"\x01\x02", powers=(1,), signal=0, temperature=None), "powers .* needs 2 numbers"),
        (Rows(voltage=1 << 16, states=b"", powers=(), signal=0, temperature=None), "voltage"),
        (Rows(voltage=1, states=b"\x01", powers=(1 << 16,), signal=0, temperature=None), "powers"),
        (Rows(voltage=1, states=b"\x01" * 300, powers=(1,) * 300, signal=0, temperature=None), "row_count"),
        (Grown(first=1, second=2, third=None, fourth=5), "third .* nothing may follow"),
    ],
)
def test_values_that_do_not_go_together_are_named(frame: Record, complaint: str) -> None:
    with pytest.raises(FieldError, match=complaint):
        frame.pack()


def test_a_row_nobody_counts_is_refused_at_class_creation() -> None:
    with pytest.raises(TypeError, match="no column counts the entries of states"):

        class Uncounted(Record):
            states: bytes = counted_numbers("状态")


def test_people_see_where_a_body_ends() -> None:
    assert shown_body(Rows, bytes.fromhex("9808020103")) == {"voltage": 2200, "row_count": 2, "states": [1, 3],
                                                             TRUNCATED: "powers"}  # fmt: skip
    assert shown_body(Grown, bytes.fromhex("0100020304"))[EXTRA] == "04"


@given(st.sampled_from(KINDS).flatmap(records))
def test_decoding_is_the_inverse_of_encoding(frame: Record) -> None:
    assert type(frame).parse(frame.pack()) == frame


@given(st.sampled_from(KINDS), st.binary(max_size=120))
def test_any_body_is_read_or_refused(kind: type[Record], body: bytes) -> None:
    frame = kind.parse(body)
    if frame is not None:
        assert body.startswith(frame.pack())
        assert shown_body(kind, body).items() >= frame.shown().items()
