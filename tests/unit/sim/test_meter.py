"""The meter counts whole pulses and keeps the rest."""

from chargecloud.sim.meter import Meter


def test_pulses_and_the_rest_between_them() -> None:
    meter = Meter(1_000)
    assert meter.flow(3_600_000, 1_000) == 10_000
    assert meter.units == 11_000
    assert sum(meter.flow(1, 1_000) for _ in range(360)) == 1


def test_how_time_is_cut_does_not_matter() -> None:
    whole, cut = Meter(), Meter()
    whole.flow(57_311, 600_000)
    for _ in range(600):
        cut.flow(57_311, 1_000)
    assert whole.units == cut.units
