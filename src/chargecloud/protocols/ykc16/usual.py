"""0x03 and 0x13 are nearly all traffic: whole, sound and from an admitted charge point they are taken straight away.

Whatever is not exactly as the vendor's table has it (size, byte order of the checksum, encryption, code) is left to the
general path, so the two differ in speed only; a test compares them on every prefix and every changed byte.
"""

from __future__ import annotations

from collections.abc import Callable

from chargecloud.device.events import Beat
from chargecloud.protocols.common.conversation import LOG_MAX
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.framing import CRC_SIZE, HEADER_SIZE, LENGTH_BASE, START
from chargecloud.protocols.ykc16.mapping.live import meter_sampled
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO
from chargecloud.protocols.ykc16.uplinks import heartbeat_ack, on_sample

CODE_SIZE = 7
_GUN_AT, _STATUS_AT = HEADER_SIZE + CODE_SIZE, HEADER_SIZE + CODE_SIZE + 1
_TRADE_SIZE = 16
_SAMPLE_GUN_AT = HEADER_SIZE + _TRADE_SIZE + CODE_SIZE
_GUNS = [f"{byte:02X}" for byte in range(256)]
_CONNECTORS = [CONNECTOR_NO[gun] for gun in _GUNS]
_PLAIN_GUNS = 9
"""Up to here a gun number reads the same as packed decimal and as binary, and need not be remembered."""

_decode_sample = frames.RealtimeData.layout.decode


def take_usual(talk: Conversation, data: bytes) -> int:
    """Take usual frames from the beginning of the data on; gives how many bytes that were."""
    at, end = 0, len(data)
    while end - at > HEADER_SIZE:
        usual = _USUAL.get(data[at + HEADER_SIZE - 1])
        if usual is None:
            break
        size, head, code_at, take = usual
        raw = data if size == end else data[at : at + size]
        if (
            raw[:2] != head
            or raw[4]
            or len(raw) != size
            or raw[code_at : code_at + CODE_SIZE] != talk.code_on_wire
            or crc16_modbus(raw[2:])  # over data and its own checksum, low byte first, it is zero
        ):
            break
        if len(talk.log) < LOG_MAX:
            talk.log.append(talk.wall_ms)
            talk.log.append(raw)
        at += size
        take(talk, raw)
        if talk.closing:
            return end
    return at


def _take_heartbeat(talk: Conversation, raw: bytes) -> None:
    """What `uplinks.on_heartbeat` does, without the typed frame in between."""
    gun = raw[_GUN_AT]
    connector_no = _CONNECTORS[gun]
    if gun > _PLAIN_GUNS:
        talk.note_gun(_GUNS[gun], connector_no)
    talk.say_bytes(heartbeat_ack(raw))
    talk.events.append(
        Beat(charge_point_code=talk.charge_point_code, connector_no=connector_no, faulted=raw[_STATUS_AT] != 0)
    )


def _take_sample(talk: Conversation, raw: bytes) -> None:
    """What `uplinks.on_sample` does, without what only matters to whoever has asked or counts in hexadecimal."""
    frame = _decode_sample(raw, HEADER_SIZE, len(raw))
    if talk.lanes or raw[_SAMPLE_GUN_AT] > _PLAIN_GUNS:
        on_sample(talk, frame, raw)
    else:
        talk.events.append(meter_sampled(frame, talk.dialect))


def _usual(
    kind: type[Frame], code_at: int, take: Callable[[Conversation, bytes], None]
) -> tuple[int, bytes, int, Callable[[Conversation, bytes], None]]:
    size = HEADER_SIZE + kind.layout.size + CRC_SIZE
    return size, bytes((START, size - LENGTH_BASE)), code_at, take


_USUAL = {
    frames.Heartbeat.code: _usual(frames.Heartbeat, HEADER_SIZE, _take_heartbeat),
    frames.RealtimeData.code: _usual(frames.RealtimeData, HEADER_SIZE + _TRADE_SIZE, _take_sample),
}
"""By type: whole size, start and length byte, where the code lies, what to do."""
