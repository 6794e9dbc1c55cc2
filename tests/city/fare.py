"""What an e-bike's charge costs, by the words of docs/two-wheel-billing.md and in fractions: no code of the product.

The plans are the city's own, written before the platform is told of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from operator import itemgetter

from tests.support.exact_two_wheel import FIVE_MINUTES, energy_fee, half_up, settled, tier_at

HAO = Fraction(1, 100)
HOUR_S = 3_600
MOST_S, MOST_MWH, STEP_MWH = 0xFFFF, 655_350_000, 10_000
"""What the sixteen bits of a start can say."""
TIME, ENERGY, USE = "time", "energy", "per_use"
FIRST_MINUTES, UPGRADE_ONLY, PER_INTERVAL = "first_minutes", "upgrade_only", "per_interval"
MODE_TIME, MODE_PASS, MODE_ENERGY, MODE_USE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A two-wheel price list as the city wrote it."""

    basis: str
    bounds: tuple[int | None, ...] = (None,)
    """Watts at which the power tiers end."""
    fen_per_hour: tuple[int, ...] = (0,)
    practice: str = UPGRADE_ONLY
    energy_si: int = 0
    service_si: int = 0
    use_fen: int = 0
    full_hold_fen: int = 500
    least_fen: int = 0
    step_s: int = 1
    step_mwh: int = 1
    free_s: int = 0
    bill_float: bool = True
    kept_under_fen: int = 0
    longest_s: int = 43_200


@dataclass(frozen=True, slots=True)
class Span:
    """From the report before to this one."""

    until_s: int
    avg_mw: int
    max_mw: int
    floating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a charge used, by its settlement or by its last report."""

    charged_s: int
    energy_mwh: int
    max_mw: int
    early_mw: int | None = None
    spans: tuple[Span, ...] = ()
    by_fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a rider asked for: minutes, mWh or fen; or until full; or a pass of so many seconds at most."""

    kind: str
    value: int = 0
    pass_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """How a board is told how far a charge may go."""

    mode: int
    amount: int
    longest_s: int


def cost_fen(plan: Plan, used: Used, prepaid_fen: int, *, covered: bool) -> int:
    """What is taken; what was prepaid and is not taken is paid back."""
    nothing = not used.charged_s and not used.energy_mwh
    if covered or nothing or used.charged_s <= plan.free_s:
        return 0
    return settled(
        _delivered(plan, used), prepaid=prepaid_fen, least=plan.least_fen, no_refund_under=plan.kept_under_fen,
        fault=used.by_fault,
    )  # fmt: skip


def _delivered(plan: Plan, used: Used) -> Fraction:
    """Fen, each line rounded to 0.01."""
    if plan.basis == USE:
        return Fraction(0 if used.by_fault or not used.charged_s else plan.use_fen)
    if plan.basis == ENERGY:
        prices = (plan.energy_si, plan.service_si)
        return energy_fee(prices, used.energy_mwh, 1 if used.by_fault else plan.step_mwh)
    runs = list(_runs(plan, used, _paid_s(plan, used)))
    if runs and not used.by_fault:
        tier, seconds = runs[-1]
        runs[-1] = (tier, seconds + -sum(part for _, part in runs) % plan.step_s)
    lines = (half_up(Fraction(plan.fen_per_hour[tier] * seconds, HOUR_S), HAO) for tier, seconds in runs)
    return sum(lines, Fraction(0))


def _paid_s(plan: Plan, used: Used) -> int:
    """All of the time, or what lies before the last report with a battery that was not yet full."""
    full = [number for number, span in enumerate(used.spans) if span.floating]
    if plan.bill_float or not full:
        return used.charged_s
    return min(used.charged_s, used.spans[full[0] - 1].until_s if full[0] else 0)


