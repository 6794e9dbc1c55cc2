"""Frames of the length each edition knows, in the vendor's units."""

import pytest

from chargecloud.sim.dny import reports
from chargecloud.sim.dny.ebike import Charger, ChargerFault, healthy
from chargecloud.sim.dny.memory import CHARGING, LIMITS
from chargecloud.sim.dny.port import Session, Stop, Terms, VirtualPort
from chargecloud.sim.dny.temper import F640, OLD, STANDARD, BoardTemper
from chargecloud.sim.truth import SessionTruth


def running(power_w: float = 120, fault: ChargerFault | None = None) -> tuple[VirtualPort, Session]:
    port = VirtualPort(1)
    port.charger = Charger(healthy(power_w, 120), fault=fault, fault_after_s=600)
    truth = SessionTruth("05000001", 1, "00", 0)
    port.session = Session(bytes(range(16)), 1, b"", 1, Terms(), port.charger, truth, 0.0, flowing_since=0.0)
    port.session.plan(CHARGING, LIMITS)
    return port, port.session


@pytest.mark.parametrize(("temper", "sizes"), [(STANDARD, (45, 35, 8)), (F640, (45, 35, 6)), (OLD, (41, 31, 8))])
def test_lengths(temper: BoardTemper, sizes: tuple[int, int, int]) -> None:
    port, session = running()
    progress = reports.progress(port, session, temper, now=600, at_s=1)
    settlement = reports.settlement(port, session, temper, reason=1, now=600, at_s=1)
    register = reports.register(10, temper, 0)
    assert (len(progress.pack()), len(settlement.pack()), len(register.pack())) == sizes


def test_progress_in_the_vendor_s_units() -> None:
    port, session = running()
    session.reported_s = 300
    frame = reports.progress(port, session, STANDARD, now=900, at_s=7)
    assert (frame.duration_s, frame.power_dw, frame.avg_power_dw, frame.energy_001kwh) == (900, 1_200, 1_200, 3)
    assert (frame.voltage_dv, frame.current_ma, frame.timestamp) == (2_250, 533, 7)


def test_a_settlement_has_whole_steps_and_the_truth_has_the_rest() -> None:
    port, session = running()
    frame = reports.settlement(port, session, STANDARD, reason=Stop.SERVER, now=1_000, at_s=7)
    assert (frame.duration_s, frame.energy_001kwh, frame.stop_reason) == (1_000, 3, 7)
    assert reports.flowed_mwh(session, 1_000) == 33_333
    notice = reports.full_notice(frame)
    assert len(notice.pack()) == 29 and notice.order_no == frame.order_no


def test_a_bad_contact_grows_hot() -> None:
    _, cool = running()
    _, hot = running(fault=ChargerFault.HOT_PORT)
    assert reports.port_temperature_c(cool, 1_500) == 26
    assert reports.port_temperature_c(hot, 1_500) == 116


def test_heartbeats_show_every_port() -> None:
    port, _ = running()
    beat = reports.heartbeat([port, VirtualPort(2)], OLD, 10)
    assert (beat.port_states, beat.temperature_raw) == (b"\x01\x00", None)
    legacy = reports.legacy_heartbeat([port, VirtualPort(2)], F640, 5, 10)
    assert (legacy.port_powers_dw, legacy.virtual_id) == ((1_200, 0), 5)
