"""Every frame is declared completely and agrees with the vendor's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.dny.decode import direction_of
from chargecloud.protocols.dny.frames import DOWNLINKS, REPORTS, UPLINKS
from chargecloud.protocols.wire.schema import Direction, Frame, Reply
from tests.support.golden import golden_entries
from tests.support.wire_strategies import records

# Body lengths of the vendor's tables: (shortest, newest); of rows and lists without their entries.
UP_SIZES = {
    0x01: (8, 10), 0x02: (8, 13), 0x03: (29, 37), 0x04: (24, 24), 0x05: (7, 7), 0x06: (31, 47), 0x11: (32, 71),
    0x12: (0, 0), 0x15: (0, 0), 0x17: (23, 23), 0x20: (6, 8), 0x21: (4, 5), 0x22: (0, 0), 0x35: (1, 1), 0x3B: (2, 2),
    0x41: (9, 9), 0x42: (2, 3), 0x43: (29, 29), 0x44: (18, 18), 0x72: (17, 17), 0x82: (1, 20), 0x90: (2, 11),
    0x91: (2, 23), 0x92: (4, 8), 0x93: (13, 13), 0xE0: (3, 3), 0xE1: (3, 3), 0xE2: (3, 3), 0xF8: (3, 3), 0xF9: (3, 3),
    0xFA: (3, 3),
}  # fmt: skip
ONE_BYTE_ANSWERS = {
    0x31, 0x32, 0x33, 0x34, 0x3A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x95,
    0x96, 0x97, 0x98,
}  # fmt: skip
DOWN_SIZES = {
    0x01: (1, 1), 0x02: (11, 11), 0x03: (1, 1), 0x04: (2, 2), 0x12: (4, 4), 0x15: (1, 1), 0x20: (1, 1), 0x21: (1, 1),
    0x22: (4, 4), 0x31: (0, 0), 0x32: (0, 0), 0x33: (0, 0), 0x34: (50, 50), 0x3A: (6, 6), 0x72: (17, 17), 0x81: (0, 0),
    0x82: (29, 38), 0x83: (11, 11), 0x84: (23, 23), 0x85: (4, 8), 0x86: (13, 13), 0x87: (0, 0), 0x88: (0, 0),
    0x89: (2, 2), 0x8A: (4, 4), 0x8B: (3, 3), 0x8C: (3, 3), 0x8D: (1, 1), 0x8E: (76, 76), 0x8F: (1, 1), 0x90: (0, 0),
    0x91: (0, 0), 0x92: (0, 0), 0x93: (0, 0), 0x95: (200, 200), 0x96: (1, 1), 0x97: (1, 1), 0x98: (2, 2),
    0xE0: (204, 204), 0xE1: (204, 204), 0xE2: (204, 204), 0xE4: (0, 0), 0xF8: (260, 260), 0xF9: (260, 260),
    0xFA: (0, 204),
}  # fmt: skip
LOOK_ALIKE = {0x72, 0x8D, 0x8F, 0x96, 0x97}
"""Commands whose question and answer have one length: the bytes do not tell who sent them."""
KINDS = [*UPLINKS.values(), *DOWNLINKS.values()]


def by_name(kind: type[Frame]) -> str:
    return f"{kind.identifier}-{kind.direction.value}"


def sizes(kind: type[Frame]) -> tuple[int, int]:
    forms = kind.shapes.forms(0) if kind.shapes else (kind.layout,)
    return forms[-1].size, forms[0].size


def test_body_lengths_are_the_vendors() -> None:
    assert {code: sizes(kind) for code, kind in UPLINKS.items()} == UP_SIZES | dict.fromkeys(ONE_BYTE_ANSWERS, (1, 1))
    assert {code: sizes(kind) for code, kind in DOWNLINKS.items()} == DOWN_SIZES


def test_who_says_what() -> None:
    assert all(kind.direction is Direction.UP for kind in UPLINKS.values())
    assert all(kind.direction is Direction.DOWN for kind in DOWNLINKS.values())
    assert set(REPORTS) == {code for code in UPLINKS if code < 0x50} - {0x31, 0x32, 0x33, 0x34, 0x3A}


def test_both_sides_of_a_command_share_its_name() -> None:
    for code in UPLINKS.keys() & DOWNLINKS.keys():
        assert UPLINKS[code].identifier == DOWNLINKS[code].identifier


def test_reply_policies() -> None:
    reports = {code: kind.reply for code, kind in UPLINKS.items() if kind.reply is not Reply.NONE}
    auto = dict.fromkeys((0x04, 0x12, 0x15, 0x21, 0x22), Reply.AUTO)
    assert reports == auto | {0x02: Reply.ASK, 0x20: Reply.ASK, 0x03: Reply.AFTER_COMMIT}
    asked = {code for code, kind in DOWNLINKS.items() if kind.reply is Reply.AWAIT}
    assert asked == UPLINKS.keys() - REPORTS.keys()
    assert all(kind.answered_by == kind.code for kind in KINDS if kind.reply is not Reply.NONE)


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_every_frame_is_described(kind: type[Frame]) -> None:
    assert kind.title and kind.__doc__ and len(kind.__doc__.splitlines()) == 1
    for column in kind.columns:
        assert column.label and column.name.isascii(), f"{kind.identifier}.{column.name}"


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_every_frame_has_a_golden_file_that_decodes(kind: type[Frame]) -> None:
    if kind.direction is Direction.UP and kind.code in LOOK_ALIKE:
        assert direction_of(kind.code, bytes(kind.layout.size)) is Direction.DOWN
        return
    named = [entry for _, entry in golden_entries("dny") if entry.get("name") == kind.identifier]
    assert any(entry["expect"] == "decode" and entry["direction"] == kind.direction.value for entry in named)


@given(st.sampled_from(KINDS).flatmap(records))
def test_decoding_is_the_inverse_of_encoding(frame: Frame) -> None:
    assert type(frame).parse(frame.pack()) == frame


@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_encoding_is_the_inverse_of_decoding_for_any_body(kind: type[Frame], body: bytes) -> None:
    frame = kind.parse(body)
    if frame is not None:
        packed = frame.pack()
        texts = any(column.type_text == "ASCII" for column in kind.columns)
        assert body.startswith(packed) or texts, "only padding of texts is not kept"


def test_trailing_forms_of_real_firmware() -> None:
    """Lengths seen from devices: settlement 35, progress 45, host 71 and 32, register 6, start 37."""
    seen = ((UPLINKS, 0x03, 35), (UPLINKS, 0x06, 45), (UPLINKS, 0x11, 71), (UPLINKS, 0x11, 32), (UPLINKS, 0x20, 6),
            (DOWNLINKS, 0x82, 37), (DOWNLINKS, 0x82, 29), (DOWNLINKS, 0x82, 30), (DOWNLINKS, 0x82, 34))  # fmt: skip
    for table, code, length in seen:
        kind = table[code]
        assert kind.shapes is not None
        assert length in {form.size for form in kind.shapes.forms(0)}, f"0x{code:02X} with {length} bytes"
