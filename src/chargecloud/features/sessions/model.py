"""The life of a charging session as a table, and the pure steps that walk it.

Evidence arrives in any order, late or twice. Each piece is first turned into a `Fact`; the table says where it leads.
A pair that is not in the table changes nothing and is counted by the caller.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from chargecloud.device.events import ConnectorStatus, MeterSampled, StartAnswered, StartRefusal
from chargecloud.features.sessions import model_two_wheel
from chargecloud.features.sessions.messages import ChargingSession, LimitKind, SessionState, StopReason
from chargecloud.features.sessions.model_meter import METER_SLACK_MWH, count_energy
from chargecloud.features.sessions.model_two_wheel import only_counts

START_PROOF_MS = 90_000
"""文档 §5: charging has to be reported within 90 s of the start."""
PLUG_PROOF_MS = 65_000
"""文档 §4.4: 60 s to plug in after "not plugged", and a margin."""
RECORD_DUE_MS = 30_000
STALE_MS = 60_000
LONGEST_MS = 7 * 24 * 3_600_000
IDLE_PROOF = 2
"""So many idle samples in a charging session end it (文档 §4.6)."""
UPLOAD_GRACE_MS = 90_000
"""A charge point that comes back uploads what it has stored, once more every 30 s; only then is its idle word proof."""
NUDGE_EVERY_MS = 60_000
NUDGE_AT_MOST_MS = 900_000


class Fact(StrEnum):
    """What a piece of evidence means for a session."""

    ACCEPTED = "accepted"
    NOT_PLUGGED = "not_plugged"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNANSWERED = "unanswered"
    CHARGING = "charging"
    CHARGING_AFTER_STOP = "charging_after_stop"
    IDLE_PROVEN = "idle_proven"
    ENDED = "ended"
    STOP_ASKED = "stop_asked"
    PROOF_OVERDUE = "proof_overdue"
    RECORD = "record"
    GIVEN_UP = "given_up"


S = SessionState
F = Fact

_ANY_OPEN = {F.RECORD: S.RECORDED, F.GIVEN_UP: S.ESTIMATED}
_UNPROVEN = _ANY_OPEN | {
    F.CHARGING: S.CHARGING,
    F.IDLE_PROVEN: S.FAILED,
    F.STOP_ASKED: S.STOPPING,
    F.PROOF_OVERDUE: S.STOPPING,
    F.NOT_PLUGGED: S.AWAITING_PLUG,
    F.ACCEPTED: S.STARTING,
    F.NOT_SENT: S.REJECTED,
}

_MOVES: dict[SessionState, dict[Fact, SessionState]] = {
    S.REQUESTED: _UNPROVEN | {F.REFUSED: S.REJECTED, F.UNANSWERED: S.UNCONFIRMED},
    S.STARTING: _UNPROVEN | {F.REFUSED: S.UNCONFIRMED},
    S.AWAITING_PLUG: _UNPROVEN | {F.REFUSED: S.REJECTED},
    S.UNCONFIRMED: _UNPROVEN | {F.REFUSED: S.REJECTED},
    S.CHARGING: _ANY_OPEN
    | {F.CHARGING: S.CHARGING, F.ACCEPTED: S.CHARGING, F.STOP_ASKED: S.STOPPING, F.ENDED: S.AWAITING_RECORD},
    S.STOPPING: _ANY_OPEN
    | {
        F.ACCEPTED: S.STOPPING,
        F.NOT_PLUGGED: S.STOPPING,
        F.REFUSED: S.REJECTED,
        F.NOT_SENT: S.REJECTED,
        F.CHARGING_AFTER_STOP: S.STOPPING,
        F.IDLE_PROVEN: S.FAILED,
        F.ENDED: S.AWAITING_RECORD,
    },
    S.AWAITING_RECORD: _ANY_OPEN | {F.CHARGING: S.CHARGING, F.CHARGING_AFTER_STOP: S.STOPPING},
    S.UNAUTHORISED: _ANY_OPEN
    | {F.CHARGING: S.UNAUTHORISED, F.CHARGING_AFTER_STOP: S.UNAUTHORISED, F.ENDED: S.AWAITING_RECORD},
    S.REJECTED: {F.CHARGING: S.UNAUTHORISED, F.CHARGING_AFTER_STOP: S.UNAUTHORISED, F.RECORD: S.RECORDED},
    S.FAILED: {F.CHARGING: S.UNAUTHORISED, F.CHARGING_AFTER_STOP: S.UNAUTHORISED, F.RECORD: S.RECORDED},
    S.ESTIMATED: {F.CHARGING: S.ESTIMATED, F.CHARGING_AFTER_STOP: S.ESTIMATED, F.RECORD: S.RECORDED},
    S.RECORDED: {F.RECORD: S.RECORDED},
}

TRANSITIONS: dict[tuple[SessionState, Fact], SessionState] = {
    (state, fact): target for state, moves in _MOVES.items() for fact, target in moves.items()
}

FINAL = frozenset({S.RECORDED, S.ESTIMATED, S.REJECTED, S.FAILED})
UNPROVEN = frozenset({S.REQUESTED, S.STARTING, S.AWAITING_PLUG, S.UNCONFIRMED})
OCCUPYING = UNPROVEN | {S.CHARGING, S.STOPPING}
"""States in which the connector and the driver's place are taken."""


