"""Between the bytes of one BKV frame and its typed form; the sum has been judged by the cutter."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from chargecloud.protocols.wire.schema import Direction, FieldError, Frame
from chargecloud.protocols.wire.values import hex_text
from chargecloud_bkv import tlv
from chargecloud_bkv.frames import DOWNLINKS, UPLINKS
from chargecloud_bkv.framing import DOWN, END_SIZE, HEADER_SIZE, LENGTH_ADDS, SIZE_MAX, TAIL, UP, sum8

GATEWAY_SIZE = 7
TAGGED = 0x1000
"""The command whose body is entries of tag and value, the first of which names the frame."""
PLAIN = 0x0000
_INNER_SIZE = 3
"""Length and sub-command before the body of the other commands."""
_SERIAL_SIZE = 8
_SAME = {0x0005_0017: 0x0015_0017}
"""The guide prints a tier start under 0005 once and explains it as 0015."""
_MARKS = {Direction.UP: UP, Direction.DOWN: DOWN}
_KINDS = {Direction.UP: UPLINKS, Direction.DOWN: DOWNLINKS}


class Verdict(StrEnum):
    """What became of the bytes of one unit."""

    DECODE = "decode"
    DECODE_TOLERANT = "decode_tolerant"
    REJECT_CRC = "reject_crc"
    REJECT_BODY_LENGTH = "reject_body_length"
    INCOMPLETE = "incomplete"
    UNKNOWN_TYPE = "unknown_type"
    GARBAGE = "garbage"


class Parcel(msgspec.Struct, frozen=True, gc=False):
    """A frame's envelope opened; `code` is None when the body does not even say what it is."""

    direction: Direction
    command: int
    serial: int
    gateway_id: str
    body: bytes
    """Behind the gateway id, before the sum."""
    code: int | None
    content: bytes
    """What the columns of the frame are read from."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """One frame read: `frame` is None exactly when the verdict is a rejection."""

    verdict: Verdict
    frame: Frame | None
    parcel: Parcel
    extra: bytes = b""


def open_parcel(raw: bytes) -> Parcel:
    """The envelope of a whole frame; never raises on any content."""
    command = int.from_bytes(raw[4:6], "big")
    body = raw[HEADER_SIZE:-END_SIZE]
    code, content = _named(command, body)
    return Parcel(
        direction=Direction.DOWN if raw.startswith(DOWN) else Direction.UP,
        command=command,
        serial=int.from_bytes(raw[6:10], "big"),
        gateway_id=hex_text(raw[11:HEADER_SIZE]),
        body=body,
        code=code,
        content=content,
    )


def _named(command: int, body: bytes) -> tuple[int | None, bytes]:
    if command == PLAIN:
        return PLAIN, body
    if command == TAGGED:
        return _tagged(body)
    if len(body) < _INNER_SIZE or int.from_bytes(body[:2], "big") != len(body) - _INNER_SIZE:
        return None, body
    code = command << 16 | body[2]
    return _SAME.get(code, code), body[_INNER_SIZE:]


def _tagged(body: bytes) -> tuple[int | None, bytes]:
    try:
        head = tlv.parse(body)[:3]
    except ValueError:
        return None, body
    if [tag for tag, _ in head] != [tlv.NAME, tlv.SERIAL, tlv.GATEWAY] or len(head[0][1]) != 2:
        return None, body
    content = body[len(tlv.build(head)) :]
    return TAGGED << 16 | int.from_bytes(head[0][1], "big"), content


def decode(raw: bytes) -> Decoded:
    """Read one whole frame whose sum is right; never raises on any content."""
    parcel = open_parcel(raw)
    if parcel.code is None:
        return Decoded(Verdict.REJECT_BODY_LENGTH, None, parcel)
    kind = _KINDS[parcel.direction].get(parcel.code)
    if kind is None:
        return Decoded(Verdict.UNKNOWN_TYPE, None, parcel)
    content = parcel.content
    layout = kind.layout_for(content, 0, len(content))
    if layout is None:
        return Decoded(Verdict.REJECT_BODY_LENGTH, None, parcel)
    used = layout.size + layout.tail_size(content, 0, len(content))
    frame: Frame = layout.decode(content, 0, used)
    verdict = Verdict.DECODE if used == len(content) else Verdict.DECODE_TOLERANT
    return Decoded(verdict, frame, parcel, content[used:])


def encode(frame: Frame, serial: int, gateway_id: str, *, under: int | None = None) -> bytes:
    """Make the bytes of a frame, perhaps under another command; ValueError when a value or the whole does not fit."""
    command, sub = frame.code >> 16 if under is None else under, frame.code & 0xFFFF
    content = frame.pack()
    if command == TAGGED:
        head = (
            (tlv.NAME, sub.to_bytes(2, "big")),
            (tlv.SERIAL, serial.to_bytes(_SERIAL_SIZE, "big")),
            (tlv.GATEWAY, bytes.fromhex(gateway_id)),
        )
        content = tlv.build(head) + content
    elif command != PLAIN:
        content = len(content).to_bytes(2, "big") + bytes((sub,)) + content
    return seal(frame.direction, command, serial, gateway_id, content)


def seal(direction: Direction, command: int, serial: int, gateway_id: str, body: bytes) -> bytes:
    """Put a body into its envelope; ValueError when it is too long."""
    size = HEADER_SIZE + len(body) + END_SIZE
    if size > SIZE_MAX:
        raise FieldError(f"{command:04X}: a frame of {size} bytes is longer than {SIZE_MAX}")
    covered = b"".join(
        (
            _MARKS[direction],
            (size - LENGTH_ADDS).to_bytes(2, "big"),
            command.to_bytes(2, "big"),
            serial.to_bytes(4, "big"),
            bytes((direction is Direction.UP,)),
            bytes.fromhex(gateway_id),
            body,
        )
    )
    return covered + bytes((sum8(covered + bytes(END_SIZE)),)) + TAIL
