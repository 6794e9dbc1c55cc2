"""How each command that a frame answers goes over the wire: its words, its limit, its repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from chargecloud.device.commands import (
    ApplyTariff,
    DeviceCommand,
    MoveLock,
    QueryCards,
    ReadSample,
    Reboot,
    RemoveCards,
    SetQrPrefix,
    SetWorkParameters,
    StartCharging,
    StopCharging,
    StoreCards,
    SyncClock,
    UpdateBalance,
    UpdateFirmware,
)
from chargecloud.protocols.common.pending import Exchange, Script
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import command as downlink

START_LIMIT_S = 15.0
STOP_ATTEMPTS = 3
INSTALL_MARGIN_S = 600.0
"""What an update may take after its download."""
STORE_BATCH, REMOVE_BATCH, QUERY_BATCH = 11, 18, 21
"""Cards a frame may name so that neither it nor its answer counts more than 200 bytes (D3)."""
T = TypeVar("T")


def batch(items: Sequence[T], step: int, size: int) -> Sequence[T]:
    """The items of one step."""
    return items[step * size : (step + 1) * size]


def batches(count: int, size: int) -> int:
    """How many frames so many items take; none at all still takes one."""
    return max(1, -(-count // size))


def sample_query(talk: Conversation, connector_no: int) -> frames.ReadRealtimeData:
    """0x12."""
    return frames.ReadRealtimeData(pile_code=talk.charge_point_code, gun_no=talk.gun(connector_no))


def _look_instead(talk: Conversation, exchange: Exchange[Conversation, StopCharging]) -> None:
    """A stop that nobody answers: ask at least what the connector does (文档 §4.6)."""
    talk.say(sample_query(talk, exchange.connector_no), talk.next_sequence())


def _remote_start(
    talk: Conversation, exchange: Exchange[Conversation, StartCharging]
) -> frames.RemoteStart | frames.ParallelRemoteStart:
    return downlink.remote_start(talk.charge_point_code, talk.gun(exchange.connector_no), exchange.command)


def _remote_stop(talk: Conversation, exchange: Exchange[Conversation, StopCharging]) -> frames.RemoteStop:
    return frames.RemoteStop(pile_code=talk.charge_point_code, gun_no=talk.gun(exchange.connector_no))


def _balance(talk: Conversation, exchange: Exchange[Conversation, UpdateBalance]) -> frames.BalanceUpdate:
    return downlink.balance_update(talk.charge_point_code, talk.gun(exchange.command.connector_no), exchange.command)


START: Script[Conversation, StartCharging] = Script(
    lane=frames.RemoteStartReply.code,
    build=_remote_start,
    connector=lambda command: command.connector_no,
    limit_s=lambda command: START_LIMIT_S,
    queues=False,
)
STOP: Script[Conversation, StopCharging] = Script(
    lane=frames.RemoteStopReply.code,
    build=_remote_stop,
    connector=lambda command: command.connector_no,
    attempts=STOP_ATTEMPTS,
    on_silence=_look_instead,
)
SAMPLE: Script[Conversation, ReadSample] = Script(
    lane=frames.RealtimeData.code,
    build=lambda talk, exchange: sample_query(talk, exchange.connector_no),
    connector=lambda command: command.connector_no,
)
BALANCE: Script[Conversation, UpdateBalance] = Script(lane=frames.BalanceUpdateReply.code, build=_balance)
STORE: Script[Conversation, StoreCards] = Script(
    lane=frames.OfflineCardSyncReply.code,
    build=lambda talk, exchange: downlink.cards_store(
        talk.charge_point_code, batch(exchange.command.cards, exchange.step, STORE_BATCH)
    ),
    steps=lambda command: batches(len(command.cards), STORE_BATCH),
)
REMOVE: Script[Conversation, RemoveCards] = Script(
    lane=frames.OfflineCardClearReply.code,
    build=lambda talk, exchange: downlink.cards_remove(
        talk.charge_point_code, batch(exchange.command.card_ids, exchange.step, REMOVE_BATCH)
    ),
    steps=lambda command: batches(len(command.card_ids), REMOVE_BATCH),
)
QUERY: Script[Conversation, QueryCards] = Script(
    lane=frames.OfflineCardQueryReply.code,
    build=lambda talk, exchange: downlink.cards_query(
        talk.charge_point_code, batch(exchange.command.card_ids, exchange.step, QUERY_BATCH)
    ),
    steps=lambda command: batches(len(command.card_ids), QUERY_BATCH),
)
WORK: Script[Conversation, SetWorkParameters] = Script(
    lane=frames.WorkParamSetReply.code,
    build=lambda talk, exchange: downlink.work_parameters(talk.charge_point_code, exchange.command),
)
CLOCK: Script[Conversation, SyncClock] = Script(
    lane=frames.TimeSyncReply.code,
    build=lambda talk, exchange: downlink.clock_set(talk.charge_point_code, talk.wall_ms),
)
TARIFF: Script[Conversation, ApplyTariff] = Script(
    lane=frames.BillingModelSetReply.code,
    build=lambda talk, exchange: downlink.tariff_set(talk.charge_point_code, exchange.command.tariff),
)
LOCK: Script[Conversation, MoveLock] = Script(
    lane=frames.GroundLockControlReply.code,
    build=lambda talk, exchange: downlink.lock_move(talk.charge_point_code, exchange.command),
    connector=lambda command: command.connector_no,
)
REBOOT: Script[Conversation, Reboot] = Script(
    lane=frames.RemoteRebootReply.code,
    build=lambda talk, exchange: downlink.reboot(talk.charge_point_code, exchange.command),
)
FIRMWARE: Script[Conversation, UpdateFirmware] = Script(
    lane=frames.RemoteUpdateReply.code,
    build=lambda talk, exchange: downlink.firmware_update(talk.charge_point_code, exchange.command),
    limit_s=lambda command: downlink.download_minutes(command) * 60 + INSTALL_MARGIN_S,
)
QR_PREFIX: Script[Conversation, SetQrPrefix] = Script(
    lane=frames.QrPrefixSetReply.code,
    build=lambda talk, exchange: downlink.qr_prefix(
        talk.charge_point_code, exchange.command.prefix, with_connector=exchange.command.with_connector
    ),
)

SCRIPTS: dict[type[DeviceCommand], Script[Conversation, Any]] = {
    StartCharging: START,
    StopCharging: STOP,
    ReadSample: SAMPLE,
    UpdateBalance: BALANCE,
    StoreCards: STORE,
    RemoveCards: REMOVE,
    QueryCards: QUERY,
    SetWorkParameters: WORK,
    SyncClock: CLOCK,
    MoveLock: LOCK,
    Reboot: REBOOT,
    UpdateFirmware: FIRMWARE,
    SetQrPrefix: QR_PREFIX,
}
"""Commands that need nothing but their script; ApplyTariff is first noted by tariffs.py."""
