"""Frames as classes: what one declaration promises."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.columns import uint
from chargecloud.protocols.wire.schema import FieldError, Frame, Record, Reply
from tests.support.wire_strategies import records
from tests.unit.protocols.wire.sample import (
    EVERY,
    EVERY_HEX,
    KINDS,
    Counted,
    Entry,
    EveryColumn,
    Texted,
    Uncounted,
    Varied,
)


def test_every_kind_of_column_packs_as_declared() -> None:
    assert EVERY.pack().hex().upper() == EVERY_HEX


def test_every_kind_of_column_is_read_back() -> None:
    assert EveryColumn.parse(bytes.fromhex(EVERY_HEX)) == EVERY


def test_presentation_applies_scale_offset_and_names() -> None:
    assert EVERY.shown() == {
        "code_text": "0A2B3C",
        "other_text": "7F",
        "one": 10,
        "two": "12.3",
        "three": 0x010203,
        "four": "268435.4575",
        "low": 15,
        "high": 10,
        "five": "432871.9365",
        "name": "abc",
        "opaque": "0102",
        "second": 2,
        "row": [3, 2, 1],
        "at": "2020-03-16T17:14:47.000",
    }


@given(st.sampled_from(KINDS).flatmap(records))
def test_decoding_is_the_inverse_of_encoding(frame: Record) -> None:
    assert type(frame).parse(frame.pack()) == frame


@given(st.sampled_from(KINDS), st.binary(max_size=120))
def test_any_body_is_read_or_refused(kind: type[Frame], body: bytes) -> None:
    frame = kind.parse(body)
    if frame is not None:
        assert body.startswith(frame.pack().rstrip(b"\0"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"code_text": "0A2B"}, r"EveryColumn.code_text \(编号\) = '0A2B': needs 6 hex digits"),
        ({"code_text": "0A2B3X"}, "code_text"),
        ({"code_text": "0A 2B "}, "code_text"),
        ({"one": 256}, r"one \(一字节\) = 256: 256 does not fit 1 unsigned byte"),
        ({"one": -1}, "one"),
        ({"three": 1 << 24}, "three"),
        ({"five": 1 << 40}, "five"),
        ({"five": -1}, "five"),
        ({"name": b"seven.."}, "has 7 bytes, room for 6"),
        ({"opaque": b"1"}, "needs 2 bytes, has 1"),
        ({"at": b""}, "at"),
        ({"two": "4123"}, "two"),
    ],
)
def test_a_value_that_does_not_fit_is_named(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(FieldError, match=complaint):
        msgspec.structs.replace(EVERY, **change).pack()


def test_counts_are_computed() -> None:
    frame = Counted(entries=(Entry(key="0001", size=2), Entry(key="FFFF", size=0)))
    assert frame.entry_count == 2
    assert frame.pack().hex().upper() == "02000102FFFF00"
    assert frame.shown()["entry_count"] == 2
    assert Texted(text=b"hello").pack() == b"\x05hello"


def test_a_count_too_large_for_its_byte_is_named() -> None:
    with pytest.raises(FieldError, match="text_length"):
        Texted(text=b"x" * 256).pack()


def test_lists_take_what_the_count_says_or_what_fits() -> None:
    assert Counted.parse(bytes.fromhex("01000102FFFF00")) == Counted(entries=(Entry(key="0001", size=2),))
    assert Counted.parse(bytes.fromhex("02000102FFFF")) is None, "the count promises more than there is"
    assert Uncounted.parse(bytes.fromhex("07000102FFFF")) == Uncounted(head="07", entries=(Entry(key="0001", size=2),))


def test_variants_are_chosen_by_length_and_by_value() -> None:
    short = Varied(owner="", version=b"a", result=9)
    assert Varied.parse(b"a\0\x09") == short
    assert short.pack() == b"a\0\x09"
    assert short.shown() == {"version": "a", "result": 9}
    wide = Varied(owner="0001", version=b"abc", result=9)
    assert Varied.parse(bytes.fromhex("0001") + b"abc\x09") == wide
    assert wide.pack() == bytes.fromhex("0001") + b"abc\x09"
    assert Varied.parse(bytes.fromhex("0001") + b"ab\x09") == Varied(owner="0001", version=b"ab", result=9)


def test_every_layout_is_the_one_chosen_for_a_body_of_its_length() -> None:
    layouts = Varied.layouts()
    assert len({layout.size for layout in layouts}) == len(layouts) > 1
    for layout in layouts:
        assert Varied.layout_for(bytes(layout.size), 0, layout.size) is layout


def test_a_frame_that_fits_no_variant_names_the_column_of_the_table() -> None:
    with pytest.raises(FieldError, match="owner"):
        Varied(owner="1", version=b"abc", result=9).pack()


def test_frames_are_frozen_and_compare_by_content() -> None:
    with pytest.raises(AttributeError):
        EVERY.one = 3  # type: ignore[misc]
    assert EveryColumn.parse(EVERY.pack()) == EVERY


def test_facts_of_a_frame_are_on_its_class() -> None:
    assert (EveryColumn.code, EveryColumn.title, EveryColumn.identifier) == (1, "全部列", "every_column")
    assert (EveryColumn.reply, EveryColumn.answered_by) == (Reply.AUTO, 2)
    assert (Counted.reply, Counted.answered_by) == (Reply.NONE, None)


def test_a_column_without_label_is_refused_at_class_creation() -> None:
    with pytest.raises(TypeError, match="nameless has no label"):

        class Unlabelled(Record):
            nameless: int = uint(1, "")
