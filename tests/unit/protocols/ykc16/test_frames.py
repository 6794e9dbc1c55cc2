"""Every frame is declared completely and agrees with the vendor's tables."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.schema import Direction, Frame, Reply
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.frames import FRAMES
from tests.support.golden import golden_entries
from tests.support.wire_strategies import records

# Body lengths of the frame index; for lists and texts the fixed part.
BODY_SIZES = {
    0x01: 30, 0x02: 8, 0x03: 9, 0x04: 9, 0x05: 9, 0x06: 10, 0x09: 7, 0x0A: 90, 0x12: 8, 0x13: 60, 0x15: 73, 0x17: 45,
    0x19: 39, 0x1B: 32, 0x1D: 28, 0x21: 28, 0x23: 44, 0x25: 31, 0x31: 51, 0x32: 38, 0x33: 26, 0x34: 44, 0x35: 10,
    0x36: 8, 0x3B: 158, 0x40: 17, 0x41: 16, 0x42: 20, 0x43: 9, 0x44: 8, 0x45: 7, 0x46: 8, 0x47: 7, 0x48: 8, 0x51: 8,
    0x52: 9, 0x55: 14, 0x56: 14, 0x57: 8, 0x58: 90, 0x61: 16, 0x62: 13, 0x63: 13, 0x91: 8, 0x92: 8, 0x93: 8, 0x94: 94,
    0xA1: 58, 0xA2: 44, 0xA3: 33, 0xA4: 50, 0xF0: 9, 0xF1: 8,
}  # fmt: skip
ENTRY_SIZES = {0x44: 16, 0x45: 10, 0x46: 8, 0x47: 9, 0x48: 8, 0xF0: 1}
ANSWERS = {
    0x01: 0x02, 0x03: 0x04, 0x05: 0x06, 0x09: 0x0A, 0x12: 0x13, 0x31: 0x32, 0x34: 0x33, 0x36: 0x35, 0x3B: 0x40,
    0x42: 0x41, 0x44: 0x43, 0x46: 0x45, 0x48: 0x47, 0x52: 0x51, 0x56: 0x55, 0x58: 0x57, 0x62: 0x63, 0x92: 0x91,
    0x94: 0x93, 0xA1: 0xA2, 0xA4: 0xA3, 0xF0: 0xF1,
}  # fmt: skip
KINDS = list(FRAMES.values())


def by_name(kind: type[Frame]) -> str:
    return kind.identifier


def test_the_vendors_fifty_three_frames_have_their_body_lengths() -> None:
    assert {code: kind.layout.size for code, kind in FRAMES.items()} == BODY_SIZES
    assert {code: kind.layout.tail.size for code, kind in FRAMES.items() if kind.layout.tail} == ENTRY_SIZES


def test_odd_types_go_up_and_even_ones_down() -> None:
    for code, kind in FRAMES.items():
        assert kind.direction is (Direction.UP if code % 2 else Direction.DOWN), kind.identifier


def test_answers_are_the_vendors() -> None:
    assert {code: kind.answered_by for code, kind in FRAMES.items() if kind.answered_by is not None} == ANSWERS


def test_reply_policies() -> None:
    policies = {code: kind.reply for code, kind in FRAMES.items() if kind.reply is not Reply.NONE}
    expected = {code: Reply.AWAIT for code in ANSWERS if code % 2 == 0}
    expected |= dict.fromkeys((0x01, 0x05, 0x09, 0x31, 0xA1), Reply.ASK)
    expected |= {0x03: Reply.AUTO, 0x3B: Reply.AFTER_COMMIT}
    assert policies == expected


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_every_frame_is_described(kind: type[Frame]) -> None:
    assert kind.title and kind.__doc__ and len(kind.__doc__.splitlines()) == 1
    for column in kind.columns:
        assert column.label and column.name.isascii(), f"{kind.identifier}.{column.name}"
        assert not column.scale or column.unit or column.name in {"protocol_version"}, column.name


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_every_frame_has_a_golden_file_that_decodes(kind: type[Frame]) -> None:
    entries = [entry for _, entry in golden_entries("ykc16") if entry["name"] == kind.identifier]
    assert any(entry["expect"] in {"decode", "decode_tolerant"} for entry in entries), (
        f"no golden file for 0x{kind.code:02X} {kind.identifier}: make golden HEX=…"
    )


def test_frames_stand_in_the_order_of_the_document() -> None:
    tree = ast.parse(inspect.getsource(frames))
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    declared = [kind.__name__ for kind in KINDS]
    assert [name for name in names if name in declared] == declared
    assert list(FRAMES) == sorted(FRAMES)


@given(st.sampled_from(KINDS).flatmap(records))
def test_decoding_is_the_inverse_of_encoding(frame: Frame) -> None:
    assert type(frame).parse(frame.pack()) == frame


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), st.binary(max_size=251))))
def test_encoding_is_the_inverse_of_decoding_for_any_body(case: tuple[type[Frame], bytes]) -> None:
    kind, body = case
    frame = kind.parse(body)
    if frame is not None:
        packed = frame.pack()
        # A login of 31 bytes whose long version ends in NUL is written as the ordinary 30.
        assert body.startswith(packed) or (kind is frames.LoginRequest and len(body) == 31)
