"""Cards at a reader: the question goes to the platform, its word back to the socket."""

from __future__ import annotations

import msgspec

from chargecloud.device.commands import AnswerBalance, AnswerStart, ReplyRefusal
from chargecloud.device.events import BalanceAsked, CommandOutcome, StartMethod, StartRequested
from chargecloud.protocols.common import pending
from chargecloud_bkv.conversation import Ask, Conversation
from chargecloud_bkv.frames import BalanceAnswer, BalanceQuestion, CardSwipe
from chargecloud_bkv.mapping import downlink
from chargecloud_bkv.mapping.values import card_id_of, check_place, connector_no_of
from chargecloud_bkv.scripts import CARD_START, START_LANE

ASK_LIMIT_S = 10.0
ASKS_MAX = 16
_U32 = 0xFFFF_FFFF


def on_card(talk: Conversation, frame: CardSwipe | BalanceQuestion, serial: int) -> None:
    """0015/0B and 1A. The same card again renews what is to be answered; another one at the same place takes over."""
    try:
        check_place(frame.socket, frame.hole)
    except ValueError:
        talk.fault("short_body")
        return
    asks = talk.asks = talk.asks or {}
    for request_id, ask in list(asks.items()):
        if type(ask.frame) is type(frame) and (ask.frame.socket, ask.frame.hole) == (frame.socket, frame.hole):
            if ask.frame.card_id == frame.card_id:
                ask.frame, ask.serial = frame, serial
                return
            del asks[request_id]
    if len(asks) >= ASKS_MAX:
        talk.fault("too_many_requests")
        return
    talk.asked += 1
    request_id = f"{talk.charge_point_code}-{talk.wall_ms:x}-{talk.asked}"
    asks[request_id] = Ask(frame, serial, talk.now + ASK_LIMIT_S)
    talk.wake_at(talk.now + ASK_LIMIT_S)
    talk.tell(_question(talk.charge_point_code, frame, request_id))


def answer_start(talk: Conversation, command: AnswerStart) -> None:
    """With a yes the socket gets its order, with a no it hears that there is none."""
    ask = (talk.asks or {}).get(command.request_id)
    if ask is None or not isinstance(ask.frame, CardSwipe):
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    connector_no = connector_no_of(ask.frame.socket, ask.frame.hole)
    if command.accepted and not pending.is_busy(talk, START_LANE, connector_no):
        pending.submit(talk, CARD_START, msgspec.structs.replace(command, connector_no=connector_no))
        return
    _refuse(talk, command.request_id)
    if command.accepted:
        talk.end(command, CommandOutcome.REFUSED, "busy")
    else:
        talk.end(command, CommandOutcome.DONE)


def answer_balance(talk: Conversation, command: AnswerBalance) -> None:
    """The balance; there is no word for a refusal, so it is 0 then."""
    ask = (talk.asks or {}).get(command.request_id)
    if ask is None or not isinstance(ask.frame, BalanceQuestion):
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    _tell_balance(talk, command.request_id, command.balance_fen if command.refusal is ReplyRefusal.NONE else 0)
    talk.end(command, CommandOutcome.DONE)


def sweep(talk: Conversation) -> None:
    """Refuse whom the platform has kept waiting too long."""
    for request_id, ask in list((talk.asks or {}).items()):
        if ask.due > talk.now:
            talk.wake_at(ask.due)
        elif isinstance(ask.frame, CardSwipe):
            _refuse(talk, request_id)
        else:
            del (talk.asks or {})[request_id]


def _refuse(talk: Conversation, request_id: str) -> None:
    ask = (talk.asks or {}).pop(request_id)
    if isinstance(ask.frame, CardSwipe):
        place = (ask.frame.socket, ask.frame.hole)
        talk.reply(downlink.card_answer(place, ask.frame.business_no, None, talk.dialect), ask.serial)


def _tell_balance(talk: Conversation, request_id: str, balance_fen: int) -> None:
    ask = (talk.asks or {}).pop(request_id)
    frame = ask.frame
    balance = max(0, min(balance_fen, _U32))
    answer = BalanceAnswer(socket=frame.socket, hole=frame.hole, card_id=frame.card_id, balance_fen=balance)
    talk.reply(answer, ask.serial)


def _question(code: str, frame: CardSwipe | BalanceQuestion, request_id: str) -> StartRequested | BalanceAsked:
    card_id = card_id_of(frame.card_id)
    if isinstance(frame, BalanceQuestion):
        return BalanceAsked(charge_point_code=code, request_id=request_id, card_id=card_id)
    return StartRequested(
        charge_point_code=code,
        request_id=request_id,
        connector_no=connector_no_of(frame.socket, frame.hole),
        method=StartMethod.CARD,
        card_id=card_id,
        password_hash="",
        vin="",
    )
