"""Drivers at the charge point: 0x31 and 0xA1 wait for the platform's decision and get 0x32 or 0xA2."""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.commands import AnswerStart, ReplyRefusal
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import command as downlink
from chargecloud.protocols.ykc16.mapping.start import parallel_start_requested, start_requested

ASK_LIMIT_S = 3.0
"""The driver stands at the screen (文档 §0x31)."""
ASKS_MAX = 32
LIMIT_REFUSAL = ReplyRefusal.OUT_OF_SERVICE
"""Shown when the platform has not decided in time; the document has no word for that."""

Request = frames.StartChargeRequest | frames.ParallelStartRequest


@dataclass(slots=True)
class Ask:
    """One open request."""

    frame: Request
    sequence: bytes
    due: float


def on_start_request(talk: Conversation, frame: Request, raw: bytes) -> None:
    """0x31 and 0xA1. The same request again only renews the sequence number to answer with.

    Its id is unlike any other of this charge point, also of earlier connections: a stale answer must find nothing.
    """
    asks = talk.asks
    if asks is None:
        asks = talk.asks = {}
    for request_id, ask in list(asks.items()):
        if ask.frame == frame:
            ask.sequence = raw[2:4]
            return
        if ask.frame.gun_no == frame.gun_no:
            del asks[request_id]
    if len(asks) >= ASKS_MAX:
        talk.fault("too_many_requests")
        return
    talk.asked += 1
    request_id = f"{talk.charge_point_code}-{talk.wall_ms:x}-{talk.asked}"
    asks[request_id] = Ask(frame, raw[2:4], talk.now + ASK_LIMIT_S)
    talk.wake_at(talk.now + ASK_LIMIT_S)
    if isinstance(frame, frames.ParallelStartRequest):
        talk.tell(parallel_start_requested(frame, request_id))
    else:
        talk.tell(start_requested(frame, request_id))


def answer_start(talk: Conversation, command: AnswerStart) -> None:
    """The platform's decision, addressed by the request it answers."""
    ask = (talk.asks or {}).get(command.request_id)
    if ask is None:
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    try:
        _answer(talk, ask, command)
    except ValueError as error:
        talk.end(command, CommandOutcome.REFUSED, f"invalid: {error}")
        return
    (talk.asks or {}).pop(command.request_id)
    talk.end(command, CommandOutcome.DONE)


def sweep(talk: Conversation) -> None:
    """Refuse whom the platform has kept waiting too long."""
    for request_id, ask in list((talk.asks or {}).items()):
        if ask.due > talk.now:
            talk.wake_at(ask.due)
            continue
        (talk.asks or {}).pop(request_id)
        _answer(talk, ask, _limit_refusal(talk, request_id))


def _limit_refusal(talk: Conversation, request_id: str) -> AnswerStart:
    return AnswerStart(
        command_id="",
        charge_point_code=talk.charge_point_code,
        expires_at_ms=0,
        request_id=request_id,
        connector_no=0,
        accepted=False,
        refusal=LIMIT_REFUSAL,
        session_no="",
        card_label="",
        balance_fen=0,
    )


def _answer(talk: Conversation, ask: Ask, command: AnswerStart) -> None:
    frame = ask.frame
    if isinstance(frame, frames.ParallelStartRequest):
        reply = downlink.parallel_start_response(talk.charge_point_code, frame.gun_no, command, frame.parallel_seq)
        talk.say(reply, ask.sequence)
    else:
        talk.say(downlink.start_response(talk.charge_point_code, frame.gun_no, command), ask.sequence)
