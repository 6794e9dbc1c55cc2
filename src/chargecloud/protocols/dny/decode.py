"""DNY bytes for people: one plain object a unit, as `chargecloud decode` prints it and the frame log shows it.

A frame does not say who sent it. Where both sides use a command, the length of the body decides; where it fits
both, the frame counts as sent by whoever starts this command.
"""

from __future__ import annotations

from chargecloud.protocols.dny import codec
from chargecloud.protocols.dny.codec import Verdict
from chargecloud.protocols.dny.frames import DOWNLINKS, REPORTS, UPLINKS
from chargecloud.protocols.dny.frames.uplinks import CardSwipe
from chargecloud.protocols.dny.framing import (
    FRAME_MAX,
    FRAMING,
    HEADER_SIZE,
    LENGTH_BASE,
    LENGTH_MIN,
    LINK,
    MAGIC,
    SUM_SIZE,
)
from chargecloud.protocols.dny.mapping.values import PROTOCOL
from chargecloud.protocols.wire.checksums import ByteOrder, sum16
from chargecloud.protocols.wire.kinds import RawColumn
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.reveal import EXTRA, field_lines, shown_body
from chargecloud.protocols.wire.schema import Direction, Frame
from chargecloud.protocols.wire.stream import StreamCutter, Unit, UnitKind
from chargecloud.protocols.wire.tails import RawTail
from chargecloud.protocols.wire.values import hex_text

TEMPERATURE_SHIFT = 65
_NO_SUM: dict[str, object] = {"ok": None, "order": None, "computed": None, "on_wire": None}


def decode_bytes(data: bytes) -> list[dict[str, object]]:
    """Describe every unit in the bytes, in order; what is no good unit comes out with the reason as verdict."""
    return [_describe(unit) for unit in _units(data)]


def explain_bytes(data: bytes) -> list[dict[str, object]]:
    """The same, each with its bytes (`hex`), the frame's name in Chinese (`title`) and its columns as `lines`."""
    return [described | _explained(unit.data, described) for unit in _units(data) for described in (_describe(unit),)]


def _units(data: bytes) -> list[Unit]:
    cutter = StreamCutter(FRAMING)
    units = cutter.feed(data)
    while cutter.pending:
        units += cutter.expire()
    return units


def _explained(data: bytes, described: dict[str, object]) -> dict[str, object]:
    kind = _kind_of(data) if described["unit"] == "frame" and described["frame_type"] else None
    lines = _header_lines(data) + field_lines(kind, data[HEADER_SIZE:-SUM_SIZE]) if kind is not None else []
    return {"hex": hex_text(data), "title": kind.title if kind is not None else "", "lines": lines}


def _kind_of(data: bytes) -> type[Frame] | None:
    direction = direction_of(data[11], data[HEADER_SIZE:-SUM_SIZE])
    return (UPLINKS if direction is Direction.UP else DOWNLINKS).get(data[11]) if direction else None


def _header_lines(data: bytes) -> list[dict[str, Shown]]:
    """What stands before every body."""
    return [
        {"name": name, "label": label, "unit": "", "raw_hex": hex_text(raw), "value": value, "text": ""}
        for name, label, raw, value in (
            ("physical_id", "物理ID", data[5:9], hex_text(data[5:9][::-1])),
            ("message_id", "消息ID", data[9:11], int.from_bytes(data[9:11], "little")),
            ("command", "命令", data[11:12], f"0x{data[11]:02X}"),
        )
    ]


def direction_of(command: int, body: bytes) -> Direction | None:
    """Who most likely sent a frame; None for a command without published body."""
    up, down = UPLINKS.get(command), DOWNLINKS.get(command)
    if up is None or down is None:
        return None if up is down else Direction.UP if up else Direction.DOWN
    exactly_up, exactly_down = _is_exact(up, body), _is_exact(down, body)
    if exactly_up is not exactly_down:
        return Direction.UP if exactly_up else Direction.DOWN
    return Direction.UP if command in REPORTS else Direction.DOWN


def _is_exact(kind: type[Frame], body: bytes) -> bool:
    layout = kind.layout_for(body, 0, len(body))
    return layout is not None and layout.size + layout.tail_size(body, 0, len(body)) == len(body)


def _describe(unit: Unit) -> dict[str, object]:
    data = unit.data
    if unit.kind is UnitKind.FRAME:
        if data == LINK:
            return _plain("link", Verdict.DECODE, {"text": LINK.decode()})
        return _frame(data) if data.startswith(MAGIC) else _plain("iccid", Verdict.DECODE, {"iccid": data.decode()})
    if unit.kind is UnitKind.BAD_CHECKSUM:
        return _bad_sum(data)
    if unit.kind is UnitKind.INCOMPLETE:
        error = f"the unit has not come whole: {len(data)} bytes are there"
        return _plain("frame", Verdict.INCOMPLETE, {"error": "truncated"}, data, error)
    return _garbage(data)


