"""Business time can be moved ahead; the time signatures are made by cannot."""

from chargecloud.fake_wechat.clock import MovableClock
from chargecloud.kernel.clock import ManualClock


def test_only_the_business_time_moves() -> None:
    true = ManualClock(1_000_000)
    clock = MovableClock(true)
    clock.advance(5_000)
    clock.advance(-9_000)
    true.advance(1)
    assert (clock.now_ms(), clock.signing_ms()) == (1_005_001, 1_000_001)
    assert clock.monotonic() == true.monotonic() + 5
