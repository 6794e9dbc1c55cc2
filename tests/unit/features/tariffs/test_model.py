"""Pricing to the fen against an oracle, half hours at every edge of the calendar, and the rules of versions."""

from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chargecloud.features.tariffs import model
from chargecloud.features.tariffs.messages import BandPrice, EnergySegment, TariffVersion, TouBand, VersionState
from chargecloud.kernel.errors import Invalid, Refused
from tests.unit.features.tariffs import oracle

prices = st.tuples(st.integers(0, 300_000), st.integers(0, 300_000))
four_prices = st.lists(prices, min_size=4, max_size=4)
days = st.lists(st.integers(0, 3), min_size=48, max_size=48)
moments = st.integers(0, 4_102_444_800_000)
segments = st.lists(st.tuples(moments, st.integers(0, 400_000_000)), max_size=12)


def version(bands: list[tuple[int, int]], half_hours: list[int], effective_from_ms: int = 0) -> TariffVersion:
    sharp, peak, flat, valley = (BandPrice(*pair) for pair in bands)
    return TariffVersion(
        version_id=1,
        tariff_id=1,
        operator_id=1,
        version_no=1,
        tariff_no="0001",
        bands=(sharp, peak, flat, valley),
        half_hours=bytes(half_hours),
        effective_from_ms=effective_from_ms,
    )


def beijing(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=oracle.SHANGHAI).timestamp() * 1000)  # type: ignore[arg-type, misc]


@given(four_prices, days, segments)
@example([(50_000, 0)] * 4, [0] * 48, [(0, 1_000)])
@example([(5, 5)] * 4, [0] * 48, [(0, 1_000_000)])
def test_price_equals_the_oracle_to_the_fen(
    bands: list[tuple[int, int]], half_hours: list[int], parts: list[tuple[int, int]]
) -> None:
    bill = model.price_segments(version(bands, half_hours), [EnergySegment(*part) for part in parts])
    assert Fraction(bill.total_fen, 100) == oracle.total_yuan(bands, half_hours, parts)


@given(four_prices, st.lists(st.integers(0, 400_000_000), min_size=4, max_size=4))
def test_a_bill_adds_up(bands: list[tuple[int, int]], energy: list[int]) -> None:
    bill = model.price_bands(version(bands, [0] * 48), energy)
    assert bill.energy_fee_hao == sum(line.energy_fee_hao for line in bill.lines)
    assert bill.service_fee_hao == sum(line.service_fee_hao for line in bill.lines)
    assert bill.total_hao == bill.energy_fee_hao + bill.service_fee_hao
    assert bill.total_fen * 100 == bill.total_hao + bill.rounding_hao
    assert -50 < bill.rounding_hao <= 50
    assert bill.energy_fee_fen + bill.service_fee_fen == bill.total_fen
    assert min(bill.energy_fee_fen, bill.service_fee_fen) >= 0
    assert [line.band for line in bill.lines] == [band for band in TouBand if energy[band]]


@given(moments)
def test_half_hours_follow_the_calendar_of_shanghai(at_ms: int) -> None:
    assert model.half_hour_of(at_ms) == oracle.band_of(list(range(48)), at_ms)


@pytest.mark.parametrize(
    ("moment", "half_hour"),
    [
        ((2026, 1, 1, 0, 0, 0), 0),
        ((2026, 1, 1, 0, 29, 59, 999_000), 0),
        ((2026, 1, 1, 0, 30, 0), 1),
        ((2025, 12, 31, 23, 59, 59, 999_000), 47),
        ((2028, 2, 29, 12, 0, 0), 24),
        ((2028, 2, 29, 23, 30, 0), 47),
        ((2028, 3, 1, 0, 0, 0), 0),
        ((2026, 6, 30, 7, 59, 59, 999_000), 15),
        ((2026, 7, 1, 8, 0, 0), 16),
    ],
)
def test_half_hours_at_the_edges(moment: tuple[int, ...], half_hour: int) -> None:
    assert model.half_hour_of(beijing(*moment)) == half_hour


def test_energy_on_both_sides_of_midnight_goes_to_both_bands() -> None:
    day = [3] * 16 + [2] * 31 + [0]
    bill = model.price_segments(
        version([(100_000, 0), (0, 0), (0, 0), (30_000, 0)], day),
        [
            EnergySegment(beijing(2026, 12, 31, 23, 30), 1_000_000),
            EnergySegment(beijing(2027, 1, 1, 0, 0), 2_000_000),
        ],
    )
    assert [(line.band, line.energy_mwh, line.energy_fee_hao) for line in bill.lines] == [
        (TouBand.SHARP, 1_000_000, 10_000),
        (TouBand.VALLEY, 2_000_000, 6_000),
    ]
    assert bill.total_fen == 160


