"""0x21, 0x01 and 0x06 are nearly all traffic: whole, sound and from an admitted board they take a short way.

Whatever is not exactly as the vendor's table has it (length, sum, trailing bytes), or comes from a board somebody waits
for, is left to the general path, so the two differ in speed only; a test compares them on every changed byte.
"""

from __future__ import annotations

from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.dny.board import COMMAND_GAP_S, BoardState
from chargecloud.protocols.dny.conversation import HubConversation
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.framing import FRAME_MAX, HEADER_SIZE, LENGTH_BASE, LENGTH_MIN, MAGIC, SUM_SIZE
from chargecloud.protocols.dny.mapping.live import beat, meter_sampled
from chargecloud.protocols.dny.uplinks import one_byte_ack

_KINDS = {kind.code: kind for kind in (uplinks.LegacyHeartbeat, uplinks.PowerHeartbeat, uplinks.Heartbeat)}
PHYSICAL_ID_AT, MESSAGE_ID_AT = LENGTH_BASE, LENGTH_BASE + 4
_COMMAND_AT = HEADER_SIZE - 1
_SHORTEST = LENGTH_BASE + LENGTH_MIN
_BEAT, _PROGRESS = uplinks.Heartbeat.code, uplinks.PowerHeartbeat.code
_ADMITTED = BoardState.ADMITTED


def answer_to(hub: HubConversation, data: bytes) -> bytes | None:
    """The answer, perhaps empty, when the data is one usual frame of an admitted board and nothing else."""
    size = len(data)
    if not _SHORTEST <= size <= FRAME_MAX or not data.startswith(MAGIC):
        return None
    kind = _KINDS.get(data[_COMMAND_AT])
    if kind is None or data[3] | data[4] << 8 != size - LENGTH_BASE:
        return None
    board = hub.boards.get(int.from_bytes(data[PHYSICAL_ID_AT:MESSAGE_ID_AT], "little"))
    if board is None or board.state is not _ADMITTED or board.lanes:
        return None
    end = size - SUM_SIZE
    if sum(data[:end]) & 0xFFFF != data[end] | data[end + 1] << 8:
        return None
    layout = kind.layout_for(data, HEADER_SIZE, end)
    if layout is None or HEADER_SIZE + layout.size + layout.tail_size(data, HEADER_SIZE, end) != end:
        return None
    return one_byte_ack(data) if data[_COMMAND_AT] == _BEAT else b""


def event_of(hub: HubConversation, data: bytes, now: float) -> DeviceEvent:
    """What `uplinks` would note and tell of a frame that has an answer here."""
    board = hub.boards[int.from_bytes(data[PHYSICAL_ID_AT:MESSAGE_ID_AT], "little")]
    board.heard_at = now
    command, end = data[_COMMAND_AT], len(data) - SUM_SIZE
    kind = _KINDS[command]
    layout = kind.layout_for(data, HEADER_SIZE, end)
    if layout is None:
        raise RuntimeError(f"0x{command:02X} of {len(data)} bytes was not answered by `answer_to`")
    frame = layout.decode(data, HEADER_SIZE, end)
    if command == _PROGRESS:
        return meter_sampled(board.code, frame)
    if command == _BEAT:
        board.free_from = now + COMMAND_GAP_S
    board.states = frame.port_states
    return beat(board.code, frame)


def first_of(data: bytes) -> bytes:
    """The first frame of a read of several, if it may be a usual one."""
    if len(data) <= HEADER_SIZE or data[_COMMAND_AT] not in _KINDS:
        return b""
    return data[: LENGTH_BASE + (data[3] | data[4] << 8)]
