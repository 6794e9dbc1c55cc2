"""What a run came to: the JSON object at its end."""

import json
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chargecloud.sim.actor import Actor

LATENCIES_KEPT = 100_000


@dataclass(slots=True)
class SimSummary:
    """Totals over all charge points. Latencies are from a record's first upload to its 0x40."""

    charge_points: int = 0
    online: int = 0
    without_tariff: int = 0
    """Online, but the platform has given them no tariff: they must not charge, and no driver comes."""
    charging: int = 0
    duration_s: float = 0
    connects: int = 0
    disconnects: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """Failed connections and broken links by kind."""
    logins: int = 0
    logins_refused: int = 0
    frames_up: int = 0
    frames_down: int = 0
    bad_down: int = 0
    hang_ups: int = 0
    sessions: int = 0
    sessions_refused: int = 0
    visits_given_up: int = 0
    energy_mwh: int = 0
    records_sent: int = 0
    records_confirmed: int = 0
    records_waiting: int = 0
    records_lost: int = 0
    confirm_ms_p50: int = 0
    confirm_ms_p99: int = 0
    confirm_ms_max: int = 0

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(slots=True)
class Tally:
    """What the runner counts beside the charge points' own truth."""

    connects: int = 0
    disconnects: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))


def summarise(actors: Iterable[Actor[Any]], tally: Tally, duration_s: float) -> SimSummary:
    """Add everything up."""
    summary = SimSummary(duration_s=round(duration_s, 3), connects=tally.connects, disconnects=tally.disconnects)
    summary.errors = dict(tally.errors)
    for actor in actors:
        _add(summary, actor)
    ordered = sorted(tally.latencies_s)
    summary.confirm_ms_p50 = _percentile_ms(ordered, 50)
    summary.confirm_ms_p99 = _percentile_ms(ordered, 99)
    summary.confirm_ms_max = _percentile_ms(ordered, 100)
    return summary


def progress(summary: SimSummary) -> str:
    """One line for people."""
    waiting = f" ({summary.without_tariff} without a tariff)" if summary.without_tariff else ""
    return (
        f"sim {summary.duration_s:.0f} s: {summary.online}/{summary.charge_points} online{waiting}, "
        f"{summary.charging} charging, {summary.sessions} sessions, "
        f"records {summary.records_confirmed} confirmed {summary.records_waiting} waiting, "
        f"frames {summary.frames_up} up {summary.frames_down} down, errors {sum(summary.errors.values())}"
    )


def _add(summary: SimSummary, actor: Actor[Any]) -> None:
    point, counts, standing = actor.point, actor.point.truth.counts, actor.point.standing()
    for name in ("charge_points", "online", "without_tariff", "charging", "records_waiting"):
        setattr(summary, name, getattr(summary, name) + getattr(standing, name))
    summary.visits_given_up += sum(visit.given_up for visit in (*actor.visits, *actor.guests))
    for name in ("logins", "logins_refused", "frames_up", "frames_down", "bad_down", "hang_ups", "sessions",
                 "sessions_refused", "records_sent", "records_confirmed"):  # fmt: skip
        setattr(summary, name, getattr(summary, name) + getattr(counts, name))
    for session in point.truth.sessions:
        summary.energy_mwh += session.energy_mwh
        summary.records_lost += session.lost


def _percentile_ms(ordered: Sequence[float], percent: int) -> int:
    if not ordered:
        return 0
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000)
