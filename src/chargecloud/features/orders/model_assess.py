"""What a record is worth: our own price of it, what speaks against it, and whether people have to look.

Everything here is whole numbers and pure; nothing is believed that the charge point could have made up alone.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from chargecloud.device.events import RecordUploaded, StopClass
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession
from chargecloud.features.tariffs.messages import Bill, Rule, TariffVersion

SLACK_MWH = 100_000
"""0.1 kWh (D18)."""
AMOUNT_SLACK_HAO = 200
"""0.02 yuan for each band that was used (D17)."""
CLOCK_SLACK_MS = 600_000
WIRE_UNIT_MWH = 100
HALF_HOUR_MS = 1_800_000
_BEIJING_MS = 8 * 3_600_000
BANDS = 4
LONGEST_MS = 7 * 24 * 3_600_000
LATEST_UPLOAD_MS = 90 * 24 * 3_600_000

PriceBands = Callable[[Sequence[int]], Bill]


class Verdict(StrEnum):
    """What becomes of the order."""

    BILL = "bill"
    NO_ENERGY = "no_energy"
    DISPUTE = "dispute"


class Split(StrEnum):
    """Whose division into bands was used."""

    RECORD = "record"
    CLOCK = "clock"
    SAMPLES = "samples"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Our figures and the charge point's, side by side."""

    split: Split
    recorded_energy_mwh: int
    sampled_energy_mwh: int
    meter_energy_mwh: int | None
    recorded_bands_mwh: tuple[int, ...]
    clock_bands_mwh: tuple[int, ...]
    billed_bands_mwh: tuple[int, ...]
    recorded_amount_hao: int
    our_amount_hao: int
    bound_mwh: int | None
    """The most it can have been; None without a record, whose figure it bounds."""


class UsageComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The record's figures and what our samples saw, side by side."""

    recorded_energy_mwh: int
    sampled_energy_mwh: int
    recorded_s: int
    sampled_s: int
    max_power_mw: int
    early_max_power_mw: int | None
    intervals: int
    bound_mwh: int | None
    bound_s: int | None
    prepaid_fen: int
    cost_fen: int
    rule: Rule
    by_fault: bool
    occupied_s: int | None


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome: a bill, what the driver is charged of it now, and why people should look."""

    verdict: Verdict
    bill: Bill
    supported_fen: int
    """What our own samples support; a disputed order is charged no more than this."""
    comparison: Comparison | UsageComparison
    flags: tuple[str, ...]
    disputes: tuple[str, ...]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an assessment is made against."""

    version: TariffVersion
    price: PriceBands
    hold_fen: int
    overdraft_fen: int
    covered: bool = False
    """A pass pays."""


def assess(record: ChargeDetailRecord, session: ChargingSession, terms: Terms) -> Assessment:
    """A record against everything else we know."""
    body = record.body
    total = metered(body)
    clock = clock_bands(session, terms.version)
    bound = energy_bound_mwh(session, record)
    flags, disputes = _energy_checks(record, session, bound)
    split, bands = _split(body, session, total=total, clock=clock)
    if split is Split.CLOCK:
        flags.append("clock")
    bill = terms.price(bands)
    flags += _amount_flags(body, bill, terms.version, used=sum(1 for energy in bands if energy))
    flags += _time_flags(body, session)
    if terms.hold_fen and bill.total_fen > terms.hold_fen + terms.overdraft_fen:
        disputes.append("over_hold")
    return Assessment(
        verdict=_verdict(total, disputes),
        bill=bill,
        supported_fen=bill.total_fen if clock == bands else terms.price(clock).total_fen,
        comparison=Comparison(
            split=split,
            recorded_energy_mwh=total,
            sampled_energy_mwh=session.energy_mwh,
            meter_energy_mwh=body.meter_end_mwh - body.meter_start_mwh if body.meter_end_mwh else None,
            recorded_bands_mwh=recorded_bands(body),
            clock_bands_mwh=clock,
            billed_bands_mwh=bands,
            recorded_amount_hao=body.amount_hao,
            our_amount_hao=bill.total_hao,
            bound_mwh=bound,
        ),
        flags=tuple(dict.fromkeys([*flags, *disputes])),
        disputes=tuple(disputes),
    )


def assess_samples(session: ChargingSession, terms: Terms) -> Assessment:
    """No record came: the last sample has to do."""
    clock = clock_bands(session, terms.version)
    bill = terms.price(clock)
    disputes = ("over_hold",) if terms.hold_fen and bill.total_fen > terms.hold_fen + terms.overdraft_fen else ()
    return Assessment(
        verdict=_verdict(session.energy_mwh, list(disputes)),
        bill=bill,
        supported_fen=bill.total_fen,
        comparison=Comparison(
            split=Split.SAMPLES,
            recorded_energy_mwh=0,
            sampled_energy_mwh=session.energy_mwh,
            meter_energy_mwh=None,
            recorded_bands_mwh=(0,) * BANDS,
            clock_bands_mwh=clock,
            billed_bands_mwh=clock,
            recorded_amount_hao=session.reported_amount_hao,
            our_amount_hao=bill.total_hao,
            bound_mwh=None,
        ),
        flags=("estimated", *disputes),
        disputes=disputes,
    )


def _verdict(total: int, disputes: list[str]) -> Verdict:
    if disputes:
        return Verdict.DISPUTE
    return Verdict.BILL if total else Verdict.NO_ENERGY


