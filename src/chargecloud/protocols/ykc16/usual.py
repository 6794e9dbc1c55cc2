"""0x03 and 0x13 are nearly all traffic: whole, sound and from an admitted charge point they take a short way.

Whatever is not exactly as the vendor's table has it (size, byte order of the checksum, encryption, code), or has
somebody waiting for it, is left to the general path, so the two differ in speed only; a test compares them on every
prefix and every changed byte.
"""

from __future__ import annotations

from typing import NamedTuple

from chargecloud.device.events import Beat, DeviceEvent
from chargecloud.protocols.common import pending
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.framing import CRC_SIZE, HEADER_SIZE, LENGTH_BASE, START
from chargecloud.protocols.ykc16.mapping.live import meter_sampled
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO
from chargecloud.protocols.ykc16.scripts import SAMPLE
from chargecloud.protocols.ykc16.uplinks import heartbeat_ack

_CODE_SIZE = 7
_TRADE_SIZE = 16
_TYPE_AT = HEADER_SIZE - 1
_GUN_AT = HEADER_SIZE + _CODE_SIZE
_STATUS_AT = _GUN_AT + 1
_PLAIN_GUNS = 9
"""Up to here a gun number reads the same as packed decimal and as binary, and need not be remembered."""
_CONNECTORS = [CONNECTOR_NO[f"{byte:02X}"] for byte in range(_PLAIN_GUNS + 1)]

_BEAT = frames.Heartbeat.code
_decode_sample = frames.RealtimeData.layout.decode


class Form(NamedTuple):
    """How a usual frame looks on the wire: start and length byte, no encryption and type, code, gun number."""

    head: bytes
    kind: bytes
    code_at: int
    gun_at: int


def _size(frame: type[Frame]) -> int:
    return HEADER_SIZE + frame.layout.size + CRC_SIZE


def _form(frame: type[Frame], gun_at: int) -> Form:
    return Form(bytes((START, _size(frame) - LENGTH_BASE)), bytes((0, frame.code)), gun_at - _CODE_SIZE, gun_at)


_HEARTBEAT = _form(frames.Heartbeat, _GUN_AT)
_SAMPLE = _form(frames.RealtimeData, _GUN_AT + _TRADE_SIZE)
_FORMS = {_size(frames.Heartbeat): _HEARTBEAT, _size(frames.RealtimeData): _SAMPLE}
"""By the size of the whole frame."""
_SIZES = {frames.Heartbeat.code: _size(frames.Heartbeat), frames.RealtimeData.code: _size(frames.RealtimeData)}


def answer_to(talk: Conversation, data: bytes) -> bytes | None:
    """The answer, perhaps empty, when the data is one usual frame of the charge point and nothing else."""
    form = _FORMS.get(len(data))
    if form is None:
        return None
    head, kind, code_at, gun_at = form
    if (
        data[:2] != head
        or data[4:HEADER_SIZE] != kind
        or data[code_at:gun_at] != talk.code_on_wire
        or data[gun_at] > _PLAIN_GUNS
        or crc16_modbus(data[2:])  # over data and its own checksum, low byte first, it is zero
    ):
        return None
    if form is _HEARTBEAT:
        return heartbeat_ack(data)
    if talk.lanes and pending.head(talk, SAMPLE.lane, _CONNECTORS[data[gun_at]]) is not None:
        return None
    return b""


def event_of(talk: Conversation, data: bytes) -> DeviceEvent:
    """What `uplinks.on_heartbeat` or `uplinks.on_sample` would tell of a frame that has an answer here."""
    if data[_TYPE_AT] == _BEAT:
        return Beat(
            charge_point_code=talk.charge_point_code,
            connector_no=_CONNECTORS[data[_GUN_AT]],
            faulted=data[_STATUS_AT] != 0,
        )
    return meter_sampled(_decode_sample(data, HEADER_SIZE, len(data)), talk.dialect)


def first_of(data: bytes) -> bytes:
    """The first frame of a read of several, if it may be a usual one."""
    return data[: _SIZES.get(data[_TYPE_AT], 0)] if len(data) > HEADER_SIZE else b""
