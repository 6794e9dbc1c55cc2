"""Money as integers: fen move, hao are computed, si price a kilowatt-hour.

1 yuan = 100 fen = 10,000 hao = 100,000 si. No float comes near any of them, and rounding happens here and nowhere else.
"""

from dataclasses import dataclass
from decimal import Decimal

HAO_PER_FEN = 100
SI_PER_HAO = 10
MWH_PER_KWH = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount that moves between accounts, in whole fen (分)."""

    fen: int

    def __add__(self, other: "Money") -> "Money":
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.fen - other.fen)

    def __neg__(self) -> "Money":
        return Money(-self.fen)

    def __str__(self) -> str:
        return yuan_text(self.fen)


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """A price per kilowatt-hour, in si (丝, 0.00001 yuan)."""

    si_per_kwh: int


@dataclass(frozen=True, slots=True, order=True)
class BilledAmount:
    """A computed amount on a bill, in hao (毫, 0.0001 yuan)."""

    hao: int

    def __add__(self, other: "BilledAmount") -> "BilledAmount":
        return BilledAmount(self.hao + other.hao)

    def __sub__(self, other: "BilledAmount") -> "BilledAmount":
        return BilledAmount(self.hao - other.hao)


def fee_half_up(energy_mwh: int, rate: Rate) -> BilledAmount:
    """The fee of so much energy (mWh, not negative) at a rate, rounded half up to one hao."""
    return BilledAmount(divide_half_up(energy_mwh * rate.si_per_kwh, MWH_PER_KWH * SI_PER_HAO))


def to_fen_half_up(amount: BilledAmount) -> Money:
    """The one way from hao to fen: half up, away from zero, at the total of a bill."""
    return Money(divide_half_up(amount.hao, HAO_PER_FEN))


def divide_half_up(numerator: int, denominator: int) -> int:
    """Integer quotient rounded half away from zero; the denominator is positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def yuan_text(fen: int) -> str:
    """Fen as the decimal text people read: 1234 -> "12.34"."""
    return str(Decimal(fen).scaleb(-2))


def hao_text(hao: int) -> str:
    """Hao as decimal text in yuan: 12345 -> "1.2345"."""
    return str(Decimal(hao).scaleb(-4))


def si_text(si: int) -> str:
    """Si as decimal text in yuan: 122000 -> "1.22000"."""
    return str(Decimal(si).scaleb(-5))
