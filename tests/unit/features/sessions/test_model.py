"""The table of session states, and evidence in every order."""

import msgspec
import pytest

from chargecloud.device.events import ConnectorStatus, StartRefusal
from chargecloud.features.sessions import model
from chargecloud.features.sessions.messages import ChargingSession, LimitKind, SessionState, StopReason
from chargecloud.features.sessions.model import FINAL, OCCUPYING, TRANSITIONS, Effect, Fact, Step
from tests.support.world import answered, sample
from tests.unit.features.sessions.factory import KWH, NOW, NUMBER, charging, price, session

DAY_MS = 86_400_000
IDLE = sample()


def reachable(start: SessionState) -> set[SessionState]:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for (state, _), target in TRANSITIONS.items():
            if state is here and target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


@pytest.mark.parametrize("state", list(SessionState))
def test_every_state_reaches_an_end(state: SessionState) -> None:
    assert reachable(state) & FINAL


def test_every_state_can_be_reached_and_every_fact_is_used() -> None:
    begun = reachable(SessionState.REQUESTED)
    assert begun == set(SessionState)
    assert {fact for _, fact in TRANSITIONS} == set(Fact)


@pytest.mark.parametrize("state", [state for state in SessionState if state not in FINAL])
def test_time_alone_ends_every_open_state(state: SessionState) -> None:
    """However long nothing is heard, the sweep brings an open session to an end."""
    now, found = NOW, session(state, due_at_ms=NOW)
    for _ in range(200):
        if found.state in FINAL:
            break
        assert found.due_at_ms is not None, f"{found.state} would wait for ever"
        now = max(now + 1, found.due_at_ms)
        found = model.tick(found, now, estimate_after_ms=DAY_MS).session
    assert found.state in FINAL
    assert found.due_at_ms is None and found.connector_key is None and found.driver_key is None


def test_without_estimates_the_sweep_keeps_asking_but_not_often() -> None:
    found = session(SessionState.AWAITING_RECORD, ended_at_ms=NOW, began_at_ms=NOW)
    now, asked = NOW, 0
    while now < NOW + DAY_MS:
        now += 60_000
        if found.due_at_ms is not None and found.due_at_ms <= now:
            step = model.tick(found, now, estimate_after_ms=0)
            asked += len(step.effects)
            found = step.session
    assert found.state is SessionState.AWAITING_RECORD and 80 <= asked <= 110


@pytest.mark.parametrize(("state", "fact"), [(s, f) for s in sorted(FINAL) for f in Fact if (s, f) not in TRANSITIONS])
def test_what_is_not_in_the_table_changes_nothing_and_is_named(state: SessionState, fact: Fact) -> None:
    before = session(state)
    step = model.move(before, fact, NOW)
    assert step.session == before and step.refused is fact


