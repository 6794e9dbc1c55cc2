"""Reading damaged bodies column by column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.reveal import field_lines, shown_body
from chargecloud.protocols.wire.schema import Frame
from tests.unit.protocols.wire.sample import EVERY, EVERY_HEX, KINDS, Counted, EveryColumn, Texted, Uncounted, Varied


def test_a_whole_body_is_presented_like_its_frame() -> None:
    assert shown_body(EveryColumn, bytes.fromhex(EVERY_HEX)) == EVERY.shown()


def test_the_first_missing_column_is_named_and_the_rest_kept() -> None:
    assert shown_body(EveryColumn, bytes.fromhex("0A2B3C7F3C1B")) == {
        "code_text": "0A2B3C",
        "other_text": "7F",
        "one": 10,
        "_truncated_at": "two",
        "_extra": "1B",
    }
    assert shown_body(EveryColumn, b"") == {"_truncated_at": "code_text"}


def test_bytes_behind_the_table_are_kept() -> None:
    assert shown_body(EveryColumn, bytes.fromhex(EVERY_HEX + "AABB")) == EVERY.shown() | {"_extra": "AABB"}


def test_lists_show_whole_entries_only() -> None:
    entry = {"key": "0001", "size": 2}
    assert shown_body(Uncounted, bytes.fromhex("07000102FF")) == {"head": "07", "entries": [entry], "_extra": "FF"}
    assert shown_body(Counted, bytes.fromhex("02000102FFFF")) == {
        "entry_count": 2,
        "entries": [entry],
        "_truncated_at": "entries",
        "_extra": "FFFF",
    }
    assert shown_body(Counted, bytes.fromhex("00000102")) == {"entry_count": 0, "entries": [], "_extra": "000102"}


def test_short_text_shows_what_is_there() -> None:
    assert shown_body(Texted, b"\x05abc") == {"text_length": 5, "text": "abc", "_truncated_at": "text"}


def test_variants_show_their_own_columns() -> None:
    assert shown_body(Varied, b"ab\x09") == {"version": "ab", "result": 9}


def test_a_line_has_the_bytes_the_label_and_the_unit_of_its_column_and_parts_come_after_it() -> None:
    lines = field_lines(EveryColumn, bytes.fromhex(EVERY_HEX))
    named = {str(line["name"]): line for line in lines}
    first = {"name": "code_text", "label": "编号", "unit": "", "raw_hex": EVERY_HEX[:6], "value": EVERY.code_text}
    assert lines[0] == first | {"text": ""}
    assert (named["two"]["unit"], named["two"]["raw_hex"]) == ("A", EVERY_HEX[10:14])
    names = [line["name"] for line in lines]
    at = names.index("four")
    assert names[at : at + 3] == ["four", "low", "high"]
    assert {line["raw_hex"] for line in lines[at + 1 : at + 3]} == {""}
    assert "".join(str(line["raw_hex"]) for line in lines) == EVERY_HEX


def test_lines_end_where_the_body_does_and_lists_have_whole_entries() -> None:
    assert [line["name"] for line in field_lines(EveryColumn, bytes.fromhex("0A2B3C7F3C1B"))] == [
        "code_text", "other_text", "one",
    ]  # fmt: skip
    (count, entries) = field_lines(Counted, bytes.fromhex("02000102FFFF"))
    assert (count["raw_hex"], entries["raw_hex"], entries["value"]) == ("02", "000102", [{"key": "0001", "size": 2}])


@given(st.sampled_from(KINDS), st.binary(max_size=80))
def test_lines_say_what_the_fields_say_whatever_came(kind: type[Frame], body: bytes) -> None:
    shown = shown_body(kind, body)
    for line in field_lines(kind, body):
        assert shown[str(line["name"])] == line["value"]


@given(st.sampled_from(KINDS), st.binary(max_size=80))
def test_no_body_raises_and_accepted_ones_agree_with_the_frame(kind: type[Frame], body: bytes) -> None:
    shown = shown_body(kind, body)
    frame = kind.parse(body)
    assert (frame is None) == ("_truncated_at" in shown)
    if frame is not None:
        assert {name: value for name, value in shown.items() if name != "_extra"}.items() <= frame.shown().items()
