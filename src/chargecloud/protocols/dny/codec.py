"""Between the bytes of one DNY frame and its typed form; the sum has been judged by the cutter."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from chargecloud.protocols.dny.frames import DOWNLINKS, UPLINKS
from chargecloud.protocols.dny.framing import (
    FRAME_MAX,
    HEADER_SIZE,
    LENGTH_BASE,
    LENGTH_MIN,
    LENGTH_SIZE,
    MAGIC,
    SUM_SIZE,
)
from chargecloud.protocols.wire.checksums import sum16
from chargecloud.protocols.wire.schema import Direction, FieldError, Frame


class Verdict(StrEnum):
    """What became of the bytes of one unit."""

    DECODE = "decode"
    DECODE_TOLERANT = "decode_tolerant"
    REJECT_CRC = "reject_crc"
    REJECT_BODY_LENGTH = "reject_body_length"
    INCOMPLETE = "incomplete"
    UNKNOWN_TYPE = "unknown_type"
    GARBAGE = "garbage"


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """One frame read: `frame` is None exactly when the verdict is a rejection."""

    verdict: Verdict
    frame: Frame | None
    command: int
    physical_id: int
    message_id: int
    extra: bytes = b""
    """Trailing bytes beyond the newest table, tolerated and kept."""


_DECODE = Verdict.DECODE
_KINDS = {Direction.UP: UPLINKS, Direction.DOWN: DOWNLINKS}


def decode(data: bytes, direction: Direction = Direction.UP) -> Decoded:
    """Read one whole frame whose sum is right; never raises on any content."""
    command = data[11]
    physical_id = data[5] | data[6] << 8 | data[7] << 16 | data[8] << 24
    message_id = data[9] | data[10] << 8
    kind = _KINDS[direction].get(command)
    if kind is None:
        return Decoded(Verdict.UNKNOWN_TYPE, None, command, physical_id, message_id)
    end = len(data) - SUM_SIZE
    layout = kind.layout_for(data, HEADER_SIZE, end)
    if layout is None:
        return Decoded(Verdict.REJECT_BODY_LENGTH, None, command, physical_id, message_id)
    used = HEADER_SIZE + layout.size + layout.tail_size(data, HEADER_SIZE, end)
    frame = layout.decode(data, HEADER_SIZE, used)
    if used == end:
        return Decoded(_DECODE, frame, command, physical_id, message_id)
    return Decoded(Verdict.DECODE_TOLERANT, frame, command, physical_id, message_id, data[used:end])


def encode(frame: Frame, physical_id: int, message_id: int) -> bytes:
    """Make the bytes of a frame; FieldError when a value or the whole does not fit."""
    return seal(frame.code, frame.pack(), physical_id, message_id)


def seal(command: int, body: bytes, physical_id: int, message_id: int) -> bytes:
    """Put a body into its envelope."""
    size = LENGTH_BASE + LENGTH_MIN + len(body)
    if size > FRAME_MAX:
        raise FieldError(f"0x{command:02X}: a frame of {size} bytes is longer than {FRAME_MAX}")
    covered = b"".join(
        (
            MAGIC,
            (LENGTH_MIN + len(body)).to_bytes(LENGTH_SIZE, "little"),
            physical_id.to_bytes(4, "little"),
            message_id.to_bytes(2, "little"),
            bytes((command,)),
            body,
        )
    )
    return covered + sum16(covered).to_bytes(SUM_SIZE, "little")
