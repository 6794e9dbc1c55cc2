"""Energy by our clock: what of a meter's word is believed, and into which half hours it falls."""

import msgspec

from chargecloud.device.events import MeterSampled
from chargecloud.features.sessions.messages import ChargingSession, LimitKind, Segment
from chargecloud.kernel.money import HAO_PER_FEN

HALF_HOUR_MS = 1_800_000
"""Half hours of the Beijing day begin where those of UTC do."""
METER_SLACK_MWH = 100_000
"""0.1 kWh: what no comparison of meters quarrels about."""
GAP_MS = 120_000
"""After a longer silence nobody knows when within it the energy flowed."""
MAX_SEGMENTS = 400
LOW_AT_PCT = 80
"""So much of what is held has been used: the driver is told, once for each amount that is held."""


def physical_bound_mwh(*, rated_power_w: int, duration_ms: int) -> int:
    """The most a connector can have delivered: a tenth above rated power for the whole time, plus the slack."""
    return rated_power_w * max(duration_ms, 0) * 11 // 36_000 + METER_SLACK_MWH


def metered_mwh(sample: MeterSampled) -> int:
    """The energy that is billed: adjusted for losses where the charge point adjusts at all (文档 §0x13, D19)."""
    return max(sample.energy_mwh, sample.billed_energy_mwh)


def count_energy(session: ChargingSession, sample: MeterSampled, at_ms: int) -> ChargingSession:
    """Count what the meter has gained; a falling meter or an impossible jump is flagged and not counted."""
    began_ms = session.began_at_ms if session.began_at_ms is not None else at_ms
    value = metered_mwh(sample)
    if value < session.energy_mwh:
        return _flagged(session, "meter_fell")
    if value > physical_bound_mwh(rated_power_w=session.rated_power_w, duration_ms=at_ms - began_ms):
        return _flagged(session, "meter_jumped")
    gained = value - session.energy_mwh
    since_ms = session.metered_at_ms if session.metered_at_ms is not None else began_ms
    return msgspec.structs.replace(
        session,
        energy_mwh=value,
        metered_at_ms=at_ms,
        gap_mwh=session.gap_mwh + (gained if at_ms - since_ms > GAP_MS else 0),
        segments=spread(session.segments, gained, since_ms=since_ms, at_ms=at_ms),
    )


def spread(segments: tuple[Segment, ...], gained_mwh: int, *, since_ms: int, at_ms: int) -> tuple[Segment, ...]:
    """Lay energy evenly over the time in which it flowed; the last half hour gets the remainder."""
    if gained_mwh <= 0:
        return segments
    shares: dict[int, int] = {segment.start_ms: segment.energy_mwh for segment in segments}
    duration_ms = max(at_ms - since_ms, 0)
    left = gained_mwh
    start_ms = since_ms - since_ms % HALF_HOUR_MS
    last_ms = at_ms - at_ms % HALF_HOUR_MS
    while start_ms < last_ms and duration_ms:
        covered_ms = start_ms + HALF_HOUR_MS - max(start_ms, since_ms)
        share = gained_mwh * covered_ms // duration_ms
        shares[start_ms] = shares.get(start_ms, 0) + share
        left -= share
        start_ms += HALF_HOUR_MS
    shares[last_ms] = shares.get(last_ms, 0) + left
    ordered = [Segment(start, energy) for start, energy in sorted(shares.items()) if energy]
    return tuple(ordered) if len(ordered) <= MAX_SEGMENTS else _folded(ordered)


def _folded(ordered: list[Segment]) -> tuple[Segment, ...]:
    """Bounded: what does not fit is added to the last half hour that does, so that no energy is lost."""
    kept, rest = ordered[: MAX_SEGMENTS - 1], ordered[MAX_SEGMENTS - 1 :]
    return (*kept, Segment(rest[0].start_ms, sum(segment.energy_mwh for segment in rest)))


def _flagged(session: ChargingSession, flag: str) -> ChargingSession:
    return session if flag in session.flags else msgspec.structs.replace(session, flags=(*session.flags, flag))


def runs_low(before: ChargingSession, after: ChargingSession) -> bool:
    """Whether this step used up most of what is held, for a charge that was to go on; prepaid ones end as bought."""
    prepaid = after.tariff is not None and after.tariff.plan is not None
    if prepaid or not after.cap_fen or after.limit_kind is LimitKind.MONEY:
        return False
    low_hao = after.cap_fen * HAO_PER_FEN * LOW_AT_PCT // 100
    return before.amount_hao < low_hao <= after.amount_hao
