"""Frames that answer our commands: what they mean, and which command they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chargecloud.device.commands import StoreCards
from chargecloud.device.events import StartRefusal
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer, Exchange
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping.live import clock_reported
from chargecloud.protocols.ykc16.mapping.start import start_answered, stop_answered
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO
from chargecloud.protocols.ykc16.scripts import CLOCK, LOCK, START, STOP, STORE, STORE_BATCH, batch

LATE_START_S = 65.0
"""After "not plugged" a success may follow for 60 s from the 0x34, and a margin (文档 §4.4)."""
_DONE = Answer(accepted=True)
_UPDATE_FAILURES = {1: "wrong_charge_point", 2: "wrong_model", 3: "download_timeout"}
_BALANCE_FAILURES = {1: "wrong_charge_point", 2: "wrong_card"}
_STORE_FAILURES = {1: "card_format", 2: "storage_full"}
_NOT_PLUGGED = StartRefusal.NOT_PLUGGED.value

StartReply = frames.RemoteStartReply | frames.ParallelRemoteStartReply
SetReply = frames.WorkParamSetReply | frames.BillingModelSetReply | frames.RemoteRebootReply


def on_start_reply(talk: Conversation, frame: StartReply, raw: bytes) -> None:
    """0x33 and 0xA3: a success counts for the trade number it names and no other (D21)."""
    exchange = pending.head(talk, START.lane, CONNECTOR_NO[frame.gun_no])
    if exchange is None:
        talk.tell(start_answered(frame, command_id="", parallel_no=getattr(frame, "parallel_seq", "")))
        return
    if exchange.command.session_no != frame.trade_no:
        talk.fault("unmatched")
        return
    word = start_answered(frame, exchange.command.command_id, exchange.command.parallel_no)
    if word.refusal is StartRefusal.NOT_PLUGGED:
        if exchange.refusal != _NOT_PLUGGED:
            talk.tell(word)
            exchange.refusal = _NOT_PLUGGED
            exchange.due = exchange.sent_at + LATE_START_S
            talk.wake_at(exchange.due)
        return
    talk.tell(word)
    exchange.refusal = ""
    pending.answered(talk, exchange, Answer(accepted=word.accepted, reason=word.refusal.value))


def on_stop_reply(talk: Conversation, frame: frames.RemoteStopReply, raw: bytes) -> None:
    """0x35; the short form of openUC names neither charge point nor gun (D20)."""
    if frame.gun_no:
        connector_no = CONNECTOR_NO[frame.gun_no]
        exchange = pending.head(talk, STOP.lane, connector_no)
    else:
        exchange = _stop_meant(talk, raw[2:4])
        if exchange is None:
            talk.fault("unmatched")
            return
        connector_no = exchange.connector_no
    word = stop_answered(
        frame,
        charge_point_code=talk.charge_point_code,
        connector_no=connector_no,
        command_id=exchange.command.command_id if exchange else "",
    )
    talk.tell(word)
    if exchange is not None:
        pending.answered(talk, exchange, Answer(accepted=word.accepted, reason=word.reason))


def _stop_meant(talk: Conversation, sequence: bytes) -> Exchange[Conversation, Any] | None:
    """Of several stops in flight the one with this sequence number, otherwise the one that has waited longest."""
    waiting = sorted(pending.heads(talk, STOP.lane), key=lambda exchange: exchange.sent_at)
    named = [exchange for exchange in waiting if talk.dialect.echoes_sequence and exchange.number == sequence]
    return next(iter(named or waiting), None)


def on_clock_reply(talk: Conversation, frame: frames.TimeSyncReply, raw: bytes) -> None:
    """0x55: the time is worth telling whoever asked for it."""
    event = clock_reported(frame, talk.dialect, talk.wall_ms)
    if event is not None:
        talk.tell(event)
    _answer(talk, CLOCK.lane, 0, Answer(accepted=True, facts={"skew_ms": event.skew_ms} if event else {}))


def on_lock_reply(talk: Conversation, frame: frames.GroundLockControlReply, raw: bytes) -> None:
    """0x63: whether it will try; the movement itself comes as 0x61."""
    accepted = frame.control_result == 1
    _answer(talk, LOCK.lane, frame.gun_no, Answer(accepted=accepted, reason="" if accepted else "refused"))


def on_cards_stored(talk: Conversation, frame: frames.OfflineCardSyncReply, raw: bytes) -> None:
    """0x43: one word for the whole batch."""
    exchange = pending.head(talk, STORE.lane)
    if exchange is None or not isinstance(exchange.command, StoreCards):
        talk.fault("unmatched")
        return
    stored = frame.save_result == 1
    reason = "" if stored else _STORE_FAILURES.get(frame.save_fail_reason, "refused")
    told = batch(exchange.command.cards, exchange.step, STORE_BATCH)
    cards = tuple({"card_id": card.card_id, "stored": stored, "reason": reason} for card in told)
    pending.answered(talk, exchange, Answer(accepted=stored, reason=reason, cards=cards))


def read_set(frame: SetReply) -> Answer:
    """0x51, 0x57 and 0x91: one byte, 1 is success."""
    return _DONE if frame.set_result == 1 else Answer(accepted=False, reason="refused")


def read_balance(frame: frames.BalanceUpdateReply) -> Answer:
    """0x41."""
    if frame.update_result == 0:
        return _DONE
    return Answer(accepted=False, reason=_BALANCE_FAILURES.get(frame.update_result, f"code_{frame.update_result}"))


def read_removed(frame: frames.OfflineCardClearReply) -> Answer:
    """0x45: a word for each card."""
    removed = [(hex_text(card.physical_card_no), card.clear_result == 1) for card in frame.results]
    return Answer(
        accepted=all(gone for _, gone in removed),
        reason="not_removed",
        cards=tuple({"card_id": card_id, "removed": gone} for card_id, gone in removed),
    )


def read_present(frame: frames.OfflineCardQueryReply) -> Answer:
    """0x47: a word for each card."""
    return Answer(
        accepted=True,
        cards=tuple(
            {"card_id": hex_text(card.physical_card_no), "present": card.query_result == 1} for card in frame.results
        ),
    )


def read_update(frame: frames.RemoteUpdateReply) -> Answer:
    """0x93."""
    if frame.update_status == 0:
        return _DONE
    return Answer(accepted=False, reason=_UPDATE_FAILURES.get(frame.update_status, f"code_{frame.update_status}"))


def read_qr(frame: frames.QrPrefixSetReply) -> Answer:
    """0xF1: any answer is an acknowledgement, no two documents agree about its values (D9)."""
    return Answer(accepted=True, facts={"raw": frame.set_result})


def answering(read: Callable[[Any], Answer]) -> Callable[[Conversation, Any, bytes], None]:
    """A handler for an answer that concerns the whole charge point and tells nothing but the end of its command."""

    def on_reply(talk: Conversation, frame: Frame, raw: bytes) -> None:
        _answer(talk, frame.code, 0, read(frame))

    return on_reply


def _answer(talk: Conversation, lane: int, connector_no: int, answer: Answer) -> None:
    exchange = pending.head(talk, lane, connector_no)
    if exchange is None:
        talk.fault("unmatched")
    else:
        pending.answered(talk, exchange, answer)
