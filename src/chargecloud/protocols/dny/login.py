"""Introduction and admission of each board: 0x20, the platform's decision, and what a board may say before it."""

from __future__ import annotations

from math import inf
from typing import TypeGuard

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import CommandOutcome, FellSilent
from chargecloud.protocols.common import pending
from chargecloud.protocols.dny import host, records, scripts
from chargecloud.protocols.dny.board import Board, BoardState
from chargecloud.protocols.dny.codec import Decoded
from chargecloud.protocols.dny.conversation import BOARDS_MAX, HubConversation
from chargecloud.protocols.dny.frames import acks, uplinks
from chargecloud.protocols.dny.mapping.live import Introduction, booted
from chargecloud.protocols.dny.mapping.values import is_broken
from chargecloud.protocols.dny.quirks import PLAIN
from chargecloud.protocols.wire.schema import Frame

BOOT_LIMIT_S = 10.0
"""How long the platform may think about a board before it is refused."""
REFUSED_S = 300.0
"""How long a refused board is not asked about again while the connection lives."""
REGISTER_LIMIT_S = 5.0
"""What a board may take to register after it was asked to."""
QUERY_EVERY_S = 30.0
"""Between two questions to a board who it is."""
ASK_AGAIN_S = 600.0
"""Between two questions to an admitted board that has not registered."""
HEARTBEATS_MISSED = 2.5
"""After so many a board counts as silent: `link` proves the modem, not the board behind it."""
BOARD_SILENCE_S = HEARTBEATS_MISSED * PLAIN.heartbeat_s
_OK, _FAILED = 0, 1
_ANSWERED = {uplinks.Register.code: acks.RegisterAck, uplinks.Heartbeat.code: acks.HeartbeatAck}


