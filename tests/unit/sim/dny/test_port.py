"""When a charge ends and why, worked out by hand from the vendor's rules."""

import pytest

from chargecloud.sim.dny.ebike import NEVER, Charger, ChargerFault, Curve, Piece, broken, healthy
from chargecloud.sim.dny.memory import CHARGING, LIMITS
from chargecloud.sim.dny.port import Mode, Session, State, Stop, Terms, VirtualPort
from chargecloud.sim.truth import SessionTruth


def session(terms: Terms, curve: Curve | None = None, *, speed: float = 1, used_s: float = 0) -> Session:
    made = Session(
        bytes(16), 1, b"", 1, terms, Charger(curve or healthy(120, 120, tau_s=900, trickle_w=0), speed),
        SessionTruth("05000001", 1, "00", 0), used_s,
    )  # fmt: skip
    made.plan(CHARGING, LIMITS)
    return made


FALLS_S = 3_600 + 900 * 1.6094
"""120 W for an hour, then down to a fifth."""


@pytest.mark.parametrize(
    ("terms", "end_s", "reason"),
    [
        (Terms(Mode.TIME, 600), 600, Stop.TIME),
        (Terms(Mode.TIME, 50_000), 50_000, Stop.TIME),
        (Terms(Mode.TIME, 50_000, force_full_stop=True), FALLS_S + 1_800 + 3_600, Stop.FULL),
        (Terms(Mode.TIME, 0), FALLS_S + 1_800 + 3_600, Stop.FULL),
        (Terms(Mode.TIME, 0, max_duration_s=5_000), 5_000, Stop.MAX_TIME),
        (Terms(Mode.ENERGY, 10), 3_000, Stop.ENERGY),
        (Terms(Mode.ENERGY, 1_000), 36_000, Stop.MAX_TIME),
        (Terms(Mode.PER_USE, 0), FALLS_S + 1_800 + 3_600, Stop.FULL),
        (Terms(Mode.TIME, 0, extra_float_s=100), FALLS_S + 1_800 + 3_700, Stop.FULL),
        (Terms(Mode.TIME, 0, overload_dw=1_000), 5, Stop.OVERLOAD),
        (Terms(Mode.TIME, 0, full_power_w=24, full_judge_min=10), FALLS_S + 600, Stop.FULL),
    ],
)
def test_what_ends_a_charge(terms: Terms, end_s: float, reason: Stop) -> None:
    planned = session(terms)
    assert (planned.end_s, planned.end_reason) == (pytest.approx(end_s, abs=1), reason)


def test_a_battery_that_never_tapers_runs_to_the_board_s_longest_time() -> None:
    planned = session(Terms(), broken(healthy(120, 120), ChargerFault.NO_TAPER, 0))
    assert (planned.end_s, planned.end_reason, planned.float_from_s) == (36_000, Stop.MAX_TIME, NEVER)


def test_too_much_power_is_cut_when_it_comes() -> None:
    planned = session(Terms(), broken(healthy(700, 2_000), ChargerFault.OVER_POWER, 900))
    assert (planned.end_s, planned.end_reason) == (905, Stop.OVERLOAD)


def test_speed_fills_the_battery_and_leaves_the_meter_alone() -> None:
    fast = session(Terms(Mode.ENERGY, 10), speed=60)
    assert fast.energy_j(60) == 120 * 60
    assert (fast.end_s, fast.end_reason) == (pytest.approx(FALLS_S / 60 + 1_800 + 3_600, abs=99_999), Stop.MAX_TIME)
    assert session(Terms(), speed=60).float_from_s == pytest.approx(FALLS_S / 60 + 1_800, abs=1)


def test_only_current_counts() -> None:
    running = session(Terms(Mode.TIME, 600))
    running.flowed_s, running.flowing_since = 100.0, 50.0
    assert running.flow_s(60) == 110
    assert running.flow_s(100_000) == 600


def test_the_state_of_a_port() -> None:
    port = VirtualPort(3)
    assert (port.port_no, port.state(0)) == (2, State.IDLE)
    port.charger = Charger(Curve(Piece(0, 100)))
    assert port.state(0) == State.PLUGGED
    port.full = True
    assert port.state(0) == State.FULL
    port.session = session(Terms())
    port.session.flowing_since = 0.0
    assert port.state(1) == State.CHARGING
    assert port.state(FALLS_S + 1_801) == State.FLOATING
    port.fault_state = 9
    assert port.state(1) == 9