def _runs(plan: Plan, used: Used, paid_s: int) -> Iterator[tuple[int, int]]:
    """(tier, seconds) one after the other, neighbours of one tier together."""
    pieces, begin = [], 0
    for tier, end in zip(
        _tiers(plan, used), [*(min(span.until_s, paid_s) for span in used.spans), paid_s], strict=True
    ):
        if end > begin:
            pieces.append((tier, end - begin))
            begin = end
    for tier, run in groupby(pieces, key=itemgetter(0)):
        yield tier, sum(seconds for _, seconds in run)


def _tiers(plan: Plan, used: Used) -> list[int]:
    """The tier of each span, and of what lies behind the last report, which pays as the last one did."""
    spans, bounds = used.spans, plan.bounds
    if plan.practice == PER_INTERVAL:
        if not spans:
            average = Fraction(used.energy_mwh * HOUR_S, used.charged_s) if used.charged_s else 0
            return [tier_at(bounds, floor(average))]
        found = [tier_at(bounds, span.avg_mw) for span in spans]
        return [*found, found[-1]]
    base = tier_at(bounds, _early_mw(used))
    if plan.practice == FIRST_MINUTES:
        return [base] * (len(spans) + 1)
    return [
        *(max(base, *(tier_at(bounds, span.max_mw) for span in spans[: number + 1])) for number in range(len(spans))),
        max([base, *(tier_at(bounds, span.max_mw) for span in spans)]),
    ]


def _early_mw(used: Used) -> int:
    """The highest power of the first five minutes: the settlement's word, else the reports that begin in them."""
    if used.early_mw is not None:
        return used.early_mw
    begins = [0, *(span.until_s for span in used.spans)]
    early = [span.max_mw for span, begin in zip(used.spans, begins, strict=False) if begin < FIVE_MINUTES]
    return max(early, default=used.max_mw)


def prepaid_range(plan: Plan, wish: Wish) -> tuple[int, int]:
    """The least and the most fen that may be set aside for a wish; they differ only for charges until full."""
    if wish.pass_s:
        return 0, 0
    exact: Fraction | int
    if wish.kind == "minutes":
        exact = Fraction(wish.value * 60 * plan.fen_per_hour[0], HOUR_S)
    elif wish.kind == "energy":
        stepped = ceil(Fraction(wish.value, plan.step_mwh)) * plan.step_mwh
        exact = Fraction(stepped, 1_000_000) * (plan.energy_si + plan.service_si) / 1_000
    elif plan.basis == USE:
        exact = plan.use_fen
    elif wish.kind == "money":
        exact = wish.value
    else:
        return max(plan.least_fen, 1), plan.full_hold_fen
    return ceil(exact), ceil(exact)


def bought(plan: Plan, wish: Wish, prepaid_fen: int) -> Bought:
    """What a board may be told to deliver for a wish, and no more."""
    longest_s = min(plan.longest_s, MOST_S)
    if wish.pass_s:
        return Bought(mode=MODE_PASS, amount=0, longest_s=min(wish.pass_s, longest_s))
    if plan.basis == USE:
        return Bought(mode=MODE_USE, amount=0, longest_s=longest_s)
    if plan.basis == ENERGY:
        mwh = _affordable_mwh(plan, prepaid_fen) if wish.kind == "money" else wish.value
        full = wish.kind == "none"
        return Bought(
            mode=MODE_TIME if full else MODE_ENERGY, amount=0 if full else mwh // STEP_MWH, longest_s=longest_s
        )
    if wish.kind == "minutes":
        return Bought(mode=MODE_TIME, amount=wish.value * 60, longest_s=wish.value * 60)
    seconds = min(floor(Fraction(prepaid_fen * HOUR_S, plan.fen_per_hour[0])), longest_s)
    return Bought(mode=MODE_TIME, amount=0 if wish.kind == "none" else seconds, longest_s=seconds)


def _affordable_mwh(plan: Plan, prepaid_fen: int) -> int:
    price = Fraction(plan.energy_si + plan.service_si, 1_000)
    return min(floor(Fraction(prepaid_fen * 1_000_000) / price), MOST_MWH)
