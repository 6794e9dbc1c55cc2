"""Frames 0x15 to 0x25 in our units."""

from __future__ import annotations

import msgspec

from chargecloud.device.events import ChargeAborted
from chargecloud.protocols.ykc16 import frames, tables
from chargecloud.protocols.ykc16.mapping import battery
from chargecloud.testing.commands import session_no
from tests.support import ykc

TRADE = session_no(ykc.CODE)
WHO = {"trade_no": TRADE, "pile_code": ykc.CODE, "gun_no": "02"}


def handshake(**changes: object) -> frames.BmsHandshake:
    fields: dict[str, object] = {
        "bms_protocol_version": bytes.fromhex("010100"),
        "battery_type": 3,
        "battery_rated_capacity": 2_000,
        "battery_rated_voltage": 3_840,
        "battery_manufacturer": b"CATL",
        "battery_pack_serial": 42,
        "battery_prod_year": 38,
        "battery_prod_month": 5,
        "battery_prod_day": 17,
        "battery_charge_count": 300,
        "battery_ownership": 1,
        "reserved": 0,
        "vin": b"LDC000000T0000001",
        "bms_software_version": bytes(8),
    }
    return frames.BmsHandshake(**(WHO | fields | changes))  # type: ignore[arg-type]


def test_the_battery_introduces_itself() -> None:
    event = battery.battery_introduced(handshake())
    assert msgspec.structs.asdict(event) == {
        "charge_point_code": ykc.CODE,
        "connector_no": 2,
        "session_no": TRADE,
        "bms_version": "1.1",
        "battery_type": 3,
        "capacity_mah": 200_000,
        "rated_voltage_mv": 384_000,
        "manufacturer": "CATL",
        "pack_serial": 42,
        "made_on": "2023-05-17",
        "charge_count": 300,
        "owned": True,
        "vin": "LDC000000T0000001",
    }


def test_a_day_that_cannot_be_is_left_empty() -> None:
    assert battery.battery_introduced(handshake(battery_prod_month=13)).made_on == ""
    assert battery.battery_introduced(handshake(battery_prod_year=0xFF, battery_prod_month=1)).made_on == "2240-01-17"


def test_the_limits_with_both_signs_of_current() -> None:
    frame = frames.BmsParamConfig(
        **WHO,  # type: ignore[arg-type]
        cell_max_voltage=365,
        bms_max_current=0x0238,
        battery_nominal_energy=770,
        bms_max_voltage=4_200,
        bms_max_temp=105,
        battery_soc=435,
        battery_voltage=3_810,
        pile_max_voltage=7_500,
        pile_min_voltage=2_000,
        pile_max_current=4_000 + 2_500,
        pile_min_current=4_000,
    )
    event = battery.battery_limits(frame)
    assert (event.cell_max_voltage_mv, event.max_current_ma, event.nominal_energy_mwh) == (3_650, 343_200, 77_000_000)
    assert (event.max_voltage_mv, event.max_temp_c, event.soc_permille, event.voltage_mv) == (420_000, 55, 435, 381_000)
    assert (event.charger_max_voltage_mv, event.charger_min_voltage_mv) == (750_000, 200_000)
    assert (event.charger_max_current_ma, event.charger_min_current_ma) == (250_000, 0)


def test_demand_and_output() -> None:
    frame = frames.BmsDemandChargerOutput(
        **WHO,  # type: ignore[arg-type]
        bms_voltage_demand=4_000,
        bms_current_demand=4_000 - 1_200,
        bms_charge_mode=2,
        bms_measured_voltage=3_900,
        bms_measured_current=4_000 + 1_190,
        cell_max_voltage_and_group=3 << 12 | 341,
        soc=44,
        remaining_minutes=40,
        pile_output_voltage=3_905,
        pile_output_current=4_000 - 1_195,
        charged_minutes=5,
    )
    event = battery.battery_demand(frame)
    assert (event.voltage_demand_mv, event.current_demand_ma, event.constant_voltage) == (400_000, 120_000, False)
    assert (event.measured_voltage_mv, event.measured_current_ma) == (390_000, 119_000)
    assert (event.cell_max_voltage_mv, event.cell_group_no) == (3_410, 3)
    assert (event.output_voltage_mv, event.output_current_ma) == (390_500, 119_500)
    assert (event.soc_pct, event.remaining_s, event.charged_s) == (44, 2_400, 300)


