from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chargecloud.kernel.clock import BEIJING, FastClock, ManualClock, SystemClock, from_local, local_time, rfc3339

NEW_YEAR_MS = 1_767_196_800_000  # 2026-01-01 00:00 in Beijing


def test_time_stands_still_until_told() -> None:
    clock = ManualClock(NEW_YEAR_MS)
    before = clock.monotonic()
    clock.advance(1500)
    assert (clock.now_ms() - NEW_YEAR_MS, clock.monotonic() - before) == (1500, 1.5)


def test_a_jump_of_the_wall_clock_lets_no_time_pass() -> None:
    clock = ManualClock()
    before = clock.monotonic()
    clock.jump(-3_600_000)
    assert clock.monotonic() == before


def test_a_fast_clock_lets_more_time_pass_on_both_readings() -> None:
    clock, real = FastClock(1_000), SystemClock()
    before, before_ms, began = clock.monotonic(), clock.now_ms(), real.monotonic()
    while real.monotonic() < began + 0.01:
        pass
    assert clock.monotonic() - before >= 10
    assert clock.now_ms() - before_ms >= 10_000


def test_system_clock_reads_both_clocks() -> None:
    clock = SystemClock()
    assert abs(clock.now_ms() / 1000 - datetime.now(UTC).timestamp()) < 5
    assert clock.monotonic() <= clock.monotonic()


def test_local_time_is_beijing_time() -> None:
    assert local_time(NEW_YEAR_MS) == datetime(2026, 1, 1, tzinfo=BEIJING)
    assert rfc3339(NEW_YEAR_MS + 7) == "2026-01-01T00:00:00.007+08:00"


@given(st.integers(0, 4_102_444_800_000))
def test_wire_time_and_epoch_are_inverse(at_ms: int) -> None:
    assert from_local(local_time(at_ms).replace(tzinfo=None)) == at_ms