class Effect(StrEnum):
    """What the charge point is asked as a consequence."""

    READ_SAMPLE = "read_sample"
    STOP = "stop"


class Step(msgspec.Struct, frozen=True):
    """A session after a piece of evidence, and what to do about it. `refused` names a fact the table does not allow."""

    session: ChargingSession
    effects: tuple[Effect, ...] = ()
    refused: Fact | None = None


Price = Callable[[ChargingSession], int]
"""Our price in hao for what a session was delivered."""


def flagged(session: ChargingSession, flag: str) -> ChargingSession:
    """The session with one more flag, each at most once."""
    return session if flag in session.flags else msgspec.structs.replace(session, flags=(*session.flags, flag))


def move(session: ChargingSession, fact: Fact, at_ms: int) -> Step:
    """Follow the table; keys are given back when energy can no longer flow."""
    target = TRANSITIONS.get((session.state, fact))
    if target is None:
        return Step(session, refused=fact)
    if target is session.state:
        return Step(session)
    changes: dict[str, object] = {"state": target, "nudges": 0, "idle_samples": 0}
    if target not in OCCUPYING:
        changes |= {"connector_key": None, "driver_key": None}
    if target in FINAL or target is S.AWAITING_RECORD:
        changes["ended_at_ms"] = session.ended_at_ms or at_ms
    if target in (S.CHARGING, S.UNAUTHORISED):
        changes["ended_at_ms"] = None
    moved = msgspec.structs.replace(session, **changes)
    return Step(msgspec.structs.replace(moved, due_at_ms=first_due(moved, at_ms)))


def first_due(session: ChargingSession, at_ms: int) -> int | None:
    """When a session that has just entered its state wants to be looked at."""
    if session.state in FINAL:
        return None
    if session.state in UNPROVEN:
        return session.proof_due_at_ms
    if session.state in (S.STOPPING, S.AWAITING_RECORD):
        return at_ms + RECORD_DUE_MS
    return at_ms + stale_ms(session)


def stale_ms(session: ChargingSession) -> int:
    """How long a charging session may be silent before it is asked for a sign."""
    return model_two_wheel.STALE_MS if only_counts(session) else STALE_MS


def answer_start(session: ChargingSession, event: StartAnswered, at_ms: int) -> Step:
    """The charge point's word on the start (文档 §0x33)."""
    if event.accepted:
        return move(heard(session, at_ms), Fact.ACCEPTED, at_ms)
    if session.began_at_ms is not None:
        return Step(session, refused=Fact.REFUSED)
    heard_session = msgspec.structs.replace(heard(session, at_ms), refusal=_refusal(event))
    if only_counts(session) and event.refusal is StartRefusal.ALREADY_CHARGING:
        return move(heard_session, Fact.UNANSWERED, at_ms)  # it may be this very charge, begun by an answer we missed
    if event.refusal is not StartRefusal.NOT_PLUGGED or only_counts(session):
        return move(heard_session, Fact.REFUSED, at_ms)
    proof_due_at_ms = max(session.proof_due_at_ms, at_ms + PLUG_PROOF_MS)
    waiting = msgspec.structs.replace(heard_session, proof_due_at_ms=proof_due_at_ms)
    return move(waiting, Fact.NOT_PLUGGED, at_ms)


