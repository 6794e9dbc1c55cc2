"""What a two-wheel charge costs: exact integers, no database, no clock.

Amounts of lines are hao, rounded half up once a line; the sum is rounded to fen once. What is charged never exceeds
what was prepaid, and what is not charged is paid back.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from chargecloud.features.tariffs.messages import (
    Basis,
    Bill,
    ChoiceKind,
    Grant,
    PowerInterval,
    Rule,
    TierPractice,
    TwoWheelPlan,
    Usage,
    UsageLine,
)
from chargecloud.kernel.errors import Invalid, Refused
from chargecloud.kernel.money import (
    HAO_PER_FEN,
    MWH_PER_KWH,
    SI_PER_HAO,
    BilledAmount,
    Rate,
    divide_half_up,
    fee_half_up,
    to_fen_half_up,
)

FIRST_MINUTES_S = 300
SECONDS_PER_HOUR = 3_600
MW_PER_W = 1_000
LONGEST_LIMIT_S = 65_535
"""What fits the sixteen bits in which charge points count seconds."""
LARGEST_LIMIT_MWH = 655_350_000
SMALLEST_LIMIT_MWH = 10_000
_SI_PER_FEN = HAO_PER_FEN * SI_PER_HAO
_OFFERED = {
    Basis.TIME: {ChoiceKind.MINUTES, ChoiceKind.MONEY, ChoiceKind.FULL, ChoiceKind.PASS},
    Basis.ENERGY: {ChoiceKind.ENERGY, ChoiceKind.MONEY, ChoiceKind.FULL, ChoiceKind.PASS},
    Basis.PER_USE: {ChoiceKind.FULL, ChoiceKind.PASS},
}


def tier_of(plan: TwoWheelPlan, power_mw: int) -> int:
    """Which tier a power belongs to; a power at the upper end of a tier belongs to it."""
    for number, tier in enumerate(plan.tiers):
        if tier.max_power_w is None or power_mw <= tier.max_power_w * MW_PER_W:
            return number
    return len(plan.tiers) - 1


def paid_s(plan: TwoWheelPlan, usage: Usage) -> int:
    """The seconds that count: all of them, or those before the battery was full."""
    if plan.bill_float:
        return usage.charged_s
    before_s = 0
    for interval in usage.intervals:
        if interval.floating:
            return min(before_s, usage.charged_s)
        before_s = interval.until_s
    return usage.charged_s


def segments(plan: TwoWheelPlan, usage: Usage, seconds: int) -> list[tuple[int, int]]:
    """The first `seconds` of a charge as (tier, seconds), neighbours of one tier together."""
    if usage.counted:
        return _counted(plan, usage, seconds)
    found: list[tuple[int, int]] = []
    begin_s = 0
    tier = _base_tier(plan, usage)
    for interval, its_tier in zip(usage.intervals, _interval_tiers(plan, usage), strict=True):
        tier = its_tier
        end_s = min(interval.until_s, seconds)
        _extend(found, tier, end_s - begin_s)
        begin_s = max(begin_s, end_s)
    _extend(found, tier, seconds - begin_s)
    return found


def _counted(plan: TwoWheelPlan, usage: Usage, seconds: int) -> list[tuple[int, int]]:
    """What the charge point counted; minutes it rounded up are not paid twice, time it did not count pays the last."""
    found: list[tuple[int, int]] = []
    left_s, tier = seconds, 0
    for number, part in enumerate(usage.counted):
        if part.charged_s:
            tier = min(number, len(plan.tiers) - 1) if part.up_to_mw is None else tier_of(plan, part.up_to_mw)
            _extend(found, tier, min(part.charged_s, left_s))
            left_s = max(left_s - part.charged_s, 0)
    _extend(found, tier, left_s)
    return found


def _extend(found: list[tuple[int, int]], tier: int, seconds: int) -> None:
    if seconds <= 0:
        return
    if found and found[-1][0] == tier:
        found[-1] = (tier, found[-1][1] + seconds)
    else:
        found.append((tier, seconds))


def _interval_tiers(plan: TwoWheelPlan, usage: Usage) -> list[int]:
    if plan.tier_practice is TierPractice.PER_INTERVAL:
        return [tier_of(plan, interval.avg_mw) for interval in usage.intervals]
    tier = _base_tier(plan, usage)
    tiers = []
    for interval in usage.intervals:
        if plan.tier_practice is TierPractice.UPGRADE_ONLY:
            tier = max(tier, tier_of(plan, interval.max_mw))
        tiers.append(tier)
    return tiers


def _base_tier(plan: TwoWheelPlan, usage: Usage) -> int:
    """The tier a charge begins in; without reports, by what the record says of the whole."""
    if not usage.intervals and plan.tier_practice is TierPractice.PER_INTERVAL and usage.charged_s:
        return tier_of(plan, usage.energy_mwh * SECONDS_PER_HOUR // usage.charged_s)
    if usage.early_max_power_mw is not None:
        return tier_of(plan, usage.early_max_power_mw)
    early = [interval.max_mw for interval in _early(usage.intervals)]
    return tier_of(plan, max(early, default=usage.max_power_mw))


def _early(intervals: Sequence[PowerInterval]) -> Iterable[PowerInterval]:
    """Intervals that begin within the first minutes."""
    begin_s = 0
    for interval in intervals:
        if begin_s >= FIRST_MINUTES_S:
            return
        yield interval
        begin_s = interval.until_s


def delivered(plan: TwoWheelPlan, usage: Usage, *, in_steps: bool) -> list[UsageLine]:
    """What was delivered at its price; steps round up."""
    if plan.basis is Basis.TIME:
        return _time_lines(plan, usage, in_steps=in_steps)
    if plan.basis is Basis.ENERGY:
        energy_mwh = _stepped(usage.energy_mwh, plan.billing_step_mwh if in_steps else 1)
        return [_energy_line(plan, energy_mwh)] if energy_mwh else []
    if not usage.charged_s or not in_steps:
        return []
    return [
        UsageLine(kind="per_use", duration_s=usage.charged_s, service_fee_hao=plan.per_use_fen * HAO_PER_FEN),
    ]


def _time_lines(plan: TwoWheelPlan, usage: Usage, *, in_steps: bool) -> list[UsageLine]:
    seconds = paid_s(plan, usage)
    stepped_s = _stepped(seconds, plan.billing_step_s if in_steps else 1)
    found = segments(plan, usage, seconds)
    if found:
        tier, last_s = found[-1]
        found[-1] = (tier, last_s + stepped_s - seconds)
    return [_time_line(plan, tier, part_s) for tier, part_s in found]


def _time_line(plan: TwoWheelPlan, tier: int, seconds: int) -> UsageLine:
    price = plan.tiers[tier]
    return UsageLine(
        kind="time",
        duration_s=seconds,
        max_power_w=price.max_power_w,
        fen_per_hour=price.fen_per_hour,
        service_fee_hao=divide_half_up(seconds * price.fen_per_hour * HAO_PER_FEN, SECONDS_PER_HOUR),
    )


def _energy_line(plan: TwoWheelPlan, energy_mwh: int) -> UsageLine:
    return UsageLine(
        kind="energy",
        energy_mwh=energy_mwh,
        energy_si_per_kwh=plan.energy_si_per_kwh,
        service_si_per_kwh=plan.service_si_per_kwh,
        energy_fee_hao=fee_half_up(energy_mwh, Rate(plan.energy_si_per_kwh)).hao,
        service_fee_hao=fee_half_up(energy_mwh, Rate(plan.service_si_per_kwh)).hao,
    )


def _stepped(value: int, step: int) -> int:
    return -(-value // step) * step


def running_hao(plan: TwoWheelPlan, usage: Usage) -> int:
    """What has been delivered so far, without steps and minimum: it may not end a charge before its time."""
    return sum(line.energy_fee_hao + line.service_fee_hao for line in delivered(plan, usage, in_steps=False))


def charge(plan: TwoWheelPlan, usage: Usage, prepaid_fen: int, *, covered: bool = False) -> tuple[Bill, Rule]:
    """The bill of a charge, and which rule decided. `covered`: a pass pays."""
    if covered:
        return _bill([UsageLine(kind="pass", duration_s=usage.charged_s)], usage), Rule.PASS
    if not usage.charged_s and not usage.energy_mwh:
        return _bill([], usage), Rule.NOTHING
    if usage.charged_s <= plan.free_s:
        return _bill([], usage), Rule.FREE
    lines = delivered(plan, usage, in_steps=not usage.by_fault)
    rule = Rule.FAULT if usage.by_fault else Rule.USED
    most_hao = prepaid_fen * HAO_PER_FEN
    least_hao = 0 if usage.by_fault else min(plan.min_charge_fen, prepaid_fen) * HAO_PER_FEN
    total_hao = sum(line.energy_fee_hao + line.service_fee_hao for line in lines)
    if total_hao < least_hao:
        lines.append(UsageLine(kind="minimum", service_fee_hao=least_hao - total_hao))
        rule, total_hao = Rule.MINIMUM, least_hao
    elif total_hao > most_hao:
        lines.append(UsageLine(kind="prepaid", service_fee_hao=most_hao - total_hao))
        rule, total_hao = Rule.PREPAID, most_hao
    rest_fen = prepaid_fen - to_fen_half_up(BilledAmount(total_hao)).fen
    if not usage.by_fault and 0 < rest_fen < plan.no_refund_under_fen:
        lines.append(UsageLine(kind="kept", service_fee_hao=most_hao - total_hao))
        rule = Rule.KEPT
    return _bill(lines, usage), rule


def _bill(lines: Sequence[UsageLine], usage: Usage) -> Bill:
    energy_fee_hao = sum(line.energy_fee_hao for line in lines)
    total_hao = energy_fee_hao + sum(line.service_fee_hao for line in lines)
    total_fen = to_fen_half_up(BilledAmount(total_hao)).fen
    energy_fee_fen = min(to_fen_half_up(BilledAmount(energy_fee_hao)).fen, total_fen)
    return Bill(
        lines=(),
        energy_fee_hao=energy_fee_hao,
        service_fee_hao=total_hao - energy_fee_hao,
        total_hao=total_hao,
        total_fen=total_fen,
        rounding_hao=total_fen * HAO_PER_FEN - total_hao,
        energy_fee_fen=energy_fee_fen,
        service_fee_fen=total_fen - energy_fee_fen,
        usage_lines=tuple(lines),
        used_mwh=usage.energy_mwh,
    )


def grant(plan: TwoWheelPlan, kind: ChoiceKind, value: int, *, pass_s: int = 0) -> Grant:
    """What a wish buys under a plan. `value`: minutes, mWh, or fen that are prepaid (also for full).

    Refused "mode_not_offered" for what the plan does not price, Invalid "limit_out_of_range" for what it cannot sell.
    """
    if kind not in _OFFERED[plan.basis]:
        raise Refused("该电价不支持这种充电方式", "mode_not_offered", field="limit", basis=plan.basis.value)
    longest_s = min(plan.max_duration_s, LONGEST_LIMIT_S)
    if kind is ChoiceKind.PASS:
        return Grant(prepaid_fen=0, max_duration_s=min(pass_s or longest_s, longest_s))
    if kind is ChoiceKind.MINUTES:
        return _granted_time(plan, value * 60, longest_s)
    if kind is ChoiceKind.ENERGY:
        return _granted_energy(plan, value, longest_s)
    if plan.basis is Basis.PER_USE:
        return Grant(prepaid_fen=plan.per_use_fen, max_duration_s=longest_s)
    if plan.basis is Basis.ENERGY:
        return _energy_for(plan, kind, value, longest_s)
    seconds = affordable_s(value, plan.tiers[0].fen_per_hour, longest_s)
    if not seconds:
        raise _out_of_range(f"{value} 分不够充 1 秒", value)
    if kind is ChoiceKind.MONEY:
        return Grant(prepaid_fen=value, duration_s=seconds, max_duration_s=seconds)
    return Grant(prepaid_fen=value, max_duration_s=seconds)


def _granted_time(plan: TwoWheelPlan, seconds: int, longest_s: int) -> Grant:
    if not 0 < seconds <= longest_s:
        raise _out_of_range(f"时长须在 1 到 {longest_s // 60} 分钟之间", seconds // 60)
    prepaid_fen = -(-seconds * plan.tiers[0].fen_per_hour // SECONDS_PER_HOUR)
    return Grant(prepaid_fen=prepaid_fen, duration_s=seconds, max_duration_s=seconds)


def _granted_energy(plan: TwoWheelPlan, energy_mwh: int, longest_s: int) -> Grant:
    if not SMALLEST_LIMIT_MWH <= energy_mwh <= LARGEST_LIMIT_MWH:
        raise _out_of_range(f"电量须在 {SMALLEST_LIMIT_MWH} 到 {LARGEST_LIMIT_MWH} mWh 之间", energy_mwh)
    si = _stepped(energy_mwh, plan.billing_step_mwh) * (plan.energy_si_per_kwh + plan.service_si_per_kwh)
    prepaid_fen = -(-si // (MWH_PER_KWH * _SI_PER_FEN))
    return Grant(prepaid_fen=prepaid_fen, energy_mwh=energy_mwh, max_duration_s=longest_s)


def _energy_for(plan: TwoWheelPlan, kind: ChoiceKind, prepaid_fen: int, longest_s: int) -> Grant:
    price_si = plan.energy_si_per_kwh + plan.service_si_per_kwh
    energy_mwh = LARGEST_LIMIT_MWH
    if price_si:
        energy_mwh = min(prepaid_fen * _SI_PER_FEN * MWH_PER_KWH // price_si, LARGEST_LIMIT_MWH)
    if energy_mwh < SMALLEST_LIMIT_MWH:
        raise _out_of_range(f"{prepaid_fen} 分不够充 0.01 kWh", prepaid_fen)
    if kind is ChoiceKind.FULL:
        return Grant(prepaid_fen=prepaid_fen, max_duration_s=longest_s)
    return Grant(prepaid_fen=prepaid_fen, energy_mwh=energy_mwh, max_duration_s=longest_s)


def _out_of_range(text: str, value: int) -> Invalid:
    return Invalid(text, "limit_out_of_range", field="limit", value=value)


def affordable_s(money_fen: int, fen_per_hour: int, longest_s: int) -> int:
    """How long money lasts at a price; for ever is `longest_s`."""
    return min(money_fen * SECONDS_PER_HOUR // fen_per_hour, longest_s) if fen_per_hour else longest_s


def new_total_s(plan: TwoWheelPlan, before: Usage, now: Usage, prepaid_fen: int, *, most_s: int) -> int | None:
    """How long the charge may last in all now that its tier has changed; None while it has not.

    The money that is left buys time at the new tier's price: elapsed + remaining / price, at most `most_s`.
    """
    if plan.basis is not Basis.TIME or not now.intervals:
        return None
    tier = _tier_now(plan, now)
    if tier == _tier_now(plan, before):
        return None
    elapsed_s = now.intervals[-1].until_s
    spent = sum(part_s * plan.tiers[number].fen_per_hour for number, part_s in segments(plan, now, elapsed_s))
    left = prepaid_fen * SECONDS_PER_HOUR - spent
    if left <= 0:
        return None
    price = plan.tiers[tier].fen_per_hour
    longest_s = min(most_s, LONGEST_LIMIT_S)
    total_s = min(elapsed_s + left // price, longest_s) if price else longest_s
    return total_s if total_s > elapsed_s else None


def _tier_now(plan: TwoWheelPlan, usage: Usage) -> int:
    """The tier of the last interval; a charge without any was granted at the lowest."""
    return _interval_tiers(plan, usage)[-1] if usage.intervals else 0


def check_plan(plan: TwoWheelPlan) -> TwoWheelPlan:
    """A plan that can be sold; Invalid names the field that is wrong."""
    if plan.basis is Basis.TIME:
        _check_tiers(plan)
    elif plan.tiers:
        raise _invalid("tiers", "只有按时长计费才有功率档")
    if plan.basis is not Basis.ENERGY and (plan.energy_si_per_kwh or plan.service_si_per_kwh):
        raise _invalid("energy_yuan_per_kwh", "只有按电量计费才有电量单价")
    if plan.basis is Basis.ENERGY and not plan.energy_si_per_kwh + plan.service_si_per_kwh:
        raise _invalid("energy_yuan_per_kwh", "按电量计费需要单价")
    if (plan.basis is Basis.PER_USE) != (plan.per_use_fen > 0):
        raise _invalid("per_use_fen", "按次计费需要每次价格，其他计费方式没有")
    if plan.free_s >= plan.max_duration_s:
        raise _invalid("free_s", "免费时长须小于最长充电时长")
    least_fen = plan.per_use_fen if plan.basis is Basis.PER_USE else plan.full_hold_fen
    if plan.min_charge_fen > least_fen:
        raise _invalid("min_charge_fen", "最低消费不能超过预付金额")
    return plan


def _check_tiers(plan: TwoWheelPlan) -> None:
    ends = [tier.max_power_w for tier in plan.tiers]
    if not ends or ends[-1] is not None:
        raise _invalid("tiers", "最后一档不能有功率上限")
    bounds = [end for end in ends[:-1] if end is not None]
    if len(bounds) != len(ends) - 1 or any(low >= high for low, high in pairwise(bounds)):
        raise _invalid("tiers", "各档功率上限须从低到高")
    prices = [tier.fen_per_hour for tier in plan.tiers]
    if prices != sorted(prices):
        raise _invalid("tiers", "功率越高，单价不能越低")


def _invalid(field: str, text: str) -> Invalid:
    return Invalid(text, "invalid_plan", field=field)