def apply(found: ChargingSession, event: str, at_ms: int) -> ChargingSession:
    """One key event of a session's life, by name."""
    steps = {
        "not_plugged": lambda: model.answer_start(found, answered(NUMBER, StartRefusal.NOT_PLUGGED), at_ms),
        "accepted": lambda: model.answer_start(found, answered(NUMBER), at_ms),
        "first": lambda: model.apply_sample(found, sample(NUMBER, KWH // 10), at_ms, price),
        "second": lambda: model.apply_sample(found, sample(NUMBER, KWH // 2), at_ms, price),
        "stop": lambda: model.ask_stop(found, StopReason.DRIVER, at_ms),
        "stopped": lambda: model.answer_stop(found, accepted=True, reason="none", at_ms=at_ms),
        "ended": lambda: model.end(found, at_ms),
        "record": lambda: model.record(found, record_id="r", energy_mwh=KWH, at_ms=at_ms),
    }
    return steps[event]().session


EVENTS = ("not_plugged", "accepted", "first", "second", "stop", "stopped", "ended", "record")


def test_all_orders_of_the_key_events_end_with_the_record() -> None:
    """F14: 40,320 orders, walked as a tree so that common beginnings are played once."""
    ends: set[SessionState] = set()
    played = 0

    def play(found: ChargingSession, left: tuple[str, ...], at_ms: int) -> None:
        nonlocal played
        if not left:
            played += 1
            ends.add(found.state)
            assert found.record_id == "r" and found.record_count == 1
            assert found.energy_mwh in (0, KWH // 10, KWH // 2)
            assert sum(segment.energy_mwh for segment in found.segments) == found.energy_mwh
            return
        for name in left:
            after = apply(found, name, at_ms)
            if found.state is SessionState.RECORDED:
                assert after.state is SessionState.RECORDED
            play(after, tuple(other for other in left if other != name), at_ms + 15_000)

    play(session(), EVENTS, NOW + 15_000)
    assert played == 40_320 and ends == {SessionState.RECORDED}


def test_start_is_refused_and_nothing_is_occupied_any_more() -> None:
    step = model.answer_start(session(), answered(NUMBER, StartRefusal.FAULTED), NOW + 1)
    assert step.session.state is SessionState.REJECTED and step.session.refusal == "faulted"
    assert step.session.connector_key is None and step.session.driver_key is None


def test_not_plugged_may_still_become_a_charge() -> None:
    waiting = model.answer_start(session(), answered(NUMBER, StartRefusal.NOT_PLUGGED), NOW + 1_000).session
    assert waiting.state is SessionState.AWAITING_PLUG
    started = model.answer_start(waiting, answered(NUMBER), NOW + 40_000).session
    assert started.state is SessionState.STARTING
    assert model.apply_sample(started, sample(NUMBER), NOW + 41_000, price).session.state is SessionState.CHARGING


@pytest.mark.parametrize("after_ms", [1_000, 30_000, 64_000, 89_999])
def test_an_idle_word_before_the_start_is_overdue_frees_nothing(after_ms: int) -> None:
    waiting = model.answer_start(session(), answered(NUMBER, StartRefusal.NOT_PLUGGED), NOW + 500).session
    stopping = model.ask_stop(waiting, StopReason.DRIVER, NOW + 600).session
    assert model.apply_sample(stopping, IDLE, NOW + after_ms, price).session.state is SessionState.STOPPING


def test_an_idle_word_after_the_start_is_overdue_proves_that_nothing_flowed() -> None:
    overdue = model.tick(session(), NOW + 90_000, estimate_after_ms=DAY_MS)
    assert overdue.effects == (Effect.STOP, Effect.READ_SAMPLE)
    assert overdue.session.stop_reason == StopReason.START_TIMEOUT
    assert model.apply_sample(overdue.session, IDLE, NOW + 90_100, price).session.state is SessionState.FAILED


def test_late_not_plugged_extends_the_wait() -> None:
    late = model.answer_start(session(), answered(NUMBER, StartRefusal.NOT_PLUGGED), NOW + 80_000).session
    assert late.proof_due_at_ms == NOW + 145_000
    early = model.tick(late, NOW + 90_000, estimate_after_ms=DAY_MS)
    assert early.session.state is SessionState.AWAITING_PLUG and early.session.due_at_ms == NOW + 145_000


def test_unanswered_is_not_refused() -> None:
    step = model.lose_start(session(), Fact.UNANSWERED, NOW + 30_000, reason="unanswered")
    assert step.session.state is SessionState.UNCONFIRMED and step.effects == (Effect.READ_SAMPLE,)
    assert step.session.connector_key is not None
    assert model.apply_sample(step.session, sample(NUMBER), NOW + 31_000, price).session.state is SessionState.CHARGING


def test_a_start_that_never_left_is_refused() -> None:
    step = model.lose_start(session(), Fact.NOT_SENT, NOW + 30_000, reason="expired")
    assert step.session.state is SessionState.REJECTED and step.session.refusal == "expired"


def test_a_lost_start_command_says_nothing_about_a_charge_that_runs() -> None:
    step = model.lose_start(charging(), Fact.UNANSWERED, NOW + 30_000, reason="unanswered")
    assert step.session == charging() and step.refused is Fact.UNANSWERED


def test_two_idle_samples_end_a_charge_as_abnormal_and_one_does_not() -> None:
    once = model.apply_sample(charging(), IDLE, NOW + 15_000, price).session
    assert once.state is SessionState.CHARGING
    again = model.apply_sample(once, sample(NUMBER), NOW + 16_000, price).session
    assert again.idle_samples == 0
    twice = model.apply_sample(once, IDLE, NOW + 30_000, price).session
    assert twice.state is SessionState.AWAITING_RECORD and "abnormal_end" in twice.flags
    assert twice.due_at_ms == NOW + 60_000 and twice.connector_key is None


def test_idle_after_a_stop_is_normal() -> None:
    stopping = model.ask_stop(charging(), StopReason.DRIVER, NOW + 1_000)
    assert stopping.effects == (Effect.STOP,)
    ended = model.apply_sample(stopping.session, IDLE, NOW + 5_000, price).session
    assert ended.state is SessionState.AWAITING_RECORD and ended.flags == ()


def test_a_fault_keeps_the_session() -> None:
    faulted = sample(NUMBER, KWH, status=ConnectorStatus.FAULTED)
    assert model.apply_sample(charging(), faulted, NOW + 60_000, price).session.state is SessionState.CHARGING


def test_stop_is_asked_once() -> None:
    stopping = model.ask_stop(charging(), StopReason.DRIVER, NOW).session
    assert model.ask_stop(stopping, StopReason.STAFF, NOW) == Step(stopping)


def test_charging_on_after_a_stop_is_stopped_again_by_the_sweep() -> None:
    stopping = model.ask_stop(charging(), StopReason.DRIVER, NOW).session
    on = model.apply_sample(stopping, sample(NUMBER, KWH // 10), NOW + 15_000, price).session
    assert on.state is SessionState.STOPPING and on.energy_mwh == KWH // 10
    assert Effect.STOP in model.tick(on, NOW + 30_000, estimate_after_ms=DAY_MS).effects


def test_energy_after_the_end_reopens_and_stops() -> None:
    failed = session(SessionState.FAILED, connector_key=None, driver_key=None)
    step = model.apply_sample(failed, sample(NUMBER, 1_000), NOW + 120_000, price)
    assert step.session.state is SessionState.UNAUTHORISED and "reopened" in step.session.flags
    assert step.effects == (Effect.STOP,)
    again = model.apply_sample(step.session, sample(NUMBER, 2_000), NOW + 135_000, price)
    assert again.effects == () and again.session.state is SessionState.UNAUTHORISED
    assert Effect.STOP in model.tick(again.session, NOW + 180_000, estimate_after_ms=DAY_MS).effects


def test_charging_beyond_a_record_is_stopped_once() -> None:
    done = model.record(charging(energy_mwh=KWH), record_id="r", energy_mwh=KWH, at_ms=NOW).session
    same = model.apply_sample(done, sample(NUMBER, KWH), NOW + 1_000, price)
    assert same == Step(done)
    beyond = model.apply_sample(done, sample(NUMBER, 2 * KWH), NOW + 1_000, price)
    assert beyond.effects == (Effect.STOP,) and "beyond_record" in beyond.session.flags
    assert model.apply_sample(beyond.session, sample(NUMBER, 3 * KWH), NOW + 2_000, price).effects == ()


def test_a_second_record_is_counted_and_flagged_and_the_first_one_stays() -> None:
    first = model.record(charging(), record_id="a", energy_mwh=KWH, at_ms=NOW).session
    second = model.record(first, record_id="b", energy_mwh=2 * KWH, at_ms=NOW).session
    assert (second.record_id, second.record_energy_mwh, second.record_count) == ("a", KWH, 2)
    assert "conflicting_record" in second.flags and second.state is SessionState.RECORDED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"limit_kind": LimitKind.ENERGY, "limit_value": KWH}, StopReason.LIMIT_ENERGY),
        ({"limit_kind": LimitKind.MONEY, "limit_value": 100}, StopReason.LIMIT_MONEY),
        ({"limit_kind": LimitKind.MINUTES, "limit_value": 1}, StopReason.LIMIT_MINUTES),
        ({"limit_kind": LimitKind.SOC, "limit_value": 40}, StopReason.LIMIT_SOC),
        ({"cap_fen": 100}, StopReason.HOLD_USED_UP),
    ],
)
def test_limits_stop_once(changes: dict[str, object], reason: StopReason) -> None:
    found = charging(**changes)
    step = model.apply_sample(found, sample(NUMBER, KWH), NOW + 60_000, price)
    assert step.session.stop_reason == reason and step.effects == (Effect.STOP,)
    assert step.session.state is SessionState.STOPPING
    again = model.apply_sample(step.session, sample(NUMBER, KWH), NOW + 75_000, price)
    assert again.effects == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"limit_kind": LimitKind.ENERGY, "limit_value": KWH + 1},
        {"limit_kind": LimitKind.MONEY, "limit_value": 101},
        {"limit_kind": LimitKind.MINUTES, "limit_value": 2},
        {"limit_kind": LimitKind.SOC, "limit_value": 41},
        {"cap_fen": 101},
    ],
)
def test_limits_not_reached_do_not_stop(changes: dict[str, object]) -> None:
    step = model.apply_sample(charging(**changes), sample(NUMBER, KWH), NOW + 60_000, price)
    assert step.session.state is SessionState.CHARGING and step.effects == ()


