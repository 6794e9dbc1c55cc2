"""What a record without money is worth: the plan's price of what was used, and what speaks against the record.

Such a record has seconds, energy and peaks. Its only clock is a debug column: it is evidence, never a price.
"""

from collections.abc import Callable

from chargecloud.device.events import ChargeUsage, RecordUploaded, StopClass
from chargecloud.features.orders.model_assess import (
    CLOCK_SLACK_MS,
    Assessment,
    UsageComparison,
    Verdict,
    energy_bound_mwh,
    metered,
    tolerance_mwh,
)
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession, StopReason
from chargecloud.features.tariffs.messages import Bill, CountedTier, Rule, Usage

SLACK_S = 60
"""The last report may be so much ahead of the record: both round."""

ChargeOf = Callable[[Usage], tuple[Bill, Rule]]
"""The plan's bill of a usage, for what was prepaid."""


def assess_usage(
    record: ChargeDetailRecord, session: ChargingSession, charge_of: ChargeOf, *, prepaid_fen: int
) -> Assessment:
    """A record of a charge point that only counts, against everything else we know."""
    body = record.body
    said = body.usage or ChargeUsage(0, 0, None, None)
    by_fault = body.stop_class in (StopClass.ABORTED, StopClass.START_FAILED) or _cut_off(session)
    usage = Usage(
        charged_s=said.charged_s,
        energy_mwh=metered(body),
        max_power_mw=said.max_power_mw,
        early_max_power_mw=said.early_max_power_mw,
        intervals=session.intervals,
        counted=tuple(CountedTier(tier.up_to_mw, tier.charged_s) for tier in said.tiers),
        by_fault=by_fault,
    )
    bound_mwh = energy_bound_mwh(session, record)
    bound_s = _longest_s(session, record)
    disputes = _disputes(session, usage, bound_mwh=bound_mwh, bound_s=bound_s)
    bill, rule = charge_of(usage)
    comparison = UsageComparison(
        recorded_energy_mwh=usage.energy_mwh,
        sampled_energy_mwh=session.energy_mwh,
        recorded_s=usage.charged_s,
        sampled_s=session.charged_s,
        max_power_mw=usage.max_power_mw,
        early_max_power_mw=usage.early_max_power_mw,
        intervals=len(session.intervals),
        bound_mwh=bound_mwh,
        bound_s=bound_s,
        prepaid_fen=prepaid_fen,
        cost_fen=bill.total_fen,
        rule=rule,
        by_fault=by_fault,
        occupied_s=said.occupied_s,
    )
    supported = charge_of(_seen(session, by_fault=by_fault))[0] if disputes else bill
    flags = [flag for flag in session.flags if flag != "estimated"] + _time_flags(body, session)
    return Assessment(
        verdict=_verdict(bill, rule, disputes),
        bill=bill,
        supported_fen=supported.total_fen,
        comparison=comparison,
        flags=tuple(dict.fromkeys([*flags, *(["by_fault"] if by_fault else []), *disputes])),
        disputes=tuple(disputes),
    )


def assess_usage_samples(session: ChargingSession, charge_of: ChargeOf, *, prepaid_fen: int) -> Assessment:
    """No record came: the last sample has to do."""
    usage = _seen(session, by_fault=_cut_off(session))
    bill, rule = charge_of(usage)
    comparison = UsageComparison(
        recorded_energy_mwh=0,
        sampled_energy_mwh=session.energy_mwh,
        recorded_s=0,
        sampled_s=session.charged_s,
        max_power_mw=usage.max_power_mw,
        early_max_power_mw=None,
        intervals=len(session.intervals),
        bound_mwh=None,
        bound_s=None,
        prepaid_fen=prepaid_fen,
        cost_fen=bill.total_fen,
        rule=rule,
        by_fault=usage.by_fault,
        occupied_s=None,
    )
    return Assessment(
        verdict=_verdict(bill, rule, []),
        bill=bill,
        supported_fen=bill.total_fen,
        comparison=comparison,
        flags=("estimated",),
        disputes=(),
    )


def _cut_off(session: ChargingSession) -> bool:
    """We cut the charge off for safety: the rider pays what was delivered."""
    return session.stop_reason == StopReason.FIRE_GUARD


def _seen(session: ChargingSession, *, by_fault: bool) -> Usage:
    return Usage(
        charged_s=session.charged_s,
        energy_mwh=session.energy_mwh,
        max_power_mw=max((interval.max_mw for interval in session.intervals), default=0),
        intervals=session.intervals,
        by_fault=by_fault,
    )


def _verdict(bill: Bill, rule: Rule, disputes: list[str]) -> Verdict:
    if disputes:
        return Verdict.DISPUTE
    nothing = rule is Rule.NOTHING or (not bill.total_fen and not bill.energy_mwh and rule is not Rule.PASS)
    return Verdict.NO_ENERGY if nothing else Verdict.BILL


def _longest_s(session: ChargingSession, record: ChargeDetailRecord) -> int:
    """By our own clock a charge we ordered cannot have lasted longer; of any other nobody knows the beginning."""
    if not session.order_no:
        return 0
    return (record.received_at_ms - session.requested_at_ms + CLOCK_SLACK_MS) // 1000


def _disputes(session: ChargingSession, usage: Usage, *, bound_mwh: int, bound_s: int) -> list[str]:
    disputes = []
    less_energy = usage.energy_mwh < session.energy_mwh - tolerance_mwh(session.energy_mwh)
    if less_energy or usage.charged_s < session.charged_s - SLACK_S:
        disputes.append("below_samples")
    if usage.energy_mwh > bound_mwh or (bound_s and usage.charged_s > bound_s):
        disputes.append("over_bound")
    return disputes


def _time_flags(body: RecordUploaded, session: ChargingSession) -> list[str]:
    """A clock that is wrong is worth a flag and nothing else: it may say 1970."""
    if body.ended_at_ms is not None and body.ended_at_ms < session.requested_at_ms - CLOCK_SLACK_MS:
        return ["clock_skew"]
    return []
