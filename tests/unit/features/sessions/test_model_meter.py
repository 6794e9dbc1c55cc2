"""Energy by our clock: half hours, falling meters, impossible jumps."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chargecloud.features.sessions.messages import Segment
from chargecloud.features.sessions.model_meter import (
    HALF_HOUR_MS,
    MAX_SEGMENTS,
    count_energy,
    metered_mwh,
    physical_bound_mwh,
    spread,
)
from tests.support.world import sample
from tests.unit.features.sessions.factory import KWH, NOW, NUMBER, charging


def test_energy_falls_into_the_half_hour_in_which_it_flowed() -> None:
    parts = spread((), 900, since_ms=NOW + HALF_HOUR_MS - 1_000, at_ms=NOW + HALF_HOUR_MS + 2_000)
    assert parts == (Segment(NOW, 300), Segment(NOW + HALF_HOUR_MS, 600))


def test_energy_at_one_moment_falls_into_one_half_hour() -> None:
    assert spread((Segment(NOW, 5),), 7, since_ms=NOW + 10, at_ms=NOW + 10) == (Segment(NOW, 12),)


@given(
    gained=st.integers(0, 10**9),
    since=st.integers(0, 10**8),
    duration=st.integers(0, 30 * 86_400_000),
)
@settings(max_examples=200, deadline=None)
def test_no_energy_is_lost_and_none_is_made(gained: int, since: int, duration: int) -> None:
    parts = spread((), gained, since_ms=NOW + since, at_ms=NOW + since + duration)
    assert sum(part.energy_mwh for part in parts) == gained
    assert all(part.energy_mwh > 0 and part.start_ms % HALF_HOUR_MS == 0 for part in parts)
    assert len(parts) <= MAX_SEGMENTS
    assert [part.start_ms for part in parts] == sorted({part.start_ms for part in parts})


def test_a_falling_meter_is_flagged_and_not_counted() -> None:
    before = charging(energy_mwh=2 * KWH)
    after = count_energy(before, sample(NUMBER, KWH), NOW + 60_000)
    assert after.energy_mwh == 2 * KWH and after.flags == ("meter_fell",)
    assert count_energy(after, sample(NUMBER, KWH), NOW + 75_000).flags == ("meter_fell",)


def test_an_impossible_jump_is_flagged_and_not_counted() -> None:
    after = count_energy(charging(), sample(NUMBER, 100 * KWH), NOW + 60_000)
    assert after.energy_mwh == 0 and after.flags == ("meter_jumped",) and after.segments == ()
    assert count_energy(after, sample(NUMBER, 2 * KWH), NOW + 75_000).energy_mwh == 2 * KWH


def test_the_bound_is_a_tenth_above_rated_power() -> None:
    assert physical_bound_mwh(rated_power_w=120_000, duration_ms=3_600_000) == 132 * KWH + 100_000
    assert physical_bound_mwh(rated_power_w=120_000, duration_ms=-5) == 100_000


def test_energy_after_a_silence_is_counted_and_known_as_a_guess() -> None:
    after = count_energy(charging(), sample(NUMBER, 10 * KWH), NOW + 3_600_000)
    assert after.energy_mwh == 10 * KWH == after.gap_mwh and len(after.segments) == 2
    soon = count_energy(after, sample(NUMBER, 11 * KWH), NOW + 3_660_000)
    assert soon.gap_mwh == 10 * KWH


def test_what_is_billed_is_what_was_adjusted_for_losses() -> None:
    assert metered_mwh(sample(NUMBER, KWH, billed_energy_mwh=KWH + 5)) == KWH + 5
    assert metered_mwh(sample(NUMBER, KWH, billed_energy_mwh=0)) == KWH
