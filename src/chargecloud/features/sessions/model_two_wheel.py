"""Sessions of charge points that only count: where the board put them, their intervals, and what heartbeats prove."""

import msgspec

from chargecloud.device.events import ConnectorReport, ConnectorStatus, FullyCharged, MeterSampled
from chargecloud.features.sessions.messages import ChargingSession, SessionState
from chargecloud.features.tariffs.messages import PowerInterval, Usage

START_PROOF_MS = 600_000
"""Reports come every five minutes, so a start has two of them to show itself."""
STALE_MS = 720_000
"""Two reports and a little."""
LONGEST_PROOF_MS = 1_800_000
"""Whatever a heartbeat says of a connector, a start that never shows its own number is given up after that."""
NO_RECORD_MS = 1_800_000
"""A record that has not come half an hour after the end, which is when it is repeated, is settled without."""
MAX_INTERVALS = 300


def only_counts(session: ChargingSession) -> bool:
    """Whether the charge point has no prices of its own, so that it is billed by a plan."""
    return session.tariff is not None and session.tariff.plan is not None


def usage_of(session: ChargingSession, *, by_fault: bool = False) -> Usage:
    """What our samples saw."""
    return Usage(
        charged_s=session.charged_s,
        energy_mwh=session.energy_mwh,
        max_power_mw=max((interval.max_mw for interval in session.intervals), default=0),
        intervals=session.intervals,
        by_fault=by_fault,
    )


def with_interval(session: ChargingSession, sample: MeterSampled) -> ChargingSession:
    """The session with what a sample says of the time since the one before."""
    if sample.power is None or sample.session_no != session.session_no:
        return session
    interval = PowerInterval(
        until_s=sample.charged_s,
        avg_mw=sample.power.interval_avg_mw,
        max_mw=sample.power.interval_max_mw,
        floating=sample.floating,
        temp_c=sample.cable_temp_c,
    )
    intervals = added(session.intervals, interval)
    return session if intervals is session.intervals else msgspec.structs.replace(session, intervals=intervals)


def with_full(session: ChargingSession, event: FullyCharged) -> ChargingSession:
    """The session with the moment its battery was full."""
    if not only_counts(session):
        return session
    full = PowerInterval(until_s=event.charged_s, avg_mw=0, max_mw=0, floating=True)
    intervals = added(session.intervals, full)
    return session if intervals is session.intervals else msgspec.structs.replace(session, intervals=intervals)


def added(
    intervals: tuple[PowerInterval, ...], new: PowerInterval, *, at_most: int = MAX_INTERVALS
) -> tuple[PowerInterval, ...]:
    """One more interval; a report that does not move on, or comes again, adds nothing.

    The number is bounded: beyond it the last two are drawn together, so that no time is lost.
    """
    last = intervals[-1] if intervals else None
    if new.until_s <= (last.until_s if last else 0):
        return intervals
    if last is None or len(intervals) < at_most:
        return (*intervals, new)
    before_s = intervals[-2].until_s if len(intervals) > 1 else 0
    old_s, new_s = last.until_s - before_s, new.until_s - last.until_s
    drawn = msgspec.structs.replace(
        new,
        avg_mw=(last.avg_mw * old_s + new.avg_mw * new_s) // (old_s + new_s),
        max_mw=max(last.max_mw, new.max_mw),
        floating=last.floating and new.floating,
    )
    return (*intervals[:-1], drawn)


def status_here(
    session: ChargingSession, reports: tuple[ConnectorReport, ...], taken: frozenset[int]
) -> ConnectorStatus | None:
    """What a heartbeat says of a session's connector. While the board has not said which one it chose, any charge that
    is nobody else's may be it; `taken` are the connectors of other sessions."""
    if session.connector_no:
        said = [report.status for report in reports if report.connector_no == session.connector_no]
        return said[0] if said else None
    unclaimed = any(
        report.status is ConnectorStatus.CHARGING and report.connector_no not in taken for report in reports
    )
    return ConnectorStatus.CHARGING if unclaimed else ConnectorStatus.AVAILABLE


def may_have_started(session: ChargingSession, at_ms: int) -> ChargingSession:
    """Something charges where this session asked to: its own number may take a report longer to come."""
    proof_due_at_ms = max(
        session.proof_due_at_ms, min(at_ms + START_PROOF_MS, session.requested_at_ms + LONGEST_PROOF_MS)
    )
    unproven = session.began_at_ms is None and session.state is not SessionState.STOPPING
    due_at_ms = proof_due_at_ms if unproven else session.due_at_ms
    return msgspec.structs.replace(session, proof_due_at_ms=proof_due_at_ms, due_at_ms=due_at_ms)