def began_at_ms(session: ChargingSession, record: ChargeDetailRecord) -> int | None:
    """When a charge began that we did not start: by its record where that can be true, else by our samples.

    The first sample we hear may be minutes late, so a record that agrees with it but for the slack of a clock knows
    better. It may have been uploaded days later and counts by the tariff of then; a clock that was never set proves
    nothing.
    """
    started, ours = record.body.started_at_ms, session.began_at_ms
    if ours is not None:
        return started if started is not None and abs(started - ours) <= CLOCK_SLACK_MS else ours
    if started is None or not -CLOCK_SLACK_MS <= record.received_at_ms - started <= LATEST_UPLOAD_MS:
        return None
    return min(started, record.received_at_ms)


def metered(body: RecordUploaded) -> int:
    """The energy that is billed: adjusted for losses where the charge point adjusts (D19)."""
    return max(body.energy_mwh, body.billed_energy_mwh)


def recorded_bands(body: RecordUploaded) -> tuple[int, ...]:
    """The record's energies of sharp, peak, flat and valley."""
    return tuple(max(band.energy_mwh, band.billed_energy_mwh) for band in body.bands)


def clock_bands(session: ChargingSession, version: TariffVersion) -> tuple[int, ...]:
    """The energy our samples saw, sorted into bands by our clock."""
    bands = [0] * BANDS
    for segment in session.segments:
        half_hour = (segment.start_ms + _BEIJING_MS) // HALF_HOUR_MS % len(version.half_hours)
        bands[version.half_hours[half_hour]] += segment.energy_mwh
    return tuple(bands)


def tolerance_mwh(energy_mwh: int) -> int:
    """0.1 kWh or one per cent, whichever is more (D18)."""
    return max(SLACK_MWH, energy_mwh // 100)


def power_bound_mwh(rated_power_w: int, duration_ms: int) -> int:
    """A tenth above rated power for so long."""
    return rated_power_w * max(duration_ms, 0) * 11 // 36_000


def energy_bound_mwh(session: ChargingSession, record: ChargeDetailRecord) -> int:
    """The most that can have flowed: what samples saw and the time after the last of them allow, or the time alone."""
    until_ms = session.ended_at_ms if session.ended_at_ms is not None else record.received_at_ms
    if session.metered_at_ms is not None:
        seen = session.energy_mwh
        return seen + tolerance_mwh(seen) + power_bound_mwh(session.rated_power_w, until_ms - session.metered_at_ms)
    started, ended = record.body.started_at_ms, record.body.ended_at_ms
    if not session.order_no and started is not None and ended is not None:
        return SLACK_MWH + power_bound_mwh(session.rated_power_w, min(ended - started, LONGEST_MS))
    return SLACK_MWH + power_bound_mwh(session.rated_power_w, until_ms - session.requested_at_ms)


def _energy_checks(record: ChargeDetailRecord, session: ChargingSession, bound: int) -> tuple[list[str], list[str]]:
    """Flags for what is odd, disputes for what cannot be."""
    body, total = record.body, metered(record.body)
    flags: list[str] = [flag for flag in session.flags if flag != "estimated"]
    disputes: list[str] = []
    if total < session.energy_mwh - tolerance_mwh(session.energy_mwh):
        disputes.append("below_samples")
    if total > bound:
        disputes.append("over_bound")
    missing = abs(sum(recorded_bands(body)) - total)
    if missing > tolerance_mwh(total):
        disputes.append("bands_sum")
    elif missing > BANDS * WIRE_UNIT_MWH:
        flags.append("bands_sum")
    metered_gain = body.meter_end_mwh - body.meter_start_mwh
    if body.meter_end_mwh and abs(metered_gain - body.energy_mwh) > tolerance_mwh(body.energy_mwh):
        flags.append("meter")
    if total and body.stop_class is StopClass.START_FAILED:
        flags.append("start_failed_with_energy")
    return flags, disputes


def _split(
    body: RecordUploaded, session: ChargingSession, *, total: int, clock: tuple[int, ...]
) -> tuple[Split, tuple[int, ...]]:
    """The record's division when our clock agrees with it or saw nothing, else ours, scaled to the recorded total."""
    recorded = scaled(recorded_bands(body), total)
    ours = scaled(clock, total)
    if not sum(clock) or not total:
        return Split.RECORD, recorded
    unseen = max(total - sum(clock), 0) + session.gap_mwh
    allowed = tolerance_mwh(total) + unseen
    if sum(recorded) and all(abs(a - b) <= allowed for a, b in zip(recorded, ours, strict=True)):
        return Split.RECORD, recorded
    return Split.CLOCK, ours


def scaled(parts: Sequence[int], total: int) -> tuple[int, ...]:
    """Parts in the same proportion that sum up to exactly `total`; the remainder goes to the largest."""
    whole = sum(parts)
    if not whole or whole == total:
        return tuple(parts)
    shares = [part * total // whole for part in parts]
    shares[max(range(len(parts)), key=lambda index: parts[index])] += total - sum(shares)
    return tuple(shares)


def _amount_flags(body: RecordUploaded, bill: Bill, version: TariffVersion, *, used: int) -> list[str]:
    """Amounts and rates beside ours; rates only of bands with energy (D27)."""
    flags = []
    if abs(body.amount_hao - bill.total_hao) > AMOUNT_SLACK_HAO * max(used, 1):
        flags.append("amount")
    for band, price in zip(body.bands, version.bands, strict=True):
        if band.energy_mwh and band.rate_si_per_kwh != price.energy_si_per_kwh + price.service_si_per_kwh:
            flags.append("rate")
            break
    return flags


def _time_flags(body: RecordUploaded, session: ChargingSession) -> list[str]:
    """The charge point's times are evidence of nothing but its clock (abuse A07)."""
    if body.started_at_ms is None or body.ended_at_ms is None or body.ended_at_ms < body.started_at_ms:
        return ["times"]
    if session.began_at_ms is not None and abs(body.started_at_ms - session.began_at_ms) > CLOCK_SLACK_MS:
        return ["clock_skew"]
    return []
