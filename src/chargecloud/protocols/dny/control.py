"""Answers to starts, stops and new limits. None of them is ever answered: the board would repeat it for ever."""

from __future__ import annotations

from chargecloud.device.commands import AnswerStart, DeviceCommand, StartCharging, StopCharging
from chargecloud.device.events import ChargeFaulted, StartAnswered, StartRefusal, StopAnswered
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer, Exchange
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.board import Board
from chargecloud.protocols.dny.frames import answers
from chargecloud.protocols.dny.mapping import control as meaning
from chargecloud.protocols.dny.mapping.values import ANY_PORT, NO_ORDER, connector_no_of, order_no_of
from chargecloud.protocols.dny.scripts import START_LANE, STOP_LANE

Started = StartCharging | AnswerStart
SHORT = "short_answer"


def on_control(board: Board, frame: answers.ChargeControlReply, message_id: int) -> None:
    """0x82. The message id finds the command, and the order number has to agree where there is one."""
    exchange = _exchange_of(board, frame, message_id)
    if exchange is not None:
        board.form_proven = True
        _tell(board, exchange.command, frame, exchange.command.command_id)
        accepted, reason = _judged(frame)
        pending.answered(board, exchange, Answer(accepted=accepted, reason=reason))
        return
    late = (board.late or {}).get(message_id)
    if late is None or not _same_order(frame, late):
        board.hub.fault("unmatched")
        return
    board.form_no, board.form_proven = 0, False  # it did understand the form that was given up
    (board.late or {}).pop(message_id)
    _tell(board, late, frame, "")


def on_modified(board: Board, frame: answers.ModifyChargeReply, message_id: int) -> None:
    """0x8A."""
    exchange = board.waiting_for(frame.code, message_id)
    if exchange is None:
        board.hub.fault("unmatched")
    else:
        reason = tables.MODIFY_RESULT.identifier(frame.result)
        pending.answered(board, exchange, Answer(accepted=frame.result == 0, reason=reason))


def _exchange_of(
    board: Board, frame: answers.ChargeControlReply, message_id: int
) -> Exchange[Board, Started | StopCharging] | None:
    candidates = [x for x in pending.waiting(board) if x.script.lane in (START_LANE, STOP_LANE)]
    for exchange in candidates:
        if exchange.number == message_id and _same_order(frame, exchange.command):
            return exchange
    return None


def _same_order(frame: answers.ChargeControlReply, command: DeviceCommand) -> bool:
    """Whether the answer is about this session; short answers and refusals may name none."""
    if frame.order_no is None or frame.order_no == NO_ORDER:
        return True
    return isinstance(command, Started | StopCharging) and frame.order_no == order_no_of(command.session_no)


def _judged(frame: answers.ChargeControlReply) -> tuple[bool, str]:
    """Done or not, and the word for it; an answer without its order number is never a success."""
    if frame.result in meaning.EXECUTED and frame.order_no is None:
        return False, SHORT
    return frame.result in meaning.EXECUTED, tables.CONTROL_RESULT.identifier(frame.result)


def _tell(board: Board, command: DeviceCommand, frame: answers.ChargeControlReply, command_id: str) -> None:
    accepted, reason = _judged(frame)
    if isinstance(command, StopCharging):
        _tell_stop(board, command, frame, command_id)
        return
    assert isinstance(command, Started)  # noqa: S101 - nothing else is remembered or sent in these lanes
    connector_no = _connector_no(frame, command.connector_no)
    refused = StartRefusal.OTHER if reason == SHORT else meaning.refusal_of(frame.result)
    board.hub.tell(
        StartAnswered(
            charge_point_code=board.code,
            command_id=command_id,
            connector_no=connector_no,
            session_no=command.session_no,
            accepted=accepted,
            refusal=StartRefusal.NONE if accepted else refused,
            refusal_raw=frame.result,
            waiting_connectors=(
                meaning.waiting_connectors(frame.pending_ports) if frame.result == meaning.SEVERAL_WAITING else ()
            ),
        )
    )
    if accepted and frame.result in meaning.FAULTY_SUCCESS:
        board.hub.tell(
            ChargeFaulted(
                charge_point_code=board.code,
                connector_no=connector_no,
                session_no=command.session_no,
                errors=(reason,),
            )
        )


def _tell_stop(board: Board, command: StopCharging, frame: answers.ChargeControlReply, command_id: str) -> None:
    accepted, _ = _judged(frame)
    refused = "not_charging" if frame.result == meaning.SAME_STATE else "other"
    board.hub.tell(
        StopAnswered(
            charge_point_code=board.code,
            command_id=command_id,
            connector_no=command.connector_no,
            accepted=accepted,
            reason="none" if accepted else refused,
        )
    )


def _connector_no(frame: answers.ChargeControlReply, asked: int) -> int:
    """The real connector when the board chose one."""
    if asked or frame.port_no is None or frame.port_no == ANY_PORT:
        return asked
    return connector_no_of(frame.port_no)
