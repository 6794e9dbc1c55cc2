"""Two-wheel prices against a slow oracle, and the rules at their edges."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargecloud.features.tariffs import model_two_wheel as model
from chargecloud.features.tariffs.messages import (
    Basis,
    ChoiceKind,
    CountedTier,
    PowerInterval,
    PowerTier,
    Rule,
    TierPractice,
    TwoWheelPlan,
    Usage,
)
from chargecloud.kernel.errors import Invalid, Refused
from tests.support import exact_two_wheel as oracle

HOUR_S = 3_600
BOUNDS = (200, 400, 600, None)
STEPS = st.sampled_from([1, 7, 60, 600, 3_600])
prices = st.lists(st.integers(0, 500), min_size=4, max_size=4).map(sorted)


def by_hour(fen_per_hour: int = 60, **changes: Any) -> TwoWheelPlan:
    return TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(None, fen_per_hour),), **changes)


def by_energy(energy_si: int = 60_000, service_si: int = 40_000, **changes: Any) -> TwoWheelPlan:
    return TwoWheelPlan(basis=Basis.ENERGY, energy_si_per_kwh=energy_si, service_si_per_kwh=service_si, **changes)


def in_tiers(
    of: tuple[int, ...] = (30, 60, 90, 120), practice: TierPractice = TierPractice.UPGRADE_ONLY, **changes: Any
) -> TwoWheelPlan:
    tiers = tuple(PowerTier(bound, fen) for bound, fen in zip(BOUNDS, of, strict=True))
    return TwoWheelPlan(basis=Basis.TIME, tiers=tiers, tier_practice=practice, **changes)


@st.composite
def reports(draw: st.DrawFn) -> tuple[PowerInterval, ...]:
    """Reports of a charge, a few to many seconds apart."""
    found: list[PowerInterval] = []
    until_s = 0
    for _ in range(draw(st.integers(0, 6))):
        until_s += draw(st.integers(1, 500))
        average = draw(st.integers(0, 800_000))
        found.append(PowerInterval(until_s, average, average + draw(st.integers(0, 100_000))))
    return tuple(found)


@st.composite
def uses(draw: st.DrawFn) -> Usage:
    seen = draw(reports())
    charged_s = draw(st.integers(seen[-1].until_s if seen else 0, 4_000))
    early = draw(st.none() | st.integers(0, 900_000))
    return Usage(
        charged_s=charged_s,
        energy_mwh=draw(st.integers(0, 3_000_000)),
        max_power_mw=draw(st.integers(0, 900_000)),
        early_max_power_mw=early,
        intervals=seen,
        by_fault=draw(st.booleans()),
    )


rules = st.fixed_dictionaries(
    {
        "min_charge_fen": st.integers(0, 200),
        "billing_step_s": STEPS,
        "billing_step_mwh": st.sampled_from([1, 10_000, 1_000_000]),
        "no_refund_under_fen": st.integers(0, 50),
    }
)


def early_of(usage: Usage) -> int:
    """The first minutes' peak: the record's word, else the reports that begin within them, else the whole peak."""
    if usage.early_max_power_mw is not None:
        return usage.early_max_power_mw
    begins = [0, *(row.until_s for row in usage.intervals)]
    early = [row.max_mw for row, begin in zip(usage.intervals, begins, strict=False) if begin < oracle.FIVE_MINUTES]
    return max(early, default=usage.max_power_mw)


@settings(max_examples=150, deadline=None)
@given(prices, st.sampled_from(list(TierPractice)), uses(), rules, st.integers(0, 2_000))
def test_time_costs_what_the_oracle_says(
    of: list[int], practice: TierPractice, usage: Usage, rule: dict[str, int], prepaid_fen: int
) -> None:
    plan = in_tiers(tuple(of), practice, **rule)
    if practice is TierPractice.PER_INTERVAL and not usage.intervals:
        tier = oracle.tier_at(BOUNDS, usage.energy_mwh * HOUR_S // usage.charged_s) if usage.charged_s else 0
        tiers = [tier] * usage.charged_s
    else:
        rows = [(row.until_s, row.avg_mw, row.max_mw) for row in usage.intervals]
        tiers = oracle.second_tiers(BOUNDS, practice.value, rows, usage.charged_s, early_of(usage))
    fee = oracle.time_fee(of, tiers, 1 if usage.by_fault else rule["billing_step_s"])
    bill, decided = model.charge(plan, usage, prepaid_fen)
    expected = oracle.settled(
        fee,
        prepaid=prepaid_fen,
        least=rule["min_charge_fen"],
        no_refund_under=rule["no_refund_under_fen"],
        fault=usage.by_fault,
    )
    assert bill.total_fen == (0 if decided is Rule.NOTHING or not usage.charged_s else expected)
    holds(bill.total_fen, prepaid_fen, bill)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 200_000), st.integers(1, 200_000), uses(), rules, st.integers(0, 2_000))
def test_energy_costs_what_the_oracle_says(
    energy_si: int, service_si: int, usage: Usage, rule: dict[str, int], prepaid_fen: int
) -> None:
    usage = msgspec.structs.replace(usage, charged_s=max(usage.charged_s, 1))
    plan = by_energy(energy_si, service_si, **rule)
    step = 1 if usage.by_fault else rule["billing_step_mwh"]
    fee = oracle.energy_fee([energy_si, service_si], usage.energy_mwh, step)
    bill, _ = model.charge(plan, usage, prepaid_fen)
    assert bill.total_fen == oracle.settled(
        fee,
        prepaid=prepaid_fen,
        least=rule["min_charge_fen"],
        no_refund_under=rule["no_refund_under_fen"],
        fault=usage.by_fault,
    )
    holds(bill.total_fen, prepaid_fen, bill)


def holds(cost_fen: int, prepaid_fen: int, bill: Any) -> None:
    """What is true of every bill."""
    refund_fen = prepaid_fen - cost_fen
    assert 0 <= cost_fen <= prepaid_fen and cost_fen + refund_fen == prepaid_fen
    assert bill.energy_fee_fen + bill.service_fee_fen == bill.total_fen
    assert min(bill.energy_fee_fen, bill.service_fee_fen) >= 0
    assert bill.total_hao == sum(line.energy_fee_hao + line.service_fee_hao for line in bill.usage_lines)
    assert bill.rounding_hao == bill.total_fen * 100 - bill.total_hao and abs(bill.rounding_hao) <= 50


@settings(max_examples=100, deadline=None)
@given(uses(), rules, st.integers(0, 2_000), st.integers(1, 3_000), st.sampled_from(list(TierPractice)))
def test_more_time_never_costs_less(
    usage: Usage, rule: dict[str, int], prepaid_fen: int, more_s: int, practice: TierPractice
) -> None:
    plan = in_tiers(practice=practice, **rule)
    if not usage.intervals:
        usage = msgspec.structs.replace(usage, early_max_power_mw=0, energy_mwh=0)
    longer = msgspec.structs.replace(usage, charged_s=usage.charged_s + more_s)
    less = model.charge(plan, usage, prepaid_fen)[0].total_fen
    assert less <= model.charge(plan, longer, prepaid_fen)[0].total_fen


@settings(max_examples=100, deadline=None)
@given(uses(), rules, st.integers(0, 2_000), st.integers(1, 1_000_000))
def test_more_energy_never_costs_less(usage: Usage, rule: dict[str, int], prepaid_fen: int, more_mwh: int) -> None:
    usage = msgspec.structs.replace(usage, charged_s=max(usage.charged_s, 1))
    more = msgspec.structs.replace(usage, energy_mwh=usage.energy_mwh + more_mwh)
    less = model.charge(by_energy(**rule), usage, prepaid_fen)[0].total_fen
    assert less <= model.charge(by_energy(**rule), more, prepaid_fen)[0].total_fen


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 720), st.integers(0, 500))
def test_what_was_bought_by_time_is_never_more_than_was_prepaid(minutes: int, fen_per_hour: int) -> None:
    plan = by_hour(fen_per_hour)
    granted = model.grant(plan, ChoiceKind.MINUTES, minutes)
    used = Usage(charged_s=granted.duration_s, energy_mwh=0)
    bill, decided = model.charge(plan, used, granted.prepaid_fen)
    assert decided is Rule.USED and granted.prepaid_fen - bill.total_fen in (0, 1)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5_000), st.integers(1, 500))
def test_money_buys_time_to_the_second(money_fen: int, fen_per_hour: int) -> None:
    granted = model.grant(by_hour(fen_per_hour, max_duration_s=65_535), ChoiceKind.MONEY, money_fen)
    seconds = granted.duration_s
    assert seconds * fen_per_hour <= money_fen * HOUR_S
    assert seconds == 65_535 or (seconds + 1) * fen_per_hour > money_fen * HOUR_S


@settings(max_examples=100, deadline=None)
@given(reports(), st.integers(1, 2_000))
def test_a_new_total_spends_exactly_the_money(seen: tuple[PowerInterval, ...], prepaid_fen: int) -> None:
    plan = in_tiers(max_duration_s=65_535)
    before = Usage(charged_s=0, energy_mwh=0, intervals=seen[:-1])
    now = Usage(charged_s=seen[-1].until_s if seen else 0, energy_mwh=0, intervals=seen)
    total_s = model.new_total_s(plan, before, now, prepaid_fen, most_s=65_535)
    if total_s is not None:
        until_then = Usage(charged_s=total_s, energy_mwh=0, intervals=seen)
        assert total_s > seen[-1].until_s
        spent = sum(part * plan.tiers[tier].fen_per_hour for tier, part in model.segments(plan, until_then, total_s))
        price = plan.tiers[model.segments(plan, until_then, total_s)[-1][0]].fen_per_hour
        assert spent <= prepaid_fen * HOUR_S < spent + price or total_s == 65_535


def test_steps_and_ties_round_up() -> None:
    plan = by_hour(60, billing_step_s=600)
    assert [model.charge(plan, Usage(charged_s=s, energy_mwh=0), 500)[0].total_fen for s in (1, 600, 601)] == [
        10,
        10,
        20,
    ]
    half = by_hour(1)
    assert model.charge(half, Usage(charged_s=1_800, energy_mwh=0), 10)[0].total_fen == 1
    assert model.charge(half, Usage(charged_s=1_700, energy_mwh=0), 10)[0].total_fen == 0


@pytest.mark.parametrize(("power_w", "tier"), [(0, 0), (200, 0), (201, 1), (400, 1), (600, 2), (601, 3), (9_999, 3)])
def test_the_upper_end_belongs_to_its_tier(power_w: int, tier: int) -> None:
    assert model.tier_of(in_tiers(), power_w * 1_000) == tier


def test_what_the_charge_point_counted_counts_and_what_it_did_not_pays_the_last_tier() -> None:
    counted = (CountedTier(200_000, 600), CountedTier(400_000, 0), CountedTier(600_000, 300))
    usage = Usage(charged_s=1_000, energy_mwh=0, counted=counted)
    assert model.segments(in_tiers(), usage, 1_000) == [(0, 600), (2, 400)]
    assert model.segments(in_tiers(), usage, 800) == [(0, 600), (2, 200)]
    unnamed = Usage(charged_s=900, energy_mwh=0, counted=(CountedTier(None, 600), CountedTier(None, 300)))
    assert model.segments(in_tiers(), unnamed, 900) == [(0, 600), (1, 300)]


def test_free_minutes_end_with_their_last_second() -> None:
    plan = by_hour(60, free_s=300)
    assert model.charge(plan, Usage(charged_s=300, energy_mwh=9_999), 60)[1] is Rule.FREE
    assert model.charge(plan, Usage(charged_s=301, energy_mwh=0), 60)[0].total_fen == 5


def test_the_board_failed_so_neither_step_nor_minimum_nor_a_kept_rest_count() -> None:
    plan = by_hour(60, min_charge_fen=100, billing_step_s=3_600, no_refund_under_fen=100)
    usage = Usage(charged_s=61, energy_mwh=0, by_fault=True)
    bill, decided = model.charge(plan, usage, 120)
    assert (bill.total_fen, decided) == (1, Rule.FAULT)


def test_a_pass_pays_everything() -> None:
    bill, decided = model.charge(by_hour(), Usage(charged_s=HOUR_S, energy_mwh=5), 0, covered=True)
    assert (bill.total_fen, decided, bill.energy_mwh, bill.usage_lines[0].kind) == (0, Rule.PASS, 5, "pass")


def test_float_begins_with_the_report_before_the_first_that_shows_it() -> None:
    seen = (PowerInterval(300, 1, 1), PowerInterval(600, 1, 1, True), PowerInterval(900, 1, 1, True))
    usage = Usage(charged_s=900, energy_mwh=0, intervals=seen)
    assert model.paid_s(by_hour(bill_float=False), usage) == 300
    assert model.paid_s(by_hour(), usage) == 900


def test_what_is_delivered_so_far_knows_no_steps() -> None:
    plan = by_hour(60, billing_step_s=3_600, min_charge_fen=50)
    assert model.running_hao(plan, Usage(charged_s=60, energy_mwh=0)) == 100
    per_use = TwoWheelPlan(basis=Basis.PER_USE, per_use_fen=150)
    assert model.running_hao(per_use, Usage(charged_s=60, energy_mwh=0)) == 0


def test_a_tier_that_did_not_change_or_money_that_is_gone_gives_no_new_total() -> None:
    plan = in_tiers()
    low = PowerInterval(300, 100_000, 150_000)
    high = PowerInterval(600, 300_000, 350_000)
    none, one, two = (Usage(charged_s=0, energy_mwh=0, intervals=rows) for rows in ((), (low,), (low, high)))
    assert model.new_total_s(plan, none, one, 100, most_s=43_200) is None
    assert model.new_total_s(plan, one, two, 100, most_s=43_200) == 600 + (100 * 3_600 - 300 * 30 - 300 * 60) // 60
    assert model.new_total_s(plan, one, two, 7, most_s=43_200) is None
    assert model.new_total_s(plan, one, two, 100, most_s=900) == 900
    assert model.new_total_s(by_energy(), one, two, 100, most_s=900) is None


@pytest.mark.parametrize(
    ("plan", "kind", "value", "expected"),
    [
        (by_hour(60), ChoiceKind.MINUTES, 90, (90, 5_400, 0, 5_400)),
        (by_hour(100), ChoiceKind.MINUTES, 1, (2, 60, 0, 60)),
        (by_hour(60), ChoiceKind.FULL, 600, (600, 0, 0, 36_000)),
        (by_energy(), ChoiceKind.ENERGY, 1_500_000, (150, 0, 1_500_000, 43_200)),
        (by_energy(), ChoiceKind.MONEY, 150, (150, 0, 1_500_000, 43_200)),
        (by_energy(), ChoiceKind.FULL, 300, (300, 0, 0, 43_200)),
        (TwoWheelPlan(basis=Basis.PER_USE, per_use_fen=150), ChoiceKind.FULL, 150, (150, 0, 0, 43_200)),
        (by_hour(60), ChoiceKind.PASS, 0, (0, 0, 0, 43_200)),
        (by_hour(0), ChoiceKind.MONEY, 1, (1, 43_200, 0, 43_200)),
    ],
)
def test_what_a_wish_buys(plan: TwoWheelPlan, kind: ChoiceKind, value: int, expected: tuple[int, ...]) -> None:
    granted = model.grant(plan, kind, value)
    assert (granted.prepaid_fen, granted.duration_s, granted.energy_mwh, granted.max_duration_s) == expected


@pytest.mark.parametrize(
    ("plan", "kind", "value"),
    [(by_hour(), ChoiceKind.MINUTES, 0), (by_hour(), ChoiceKind.MINUTES, 721), (by_energy(), ChoiceKind.MONEY, 0)],
)
def test_what_nobody_can_sell_names_its_field(plan: TwoWheelPlan, kind: ChoiceKind, value: int) -> None:
    with pytest.raises(Invalid) as invalid:
        model.grant(plan, kind, value)
    assert invalid.value.facts["field"] == "limit"


def test_a_mode_without_a_price_is_refused() -> None:
    with pytest.raises(Refused):
        model.grant(by_hour(), ChoiceKind.ENERGY, 1_000_000)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (TwoWheelPlan(basis=Basis.TIME), "tiers"),
        (TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(200, 10),)), "tiers"),
        (TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(None, 10), PowerTier(None, 20))), "tiers"),
        (TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(400, 1), PowerTier(200, 2), PowerTier(None, 3))), "tiers"),
        (TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(200, 5), PowerTier(None, 3))), "tiers"),
        (by_energy(tiers=(PowerTier(None, 1),)), "tiers"),
        (by_energy(0, 0), "energy_yuan_per_kwh"),
        (by_hour(energy_si_per_kwh=1), "energy_yuan_per_kwh"),
        (by_hour(per_use_fen=1), "per_use_fen"),
        (TwoWheelPlan(basis=Basis.PER_USE), "per_use_fen"),
        (by_hour(free_s=3_600, max_duration_s=3_600), "free_s"),
        (by_hour(min_charge_fen=501), "min_charge_fen"),
    ],
)
def test_a_plan_that_cannot_be_sold_names_its_field(plan: TwoWheelPlan, field: str) -> None:
    with pytest.raises(Invalid) as invalid:
        model.check_plan(plan)
    assert invalid.value.facts["field"] == field


@pytest.mark.parametrize("plan", [by_hour(), by_energy(), in_tiers(), TwoWheelPlan(basis=Basis.PER_USE, per_use_fen=1)])
def test_a_plan_that_can_be_sold_passes(plan: TwoWheelPlan) -> None:
    assert model.check_plan(plan) is plan