def test_nothing_charges_for_more_than_a_week() -> None:
    week = NOW + model.LONGEST_MS
    old = msgspec.structs.replace(charging(cap_fen=0), metered_at_ms=week - 60_000)
    assert model.reached(old, week) is StopReason.TOO_LONG


def test_silence_is_asked_about_and_then_estimated() -> None:
    found = charging(energy_mwh=KWH)
    step = model.tick(found, NOW + 60_000, estimate_after_ms=DAY_MS)
    assert step.effects == (Effect.READ_SAMPLE,) and step.session.state is SessionState.CHARGING
    end = model.tick(step.session, NOW + DAY_MS, estimate_after_ms=DAY_MS).session
    assert end.state is SessionState.ESTIMATED and "estimated" in end.flags
    late = model.record(end, record_id="r", energy_mwh=KWH, at_ms=NOW + 2 * DAY_MS).session
    assert late.state is SessionState.RECORDED


def test_occupying_states_keep_their_keys() -> None:
    for (state, fact), target in TRANSITIONS.items():
        step = model.move(session(state), fact, NOW)
        if state in OCCUPYING:
            assert (step.session.connector_key is not None) == (target in OCCUPYING)


def test_a_charge_that_begins_after_the_stop_is_stopped_at_once_and_only_once() -> None:
    """Abuse A13: the stop came while nothing flowed yet, and the charge point took it for nothing."""
    stopping = session(SessionState.STOPPING, stop_reason=StopReason.DRIVER)
    began = model.apply_sample(stopping, sample(NUMBER, 0), NOW + 1_000, price)
    assert began.effects == (Effect.STOP,) and began.session.state is SessionState.STOPPING
    assert model.apply_sample(began.session, sample(NUMBER, 0), NOW + 16_000, price).effects == ()
