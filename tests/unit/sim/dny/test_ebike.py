"""Charging curves: closed forms that agree with what summing up would give."""

import random

import pytest

from chargecloud.sim.dny.ebike import NEVER, ChargerFault, Curve, Piece, broken, healthy, random_charger

HOUR_S = 3_600


def summed_j(curve: Curve, until_s: int) -> float:
    return sum(curve.power_w(second + 0.5) for second in range(until_s))


@pytest.mark.parametrize("fault", [None, *ChargerFault])
def test_the_energy_is_the_sum_of_the_power(fault: ChargerFault | None) -> None:
    curve = healthy(300, 200)
    curve = broken(curve, fault, 900) if fault else curve
    for until_s in (60, 1_800, 2_500, 9_000):
        assert curve.energy_j(until_s) == pytest.approx(summed_j(curve, until_s), rel=1e-3)


def test_a_healthy_charger_tapers_down_to_its_lamp() -> None:
    curve = healthy(240, 240, tau_s=600, trickle_w=3)
    assert curve.power_w(HOUR_S - 1) == 240
    assert curve.power_w(HOUR_S + 600) == pytest.approx(3 + 237 / 2.71828, rel=1e-3)
    assert curve.power_w(4 * HOUR_S) == pytest.approx(3, abs=0.01)


def test_when_so_much_has_flowed() -> None:
    curve = healthy(120, 60)
    at_s = curve.reaches(36_000)
    assert at_s == pytest.approx(300)
    assert curve.energy_j(at_s) >= 36_000
    assert healthy(60, 10).reaches(1e9) == NEVER


def test_when_it_has_been_low_for_so_long() -> None:
    curve = healthy(100, 100, tau_s=1_000, trickle_w=0)
    falls_s = HOUR_S + 1_000 * 1.609438
    assert curve.stays_below(20, 0, 1_800) == pytest.approx(falls_s + 1_800, abs=1)
    assert curve.stays_below(20, falls_s + 500, 100) == pytest.approx(falls_s + 600, abs=1)
    assert Curve(Piece(0, 100)).stays_below(20, 0, 60) == NEVER


@pytest.mark.parametrize(
    ("fault", "at_s", "power_w"),
    [
        (ChargerFault.OVER_POWER, 1_000, 600),
        (ChargerFault.NO_TAPER, 90_000, 200),
        (ChargerFault.RISE_AFTER_FULL, 3_600 + 6 * 900 + 1, 120),
        (ChargerFault.HOT_PORT, 1_000, 200),
        (ChargerFault.SMOKE, 1_000, 200),
    ],
)
def test_every_fault_is_what_it_is_called(fault: ChargerFault, at_s: float, power_w: float) -> None:
    assert broken(healthy(200, 200), fault, 900).power_w(at_s) == power_w


def test_the_highest_and_lowest_of_a_stretch_see_the_pieces_within() -> None:
    curve = broken(healthy(200, 200), ChargerFault.RISE_AFTER_FULL, 0)
    assert curve.highest_w(4_000, 10_000) == curve.power_w(4_000)
    assert curve.highest_w(8_000, 10_000) == 120
    assert curve.lowest_w(0, 10_000) == pytest.approx(3, abs=1)
    assert curve.exceeds(150, 0) == 0 and curve.exceeds(300, 0) == NEVER


def test_equal_dice_give_equal_chargers_within_the_range() -> None:
    first, again = (random_charger(random.Random(7)) for _ in range(2))
    assert first.curve.pieces == again.curve.pieces
    assert all(57 <= random_charger(random.Random(seed)).curve.power_w(0) <= 1_000 for seed in range(200))
