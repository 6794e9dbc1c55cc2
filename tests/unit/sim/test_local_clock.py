"""The charge point's own clock."""

from chargecloud.sim.local_clock import LocalClock


def test_skew_and_drift() -> None:
    clock = LocalClock(10, 1_000_000, skew_ms=-5_000, drift_ppm=100)
    assert clock.local_ms(10) == 995_000
    assert clock.local_ms(10_010) == 995_000 + 10_000_000 + 1_000
    assert clock.true_ms(10_010) == 11_000_000


def test_setting_it_changes_nothing_about_the_truth() -> None:
    clock = LocalClock(0, 0, skew_ms=77)
    clock.set(5, 1_000)
    assert clock.local_ms(6) == 2_000
    assert clock.true_ms(6) == 6_000
