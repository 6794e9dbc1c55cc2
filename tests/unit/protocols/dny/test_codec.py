"""Between bytes and typed frames."""

from __future__ import annotations

import pytest
from hypothesis import given

from chargecloud.protocols.dny.codec import Verdict, decode, encode, seal
from chargecloud.protocols.dny.frames.acks import HeartbeatAck
from chargecloud.protocols.dny.frames.uplinks import Heartbeat, Register, TimeSync
from chargecloud.protocols.wire.schema import Direction, FieldError, Frame
from tests.support import dny

PHYSICAL_ID = 0x04AB373B


def test_the_vendors_example() -> None:
    raw = encode(TimeSync(), PHYSICAL_ID, 0xB9)
    assert raw.hex().upper() == "444E5909003B37AB04B90022F002"
    decoded = decode(raw)
    assert (decoded.verdict, decoded.frame) == (Verdict.DECODE, TimeSync())
    assert (decoded.physical_id, decoded.message_id, decoded.command) == (PHYSICAL_ID, 0xB9, 0x22)


def test_the_direction_chooses_the_table() -> None:
    raw = encode(HeartbeatAck(result=0), PHYSICAL_ID, 1)
    assert raw.hex() == "444e590a003b37ab04010021003802"
    assert decode(raw, Direction.DOWN).frame == HeartbeatAck(result=0)
    assert decode(raw).verdict is Verdict.REJECT_BODY_LENGTH


def test_a_longer_body_is_read_and_its_rest_kept() -> None:
    decoded = decode(bytes.fromhex("444e5913003b37ab04b900207e00021421000000e4009104"))
    assert (decoded.verdict, decoded.extra) == (Verdict.DECODE_TOLERANT, b"\xe4\x00")
    assert isinstance(decoded.frame, Register) and decoded.frame.power_board_version == 0


def test_a_port_count_that_lies_is_refused() -> None:
    body = bytes.fromhex("9808" + "09" + "0000" + "00" + "5A")
    assert decode(seal(0x21, body, PHYSICAL_ID, 1)).verdict is Verdict.REJECT_BODY_LENGTH
    assert isinstance(decode(seal(0x21, body[:2] + b"\x02" + body[3:], PHYSICAL_ID, 1)).frame, Heartbeat)


def test_an_unpublished_command_is_told_apart() -> None:
    for command in (0x00, 0x18, 0x23, 0x26, 0xA2, 0xFD):
        assert decode(seal(command, b"\x01\x02", PHYSICAL_ID, 1)).verdict is Verdict.UNKNOWN_TYPE


def test_too_long_a_body_is_refused() -> None:
    with pytest.raises(FieldError, match="1025 bytes is longer than 1024"):
        seal(0x95, bytes(1011), PHYSICAL_ID, 1)


@given(dny.frames_of_either_side())
def test_decoding_is_the_inverse_of_encoding(frame: Frame) -> None:
    decoded = decode(encode(frame, PHYSICAL_ID, 7), frame.direction)
    assert (decoded.frame, decoded.extra) == (frame, b"")