def _refusal(event: StartAnswered) -> str:
    """The word for a refusal, with the connectors to choose from."""
    if event.refusal is not StartRefusal.CHOOSE_CONNECTOR:
        return event.refusal.value
    return f"{event.refusal.value}:{','.join(map(str, event.waiting_connectors))}"[:64]


def lose_start(session: ChargingSession, fact: Fact, at_ms: int, *, reason: str) -> Step:
    """The start command ended without an answer of the charge point."""
    if session.began_at_ms is not None:
        return Step(session, refused=fact)
    step = move(msgspec.structs.replace(session, refusal=session.refusal or reason), fact, at_ms)
    if fact is Fact.UNANSWERED and step.refused is None:
        return msgspec.structs.replace(step, effects=(Effect.READ_SAMPLE,))
    return step


def would_prove_nothing_flowed(session: ChargingSession, sample: MeterSampled, at_ms: int) -> bool:
    """Whether this sample would free the hold, so that it is worth a second look."""
    overdue = session.began_at_ms is None and at_ms >= session.proof_due_at_ms
    return overdue and sample.status is ConnectorStatus.AVAILABLE and session.state not in FINAL


def heard(session: ChargingSession, at_ms: int) -> ChargingSession:
    """Note that something was heard."""
    return msgspec.structs.replace(session, evidence_at_ms=max(session.evidence_at_ms, at_ms))


def apply_sample(
    session: ChargingSession, sample: MeterSampled, at_ms: int, price: Price, *, trusted: bool = True
) -> Step:
    """One sample: its energy, what it proves, and the limits it may have reached.

    `trusted` is false while the charge point may still hold back a record from the time it was away.
    """
    if session.state is S.RECORDED:
        return _after_record(session, sample)
    seen = _note_values(heard(session, at_ms), sample)
    if only_counts(seen):
        seen = model_two_wheel.with_interval(seen, sample)
    if sample.status is ConnectorStatus.CHARGING:
        return _charging(seen, sample, at_ms, price)
    if sample.session_no == session.session_no and session.began_at_ms is not None:
        seen = _priced(count_energy(seen, sample, at_ms), price)
    if sample.status is ConnectorStatus.AVAILABLE:
        return _idle(seen, at_ms) if trusted or seen.began_at_ms is not None else Step(seen)
    return Step(seen)


