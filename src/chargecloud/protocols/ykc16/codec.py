"""Between the bytes of one YKC frame and its typed form; the checksum has been judged by the cutter."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import FieldError, Frame
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.protocols.ykc16.framing import CRC_SIZE, HEADER_SIZE, LENGTH_BASE, START

SEND_LIMIT = 200
"""Largest length byte the document allows; received frames may use all 255 (D3)."""


class Verdict(StrEnum):
    """What became of the bytes of one frame."""

    DECODE = "decode"
    DECODE_TOLERANT = "decode_tolerant"
    REJECT_CRC = "reject_crc"
    REJECT_BODY_LENGTH = "reject_body_length"
    REJECT_ENCRYPTED = "reject_encrypted"
    INCOMPLETE = "incomplete"
    UNKNOWN_TYPE = "unknown_type"
    GARBAGE = "garbage"


# Looking the member up on its class would cost a tenth of the decoding.
_DECODE = Verdict.DECODE


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """One frame read: `frame` is None exactly when the verdict is a rejection."""

    verdict: Verdict
    frame: Frame | None
    frame_type: int
    sequence: bytes
    extra: bytes = b""
    """Trailing bytes beyond the vendor's table, tolerated and kept."""


_USUAL = {
    code: (HEADER_SIZE + kind.layout.size + CRC_SIZE, kind.layout.decode)
    for code, kind in FRAMES.items()
    if kind.layout.tail is None
}
"""Total size and decoder of the frames without a list, for the usual case: exactly the body of the vendor's table."""


def decode(data: bytes) -> Decoded:
    """Read one whole frame whose checksum is right; never raises on any content."""
    frame_type = data[5]
    usual = _USUAL.get(frame_type)
    if usual is not None and usual[0] == len(data) and not data[4]:
        return Decoded(_DECODE, usual[1](data, HEADER_SIZE, len(data)), frame_type, data[2:4])
    return _decode_unusual(data, frame_type)


def _decode_unusual(data: bytes, frame_type: int) -> Decoded:
    """Read lists, other accepted body lengths and trailing bytes; reject the rest with the reason as verdict."""
    sequence = data[2:4]
    if data[4]:
        return Decoded(Verdict.REJECT_ENCRYPTED, None, frame_type, sequence)
    kind = FRAMES.get(frame_type)
    if kind is None:
        return Decoded(Verdict.UNKNOWN_TYPE, None, frame_type, sequence)
    end = len(data) - CRC_SIZE
    layout = kind.layout_for(data, HEADER_SIZE, end)
    if layout is None:
        return Decoded(Verdict.REJECT_BODY_LENGTH, None, frame_type, sequence)
    used = HEADER_SIZE + layout.size + layout.tail_size(data, HEADER_SIZE, end)
    exact = layout is kind.layout and used == end
    verdict = Verdict.DECODE if exact else Verdict.DECODE_TOLERANT
    return Decoded(verdict, layout.decode(data, HEADER_SIZE, used), frame_type, sequence, data[used:end])


def encode(frame: Frame, sequence: bytes, *, limit: int = SEND_LIMIT) -> bytes:
    """Make the bytes of a frame, checksum low byte first; FieldError when a value or the whole does not fit."""
    body = frame.pack()
    length = len(body) + LENGTH_BASE
    if length > limit:
        raise FieldError(f"0x{frame.code:02X} {type(frame).__name__}: length byte {length} is above {limit}")
    if len(sequence) != 2:
        raise FieldError(f"a sequence number has two bytes, not {len(sequence)}")
    covered = sequence + bytes((0, frame.code)) + body
    return bytes((START, length)) + covered + crc16_modbus(covered).to_bytes(2, "little")
