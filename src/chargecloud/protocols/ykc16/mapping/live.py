"""What a charge point says of itself: boot, heartbeat, live values, clock, parking lock."""

from __future__ import annotations

from chargecloud.device.events import (
    Beat,
    Booted,
    ClockReported,
    ConnectorStatus,
    LockReported,
    MeterSampled,
    PowerType,
)
from chargecloud.kernel.energy import MWH_PER_WIRE_UNIT
from chargecloud.protocols.wire.values import decimal_text
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO, NO_TRADE, celsius_or_none, epoch_ms, text
from chargecloud.protocols.ykc16.quirks import Dialect

PROTOCOL = "ykc16"
_STATUS = {
    0: ConnectorStatus.OFFLINE,
    1: ConnectorStatus.FAULTED,
    2: ConnectorStatus.AVAILABLE,
    3: ConnectorStatus.CHARGING,
}
# Samples are the other half of all traffic; a table by the byte costs a fraction of a call or of an enum's class.
_STATUS_OF = tuple(_STATUS.get(raw, ConnectorStatus.OTHER) for raw in range(256))
_CELSIUS_OF = tuple(celsius_or_none(raw) for raw in range(256))
_HOLSTERED_OF = (False, True, *(None,) * 254)
_LOCK_STATE = {0x00: "moving", 0x55: "raised", 0xFF: "lowered"}
_LOCK_ALARM = {0x00: "none", 0xFF: "arm_damaged", 0x55: "arm_stuck"}
_MINUTE_MS = 60_000


def booted(frame: frames.LoginRequest) -> Booted:
    """0x01. The version byte is passed on for display only: charge points send anything in it (D13)."""
    return Booted(
        charge_point_code=frame.pile_code,
        protocol=PROTOCOL,
        power_type=PowerType.AC if frame.pile_type == 1 else PowerType.DC,
        connector_count=frame.gun_count,
        protocol_version=version_text(frame.protocol_version),
        firmware_version=text(frame.program_version),
        network_type=frame.network_type,
        sim_iccid=frame.sim_card,
        carrier_no=frame.operator,
    )


def version_text(raw: int) -> str:
    """0x10 is 1.6 and 0x0F is 1.5: ten times the version, as the document prints it (文档 §0x01)."""
    return decimal_text(raw, 1)


def beat(frame: frames.Heartbeat) -> Beat:
    """0x03."""
    return Beat(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        faulted=frame.gun_status != 0,
    )


def meter_sampled(frame: frames.RealtimeData, dialect: Dialect) -> MeterSampled:
    """0x13. Loss-adjusted energy falls back to the plain one, because some send 0 there (D19)."""
    energy = frame.charged_energy * MWH_PER_WIRE_UNIT
    trade_no = frame.trade_no
    return MeterSampled(
        CONNECTOR_NO[frame.gun_no],  # connector_no
        "" if trade_no == NO_TRADE else trade_no,  # session_no
        _STATUS_OF[frame.status],  # status
        frame.status,  # status_raw
        frame.gun_plugged == 1,  # plugged
        _HOLSTERED_OF[frame.gun_homed],  # holstered
        frame.output_voltage * 100,  # voltage_mv
        frame.output_current * 100,  # current_ma
        _CELSIUS_OF[frame.gun_cable_temp],  # cable_temp_c
        frame.soc,  # soc_pct
        _CELSIUS_OF[frame.battery_max_temp],  # battery_temp_c
        frame.charged_minutes * 60,  # charged_s
        frame.remaining_minutes * 60,  # remaining_s
        energy,  # energy_mwh
        frame.loss_charged_energy * MWH_PER_WIRE_UNIT or energy,  # billed_energy_mwh
        frame.charged_amount,  # amount_hao
        frame.hardware_fault << dialect.fault_shift,  # fault_bits
        charge_point_code=frame.pile_code,
    )


def clock_reported(frame: frames.TimeSyncReply, dialect: Dialect, wall_ms: int) -> ClockReported | None:
    """0x55; None when the charge point sends no time (openUC sends zeros, D5)."""
    theirs = epoch_ms(frame.current_time)
    if theirs is None:
        return None
    if dialect.seconds_lost:
        theirs, wall_ms = theirs - theirs % _MINUTE_MS, wall_ms - wall_ms % _MINUTE_MS
    return ClockReported(charge_point_code=frame.pile_code, skew_ms=theirs - wall_ms)


def lock_reported(frame: frames.GroundLockStatus) -> LockReported:
    """0x61."""
    return LockReported(
        charge_point_code=frame.pile_code,
        connector_no=frame.gun_no,
        lock_state=_LOCK_STATE.get(frame.lock_status, "unknown"),
        occupied=frame.parking_status == 0xFF,
        battery_pct=frame.lock_battery,
        alarm=_LOCK_ALARM.get(frame.alarm_status, "unknown"),
    )
