"""Reading damaged bodies column by column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.reveal import shown_body
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


@given(st.sampled_from(KINDS), st.binary(max_size=80))
def test_no_body_raises_and_accepted_ones_agree_with_the_frame(kind: type[Frame], body: bytes) -> None:
    shown = shown_body(kind, body)
    frame = kind.parse(body)
    assert (frame is None) == ("_truncated_at" in shown)
    if frame is not None:
        assert {name: value for name, value in shown.items() if name != "_extra"}.items() <= frame.shown().items()