def _after_record(session: ChargingSession, sample: MeterSampled) -> Step:
    """Late samples are absorbed; a charge that goes on beyond its record is stopped and flagged (abuse A05)."""
    beyond = sample.energy_mwh > session.record_energy_mwh + max(METER_SLACK_MWH, session.record_energy_mwh // 100)
    if sample.status is not ConnectorStatus.CHARGING or not beyond or "beyond_record" in session.flags:
        return Step(session)
    return Step(flagged(session, "beyond_record"), effects=(Effect.STOP,))


def _note_values(session: ChargingSession, sample: MeterSampled) -> ChargingSession:
    """Last values, whatever they mean."""
    charging = sample.status is ConnectorStatus.CHARGING
    return msgspec.structs.replace(
        session,
        voltage_mv=sample.voltage_mv if charging else 0,
        current_ma=sample.current_ma if charging else 0,
        cable_temp_c=sample.cable_temp_c,
        battery_temp_c=sample.battery_temp_c,
        soc_pct=sample.soc_pct or session.soc_pct,
        soc_start_pct=sample.soc_pct if session.soc_start_pct is None and charging else session.soc_start_pct,
        remaining_s=sample.remaining_s if charging else 0,
        charged_s=max(session.charged_s, sample.charged_s),
        reported_amount_hao=max(session.reported_amount_hao, sample.amount_hao),
    )


def _charging(session: ChargingSession, sample: MeterSampled, at_ms: int, price: Price) -> Step:
    """A sample that proves charging."""
    began = session.began_at_ms
    if began is None:
        began = max(session.requested_at_ms, at_ms - max(sample.charged_s, 60) * 1000)
    counted = count_energy(msgspec.structs.replace(session, began_at_ms=began), sample, at_ms)
    step = move(_priced(counted, price), Fact.CHARGING_AFTER_STOP if session.stop_reason else Fact.CHARGING, at_ms)
    after = msgspec.structs.replace(step.session, idle_samples=0, nudges=0)
    if after.state is S.CHARGING:
        return _limited(msgspec.structs.replace(after, due_at_ms=at_ms + stale_ms(after)), at_ms)
    if after.state is S.UNAUTHORISED:
        return _unauthorised(session, after, at_ms)
    if after.state is S.STOPPING and (session.state is not S.STOPPING or session.began_at_ms is None):
        return Step(after, effects=(Effect.STOP,))  # a stop before the charge began may have found nothing to stop
    if after.state is S.ESTIMATED and "beyond_estimate" not in after.flags:
        return Step(flagged(after, "beyond_estimate"), effects=(Effect.STOP,))
    return msgspec.structs.replace(step, session=after)


def _unauthorised(before: ChargingSession, after: ChargingSession, at_ms: int) -> Step:
    """Energy without a right to it: stop at once, and again with every nudge until it ends (abuse A13)."""
    if before.state is S.UNAUTHORISED:
        return Step(after)
    reopened = msgspec.structs.replace(
        after, stop_reason=StopReason.UNAUTHORISED, due_at_ms=at_ms + RECORD_DUE_MS, flags=(*after.flags, "reopened")
    )
    return Step(reopened, effects=(Effect.STOP,))


def _idle(session: ChargingSession, at_ms: int) -> Step:
    """A sample that says idle: proof of nothing before the start is overdue, proof of the end when repeated."""
    if session.began_at_ms is None:
        if at_ms < session.proof_due_at_ms or session.state in FINAL:
            return Step(session)
        return move(session, Fact.IDLE_PROVEN, at_ms)
    idle = msgspec.structs.replace(session, idle_samples=session.idle_samples + 1)
    if session.state is S.CHARGING:
        return end(flagged(idle, "abnormal_end"), at_ms) if idle.idle_samples >= IDLE_PROOF else Step(idle)
    if session.state in (S.STOPPING, S.UNAUTHORISED):
        return end(idle, at_ms)
    return Step(session)


def end(session: ChargingSession, at_ms: int) -> Step:
    """Energy no longer flows."""
    return move(heard(session, at_ms), Fact.ENDED, at_ms)


def apply_status(session: ChargingSession, status: ConnectorStatus | None, at_ms: int, *, trusted: bool = True) -> Step:
    """What a heartbeat says of a session's connector: it names no session, so it proves less than a sample."""
    if status is ConnectorStatus.CHARGING:
        noted = msgspec.structs.replace(heard(session, at_ms), idle_samples=0)
        if session.state is S.STARTING and session.connector_no:  # it said yes, and now it charges there
            return move(msgspec.structs.replace(noted, began_at_ms=session.requested_at_ms), Fact.CHARGING, at_ms)
        return Step(model_two_wheel.may_have_started(noted, at_ms))
    if status is ConnectorStatus.AVAILABLE and (trusted or session.began_at_ms is not None):
        return _idle(heard(session, at_ms), at_ms)
    return Step(session)


def answer_stop(session: ChargingSession, *, accepted: bool, reason: str, at_ms: int) -> Step:
    """The charge point's word on a stop (文档 §0x35): "not charging" ends what had begun, and proves nothing else."""
    noted = heard(session, at_ms)
    if not accepted and reason == "not_charging" and session.began_at_ms is None and only_counts(session):
        return move(noted, Fact.IDLE_PROVEN, at_ms)  # the stop named this very session
    if accepted or reason != "not_charging" or session.began_at_ms is None:
        return Step(noted)
    return move(noted, Fact.ENDED, at_ms)


def ask_stop(session: ChargingSession, reason: StopReason, at_ms: int) -> Step:
    """Ask to stop, once; asking again is harmless."""
    if session.stop_reason or (session.state, Fact.STOP_ASKED) not in TRANSITIONS:
        return Step(session)
    step = move(msgspec.structs.replace(session, stop_reason=reason), Fact.STOP_ASKED, at_ms)
    return msgspec.structs.replace(step, effects=(Effect.STOP,))


def record(session: ChargingSession, *, record_id: str, energy_mwh: int, at_ms: int) -> Step:
    """A record is durable: the session is over. The first one counts, further ones are kept beside it."""
    first = session.record_id is None
    noted = msgspec.structs.replace(
        heard(session, at_ms),
        record_id=record_id if first else session.record_id,
        record_energy_mwh=energy_mwh if first else session.record_energy_mwh,
        record_count=session.record_count + 1,
    )
    return move(noted if first else flagged(noted, "conflicting_record"), Fact.RECORD, at_ms)


def tick(session: ChargingSession, now_ms: int, *, estimate_after_ms: int) -> Step:
    """The sweep's look at a session whose time has come. `estimate_after_ms` 0 means: never give up waiting."""
    if session.state in FINAL:
        return Step(msgspec.structs.replace(session, due_at_ms=None))
    if session.state in UNPROVEN and now_ms >= session.proof_due_at_ms:
        step = move(msgspec.structs.replace(session, stop_reason=StopReason.START_TIMEOUT), Fact.PROOF_OVERDUE, now_ms)
        return msgspec.structs.replace(step, effects=(Effect.STOP, Effect.READ_SAMPLE))
    if session.state in UNPROVEN:
        return Step(msgspec.structs.replace(session, due_at_ms=session.proof_due_at_ms))
    waiting_since_ms = session.ended_at_ms if session.ended_at_ms is not None else session.evidence_at_ms
    if estimate_after_ms and only_counts(session) and session.state is S.AWAITING_RECORD:
        estimate_after_ms = min(estimate_after_ms, model_two_wheel.NO_RECORD_MS)
    if estimate_after_ms and now_ms - waiting_since_ms >= estimate_after_ms:
        return give_up(session, now_ms)
    return _nudge(session, now_ms)


def give_up(session: ChargingSession, now_ms: int) -> Step:
    """Stop waiting for a record: the last sample has to do."""
    return move(flagged(session, "estimated"), Fact.GIVEN_UP, now_ms)


def _nudge(session: ChargingSession, now_ms: int) -> Step:
    """Ask for a sign, ever more slowly."""
    asked = session.nudges + 1
    pause_ms = min(NUDGE_EVERY_MS << min(session.nudges, 4), NUDGE_AT_MOST_MS)
    waiting = msgspec.structs.replace(session, nudges=asked, due_at_ms=now_ms + pause_ms)
    if session.state is S.AWAITING_RECORD:
        return Step(flagged(waiting, "record_overdue"), effects=(Effect.READ_SAMPLE,))
    if session.state is S.STOPPING or (session.state is S.UNAUTHORISED and session.stop_reason):
        return Step(waiting, effects=(Effect.STOP, Effect.READ_SAMPLE))
    return Step(waiting, effects=(Effect.READ_SAMPLE,))


def _priced(session: ChargingSession, price: Price) -> ChargingSession:
    if session.tariff is None or not (session.segments or session.intervals):
        return session
    return msgspec.structs.replace(session, amount_hao=price(session))


def _limited(session: ChargingSession, at_ms: int) -> Step:
    reason = reached(session, at_ms)
    return Step(session) if reason is None else ask_stop(session, reason, at_ms)


def reached(session: ChargingSession, at_ms: int) -> StopReason | None:
    """Which limit has been reached, by our own count and price."""
    charged_ms = at_ms - (session.began_at_ms if session.began_at_ms is not None else at_ms)
    if only_counts(session):
        charged_ms = session.charged_s * 1000
    limit = session.limit_value
    by_kind = {
        LimitKind.MONEY: (session.amount_hao, limit * 100, StopReason.LIMIT_MONEY),
        LimitKind.ENERGY: (session.energy_mwh, limit, StopReason.LIMIT_ENERGY),
        LimitKind.MINUTES: (charged_ms, limit * 60_000, StopReason.LIMIT_MINUTES),
        LimitKind.SOC: (session.soc_pct, limit, StopReason.LIMIT_SOC),
    }
    if session.limit_kind in by_kind:
        value, bound, reason = by_kind[session.limit_kind]
        if value >= bound:
            return reason
    if session.tariff is not None and session.cap_fen and session.amount_hao >= session.cap_fen * 100:
        return StopReason.HOLD_USED_UP
    return StopReason.TOO_LONG if charged_ms >= LONGEST_MS else None