def status(bits: int) -> frames.BmsChargingInfo:
    return frames.BmsChargingInfo(
        **WHO,  # type: ignore[arg-type]
        cell_max_voltage_no=0,
        battery_max_temp=85,
        max_temp_point_no=2,
        battery_min_temp=20,
        min_temp_point_no=4,
        bms_status_bits=bits,
    )


def test_the_status_names_what_is_not_normal() -> None:
    normal = battery.battery_status(status(0x1000))
    assert (normal.warnings, normal.charge_allowed) == ((), True)
    assert (normal.cell_max_voltage_no, normal.max_temp_c, normal.max_temp_point_no) == (1, 35, 3)
    assert (normal.min_temp_c, normal.min_temp_point_no) == (-30, 5)
    bad = battery.battery_status(status(0b00_00_10_01_10_01_10_01))
    assert bad.charge_allowed is False
    assert bad.warnings == (
        "cell_voltage_high",
        "soc_low",
        "over_current",
        "over_temp_state:untrusted",
        "insulation_fault",
        "connector_state:untrusted",
    )


def test_the_end() -> None:
    frame = frames.ChargeEnd(
        **WHO,  # type: ignore[arg-type]
        end_soc=98,
        cell_min_voltage=338,
        cell_max_voltage=344,
        battery_min_temp=70,
        battery_max_temp=82,
        charged_minutes=35,
        output_energy=154,
        charger_no=7,
    )
    event = battery.charge_ended(frame)
    assert (event.soc_pct, event.cell_min_voltage_mv, event.cell_max_voltage_mv) == (98, 3_380, 3_440)
    assert (event.min_temp_c, event.max_temp_c, event.charged_s) == (20, 32, 2_100)
    assert (event.energy_mwh, event.charger_no) == (15_400_000, 7)


def test_errors_by_name() -> None:
    frame = frames.ChargeError(**WHO, error_bytes=bytes.fromhex("0900000400000001"))  # type: ignore[arg-type]
    assert battery.charge_faulted(frame).errors == (
        "spn2560_00_timeout",
        "spn2560_aa_timeout:untrusted",
        "bms_other",
        "bms_statistics_timeout",
    )
    assert battery.charge_faulted(frames.ChargeError(**WHO, error_bytes=bytes(8))).errors == ()  # type: ignore[arg-type]


def test_who_broke_it_off_and_why() -> None:
    by_battery = battery.aborted_by_battery(
        frames.BmsAbort(**WHO, bms_abort_reason=0x01, bms_abort_fault=0x4000, bms_abort_error=0x04)  # type: ignore[arg-type]
    )
    assert by_battery == ChargeAborted(
        charge_point_code=ykc.CODE,
        connector_no=2,
        session_no=TRADE,
        by_battery=True,
        reasons=("soc_target_reached",),
        faults=("other_fault",),
        errors=("voltage_abnormal",),
    )
    by_charger = battery.aborted_by_charger(
        frames.ChargerAbort(**WHO, charger_abort_reason=0x04, charger_abort_fault=0x0100, charger_abort_error=0)  # type: ignore[arg-type]
    )
    assert (by_charger.by_battery, by_charger.reasons, by_charger.faults, by_charger.errors) == (
        False,
        ("manual_abort",),
        ("emergency_stop_fault",),
        (),
    )


def test_reserved_bits_have_no_name() -> None:
    assert battery.named(tables.CHARGER_ABORT_FAULT, 0xF000) == ()
