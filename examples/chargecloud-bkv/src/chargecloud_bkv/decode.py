"""BKV bytes for people: one plain object a unit, as `chargecloud decode` prints it and the frame log shows it."""

from __future__ import annotations

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.reveal import shown_body
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.stream import StreamCutter, Unit, UnitKind
from chargecloud.protocols.wire.values import hex_text, text_or_none
from chargecloud_bkv import codec, tlv
from chargecloud_bkv.codec import TAGGED, Parcel, Verdict
from chargecloud_bkv.frames import DOWNLINKS, UPLINKS, Heartbeat, HeartbeatAnswer
from chargecloud_bkv.framing import DOWN, END_SIZE, FRAMING, HEADER_SIZE, LENGTH_ADDS, TAIL, UP, sum8

PROTOCOL = "bkv"
_NO_SUM: dict[str, object] = {"ok": None, "order": None, "computed": None, "on_wire": None}


def decode_bytes(data: bytes) -> list[dict[str, object]]:
    """Describe every unit in the bytes, in order; what is no good unit comes out with the reason as verdict."""
    cutter = StreamCutter(FRAMING)
    units = cutter.feed(data)
    while cutter.pending:
        units += cutter.expire()
    return [_described(unit) for unit in units]


def _described(unit: Unit) -> dict[str, object]:
    data = unit.data
    if unit.kind is UnitKind.FRAME:
        decoded = codec.decode(data)
        return _frame(data, decoded.parcel, decoded.verdict, _REASONS[decoded.verdict], decoded.extra)
    if unit.kind is UnitKind.BAD_CHECKSUM:
        error = f"the sum is {sum8(data):02X}, the frame says {data[-END_SIZE]:02X}, its end {hex_text(data[-2:])}"
        return _frame(data, codec.open_parcel(data), Verdict.REJECT_CRC, error)
    if unit.kind is UnitKind.INCOMPLETE:
        if _is_whole(data):
            error = f"the length says {_length(data) + LENGTH_ADDS} bytes, the frame has {len(data)}"
            return _frame(data, codec.open_parcel(data), Verdict.REJECT_BODY_LENGTH, error)
        return _plain(Verdict.INCOMPLETE, data, f"the frame has not come whole: {len(data)} bytes are there")
    return _plain(Verdict.GARBAGE, data, "no frame starts like this: FC FE up, FC FF down")


def _is_whole(data: bytes) -> bool:
    """Mark, tail and sum are right, so that only the length can be wrong."""
    fits = len(data) >= HEADER_SIZE + END_SIZE and data.endswith(TAIL)
    return fits and data.startswith((UP, DOWN)) and sum8(data) == data[-END_SIZE]


def _length(data: bytes) -> int:
    return int.from_bytes(data[2:4], "big")


_REASONS = {
    Verdict.DECODE: "",
    Verdict.DECODE_TOLERANT: "",
    Verdict.REJECT_BODY_LENGTH: "the body does not have the length its kind or its own length field says",
    Verdict.UNKNOWN_TYPE: "no such command or sub-command is known",
}


def _frame(data: bytes, parcel: Parcel, verdict: Verdict, error: str, extra: bytes = b"") -> dict[str, object]:
    kinds = UPLINKS if data.startswith(UP) else DOWNLINKS
    kind = kinds.get(parcel.code) if parcel.code is not None else None
    good = FRAMING.seal_order(data) is not None
    described = _plain(verdict, extra if kind else parcel.body, error)
    return described | {
        "frame_type": _type_text(parcel),
        "name": kind.identifier if kind else None,
        "direction": parcel.direction.value,
        "sequence": f"{parcel.serial:08X}",
        "checksum": {
            "ok": good,
            "order": ByteOrder.LOW_FIRST.value if good else None,
            "computed": f"{sum8(data):02X}",
            "on_wire": f"{data[-END_SIZE]:02X}",
        },
        "fields": _fields(data, parcel, kind),
        "meaning": shown_body(kind, parcel.content) if kind else {},
    }


def _type_text(parcel: Parcel) -> str:
    text = f"0x{parcel.command:04X}"
    if parcel.command == TAGGED:
        return f"{text}/{parcel.code & 0xFFFF:04X}" if parcel.code is not None else text
    return f"{text}/{parcel.body[2]:02X}" if parcel.command and len(parcel.body) > 2 else text


def _fields(data: bytes, parcel: Parcel, kind: type[Frame] | None) -> dict[str, Shown]:
    """The envelope and the body as the vendor's guide spells them."""
    fields: dict[str, Shown] = {
        "total": len(data),
        "length_field": _length(data),
        "command": f"{parcel.command:04x}",
        "serial": f"{parcel.serial:08x}",
        "dir_byte": data[10],
        "gateway_id": parcel.gateway_id.lower(),
        "checksum": data[-END_SIZE],
    }
    body = parcel.body
    if kind is Heartbeat:
        return fields | _heartbeat(body)
    if kind is HeartbeatAnswer:
        return fields | {"server_time_bcd": body.hex()}
    if parcel.command == TAGGED:
        try:
            return fields | {"tlv": _entries(body)}
        except ValueError:
            return fields | {"body_hex": body.hex()}
    if len(body) > 2:
        inner: dict[str, Shown] = {
            "inner_length": int.from_bytes(body[:2], "big"),
            "sub_command": f"{body[2]:02X}",
            "inner_hex": body[3:].hex(),
        }
        return fields | inner
    return fields | {"body_hex": body.hex()}


def _heartbeat(body: bytes) -> dict[str, Shown]:
    frame = Heartbeat.parse(body)
    if frame is None:
        return {"body_hex": body.hex()}
    return {
        "iccid": text_or_none(frame.iccid),
        "firmware": text_or_none(frame.firmware),
        "signal": frame.signal,
    }


def _entries(data: bytes) -> list[Shown]:
    shown: list[Shown] = []
    for tag, value in tlv.parse(data):
        inside: Shown = _entries(value) if tag in tlv.NESTED else value.hex()
        shown.append({"tag": f"{tag:02X}", "value": inside})
    return shown


def _plain(verdict: Verdict, extra: bytes, error: str) -> dict[str, object]:
    return {
        "protocol": PROTOCOL,
        "frame_type": None,
        "name": None,
        "direction": None,
        "sequence": None,
        "verdict": verdict.value,
        "checksum": dict(_NO_SUM),
        "fields": {},
        "extra_hex": hex_text(extra),
        "error": error or None,
    }
