"""YKC bytes for people: one plain object a frame, as `chargecloud decode` prints it and the frame log stores it."""

from __future__ import annotations

from collections.abc import Iterator

from chargecloud.protocols.wire.checksums import crc16_modbus, crc_order
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.reveal import EXTRA, field_lines, shown_body
from chargecloud.protocols.wire.schema import Direction
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16 import codec
from chargecloud.protocols.ykc16.codec import Verdict
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.protocols.ykc16.framing import CRC_SIZE, FRAMING, HEADER_SIZE, LENGTH_BASE, START

PROTOCOL = "ykc16"
_SMALLEST = HEADER_SIZE + CRC_SIZE


def decode_bytes(data: bytes) -> list[dict[str, object]]:
    """Decode every frame in the bytes, in order; what is not a good frame comes out with the reason as verdict."""
    return [_describe(unit) for unit in _units(data)]


def explain_bytes(data: bytes) -> list[dict[str, object]]:
    """The same, each with its bytes (`hex`), the vendor's name of the frame (`title`) and its columns as `lines`."""
    return [_describe(unit) | _explained(unit) for unit in _units(data)]


def _explained(unit: bytes) -> dict[str, object]:
    kind = FRAMES.get(unit[5]) if unit[0] == START and len(unit) >= HEADER_SIZE else None
    readable = kind is not None and not unit[4] and len(unit) >= _SMALLEST
    lines = field_lines(kind, unit[HEADER_SIZE:-CRC_SIZE]) if kind is not None and readable else []
    return {"hex": hex_text(unit), "title": kind.title if kind is not None else "", "lines": lines}


def _units(data: bytes) -> Iterator[bytes]:
    """Split into good frames and what lies between them, the way the cutter would after every time-out."""
    loose = at = 0
    while at < len(data):
        size = FRAMING.measure(data, at)
        whole = 0 < size <= len(data) - at
        if not whole or FRAMING.seal_order(data[at : at + size]) is None:
            at += 1
            continue
        yield from _damaged_units(data[loose:at])
        yield data[at : at + size]
        loose = at = at + size
    yield from _damaged_units(data[loose:])


def _damaged_units(data: bytes) -> Iterator[bytes]:
    """Split bytes without a good frame: leading garbage, then damaged frames where one ends right before the next."""
    at = 0
    while at < len(data):
        if data[at] != START:
            end = data.find(START, at)
        else:
            end = at + FRAMING.measure(data, at)
            end = end if at < end < len(data) and data[end] == START else len(data)
        end = len(data) if end < 0 else end
        yield data[at:end]
        at = end


def _describe(unit: bytes) -> dict[str, object]:
    """Judge one unit and present it."""
    if unit[0] != START:
        return _garbage(unit, f"no frame starts with {unit[0]:02X}; the start byte is 68")
    verdict, error = _judge(unit)
    if verdict is Verdict.GARBAGE:
        return _garbage(unit, error)
    kind = FRAMES.get(unit[5]) if len(unit) >= HEADER_SIZE else None
    body = unit[HEADER_SIZE:-CRC_SIZE]
    readable = kind is not None and not unit[4] and len(unit) >= _SMALLEST
    fields = shown_body(kind, body) if kind is not None and readable else {}
    return {
        "protocol": PROTOCOL,
        "frame_type": f"0x{unit[5]:02X}" if len(unit) >= HEADER_SIZE else None,
        "name": kind.identifier if kind is not None else None,
        "direction": _direction(unit[5]) if len(unit) >= HEADER_SIZE else None,
        "sequence": hex_text(unit[2:4]) if len(unit) >= 4 else None,
        "verdict": verdict.value,
        "checksum": _checksum(unit),
        "fields": fields,
        "extra_hex": fields.get(EXTRA, "") if readable else hex_text(body),
        "error": error or None,
    }


def _direction(code: int) -> str:
    """Odd types go up, even ones down: the vendor keeps to it without exception, so it holds for unknown types too."""
    return (Direction.UP if code % 2 else Direction.DOWN).value


def _judge(unit: bytes) -> tuple[Verdict, str]:
    """Find the verdict on a unit that starts like a frame, with the reason when it is not simply good."""
    if len(unit) < 2:
        return Verdict.INCOMPLETE, "the length byte is missing"
    size = unit[1] + LENGTH_BASE
    if unit[1] < LENGTH_BASE and len(unit) < _SMALLEST:
        return Verdict.GARBAGE, f"length byte {unit[1]} is below {LENGTH_BASE}"
    if size > len(unit):
        return Verdict.INCOMPLETE, f"the length byte asks for {size} bytes, {len(unit)} are there"
    if size < len(unit):
        return Verdict.REJECT_CRC, f"the length byte cuts the frame after {size} of {len(unit)} bytes"
    if FRAMING.seal_order(unit) is None:
        computed = crc16_modbus(unit[2:-CRC_SIZE])
        return Verdict.REJECT_CRC, f"CRC {computed:04X} fits {hex_text(unit[-CRC_SIZE:])} in neither byte order"
    verdict = codec.decode(unit).verdict
    return verdict, _REASONS[verdict].format(flag=unit[4], code=unit[5], length=len(unit) - _SMALLEST)


_REASONS = {
    Verdict.DECODE: "",
    Verdict.DECODE_TOLERANT: "",
    Verdict.REJECT_BODY_LENGTH: "a body of {length} bytes is too short for type 0x{code:02X}",
    Verdict.REJECT_ENCRYPTED: "encryption flag {flag}: no key is configured for this protocol version",
    Verdict.UNKNOWN_TYPE: "type 0x{code:02X} is not in YKC V1.6",
}


def _checksum(unit: bytes) -> dict[str, object]:
    """Judge the last two bytes as CRC over all bytes present, whatever the length byte says."""
    if len(unit) < _SMALLEST:
        return {"ok": False, "order": None, "computed": None, "on_wire": None}
    covered, on_wire = unit[2:-CRC_SIZE], unit[-CRC_SIZE:]
    order = crc_order(covered, on_wire)
    return {
        "ok": order is not None,
        "order": None if order is None else order.value,
        "computed": f"{crc16_modbus(covered):04X}",
        "on_wire": hex_text(on_wire),
    }


def _garbage(unit: bytes, error: str) -> dict[str, object]:
    fields: dict[str, Shown] = {}
    return {
        "protocol": PROTOCOL,
        "frame_type": None,
        "name": None,
        "direction": None,
        "sequence": None,
        "verdict": Verdict.GARBAGE.value,
        "checksum": _checksum(b""),
        "fields": fields,
        "extra_hex": hex_text(unit),
        "error": error,
    }
