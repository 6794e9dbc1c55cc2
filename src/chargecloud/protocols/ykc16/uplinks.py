"""Which part of the conversation takes which frame of the charge point."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import answers, asks, frames, login, records, tariffs
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import battery, live
from chargecloud.protocols.ykc16.scripts import SAMPLE

Handler = Callable[[Conversation, Any, bytes], None]
"""(conversation, typed frame, whole frame as it came); the table below pairs each with its frame class."""

_ACK_HEAD = b"\x68\x0d"
_ACK_TYPE = b"\x00\x04"
_sequence_and_gun = Struct("<2x2s2x8s").unpack_from
_pack_covered = Struct("<2s2s8sx").pack
_pack_ack = Struct("<2s13sH").pack
_SEEN = Answer(accepted=True)


def heartbeat_ack(raw: bytes) -> bytes:
    """0x04 made of the 0x03 it answers: same sequence, code and gun; the hottest answer is worth no typed frame."""
    sequence, code_and_gun = _sequence_and_gun(raw)
    covered = _pack_covered(sequence, _ACK_TYPE, code_and_gun)
    return _pack_ack(_ACK_HEAD, covered, crc16_modbus(covered))


def on_heartbeat(talk: Conversation, frame: frames.Heartbeat, raw: bytes) -> None:
    """0x03: any of them is a sign of life of the whole charge point, whichever gun it names (D11)."""
    event = live.beat(frame)
    talk.note_gun(frame.gun_no, event.connector_no)
    talk.say_bytes(heartbeat_ack(raw))
    talk.tell(event)


def on_sample(talk: Conversation, frame: frames.RealtimeData, raw: bytes) -> None:
    """0x13, sent by itself or in answer to 0x12."""
    event = live.meter_sampled(frame, talk.dialect)
    talk.note_gun(frame.gun_no, event.connector_no)
    talk.tell(event)
    if talk.lanes:
        exchange = pending.head(talk, SAMPLE.lane, event.connector_no)
        if exchange is not None:
            pending.answered(talk, exchange, _SEEN)


def telling(event_of: Callable[[Any], DeviceEvent]) -> Handler:
    """A handler for a frame that is news and nothing else."""

    def on_news(talk: Conversation, frame: Frame, raw: bytes) -> None:
        talk.tell(event_of(frame))

    return on_news


HANDLERS: dict[type[Frame], Handler] = {
    frames.LoginRequest: login.on_login,
    frames.Heartbeat: on_heartbeat,
    frames.BillingModelVerifyRequest: tariffs.on_verify,
    frames.BillingModelRequest: tariffs.on_request,
    frames.RealtimeData: on_sample,
    frames.BmsHandshake: telling(battery.battery_introduced),
    frames.BmsParamConfig: telling(battery.battery_limits),
    frames.ChargeEnd: telling(battery.charge_ended),
    frames.ChargeError: telling(battery.charge_faulted),
    frames.BmsAbort: telling(battery.aborted_by_battery),
    frames.ChargerAbort: telling(battery.aborted_by_charger),
    frames.BmsDemandChargerOutput: telling(battery.battery_demand),
    frames.BmsChargingInfo: telling(battery.battery_status),
    frames.StartChargeRequest: asks.on_start_request,
    frames.RemoteStartReply: answers.on_start_reply,
    frames.RemoteStopReply: answers.on_stop_reply,
    frames.TransactionRecord: records.on_record,
    frames.BalanceUpdateReply: answers.answering(answers.read_balance),
    frames.OfflineCardSyncReply: answers.on_cards_stored,
    frames.OfflineCardClearReply: answers.answering(answers.read_removed),
    frames.OfflineCardQueryReply: answers.answering(answers.read_present),
    frames.WorkParamSetReply: answers.answering(answers.read_set),
    frames.TimeSyncReply: answers.on_clock_reply,
    frames.BillingModelSetReply: answers.answering(answers.read_set),
    frames.GroundLockStatus: telling(live.lock_reported),
    frames.GroundLockControlReply: answers.on_lock_reply,
    frames.RemoteRebootReply: answers.answering(answers.read_set),
    frames.RemoteUpdateReply: answers.answering(answers.read_update),
    frames.ParallelStartRequest: asks.on_start_request,
    frames.ParallelRemoteStartReply: answers.on_start_reply,
    frames.QrPrefixSetReply: answers.answering(answers.read_qr),
}
