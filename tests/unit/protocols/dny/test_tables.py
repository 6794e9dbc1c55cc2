"""Enumerations: what is known is named, what is not stays visible."""

from __future__ import annotations

from chargecloud.protocols.dny import tables


def test_states_are_sorted_into_families() -> None:
    assert tables.CHARGING_STATES < tables.PLUGGED_STATES < tables.HEALTHY_STATES < set(tables.PORT_STATE)
    assert {tables.PORT_STATE.identifier(state) for state in tables.HEALTHY_STATES} == {
        "idle", "charging", "plugged_not_started", "plugged_full", "float_charging",
    }  # fmt: skip


def test_numbers_without_a_meaning_stay_numbers() -> None:
    assert 0x0C not in tables.PORT_STATE and tables.PORT_STATE.identifier(0x0C) == "unknown(12)"
    assert set(tables.STOP_REASON) == set(range(0x01, 0x1D))
    assert set(tables.CONTROL_RESULT) == set(range(0x0F))
    assert set(tables.ACCOUNT_STATUS) == set(range(0x13))


def test_fire_alarms_and_hosts() -> None:
    assert {tables.ALARM_TYPE.identifier(kind) for kind in tables.FIRE_ALARMS} == {"hot_melt", "smoke", "heat"}
    assert {tables.TYPE_CODE.identifier(code) for code in tables.HOST_TYPE_CODES} == {"host", "earth_leakage_host"}


def test_work_mode_bits() -> None:
    read = {part.name: part.read(0x06) for part in tables.WORK_MODE}
    assert read == {"card_only": 0, "meter_chip": 1, "short_precheck": 1, "lamp_board": 0}
