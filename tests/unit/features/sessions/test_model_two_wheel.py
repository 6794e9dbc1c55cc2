"""Sessions of charge points that only count."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.device.events import ConnectorReport, ConnectorStatus, PowerReading, StartRefusal
from chargecloud.features.sessions import model, model_two_wheel
from chargecloud.features.sessions.messages import ChargingSession, LimitKind, SessionState, StopReason
from chargecloud.features.sessions.model import Effect
from chargecloud.features.tariffs.messages import Basis, PowerInterval, PowerTier, TwoWheelPlan
from tests.support.world import answered, sample
from tests.unit.features.sessions.factory import NOW, NUMBER, TARIFF, price, session

PLAN = TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(None, 60),))
AT = NOW + 120_000
AVAILABLE, CHARGING = ConnectorStatus.AVAILABLE, ConnectorStatus.CHARGING


def counting(state: SessionState = SessionState.REQUESTED, **changes: Any) -> ChargingSession:
    tariff = msgspec.structs.replace(TARIFF, plan=PLAN)
    return session(state, tariff=tariff, **{"proof_due_at_ms": NOW + 600_000} | changes)


def report(connector_no: int, status: ConnectorStatus) -> ConnectorReport:
    return ConnectorReport(connector_no, status, 0, True)


@given(st.lists(st.integers(1, 2_000), max_size=30), st.integers(2, 8))
def test_intervals_only_move_on_and_lose_no_time(moments: list[int], at_most: int) -> None:
    intervals: tuple[PowerInterval, ...] = ()
    for moment in moments:
        intervals = model_two_wheel.added(intervals, PowerInterval(moment, moment, moment), at_most=at_most)
    ends = [interval.until_s for interval in intervals]
    assert len(intervals) <= at_most and ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == max(moments, default=0)


def test_intervals_drawn_together_keep_the_average_and_the_peak() -> None:
    two = (PowerInterval(100, 10, 90), PowerInterval(200, 100, 100))
    drawn = model_two_wheel.added(two, PowerInterval(500, 20, 30, True), at_most=2)
    assert drawn == (two[0], PowerInterval(500, (100 * 100 + 20 * 300) // 400, 100))


def test_a_sample_leaves_its_interval_once() -> None:
    power = PowerReading(now_mw=1, interval_max_mw=3, interval_min_mw=1, interval_avg_mw=2, peak_mw=3)
    seen = sample(NUMBER, 0, power=power, charged_s=300, cable_temp_c=41)
    step = model.apply_sample(counting(SessionState.STARTING), seen, AT, price)
    assert step.session.intervals == (PowerInterval(300, 2, 3, False, 41),)
    again = model.apply_sample(step.session, seen, AT + 1_000, price)
    assert again.session.intervals is step.session.intervals


def test_cars_keep_no_intervals() -> None:
    power = PowerReading(now_mw=1, interval_max_mw=3, interval_min_mw=1, interval_avg_mw=2, peak_mw=3)
    step = model.apply_sample(session(SessionState.STARTING), sample(NUMBER, 0, power=power), AT, price)
    assert step.session.intervals == ()


def test_a_heartbeat_of_the_connector_is_found_or_not() -> None:
    reports = (report(1, AVAILABLE), report(2, CHARGING))
    assert model_two_wheel.status_here(counting(), reports, frozenset()) is AVAILABLE
    assert model_two_wheel.status_here(counting(connector_no=3), reports, frozenset()) is None
    anywhere = counting(connector_no=0)
    assert model_two_wheel.status_here(anywhere, reports, frozenset()) is CHARGING
    assert model_two_wheel.status_here(anywhere, reports, frozenset({2})) is AVAILABLE


def test_an_accepted_start_whose_connector_charges_has_begun() -> None:
    step = model.apply_status(counting(SessionState.STARTING), CHARGING, AT)
    assert (step.session.state, step.session.began_at_ms) == (SessionState.CHARGING, NOW)


@pytest.mark.parametrize("state", [SessionState.REQUESTED, SessionState.UNCONFIRMED])
def test_an_unanswered_start_is_only_given_more_time(state: SessionState) -> None:
    step = model.apply_status(counting(state), CHARGING, AT)
    assert (step.session.state, step.session.proof_due_at_ms) == (state, AT + 600_000)
    late = model.apply_status(counting(state), CHARGING, NOW + 1_700_000)
    assert late.session.proof_due_at_ms == NOW + 1_800_000 == late.session.due_at_ms


def test_two_idle_heartbeats_end_a_charge_and_none_ends_an_unproven_start_early() -> None:
    running = counting(SessionState.CHARGING, began_at_ms=NOW)
    once = model.apply_status(running, AVAILABLE, AT).session
    assert once.state is SessionState.CHARGING
    assert model.apply_status(once, AVAILABLE, AT).session.state is SessionState.AWAITING_RECORD
    assert model.apply_status(counting(), AVAILABLE, NOW + 599_000).session.state is SessionState.REQUESTED
    assert model.apply_status(counting(), AVAILABLE, NOW + 600_000).session.state is SessionState.FAILED
    held = model.apply_status(counting(), AVAILABLE, NOW + 600_000, trusted=False)
    assert held.session.state is SessionState.REQUESTED
    assert model.apply_status(running, ConnectorStatus.FAULTED, AT).session is running


def test_not_plugged_is_a_refusal_and_already_charging_is_none() -> None:
    requested = counting()
    assert model.answer_start(requested, answered(NUMBER, StartRefusal.NOT_PLUGGED), AT).session.state is (
        SessionState.REJECTED
    )
    unsure = model.answer_start(requested, answered(NUMBER, StartRefusal.ALREADY_CHARGING), AT).session
    assert unsure.state is SessionState.UNCONFIRMED
    waiting = answered(NUMBER, StartRefusal.CHOOSE_CONNECTOR, waiting_connectors=(1, 4))
    assert model.answer_start(requested, waiting, AT).session.refusal == "choose_connector:1,4"


def test_not_charging_after_a_stop_that_named_the_session_proves_that_nothing_flowed() -> None:
    stopping = counting(SessionState.STOPPING, stop_reason=StopReason.START_TIMEOUT.value)
    step = model.answer_stop(stopping, accepted=False, reason="not_charging", at_ms=AT)
    assert step.session.state is SessionState.FAILED


def test_minutes_are_counted_by_the_charge_point() -> None:
    limited = counting(
        SessionState.CHARGING, began_at_ms=NOW, limit_kind=LimitKind.MINUTES, limit_value=60, charged_s=3_599
    )
    assert model.reached(limited, NOW + 7_200_000) is None
    assert model.reached(msgspec.structs.replace(limited, charged_s=3_600), NOW) is StopReason.LIMIT_MINUTES


def test_silence_of_twelve_minutes_asks_for_a_sign_and_half_an_hour_without_a_record_is_enough() -> None:
    running = model.apply_sample(counting(SessionState.STARTING), sample(NUMBER), AT, price).session
    assert running.due_at_ms == AT + 720_000
    waiting = counting(SessionState.AWAITING_RECORD, began_at_ms=NOW, ended_at_ms=AT, due_at_ms=AT)
    early = model.tick(waiting, AT + 1_799_000, estimate_after_ms=86_400_000)
    assert early.session.state is SessionState.AWAITING_RECORD and Effect.READ_SAMPLE in early.effects
    assert model.tick(waiting, AT + 1_800_000, estimate_after_ms=86_400_000).session.state is SessionState.ESTIMATED
    assert model.tick(waiting, AT + 9_000_000, estimate_after_ms=0).session.state is SessionState.AWAITING_RECORD