def _frame(data: bytes) -> dict[str, object]:
    body = data[HEADER_SIZE:-SUM_SIZE]
    direction = direction_of(data[11], body)
    decoded = codec.decode(data, direction or Direction.UP)
    kind = (UPLINKS if direction is Direction.UP else DOWNLINKS).get(decoded.command) if direction else None
    payload: dict[str, Shown] = {"error": "short_payload", "payload_hex": body.hex()}
    error = _REASONS[decoded.verdict].format(code=decoded.command, length=len(body))
    if decoded.frame is not None and kind is not None:
        payload = shown_payload(kind, body)
    elif kind is None:
        payload = {"payload_hex": body.hex()}
    fields: dict[str, Shown] = {
        "length": data[3] | data[4] << 8,
        "physical_id": f"{decoded.physical_id:08X}",
        "type_code": decoded.physical_id >> 24,
        "device_no": decoded.physical_id & 0xFFFFFF,
        "message_id": decoded.message_id,
        "command": decoded.command,
        "checksum": data[-2] | data[-1] << 8,
        "payload": payload,
    }
    described = _plain("frame", decoded.verdict, fields, decoded.extra if kind else body, error)
    return described | {
        "frame_type": f"0x{decoded.command:02X}",
        "name": kind.identifier if kind else None,
        "direction": direction.value if direction else None,
        "sequence": hex_text(data[9:11]),
        "checksum": _checksum(data),
    }


def shown_payload(kind: type[Frame], body: bytes) -> dict[str, Shown]:
    """Present a body: raw bytes as `…_hex`, and beside some numbers what they mean."""
    shown = shown_body(kind, body)
    payload: dict[str, Shown] = {}
    for column in kind.columns:
        value = shown.get(column.name)
        if isinstance(column, RawColumn | RawTail) and isinstance(value, str):
            if value:
                payload[f"{column.name}_hex"] = value.lower()
                payload |= _told_by(kind, column.name, bytes.fromhex(value))
        elif column.name in shown:
            payload[column.name] = value
            if column.name == "temperature_raw" and isinstance(value, int):
                payload["temperature_c"] = value - TEMPERATURE_SHIFT if value else None
    if EXTRA in shown:
        payload["trailing_hex"] = str(shown[EXTRA]).lower()
    return payload


def _told_by(kind: type[Frame], name: str, value: bytes) -> dict[str, Shown]:
    """What raw bytes say to people besides their digits."""
    if name == "order_no" and all(0x20 <= byte <= 0x7E for byte in value):
        return {"order_no_ascii": value.decode("ascii")}
    if name == "card_id" and kind is CardSwipe:
        return {"card_id_dec_be": int.from_bytes(value, "big")}
    return {}


_REASONS = {
    Verdict.DECODE: "",
    Verdict.DECODE_TOLERANT: "",
    Verdict.REJECT_BODY_LENGTH: "a body of {length} bytes is too short for command 0x{code:02X}",
    Verdict.UNKNOWN_TYPE: "command 0x{code:02X} has no published body",
}


def _bad_sum(data: bytes) -> dict[str, object]:
    computed, found = sum16(data[:-SUM_SIZE]), data[-2] | data[-1] << 8
    fields: dict[str, Shown] = {"error": "bad_checksum", "expected_checksum": computed, "found_checksum": found}
    error = f"the sum is {computed:04X}, the frame says {found:04X}"
    described = _plain("frame", Verdict.REJECT_CRC, fields, data[HEADER_SIZE:-SUM_SIZE], error)
    kind = UPLINKS.get(data[11]) or DOWNLINKS.get(data[11])
    return described | {
        "frame_type": f"0x{data[11]:02X}",
        "name": kind.identifier if kind else None,
        "sequence": hex_text(data[9:11]),
        "checksum": _checksum(data),
    }


def _checksum(data: bytes) -> dict[str, object]:
    good = FRAMING.seal_order(data) is not None
    return {
        "ok": good,
        "order": ByteOrder.LOW_FIRST.value if good else None,
        "computed": f"{sum16(data[:-SUM_SIZE]):04X}",
        "on_wire": hex_text(data[-SUM_SIZE:]),
    }


def _garbage(data: bytes) -> dict[str, object]:
    error, fields = "no unit starts like this: a frame with DNY, an ICCID with 89, or the word link", {}
    if data.startswith(MAGIC) and len(data) >= LENGTH_BASE:
        length = data[3] | data[4] << 8
        word = "length_too_short" if length < LENGTH_MIN else "length_too_long"
        limit = LENGTH_MIN if length < LENGTH_MIN else FRAME_MAX - LENGTH_BASE
        error, fields = f"length {length} is {'below' if length < LENGTH_MIN else 'above'} {limit}", {"error": word}
    return _plain("garbage", Verdict.GARBAGE, dict(fields), data, error) | {"checksum": _NO_SUM | {"ok": False}}


def _plain(
    unit: str, verdict: Verdict, fields: dict[str, Shown], extra: bytes = b"", error: str = ""
) -> dict[str, object]:
    return {
        "protocol": PROTOCOL,
        "unit": unit,
        "frame_type": None,
        "name": None,
        "direction": Direction.UP.value if unit in ("iccid", "link") else None,
        "sequence": None,
        "verdict": verdict.value,
        "checksum": dict(_NO_SUM),
        "fields": fields,
        "extra_hex": hex_text(extra),
        "error": error or None,
    }
