"""Heartbeat, live values, lock."""

from __future__ import annotations

import msgspec
import pytest

from chargecloud.device.events import Beat, ConnectorStatus, LockReported
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.live import beat, lock_reported, meter_sampled, version_text
from chargecloud.protocols.ykc16.quirks import TOLERANT
from chargecloud.testing.commands import session_no
from tests.support import ykc

TRADE = session_no(ykc.CODE)


def test_a_beat() -> None:
    for status, faulted in ((0, False), (1, True), (7, True)):
        frame = frames.Heartbeat(pile_code=ykc.CODE, gun_no="02", gun_status=status)
        assert beat(frame) == Beat(charge_point_code=ykc.CODE, connector_no=2, faulted=faulted)


def test_a_charging_sample_in_our_units() -> None:
    event = meter_sampled(ykc.realtime(TRADE, hardware_fault=0x2002), TOLERANT)
    assert msgspec.structs.asdict(event) == {
        "charge_point_code": ykc.CODE,
        "connector_no": 1,
        "session_no": TRADE,
        "status": ConnectorStatus.CHARGING,
        "status_raw": 3,
        "plugged": True,
        "holstered": False,
        "voltage_mv": 381_500,
        "current_ma": 120_300,
        "cable_temp_c": 33,
        "soc_pct": 43,
        "battery_temp_c": 29,
        "charged_s": 240,
        "remaining_s": 2_460,
        "energy_mwh": 3_060_000,
        "billed_energy_mwh": 3_060_000,
        "amount_hao": 42_840,
        "fault_bits": 0x2002,
        "power": None,
        "ambient_temp_c": None,
        "floating": False,
    }


def test_d19_loss_adjusted_energy_falls_back() -> None:
    given = meter_sampled(ykc.realtime(TRADE, charged_energy=100, loss_charged_energy=102), TOLERANT)
    absent = meter_sampled(ykc.realtime(TRADE, charged_energy=100, loss_charged_energy=0), TOLERANT)
    assert (given.billed_energy_mwh, absent.billed_energy_mwh) == (10_200, 10_000)


def test_d10_an_idle_connector_measures_no_temperature() -> None:
    event = meter_sampled(ykc.realtime(), TOLERANT)
    assert (event.cable_temp_c, event.battery_temp_c, event.session_no) == (None, None, "")


def test_left_over_values_of_an_idle_connector_are_passed_on_as_idle() -> None:
    """openUC keeps the last session's number and energy in idle frames (文档 §4.14)."""
    event = meter_sampled(ykc.realtime(TRADE, status=2), TOLERANT)
    assert event.status is ConnectorStatus.AVAILABLE and event.session_no == TRADE


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (0, ConnectorStatus.OFFLINE),
        (1, ConnectorStatus.FAULTED),
        (2, ConnectorStatus.AVAILABLE),
        (3, ConnectorStatus.CHARGING),
        (4, ConnectorStatus.OTHER),
        (0xFF, ConnectorStatus.OTHER),
    ],
)
def test_an_unknown_status_is_other_and_kept_raw(raw: int, status: ConnectorStatus) -> None:
    event = meter_sampled(ykc.realtime(status=raw), TOLERANT)
    assert (event.status, event.status_raw) == (status, raw)


def test_a_connector_that_cannot_tell_whether_it_is_holstered() -> None:
    states = [meter_sampled(ykc.realtime(gun_homed=raw), TOLERANT).holstered for raw in (0, 1, 2, 9)]
    assert states == [False, True, None, None]


def test_versions() -> None:
    assert [version_text(raw) for raw in (0x0A, 0x0F, 0x10)] == ["1.0", "1.5", "1.6"]


@pytest.mark.parametrize(
    ("lock", "alarm", "state", "trouble"),
    [
        (0x55, 0x00, "raised", "none"),
        (0xFF, 0xFF, "lowered", "arm_damaged"),
        (0x00, 0x55, "moving", "arm_stuck"),
        (0x01, 0x01, "unknown", "unknown"),
    ],
)
def test_a_parking_lock(lock: int, alarm: int, state: str, trouble: str) -> None:
    frame = frames.GroundLockStatus(
        pile_code=ykc.CODE,
        gun_no=1,
        lock_status=lock,
        parking_status=0xFF,
        lock_battery=88,
        alarm_status=alarm,
        reserved=bytes(4),
    )
    assert lock_reported(frame) == LockReported(
        charge_point_code=ykc.CODE, connector_no=1, lock_state=state, occupied=True, battery_pct=88, alarm=trouble
    )
