"""Which part of the conversation takes which frame of an admitted gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chargecloud.device.commands import AnswerStart, StartCharging, StopCharging
from chargecloud.device.events import StartAnswered, StartRefusal, StopAnswered
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer
from chargecloud.protocols.wire.schema import Frame
from chargecloud_bkv import cards, frames, records, tables, tlv
from chargecloud_bkv.conversation import Conversation
from chargecloud_bkv.mapping import downlink, uplink
from chargecloud_bkv.mapping.values import connector_no_of, place_of
from chargecloud_bkv.scripts import STATE_LANE

Handler = Callable[[Conversation, Any, int, bytes], None]
"""(conversation, typed frame, serial, content); the table below pairs each with its frame class."""
_OK_TAG, _SOCKET_TAG = 0x0F, 0x4A


def on_state(talk: Conversation, frame: frames.SocketState | frames.StateReport, serial: int, content: bytes) -> None:
    """0015/1C in answer to a question, 1000/1017 on the gateway's own account."""
    try:
        holes = uplink.holes_of(frame)
    except ValueError:
        talk.fault("short_body")
        return
    if isinstance(frame, frames.StateReport):
        talk.reply(frames.StateAnswer(entries=_yes()), serial)
    sockets = set()
    for socket, temperature_c, hole in holes:
        sockets.add(socket)
        connector_no = connector_no_of(socket, hole.hole)
        charge = talk.charge_of(connector_no, hole.business_no)
        if charge is not None:
            charge.peak_dw = max(charge.peak_dw, hole.power_dw)
        talk.tell(uplink.sampled(talk.charge_point_code, socket, hole, temperature_c, charge))
    for exchange in list(pending.heads(talk, STATE_LANE)):
        if place_of(exchange.connector_no)[0] in sockets:
            pending.answered(talk, exchange, Answer(accepted=True))


def on_control(
    talk: Conversation, frame: frames.ControlReply | frames.TierControlReply, serial: int, content: bytes
) -> None:
    """0015/07 and 17: the serial finds the command, and the place has to be the same."""
    exchange = talk.waiting_for(serial)
    if exchange is not None and _same_place(frame, exchange.connector_no):
        command = exchange.command
        if isinstance(command, StartCharging):
            _tell_start(talk, command, frame, command.command_id)
            pending.answered(talk, exchange, _answer(frame.result))
            return
        if isinstance(command, StopCharging):
            _tell_stop(talk, command, frame.result)
            pending.answered(talk, exchange, _answer(frame.result))
            return
    late = (talk.late or {}).get(serial)
    if isinstance(late, StartCharging) and _same_place(frame, late.connector_no):
        (talk.late or {}).pop(serial)
        _tell_start(talk, late, frame, "")
        return
    talk.fault("unmatched")


def on_card_order(talk: Conversation, frame: frames.CardOrderReply, serial: int, content: bytes) -> None:
    """0015/0F: the socket has taken the order of a card."""
    exchange = talk.waiting_for(serial)
    if exchange is None or not isinstance(exchange.command, AnswerStart):
        talk.fault("unmatched")
        return
    command = exchange.command
    accepted = frame.result == tables.OK
    talk.tell(_start_answered(talk, command, accepted, frame.result, command.command_id))
    pending.answered(talk, exchange, _answer(frame.result))


def on_result(talk: Conversation, frame: Any, serial: int, content: bytes) -> None:
    """An answer of one byte."""
    exchange = talk.waiting_for(serial)
    if exchange is None or exchange.code != frame.code:
        talk.fault("unmatched")
    else:
        pending.answered(talk, exchange, _answer(frame.result))


def on_parameters(talk: Conversation, frame: frames.WriteReply | frames.ReadReply, serial: int, content: bytes) -> None:
    """1000/1011 and 1012."""
    exchange = talk.waiting_for(serial)
    if exchange is None or exchange.code != frame.code:
        talk.fault("unmatched")
        return
    try:
        result = tlv.number(tlv.by_tag(frame.entries), _OK_TAG)
        facts = downlink.parameters_of(frame.entries) if isinstance(frame, frames.ReadReply) else {}
    except ValueError:
        talk.fault("short_body")
        return
    pending.answered(talk, exchange, _answer(result, {"values": facts} if facts else {}))


def on_trouble(talk: Conversation, frame: frames.Trouble, serial: int, content: bytes) -> None:
    """1000/1010."""
    try:
        event = uplink.trouble(talk.charge_point_code, frame)
        socket = tlv.number(tlv.by_tag(frame.entries), _SOCKET_TAG)
    except ValueError:
        talk.fault("short_body")
        return
    answer = tlv.build([(_SOCKET_TAG, bytes((socket & 0xFF,)))]) + _yes()
    talk.reply(frames.TroubleAnswer(entries=answer), serial)
    talk.tell(event)


def on_swipe(talk: Conversation, frame: frames.CardSwipe, serial: int, content: bytes) -> None:
    """0015/0B and 1A."""
    cards.on_card(talk, frame, serial)


def _yes() -> bytes:
    return tlv.build([(_OK_TAG, bytes((tables.OK,)))])


def _answer(result: int, facts: dict[str, object] | None = None) -> Answer:
    return Answer(accepted=result == tables.OK, reason=f"code_{result}", facts=facts)


def _same_place(frame: frames.ControlReply | frames.TierControlReply, connector_no: int) -> bool:
    return (frame.socket, frame.hole) == place_of(connector_no)


def _tell_start(
    talk: Conversation, command: StartCharging, frame: frames.ControlReply | frames.TierControlReply, command_id: str
) -> None:
    accepted = frame.result == tables.OK
    if accepted:
        talk.learn(command, frame.business_no)
    talk.tell(_start_answered(talk, command, accepted, frame.result, command_id))


def _start_answered(
    talk: Conversation, command: StartCharging | AnswerStart, accepted: bool, raw: int, command_id: str
) -> StartAnswered:
    return StartAnswered(
        charge_point_code=talk.charge_point_code,
        command_id=command_id,
        connector_no=command.connector_no,
        session_no=command.session_no,
        accepted=accepted,
        refusal=StartRefusal.NONE if accepted else StartRefusal.OTHER,
        refusal_raw=0 if accepted else raw,
    )


def _tell_stop(talk: Conversation, command: StopCharging, result: int) -> None:
    accepted = result == tables.OK
    talk.tell(
        StopAnswered(
            charge_point_code=talk.charge_point_code,
            command_id=command.command_id,
            connector_no=command.connector_no,
            accepted=accepted,
            reason="none" if accepted else "other",
        )
    )


HANDLERS: dict[type[Frame], Handler] = {
    frames.SocketState: on_state,
    frames.StateReport: on_state,
    frames.ControlReply: on_control,
    frames.TierControlReply: on_control,
    frames.CardOrderReply: on_card_order,
    frames.VoiceReply: on_result,
    frames.SocketListReply: on_result,
    frames.AddSocketReply: on_result,
    frames.WriteReply: on_parameters,
    frames.ReadReply: on_parameters,
    frames.Trouble: on_trouble,
    frames.CardSwipe: on_swipe,
    frames.BalanceQuestion: on_swipe,
    frames.ChargeEnd: records.on_end,
    frames.TierEnd: records.on_end,
    frames.CardEnd: records.on_end,
    frames.FeeEnd: records.on_end,
}
"""Every uplink but the heartbeat."""
