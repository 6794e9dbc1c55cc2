"""What battery and charger tell each other while a car charges: frames 0x15 to 0x25."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chargecloud.device.events import (
    BatteryDemand,
    BatteryIntroduced,
    BatteryLimits,
    BatteryStatus,
    ChargeAborted,
    ChargeEnded,
    ChargeFaulted,
)
from chargecloud.protocols.wire.parts import Part
from chargecloud.protocols.ykc16 import frames, tables
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO, celsius, magnitude_ma, session_no_of, text

_MWH_PER_TENTH_KWH = 100_000
_BUILT_SINCE = 1985
_UNTRUSTED = 2
_ALLOWED = 1
_STATUS_WARNINGS = {
    ("cell_voltage_state", 1): "cell_voltage_high",
    ("cell_voltage_state", 2): "cell_voltage_low",
    ("soc_state", 1): "soc_high",
    ("soc_state", 2): "soc_low",
    ("over_current_state", 1): "over_current",
    ("over_temp_state", 1): "over_temp",
    ("insulation_state", 1): "insulation_fault",
    ("connector_state", 1): "connector_fault",
}


def named(parts: Iterable[Part], packed: int) -> tuple[str, ...]:
    """The items that are not normal, by name; `:untrusted` follows an item its sender would not vouch for."""
    found = []
    for part in parts:
        value = part.read(packed)
        if value:
            found.append(f"{part.name}:untrusted" if value == _UNTRUSTED and part.values else part.name)
    return tuple(found)


def battery_introduced(frame: frames.BmsHandshake) -> BatteryIntroduced:
    """0x15."""
    low, middle, high = frame.bms_protocol_version
    return BatteryIntroduced(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        bms_version=f"{middle | high << 8}.{low}",
        battery_type=frame.battery_type,
        capacity_mah=frame.battery_rated_capacity * 100,
        rated_voltage_mv=frame.battery_rated_voltage * 100,
        manufacturer=text(frame.battery_manufacturer),
        pack_serial=frame.battery_pack_serial,
        made_on=_day(frame.battery_prod_year, frame.battery_prod_month, frame.battery_prod_day),
        charge_count=frame.battery_charge_count,
        owned=frame.battery_ownership == 1,
        vin=text(frame.vin),
    )


def _day(years: int, month: int, day: int) -> str:
    try:
        return date(_BUILT_SINCE + years, month, day).isoformat()
    except ValueError:
        return ""


def battery_limits(frame: frames.BmsParamConfig) -> BatteryLimits:
    """0x17."""
    return BatteryLimits(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        cell_max_voltage_mv=frame.cell_max_voltage * 10,
        max_current_ma=magnitude_ma(frame.bms_max_current),
        nominal_energy_mwh=frame.battery_nominal_energy * _MWH_PER_TENTH_KWH,
        max_voltage_mv=frame.bms_max_voltage * 100,
        max_temp_c=celsius(frame.bms_max_temp),
        soc_permille=frame.battery_soc,
        voltage_mv=frame.battery_voltage * 100,
        charger_max_voltage_mv=frame.pile_max_voltage * 100,
        charger_min_voltage_mv=frame.pile_min_voltage * 100,
        charger_max_current_ma=magnitude_ma(frame.pile_max_current),
        charger_min_current_ma=magnitude_ma(frame.pile_min_current),
    )


def battery_demand(frame: frames.BmsDemandChargerOutput) -> BatteryDemand:
    """0x23."""
    return BatteryDemand(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        voltage_demand_mv=frame.bms_voltage_demand * 100,
        current_demand_ma=magnitude_ma(frame.bms_current_demand),
        constant_voltage=frame.bms_charge_mode == 1,
        measured_voltage_mv=frame.bms_measured_voltage * 100,
        measured_current_ma=magnitude_ma(frame.bms_measured_current),
        cell_max_voltage_mv=(frame.cell_max_voltage_and_group & 0x0FFF) * 10,
        cell_group_no=frame.cell_max_voltage_and_group >> 12,
        soc_pct=frame.soc,
        remaining_s=frame.remaining_minutes * 60,
        output_voltage_mv=frame.pile_output_voltage * 100,
        output_current_ma=magnitude_ma(frame.pile_output_current),
        charged_s=frame.charged_minutes * 60,
    )


def battery_status(frame: frames.BmsChargingInfo) -> BatteryStatus:
    """0x25."""
    items = {part.name: part.read(frame.bms_status_bits) for part in tables.BMS_STATUS_ITEMS}
    allowed = items.pop("charge_permission") == _ALLOWED
    warnings = tuple(
        _STATUS_WARNINGS.get((name, value), f"{name}:untrusted")
        for name, value in items.items()
        if isinstance(value, int) and value
    )
    return BatteryStatus(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        cell_max_voltage_no=frame.cell_max_voltage_no + 1,
        max_temp_c=celsius(frame.battery_max_temp),
        max_temp_point_no=frame.max_temp_point_no + 1,
        min_temp_c=celsius(frame.battery_min_temp),
        min_temp_point_no=frame.min_temp_point_no + 1,
        charge_allowed=allowed,
        warnings=warnings,
    )


def charge_ended(frame: frames.ChargeEnd) -> ChargeEnded:
    """0x19."""
    return ChargeEnded(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        soc_pct=frame.end_soc,
        cell_min_voltage_mv=frame.cell_min_voltage * 10,
        cell_max_voltage_mv=frame.cell_max_voltage * 10,
        min_temp_c=celsius(frame.battery_min_temp),
        max_temp_c=celsius(frame.battery_max_temp),
        charged_s=frame.charged_minutes * 60,
        energy_mwh=frame.output_energy * _MWH_PER_TENTH_KWH,
        charger_no=frame.charger_no,
    )


def charge_faulted(frame: frames.ChargeError) -> ChargeFaulted:
    """0x1B."""
    return ChargeFaulted(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        errors=named(tables.ERROR_ITEMS, int.from_bytes(frame.error_bytes, "little")),
    )


def aborted_by_battery(frame: frames.BmsAbort) -> ChargeAborted:
    """0x1D."""
    return ChargeAborted(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        by_battery=True,
        reasons=named(tables.BMS_ABORT_REASON, frame.bms_abort_reason),
        faults=named(tables.BMS_ABORT_FAULT, frame.bms_abort_fault),
        errors=named(tables.BMS_ABORT_ERROR, frame.bms_abort_error),
    )


def aborted_by_charger(frame: frames.ChargerAbort) -> ChargeAborted:
    """0x21."""
    return ChargeAborted(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        by_battery=False,
        reasons=named(tables.CHARGER_ABORT_REASON, frame.charger_abort_reason),
        faults=named(tables.CHARGER_ABORT_FAULT, frame.charger_abort_fault),
        errors=named(tables.CHARGER_ABORT_ERROR, frame.charger_abort_error),
    )
