"""Cards at the reader: 0x02 waits for the platform, gets its answer, and a start follows as 0x82."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chargecloud.device.commands import AnswerBalance, AnswerStart, ChargeLimit, ReplyRefusal
from chargecloud.device.events import BalanceAsked, CommandOutcome, StartMethod, StartRequested
from chargecloud.protocols.common import pending
from chargecloud.protocols.dny.board import COMMAND_GAP_S, Board
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.mapping import control
from chargecloud.protocols.dny.mapping.values import ANY_PORT, card_id_of, connector_no_of
from chargecloud.protocols.dny.scripts import CARD_START

ASK_LIMIT_S = 10.0
"""The board waits 15 s and repeats once (文档 §2.3); the driver stands there."""
ASKS_MAX = 16
LIMIT_REFUSAL = ReplyRefusal.OUT_OF_SERVICE
"""Spoken when the platform has not decided in time."""


@dataclass(slots=True)
class Ask:
    """One card that waits."""

    frame: uplinks.CardSwipe
    message_id: int
    due: float


def on_swipe(board: Board, frame: uplinks.CardSwipe, message_id: int) -> None:
    """0x02. The same swipe again renews the id to answer; another card at the same port takes its place."""
    asks = board.asks
    if asks is None:
        asks = board.asks = {}
    for request_id, ask in list(asks.items()):
        if (ask.frame.card_id, ask.frame.port_no) == (frame.card_id, frame.port_no):
            ask.message_id = message_id
            return
        if ask.frame.port_no == frame.port_no:
            del asks[request_id]
    if len(asks) >= ASKS_MAX:
        board.hub.fault("too_many_requests")
        return
    board.asked += 1
    request_id = f"{board.code}-{board.wall_ms:x}-{board.asked}"
    asks[request_id] = Ask(frame, message_id, board.now + ASK_LIMIT_S)
    board.wake_at(board.now + ASK_LIMIT_S)
    board.hub.tell(_question(board.code, frame, request_id))


def answer_start(board: Board, command: AnswerStart) -> None:
    """The platform's decision: the spoken answer, and with a yes the start, half a second later."""
    ask = (board.asks or {}).get(command.request_id)
    if ask is None or ask.frame.port_no == ANY_PORT:
        board.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    connector_no = connector_no_of(ask.frame.port_no)
    refusal = ReplyRefusal.NONE if command.accepted else command.refusal
    if command.accepted:
        if pending.is_busy(board, CARD_START.lane, connector_no):
            _speak(board, command.request_id, LIMIT_REFUSAL, command.balance_fen, command.limit)
            board.end(command, CommandOutcome.REFUSED, "busy")
            return
        try:
            control.start(command.session_no, connector_no, command.balance_fen, command.limit, board.start_form)
        except ValueError as error:
            board.end(command, CommandOutcome.REFUSED, f"invalid: {error}")
            return
    elif refusal is ReplyRefusal.NONE:
        refusal = LIMIT_REFUSAL  # 0 belongs to yes
    _speak(board, command.request_id, refusal, command.balance_fen, command.limit)
    if not command.accepted:
        board.end(command, CommandOutcome.DONE)
        return
    here = msgspec.structs.replace(command, connector_no=connector_no)
    pending.submit(board, CARD_START, here, not_before=board.now + COMMAND_GAP_S)


def answer_balance(board: Board, command: AnswerBalance) -> None:
    """What the board tells a driver who only wants to know."""
    ask = (board.asks or {}).get(command.request_id)
    if ask is None or ask.frame.port_no != ANY_PORT:
        board.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    _speak(board, command.request_id, command.refusal, command.balance_fen, None)
    board.end(command, CommandOutcome.DONE)


def sweep(board: Board) -> None:
    """Refuse whom the platform has kept waiting too long."""
    for request_id, ask in list((board.asks or {}).items()):
        if ask.due > board.now:
            board.wake_at(ask.due)
        else:
            _speak(board, request_id, LIMIT_REFUSAL, 0, None)


def _speak(board: Board, request_id: str, refusal: ReplyRefusal, balance_fen: int, limit: ChargeLimit | None) -> None:
    asks = board.asks or {}
    ask = asks.pop(request_id)
    if not asks:
        board.asks = None
    answer = control.card_answer(
        ask.frame.card_id, ask.frame.port_no, refusal=refusal, balance_fen=balance_fen, limit=limit
    )
    board.reply(answer, ask.message_id)


def _question(code: str, frame: uplinks.CardSwipe, request_id: str) -> StartRequested | BalanceAsked:
    card_id = card_id_of(frame.card_id)
    if frame.port_no == ANY_PORT:
        return BalanceAsked(charge_point_code=code, request_id=request_id, card_id=card_id)
    return StartRequested(
        charge_point_code=code,
        request_id=request_id,
        connector_no=connector_no_of(frame.port_no),
        method=StartMethod.CARD,
        card_id=card_id,
        password_hash="",
        vin="",
    )
