"""Cars on DC and AC."""

import random

import pytest

from chargecloud.device.events import PowerType
from chargecloud.sim.car import NO_DRAW, Limits, random_car, random_vin
from tests.unit.sim.bench import car

WIDE = Limits(400_000, 1_000_000, 400_000)


def test_dc_takes_what_the_battery_asks_for_unless_the_connector_gives_less() -> None:
    wide = car().draw(PowerType.DC, WIDE)
    assert wide.current_ma == pytest.approx(210_000 * 1.2, rel=0.01)
    assert wide.power_w == pytest.approx(wide.voltage_mv * wide.current_ma / 1_000_000, rel=0.001)
    assert car().draw(PowerType.DC, Limits(30_000, 1_000_000, 400_000)).power_w <= 30_000
    assert car().draw(PowerType.DC, Limits(400_000, 1_000_000, 80_000)).current_ma <= 80_000


@pytest.mark.parametrize(("onboard_w", "power_w"), [(7_000, 7_000), (11_000, 11_000), (22_000, 11_000)])
def test_ac_is_steady_at_the_smaller_of_charger_on_board_and_connector(onboard_w: int, power_w: int) -> None:
    vehicle = car()
    vehicle.onboard_w = onboard_w
    draws = set()
    for soc in (0.2, 0.7, 0.95):
        vehicle.battery.soc = soc
        draws.add(vehicle.draw(PowerType.AC, Limits(11_000, 420_000, 33_000)))
    assert len(draws) == 1
    assert draws.pop().power_w == pytest.approx(power_w, rel=0.01)


def test_a_full_car_takes_nothing() -> None:
    assert car(soc=0.81, target=0.8).draw(PowerType.DC, WIDE) == NO_DRAW


def test_two_connectors_share_one_car() -> None:
    vehicle = car()
    alone = vehicle.draw(PowerType.DC, WIDE).current_ma
    vehicle.sharing = 2
    assert vehicle.draw(PowerType.DC, WIDE).current_ma == pytest.approx(alone / 2, rel=0.001)


def test_speed_fills_the_battery_faster_and_shortens_the_estimate() -> None:
    slow, fast = car(), car(speed=60)
    draw = slow.draw(PowerType.DC, WIDE)
    assert fast.draw(PowerType.DC, WIDE) == draw
    assert slow.remaining_minutes(draw.power_w) == pytest.approx(60 * fast.remaining_minutes(draw.power_w), abs=60)
    for vehicle in (slow, fast):
        vehicle.take(draw, 10_000, 1_000)
    assert fast.battery.soc - 0.3 == pytest.approx(60 * (slow.battery.soc - 0.3))


def test_vehicle_numbers_are_valid_and_by_seed() -> None:
    first, again = random_vin(random.Random(7)), random_vin(random.Random(7))
    assert first == again
    assert len(first) == 17
    assert not set("IOQ") & set(first)


def test_the_check_digit_is_that_of_the_standard() -> None:
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678" + "12345" + "79" + "23456789", strict=True))
    for seed in range(50):
        vin = random_vin(random.Random(seed))
        digits = [int(letters.get(letter, letter)) if letter != "X" or at != 8 else 0 for at, letter in enumerate(vin)]
        total = sum(digit * weight for digit, weight in zip(digits, weights, strict=True))
        assert vin[8] == "0123456789X"[total % 11]


def test_cars_from_the_street_can_charge_everywhere() -> None:
    rng = random.Random(3)
    for _ in range(100):
        vehicle = random_car(rng)
        assert 0 < vehicle.battery.soc < vehicle.target_soc
        assert vehicle.draw(PowerType.DC, WIDE).power_w > 0
        assert vehicle.draw(PowerType.AC, Limits(7_000, 420_000, 33_000)).power_w > 6_000
