from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.kernel.money import BilledAmount, Money, Rate, divide_half_up, fee_half_up, to_fen_half_up, yuan_text


@pytest.mark.parametrize(
    ("hao", "fen"), [(0, 0), (49, 0), (50, 1), (99, 1), (100, 1), (149, 1), (150, 2), (-49, 0), (-50, -1), (-150, -2)]
)
def test_hao_become_fen_half_up_away_from_zero(hao: int, fen: int) -> None:
    assert to_fen_half_up(BilledAmount(hao)) == Money(fen)


def test_fee_of_one_kwh_is_its_price() -> None:
    assert fee_half_up(1_000_000, Rate(120_000)) == BilledAmount(12_000)


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_fee_is_within_half_a_hao_of_the_exact_product(energy_mwh: int, si_per_kwh: int) -> None:
    exact = Fraction(energy_mwh * si_per_kwh, 10_000_000)
    assert abs(fee_half_up(energy_mwh, Rate(si_per_kwh)).hao - exact) <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_division_is_symmetric_around_zero(numerator: int, denominator: int) -> None:
    assert divide_half_up(-numerator, denominator) == -divide_half_up(numerator, denominator)


def test_amounts_add_and_compare() -> None:
    assert Money(5) + Money(7) - Money(2) == Money(10)
    assert -Money(3) < Money(0)
    assert BilledAmount(5) + BilledAmount(6) - BilledAmount(1) == BilledAmount(10)


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (1234, "12.34"), (-250, "-2.50")])
def test_fen_read_as_yuan(fen: int, text: str) -> None:
    assert yuan_text(fen) == str(Money(fen)) == text
