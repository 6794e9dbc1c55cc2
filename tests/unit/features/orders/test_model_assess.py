"""Records against samples, clock, tariff, meter and physics."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargecloud.device.events import BandRecord, StopClass
from chargecloud.features.orders import model_assess
from chargecloud.features.orders.model_assess import (
    Split,
    Terms,
    Verdict,
    assess,
    assess_samples,
    began_at_ms,
    scaled,
)
from chargecloud.features.sessions.messages import ChargeDetailRecord, Segment
from chargecloud.features.tariffs.model import price_bands
from tests.support.world import record
from tests.unit.features.sessions.factory import KWH, NOW, NUMBER, TARIFF, charging

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TERMS = Terms(version=TARIFF, price=lambda bands: price_bands(TARIFF, bands), hold_fen=10_000, overdraft_fen=2_000)
SEEN = charging(
    energy_mwh=20 * KWH,
    metered_at_ms=NOW + HOUR_MS,
    ended_at_ms=NOW + HOUR_MS,
    segments=(Segment(NOW, 10 * KWH), Segment(NOW + HOUR_MS // 2, 10 * KWH)),
)
"""20 kWh within the first hour, all of it flat: 22 yuan."""


def stored(bands_mwh: tuple[int, int, int, int] = (0, 0, 20 * KWH, 0), **changes: Any) -> ChargeDetailRecord:
    values: dict[str, Any] = {"started_at_ms": NOW, "ended_at_ms": NOW + HOUR_MS}
    return ChargeDetailRecord(
        record_id="r", received_at_ms=NOW + HOUR_MS + 5_000, body=record(NUMBER, bands_mwh, **values | changes)
    )


def test_a_clean_record_is_billed_as_it_is() -> None:
    found = assess(stored(), SEEN, TERMS)
    assert found.verdict is Verdict.BILL and found.flags == () and found.comparison.split is Split.RECORD
    assert found.bill.total_fen == 2_200 == found.supported_fen
    assert found.comparison.recorded_amount_hao == found.comparison.our_amount_hao == 220_000


@pytest.mark.parametrize(
    ("difference_hao", "flagged"), [(0, False), (200, False), (-200, False), (201, True), (-201, True)]
)
def test_amounts_may_differ_by_two_cents_for_each_band_used(difference_hao: int, flagged: bool) -> None:
    """D17."""
    found = assess(stored(amount_hao=220_000 + difference_hao), SEEN, TERMS)
    assert ("amount" in found.flags) == flagged and found.bill.total_fen == 2_200


@pytest.mark.parametrize(
    ("meter_mwh", "end_mwh", "flagged"),
    [(20_200_000, None, False), (20_200_001, None, True), (19_799_999, None, True), (0, 0, False)],
)
def test_meters_may_differ_by_one_per_cent(meter_mwh: int, end_mwh: int | None, flagged: bool) -> None:
    """D18; zero readings mean that there are none."""
    end = 1_000 * KWH + meter_mwh if end_mwh is None else end_mwh
    start = 1_000 * KWH if end_mwh is None else 0
    found = assess(stored(meter_start_mwh=start, meter_end_mwh=end), SEEN, TERMS)
    assert ("meter" in found.flags) == flagged and found.verdict is Verdict.BILL


def test_only_prices_of_bands_with_energy_are_compared() -> None:
    """D27."""
    idle_wrong = [BandRecord(0, 0, 0, 0), BandRecord(99, 0, 0, 0), *record(NUMBER, (0, 0, 20 * KWH, 0)).bands[2:]]
    assert "rate" not in assess(stored(bands=tuple(idle_wrong)), SEEN, TERMS).flags
    wrong = [*idle_wrong[:2], BandRecord(99, 20 * KWH, 20 * KWH, 220_000), idle_wrong[3]]
    assert "rate" in assess(stored(bands=tuple(wrong)), SEEN, TERMS).flags


def test_loss_adjusted_energy_is_billed_and_zero_means_that_nothing_was_adjusted() -> None:
    """D19."""
    adjusted = assess(stored(billed_energy_mwh=20_100_000), SEEN, TERMS)
    assert sum(adjusted.comparison.billed_bands_mwh) == 20_100_000
    assert sum(assess(stored(billed_energy_mwh=0), SEEN, TERMS).comparison.billed_bands_mwh) == 20 * KWH


def test_a_skewed_clock_cannot_sell_flat_energy_as_valley() -> None:
    found = assess(stored((0, 0, 0, 20 * KWH)), SEEN, TERMS)
    assert found.comparison.split is Split.CLOCK and "clock" in found.flags
    assert found.comparison.billed_bands_mwh == (0, 0, 20 * KWH, 0) and found.bill.total_fen == 2_200


def test_our_division_is_scaled_to_the_recorded_total() -> None:
    found = assess(stored((0, 0, 0, 20_100_000)), SEEN, TERMS)
    assert found.comparison.billed_bands_mwh == (0, 0, 20_100_000, 0)


def test_energy_that_arrived_across_a_silence_is_divided_as_the_record_says() -> None:
    blind = charging(
        energy_mwh=20 * KWH,
        metered_at_ms=NOW + HOUR_MS,
        gap_mwh=20 * KWH,
        segments=(Segment(NOW, 10 * KWH), Segment(NOW + HOUR_MS // 2, 10 * KWH)),
    )
    found = assess(stored((0, 0, 12 * KWH, 8 * KWH)), blind, TERMS)
    assert found.comparison.split is Split.RECORD and "clock" not in found.flags


@pytest.mark.parametrize(
    ("bands", "dispute"),
    [
        ((0, 0, 0, 0), "below_samples"),
        ((0, 0, 19 * KWH, 0), "below_samples"),
        ((0, 0, 21 * KWH, 0), "over_bound"),
        ((0, 0, 300 * KWH, 0), "over_bound"),
        ((0, 0, 429_496_729_500, 0), "over_bound"),
    ],
)
def test_what_cannot_be_is_disputed_and_charged_by_our_samples(bands: tuple[int, int, int, int], dispute: str) -> None:
    found = assess(stored(bands), SEEN, TERMS)
    assert found.verdict is Verdict.DISPUTE and dispute in found.disputes and dispute in found.flags
    assert found.supported_fen == 2_200


def test_the_seconds_after_the_last_sample_allow_for_their_energy() -> None:
    later = charging(energy_mwh=20 * KWH, metered_at_ms=NOW + HOUR_MS - 60_000, segments=SEEN.segments)
    assert assess(stored((0, 0, 22 * KWH, 0)), later, TERMS).verdict is Verdict.BILL
    assert assess(stored((0, 0, 23 * KWH, 0)), later, TERMS).verdict is Verdict.DISPUTE


def test_without_samples_time_and_power_bound_the_record() -> None:
    blind = charging(began_at_ms=None, metered_at_ms=None)
    assert assess(stored((0, 0, 50 * KWH, 0)), blind, TERMS).verdict is Verdict.BILL
    assert "over_bound" in assess(stored((0, 0, 140 * KWH, 0)), blind, TERMS).disputes


def test_an_offline_record_is_bounded_by_its_own_duration() -> None:
    offline = charging(order_no="", began_at_ms=None, metered_at_ms=None, requested_at_ms=NOW + 86_400_000)
    assert "over_bound" not in assess(stored((0, 0, 100 * KWH, 0)), offline, TERMS).disputes
    assert "over_bound" in assess(stored((0, 0, 140 * KWH, 0)), offline, TERMS).disputes
    assert "over_bound" in assess(stored(started_at_ms=None), offline, TERMS).disputes


@pytest.mark.parametrize(
    ("total", "disputed", "flagged"),
    [(20 * KWH + 400, False, False), (20 * KWH + 500, False, True), (20_300_000, True, True)],
)
def test_bands_have_to_sum_up(total: int, disputed: bool, flagged: bool) -> None:
    found = assess(stored(energy_mwh=total, billed_energy_mwh=total), SEEN, TERMS)
    assert ("bands_sum" in found.disputes) == disputed and ("bands_sum" in found.flags) == flagged


def test_a_bill_far_above_its_hold_is_looked_at() -> None:
    too_small = msgspec.structs.replace(TERMS, hold_fen=199)
    assert assess(stored(), SEEN, too_small).disputes == ("over_hold",)
    assert assess(stored(), SEEN, msgspec.structs.replace(TERMS, hold_fen=200)).disputes == ()


def test_nothing_recorded_and_nothing_seen_is_no_energy() -> None:
    found = assess(stored((0, 0, 0, 0)), charging(energy_mwh=50_000, segments=(Segment(NOW, 50_000),)), TERMS)
    assert found.verdict is Verdict.NO_ENERGY and found.bill.total_fen == 0


def test_a_failed_start_with_energy_is_billed_and_flagged() -> None:
    found = assess(stored(stop_class=StopClass.START_FAILED), SEEN, TERMS)
    assert found.verdict is Verdict.BILL and "start_failed_with_energy" in found.flags


@pytest.mark.parametrize(
    ("times", "flag"),
    [
        ({"started_at_ms": None}, "times"),
        ({"ended_at_ms": None}, "times"),
        ({"started_at_ms": NOW + 2 * HOUR_MS}, "times"),
        ({"started_at_ms": NOW - HOUR_MS}, "clock_skew"),
    ],
)
def test_odd_times_are_flagged_and_change_no_price(times: dict[str, Any], flag: str) -> None:
    found = assess(stored(**times), SEEN, TERMS)
    assert flag in found.flags and found.bill.total_fen == 2_200


def test_an_estimate_is_what_the_samples_cost() -> None:
    found = assess_samples(SEEN, TERMS)
    assert found.verdict is Verdict.BILL and found.bill.total_fen == 2_200 and found.flags == ("estimated",)
    assert assess_samples(charging(), TERMS).verdict is Verdict.NO_ENERGY


@given(parts=st.lists(st.integers(0, 10**12), min_size=4, max_size=4), total=st.integers(0, 10**12))
@settings(max_examples=300, deadline=None)
def test_scaling_sums_up_exactly(parts: list[int], total: int) -> None:
    shares = scaled(parts, total)
    assert all(share >= 0 for share in shares)
    assert sum(shares) == (total if sum(parts) else 0)


@given(
    bands=st.tuples(*[st.integers(0, 2**32 - 1) for _ in range(4)]),
    total=st.integers(0, 2**32 - 1),
    billed=st.integers(0, 2**32 - 1),
    meters=st.tuples(st.integers(0, 2**40 - 1), st.integers(0, 2**40 - 1)),
    times=st.tuples(st.none() | st.integers(-(10**15), 10**15), st.none() | st.integers(-(10**15), 10**15)),
)
@settings(max_examples=300, deadline=None)
def test_any_record_is_assessed_and_none_debits_beyond_what_is_possible(
    bands: tuple[int, int, int, int],
    total: int,
    billed: int,
    meters: tuple[int, int],
    times: tuple[int | None, int | None],
) -> None:
    """A06: every field at any value, in wire units; never an exception, never a bill outside the bounds."""
    found = assess(
        stored(
            tuple(band * 100 for band in bands),  # type: ignore[arg-type]
            energy_mwh=total * 100,
            billed_energy_mwh=billed * 100,
            meter_start_mwh=meters[0] * 100,
            meter_end_mwh=meters[1] * 100,
            started_at_ms=times[0],
            ended_at_ms=times[1],
        ),
        SEEN,
        TERMS,
    )
    if found.verdict is Verdict.BILL:
        assert SEEN.energy_mwh - model_assess.tolerance_mwh(SEEN.energy_mwh) <= sum(found.comparison.billed_bands_mwh)
        assert sum(found.comparison.billed_bands_mwh) <= found.comparison.bound_mwh
        assert found.bill.total_fen <= TERMS.hold_fen + TERMS.overdraft_fen


@pytest.mark.parametrize(
    ("before_ms", "counts"), [(0, True), (30 * DAY_MS, True), (91 * DAY_MS, False), (-2 * HOUR_MS, False)]
)
def test_a_charge_begun_without_us_counts_from_its_record_where_that_can_be_true(before_ms: int, counts: bool) -> None:
    """Uploaded days later it has the price of its day (failure F16)."""
    offline = charging(order_no="", began_at_ms=None)
    late = stored()
    started = late.received_at_ms - before_ms
    late = msgspec.structs.replace(late, body=msgspec.structs.replace(late.body, started_at_ms=started))
    assert began_at_ms(offline, late) == (started if counts else None)
    assert began_at_ms(SEEN, late) == SEEN.began_at_ms


@pytest.mark.parametrize(("earlier_ms", "counts"), [(65_000, True), (-30_000, True), (HOUR_MS, False)])
def test_a_charge_first_heard_late_begins_when_its_record_says(earlier_ms: int, counts: bool) -> None:
    """Begun before midnight and heard after it, it has the price of before midnight (found by the city, seed 107)."""
    assert SEEN.began_at_ms is not None
    started = SEEN.began_at_ms - earlier_ms
    assert began_at_ms(SEEN, stored(started_at_ms=started)) == (started if counts else SEEN.began_at_ms)


def test_an_unset_clock_tells_no_beginning() -> None:
    assert began_at_ms(charging(began_at_ms=None), stored(started_at_ms=None)) is None


def test_a_clock_a_little_fast_cannot_begin_a_charge_after_its_record_came() -> None:
    late = stored(started_at_ms=NOW + HOUR_MS + 60_000)
    assert began_at_ms(charging(began_at_ms=None), late) == late.received_at_ms