def test_the_example_of_the_vendor_document_costs_what_it_says() -> None:
    """1 kWh at 1.10000 energy and 0.40000 service."""
    bill = model.price_bands(version([(110_000, 40_000)] * 4, [0] * 48), [1_000_000, 0, 0, 0])
    assert (bill.energy_fee_fen, bill.service_fee_fen, bill.total_fen) == (110, 40, 150)


@pytest.mark.parametrize("energy", [[1, 2, 3], [1, 2, 3, -1], []])
def test_energy_that_is_no_energy_is_refused(energy: list[int]) -> None:
    with pytest.raises(Invalid):
        model.price_bands(version([(1, 1)] * 4, [0] * 48), energy)


def test_an_unused_band_needs_no_price_and_a_used_one_does() -> None:
    price = BandPrice(1, 2)
    assert model.check_prices((None, None, price, price), [2] * 24 + [3] * 24)[0] == BandPrice(0, 0)
    with pytest.raises(Invalid) as invalid:
        model.check_prices((None, None, price, price), [1] + [2] * 47)
    assert invalid.value.facts == {"bands": ["peak"]}


@pytest.mark.parametrize(
    ("half_hours", "price", "code"),
    [
        ([0] * 47, BandPrice(1, 1), "invalid_half_hours"),
        ([0] * 49, BandPrice(1, 1), "invalid_half_hours"),
        ([4] + [0] * 47, BandPrice(1, 1), "invalid_half_hours"),
        ([0] * 48, BandPrice(-1, 1), "invalid_price"),
        ([0] * 48, BandPrice(1, model.MAX_PRICE_SI_PER_KWH + 1), "invalid_price"),
    ],
)
def test_a_tariff_that_cannot_be_is_named(half_hours: list[int], price: BandPrice, code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        model.check_prices((price, price, price, price), half_hours)
    assert invalid.value.code == code


def test_versions_take_effect_in_the_future_only() -> None:
    model.check_effective(5, now_ms=100, others_ms=[])
    model.check_effective(100, now_ms=100, others_ms=[50])
    with pytest.raises(Invalid):
        model.check_effective(99, now_ms=100, others_ms=[50])
    with pytest.raises(Refused) as refused:
        model.check_effective(200, now_ms=100, others_ms=[50, 200])
    assert refused.value.code == "effective_taken"
    with pytest.raises(Refused) as refused:
        model.check_effective(300, now_ms=100, others_ms=[201, 202, 203, 204, 205])
    assert refused.value.code == "too_many_pending"


def test_states_follow_from_the_dates() -> None:
    moments_ms = [(10, False), (20, False), (25, True), (30, False), (40, True)]
    assert model.states(moments_ms, 25) == [
        VersionState.EXPIRED,
        VersionState.ACTIVE,
        VersionState.CANCELLED,
        VersionState.PENDING,
        VersionState.CANCELLED,
    ]


def test_wire_numbers_go_round_and_skip_what_is_in_use() -> None:
    assert model.next_tariff_no("", set()) == "0001"
    assert model.next_tariff_no("0001", {"0001"}) == "0002"
    assert model.next_tariff_no("9999", {"9999"}) == "0001"
    assert model.next_tariff_no("9998", {"9999", "0001"}) == "0002"


def test_a_wire_number_never_equals_another_one_with_swapped_bytes() -> None:
    """Some charge points give the two bytes back in the other order (D15)."""
    assert model.next_tariff_no("0099", {"0001"}) == "0101"
    assert model.next_tariff_no("0000", {"0100"}) == "0002"


def test_all_wire_numbers_in_use_is_said() -> None:
    with pytest.raises(Refused) as refused:
        model.next_tariff_no("0001", {f"{number:04d}" for number in range(1, 10_000)})
    assert refused.value.code == "tariff_numbers_exhausted"


def test_the_device_gets_bands_in_the_order_of_the_wire() -> None:
    tariff = model.device_tariff(version([(1, 2), (3, 4), (5, 6), (7, 8)], [3] * 48))
    assert [(band.energy_si_per_kwh, band.service_si_per_kwh) for band in tariff.bands] == [
        (1, 2),
        (3, 4),
        (5, 6),
        (7, 8),
    ]
    assert tariff.half_hours == bytes([3] * 48)
    assert tariff.tariff_no == "0001"
