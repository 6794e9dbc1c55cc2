"""0x21, 0x01 and 0x06 are nearly all traffic: whole, sound and from an admitted board they take a short way.

Whatever is not exactly as the vendor's table has it (length, sum, trailing bytes), or comes from a board somebody waits
for, is left to the general path, so the two differ in speed only; a test compares them on every changed byte.
"""

from __future__ import annotations

from struct import Struct

from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.dny.board import COMMAND_GAP_S, BoardState
from chargecloud.protocols.dny.conversation import HubConversation
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.framing import FRAME_MAX, HEADER_SIZE, LENGTH_BASE, MAGIC, SUM_SIZE
from chargecloud.protocols.dny.mapping.live import beat, beat_of, meter_sampled
from chargecloud.protocols.dny.uplinks import one_byte_ack
from chargecloud.protocols.wire.checksums import sum16

_COMMAND_AT, _ID_AT = HEADER_SIZE - 1, LENGTH_BASE
_HEADS = [MAGIC + max(0, size - LENGTH_BASE).to_bytes(2, "little") for size in range(FRAME_MAX + 1)]
"""How a whole frame of that size begins."""
_COUNT_AT = HEADER_SIZE + 2
_STATES_AT = _COUNT_AT + 1
_WITHOUT_STATES = _STATES_AT + 1 + SUM_SIZE
"""A heartbeat without its states: the signal behind them, the sum; then perhaps a temperature."""
_BEAT, _LEGACY, _PROGRESS = uplinks.Heartbeat.code, uplinks.LegacyHeartbeat.code, uplinks.PowerHeartbeat.code
_USUAL = frozenset((_BEAT, _LEGACY, _PROGRESS))
_FORMS = {HEADER_SIZE + layout.size + SUM_SIZE: layout.decode for layout in uplinks.PowerHeartbeat.layouts()}
"""The forms of progress by the size of the whole frame: years of firmware appended columns."""
_ADMITTED = BoardState.ADMITTED
_id_in = Struct("<I").unpack_from


def answer_to(hub: HubConversation, data: bytes, only: str = "") -> bytes | None:
    """The answer, perhaps empty, when the data is one usual frame of an admitted board (or the `only` one)."""
    size = len(data)
    if not HEADER_SIZE < size <= FRAME_MAX or data[:_ID_AT] != _HEADS[size]:
        return None
    command = data[_COMMAND_AT]
    if command == _BEAT:
        if size < _WITHOUT_STATES or not 0 <= size - _WITHOUT_STATES - data[_COUNT_AT] <= 1:
            return None
    elif command == _PROGRESS:
        if size not in _FORMS:
            return None
    elif command != _LEGACY or not _fits(data, size - SUM_SIZE):
        return None
    board = hub.boards.get(_id_in(data, _ID_AT)[0])
    if board is None or board.state is not _ADMITTED or board.lanes or (only and board.code != only):
        return None
    if sum16(data[:-SUM_SIZE]) != data[-2] | data[-1] << 8:
        return None
    return one_byte_ack(data) if command == _BEAT else b""


def event_of(hub: HubConversation, data: bytes, now: float) -> DeviceEvent:
    """What `uplinks` would note and tell of a frame that has an answer here."""
    board = hub.boards[_id_in(data, _ID_AT)[0]]
    board.heard_at = now
    command = data[_COMMAND_AT]
    if command == _BEAT:
        board.free_from = now + COMMAND_GAP_S
        states_end = _STATES_AT + data[_COUNT_AT]
        board.states = states = data[_STATES_AT:states_end]
        temperature = data[states_end + 1] if len(data) > states_end + 1 + SUM_SIZE else None
        return beat_of(board.code, states, data[HEADER_SIZE] | data[HEADER_SIZE + 1] << 8, temperature)
    end = len(data) - SUM_SIZE
    if command == _PROGRESS:
        return meter_sampled(board.code, _FORMS[len(data)](data, HEADER_SIZE, end))
    layout = uplinks.LegacyHeartbeat.layout_for(data, HEADER_SIZE, end)
    if layout is None:
        raise RuntimeError(f"0x{command:02X} of {len(data)} bytes was not answered by `answer_to`")
    frame = layout.decode(data, HEADER_SIZE, end)
    board.states = frame.port_states
    return beat(board.code, frame)


def first_of(data: bytes) -> bytes:
    """The first frame of a read of several, if it may be a usual one."""
    if len(data) <= HEADER_SIZE or data[_COMMAND_AT] not in _USUAL:
        return b""
    return data[: LENGTH_BASE + (data[3] | data[4] << 8)]


def _fits(data: bytes, end: int) -> bool:
    """Whether a 0x01 is exactly as long as the table has it."""
    layout = uplinks.LegacyHeartbeat.layout_for(data, HEADER_SIZE, end)
    return layout is not None and HEADER_SIZE + layout.size + layout.tail_size(data, HEADER_SIZE, end) == end
