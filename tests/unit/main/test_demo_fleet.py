"""The demo's fleet: about twenty charge points of different temper at three stations, each living some life."""

from chargecloud.device.events import PowerType
from chargecloud.main.demo_fleet import STATIONS, Life, charge_points, simulations


def test_three_stations_with_about_twenty_charge_points() -> None:
    assert len(STATIONS) == 3
    assert len(charge_points()) == 20
    assert len({point.spec.code for point in charge_points()}) == 20


def test_every_temper_and_every_life_occurs() -> None:
    assert {point.life for point in charge_points()} == set(Life)
    assert {point.spec.temper.name for point in charge_points()} == {"standard", "ykc16", "openuc", "thrifty"}
    assert {point.spec.power_type for point in charge_points()} == set(PowerType)


def test_every_charge_point_lives_in_one_simulation() -> None:
    runs = simulations(8768)
    assert sorted(spec.code for _, specs in runs for spec in specs) == sorted(p.spec.code for p in charge_points())
    assert all(options.port == 8768 for options, _ in runs)
    assert len(simulations(8768, only=frozenset({Life.VISITORS}))) == 1


def test_only_regulars_hold_cards_and_no_card_twice() -> None:
    cards = [card for point in charge_points() for card in point.cards]
    assert cards
    assert len(cards) == len(set(cards))
    assert all(not point.cards for point in charge_points() if point.life is not Life.REGULARS)
