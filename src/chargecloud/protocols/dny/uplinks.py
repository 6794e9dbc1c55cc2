"""Which part of the conversation takes which frame of an admitted board."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from struct import Struct
from typing import Any

from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer
from chargecloud.protocols.dny import cards, control, parameters, records
from chargecloud.protocols.dny.board import Board
from chargecloud.protocols.dny.frames import acks, answers, uplinks
from chargecloud.protocols.dny.mapping import live
from chargecloud.protocols.dny.scripts import SAMPLE
from chargecloud.protocols.wire.checksums import sum16
from chargecloud.protocols.wire.schema import Frame

Handler = Callable[[Board, Any, int, bytes], None]
"""(board, typed frame, message id, whole frame as it came); the table below pairs each with its frame class."""

_ACK_HEAD = b"DNY\x0a\x00"
_ACK_HEAD_SUM = sum16(_ACK_HEAD)
_ack = Struct("<5s7sBH").pack
_SEEN = Answer(accepted=True)


def one_byte_ack(raw: bytes) -> bytes:
    """Result 0 made of the frame it answers, whose ids it repeats: the hottest answer needs no typed frame."""
    ids_and_command = raw[5:12]
    return _ack(_ACK_HEAD, ids_and_command, 0, _ACK_HEAD_SUM + sum16(ids_and_command))


def on_heartbeat(board: Board, frame: uplinks.Heartbeat, message_id: int, raw: bytes) -> None:
    """0x21."""
    board.reply_bytes(one_byte_ack(raw))
    _note_states(board, frame.port_states)
    board.hub.tell(live.beat(board.code, frame))


def on_legacy_heartbeat(board: Board, frame: uplinks.LegacyHeartbeat, message_id: int, raw: bytes) -> None:
    """0x01: read, but answered only in the form of 0x21 (文档 FAQ)."""
    _note_states(board, frame.port_states)
    board.hub.tell(live.beat(board.code, frame))


def on_register(board: Board, frame: uplinks.Register, message_id: int, raw: bytes) -> None:
    """0x20 of a board that is admitted: after a power cut, a change, or because it was asked."""
    board.reply_bytes(one_byte_ack(raw))
    board.learn(frame.device_type, frame.firmware_version)
    board.queried_at = inf
    _seen(board)


def on_time(board: Board, frame: uplinks.TimeSync, message_id: int, raw: bytes) -> None:
    """0x22."""
    board.reply(acks.TimeAnswer(timestamp=board.wall_ms // 1000), message_id)


def on_progress(board: Board, frame: uplinks.PowerHeartbeat, message_id: int, raw: bytes) -> None:
    """0x06."""
    board.hub.tell(live.meter_sampled(board.code, frame))
    _seen(board)


def on_order_confirm(board: Board, frame: uplinks.OrderConfirm, message_id: int, raw: bytes) -> None:
    """0x04: answered so that it ends; the answer to the start says the same."""
    board.reply(acks.OrderConfirmAck(port_no=frame.port_no, result=0), message_id)


def on_result(board: Board, frame: Any, message_id: int, raw: bytes) -> None:
    """An answer of one byte, perhaps with bytes behind it, that ends its command."""
    exchange = board.waiting_for(frame.code, message_id)
    if exchange is None:
        board.hub.fault("unmatched")
        return
    facts: dict[str, object] = {"data": frame.data.hex().upper()} if getattr(frame, "data", b"") else {}
    done = frame.result == 0
    pending.answered(board, exchange, Answer(accepted=done, reason=f"code_{frame.result}", facts=facts))


def telling(event_of: Callable[[str, Any], DeviceEvent]) -> Handler:
    """A handler for a frame that is news and nothing else."""

    def on_news(board: Board, frame: Frame, message_id: int, raw: bytes) -> None:
        board.hub.tell(event_of(board.code, frame))

    return on_news


def on_nothing(board: Board, frame: Frame, message_id: int, raw: bytes) -> None:
    """A frame that wants no answer and tells the platform nothing it acts on; the frame log keeps it."""


def _note_states(board: Board, states: bytes) -> None:
    board.states = states
    _seen(board)


def _seen(board: Board) -> None:
    """The board has said how it is: whoever asked has got the answer."""
    if board.lanes:
        for exchange in list(pending.waiting(board)):
            if exchange.script is SAMPLE:
                pending.answered(board, exchange, _SEEN)


def _plain(take: Callable[[Board, Any, int], None]) -> Handler:
    """A handler that needs no raw bytes."""

    def on_frame(board: Board, frame: Frame, message_id: int, raw: bytes) -> None:
        take(board, frame, message_id)

    return on_frame


HANDLERS: dict[type[Frame], Handler] = {
    uplinks.LegacyHeartbeat: on_legacy_heartbeat,
    uplinks.CardSwipe: _plain(cards.on_swipe),
    uplinks.Settlement: records.on_settlement,
    uplinks.OrderConfirm: on_order_confirm,
    uplinks.UpgradeRequest: on_nothing,
    uplinks.PowerHeartbeat: on_progress,
    uplinks.Register: on_register,
    uplinks.Heartbeat: on_heartbeat,
    uplinks.TimeSync: on_time,
    uplinks.CabinetHeartbeat: on_nothing,
    uplinks.Alarm: telling(live.alarm_reported),
    uplinks.FullNotice: telling(live.fully_charged),
    uplinks.PortNotice: telling(live.notice_reported),
    answers.ChargeControlReply: _plain(control.on_control),
    answers.ModifyChargeReply: _plain(control.on_modified),
    answers.GetParamsAReply: _plain(parameters.on_values),
    answers.GetParamsBReply: _plain(parameters.on_values),
    answers.GetMaxTimePowerReply: _plain(parameters.on_values),
    answers.GetCardKeysReply: _plain(parameters.on_values),
}
RESULTS: frozenset[type[Frame]] = frozenset(
    {
        answers.HostRebootReply,
        answers.ModemRebootReply,
        answers.ClearUpgradeReply,
        answers.SetServerAddressReply,
        answers.SetFskReply,
        answers.CabinetStopReply,
        answers.SetParamsAReply,
        answers.SetParamsBReply,
        answers.SetMaxTimePowerReply,
        answers.SetCardKeysReply,
        answers.RebootReply,
        answers.ClearStorageReply,
        answers.PlayVoiceReply,
        answers.EepromReadReply,
        answers.EepromWriteReply,
        answers.SetWorkModeReply,
        answers.SetQrUrlReply,
        answers.SetTcModeReply,
        answers.TempQrReply,
        answers.LocateReply,
        answers.SetMuteReply,
        answers.MultiFunctionReply,
    }
)
"""Answers whose first byte is all there is to know."""
HANDLERS |= dict.fromkeys(RESULTS, on_result)