def on_stranger(hub: HubConversation, decoded: Decoded, raw: bytes) -> None:
    """A frame of a board that is not admitted: only introductions count, and settlements once we know who speaks."""
    frame = decoded.frame
    if is_broken(decoded.physical_id):
        hub.fault("broken_identity")
        return
    board = hub.boards.get(decoded.physical_id) or _enter(hub, decoded.physical_id)
    if board is None:
        hub.fault("too_many_boards")
        return
    board.heard_at = hub.now
    if board.state is BoardState.REFUSED:
        hub.fault("refused_board")
    elif isinstance(frame, uplinks.TimeSync):
        board.reply(acks.TimeAnswer(timestamp=hub.wall_ms // 1000), decoded.message_id)
    elif _introduces(frame, board):
        _introduce(board, frame, decoded)
    elif isinstance(frame, uplinks.Settlement) and board.state is BoardState.ASKED:
        board.held = (frame, decoded.message_id, raw)
        records.on_settlement(board, *board.held)  # what it is worth now is for the gateway to say
    else:
        _ask_who(board)


def answer_boot(hub: HubConversation, board: Board | None, command: AnswerBoot) -> None:
    """The platform's decision about one board."""
    if board is None or board.state is not BoardState.ASKED:
        hub.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    board.boot_due = inf
    if not command.accepted:
        _refuse(board, "refused")
        hub.end(command, CommandOutcome.DONE)
        return
    board.state = BoardState.ADMITTED
    hub.admitted = True
    told_little = board.boot_frame is not None and board.boot_frame[0] == uplinks.Heartbeat.code
    _answer(board, _OK)
    board.queried_at = inf
    if told_little:
        _ask_to_register(board)
    hub.wake_at(min(_silent_from(board), board.queried_at + ASK_AGAIN_S))
    hub.end(command, CommandOutcome.DONE)
    _after_admission(board)


def sweep(hub: HubConversation) -> None:
    """Refuse whom the platform has not decided about, let refused ones try again, notice who fell silent."""
    for board in list(hub.boards.values()):
        if board.state is BoardState.ADMITTED:
            _look_after(board)
        elif hub.now < board.boot_due:
            hub.wake_at(board.boot_due)
        elif board.state is BoardState.ASKED:
            _refuse(board, "boot_unanswered")
        elif board.state is BoardState.REFUSED:
            _forget(board, "refused")


def _look_after(board: Board) -> None:
    """An admitted board: whether it is still there, and whether it has registered by now."""
    if board.now >= _silent_from(board):
        _lose(board)
        return
    if board.now >= board.queried_at + ASK_AGAIN_S:
        _ask_to_register(board)
    board.wake_at(min(_silent_from(board), board.queried_at + ASK_AGAIN_S))


def _ask_to_register(board: Board) -> None:
    """A heartbeat does not say in which form a board understands a start: two would be lost on finding out."""
    board.queried_at = board.now
    scripts.ask_state(board)


def _silent_from(board: Board) -> float:
    return board.heard_at + HEARTBEATS_MISSED * board.dialect.heartbeat_s


def _enter(hub: HubConversation, physical_id: int) -> Board | None:
    """Make room for a board; whoever was seen and never introduced goes first."""
    if len(hub.boards) >= BOARDS_MAX:
        seen = (known for known in hub.boards.values() if known.state is BoardState.SEEN)
        oldest = next(seen, None)
        if oldest is None:
            return None
        _forget(oldest, "silent")
    board = hub.boards[physical_id] = hub.take_host_board(physical_id) or Board(hub, physical_id)
    return board


def _ask_who(board: Board) -> None:
    board.hub.fault("before_login")
    if board.state is BoardState.SEEN and board.now >= board.queried_at + QUERY_EVERY_S:
        board.queried_at = board.now
        board.query()


def _introduces(frame: Frame | None, board: Board) -> TypeGuard[Introduction]:
    """0x20 and 0x01 do; the little that 0x21 tells must do when a board was asked to register and did not."""
    if isinstance(frame, uplinks.Heartbeat):
        return board.state is BoardState.SEEN and -inf < board.queried_at <= board.now - REGISTER_LIMIT_S
    return isinstance(frame, uplinks.Register | uplinks.LegacyHeartbeat)


def _introduce(board: Board, frame: Introduction, decoded: Decoded) -> None:
    """Tell the platform once; the connection's other boards wait until its first is admitted."""
    hub = board.hub
    board.boot_frame = (frame.code, decoded.message_id)
    if not isinstance(frame, uplinks.Heartbeat):
        board.learn(frame.device_type, frame.firmware_version)
    if board.state is BoardState.SEEN:
        board.boot = booted(board.code, frame, hub.iccid)
        hub.charge_point_code = hub.charge_point_code or board.code
        if hub.admitted or hub.charge_point_code == board.code:
            _tell_boot(board)


def _tell_boot(board: Board) -> None:
    hub = board.hub
    if board.boot is not None:
        hub.tell(board.boot)
        board.boot = None
        board.state = BoardState.ASKED
        board.boot_due = hub.now + BOOT_LIMIT_S
        hub.wake_at(hub.now if hub.faults else board.boot_due)


def _answer(board: Board, result: int) -> None:
    """Answer the introduction in its own words; 0x01 is read in silence."""
    command, message_id = board.boot_frame or (0, 0)
    ack = _ANSWERED.get(command)
    if ack is not None and (result == _OK or ack is acks.RegisterAck):
        board.reply(ack(result=result), message_id)
    board.boot_frame = None


def _refuse(board: Board, reason: str) -> None:
    """Turn a board away; the connection ends with it when it carries nobody else."""
    hub = board.hub
    _answer(board, _FAILED)
    board.state = BoardState.REFUSED
    board.boot_due = hub.now + REFUSED_S
    board.held = None
    hub.wake_at(board.boot_due)
    if not hub.admitted:
        hub.close(reason)


def _after_admission(board: Board) -> None:
    """What waited for the decision: a settlement, the host's report, the other boards.

    The QR prefix is not pushed: boards keep it in memory that wears out, so it is written by `SetQrPrefix` alone.
    """
    hub = board.hub
    if board.held is not None:
        held, board.held, board.uploads = board.held, None, None
        records.on_settlement(board, *held)
    host.tell_admitted(hub)
    for other in hub.boards.values():
        _tell_boot(other)


def _lose(board: Board) -> None:
    """Nothing has come from this board for long: it has to introduce itself anew."""
    _forget(board, "silent")
    board.hub.tell(FellSilent(charge_point_code=board.code))


def _forget(board: Board, reason: str) -> None:
    pending.abandon(board, reason)
    del board.hub.boards[board.physical_id]
