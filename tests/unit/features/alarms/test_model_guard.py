"""What of a port's reports is a reason to cut it off."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.alarms.messages import AlarmKind
from chargecloud.features.alarms.model_guard import Thresholds, judge
from chargecloud.features.tariffs.messages import PowerInterval

W = 1_000
USUAL = Thresholds()


def steady(count: int, power_w: int = 200, step_s: int = 300) -> tuple[PowerInterval, ...]:
    """So many reports of the same power."""
    return tuple(PowerInterval(step_s * (i + 1), power_w * W, power_w * W, temp_c=30) for i in range(count))


def kind_of(intervals: tuple[PowerInterval, ...], limits: Thresholds = USUAL) -> AlarmKind | None:
    found = judge(intervals, limits)
    return found.kind if found else None


def test_a_usual_charge_is_left_alone() -> None:
    tapering = tuple(PowerInterval(300 * (i + 1), max(200 - 2 * i, 20) * W, 220 * W, temp_c=40) for i in range(120))
    assert all(judge(tapering[: end + 1], USUAL) is None for end in range(len(tapering)))
    assert judge((), USUAL) is None


@pytest.mark.parametrize(("temp_c", "found"), [(74, None), (75, AlarmKind.PORT_OVER_TEMP), (None, None)])
def test_heat_at_its_limit(temp_c: int | None, found: AlarmKind | None) -> None:
    assert kind_of((PowerInterval(300, 1, 1, temp_c=temp_c),)) is found


@pytest.mark.parametrize(("power_mw", "found"), [(1_000 * W, None), (1_000 * W + 1, AlarmKind.PORT_OVER_POWER)])
def test_power_above_its_limit(power_mw: int, found: AlarmKind | None) -> None:
    assert kind_of((PowerInterval(300, power_mw, power_mw),)) is found


def test_power_that_does_not_come_down_after_its_time() -> None:
    assert kind_of(steady(95)) is None
    found = judge(steady(96), USUAL)
    assert found is not None and found.kind is AlarmKind.PORT_NO_TAPER
    assert found.facts == {
        "power_w": 200, "peak_w": 200, "charged_s": 28_800, "no_taper_s": 28_800, "taper_pct": 80,
    }  # fmt: skip
    eased = (*steady(95), PowerInterval(28_800, 159 * W, 200 * W))
    assert kind_of(eased) is None
    assert kind_of((*steady(95), PowerInterval(28_800, 160 * W, 200 * W))) is AlarmKind.PORT_NO_TAPER


@pytest.mark.parametrize(("power_w", "found"), [(104, None), (105, AlarmKind.PORT_RISE_AFTER_FULL)])
def test_power_that_rises_after_full(power_w: int, found: AlarmKind | None) -> None:
    full = PowerInterval(3_600, 5 * W, 5 * W, True)
    assert kind_of((*steady(3), full, PowerInterval(3_900, power_w * W, power_w * W))) is found


def test_a_charge_that_lasts_too_long() -> None:
    low = tuple(msgspec.structs.replace(each, avg_mw=1_000 * W // (i + 1)) for i, each in enumerate(steady(145)))
    assert kind_of(low[:144]) is None and kind_of(low) is AlarmKind.PORT_OVER_TIME


def test_heat_comes_before_everything_else() -> None:
    assert kind_of((PowerInterval(99_999, 9_999 * W, 9_999 * W, temp_c=99),)) is AlarmKind.PORT_OVER_TEMP


@given(
    st.lists(
        st.tuples(st.integers(1, 900), st.integers(0, 2_000_000), st.booleans(), st.none() | st.integers(-40, 150)),
        max_size=40,
    )
)
def test_a_guard_that_is_switched_off_finds_nothing_and_no_reports_break_it(
    rows: list[tuple[int, int, bool, int | None]],
) -> None:
    moment, intervals = 0, []
    for step, power, floating, temp in rows:
        moment += step
        intervals.append(PowerInterval(moment, power, power, floating, temp))
    assert judge(intervals, msgspec.structs.replace(USUAL, enabled=False)) is None
    found = judge(intervals, USUAL)
    assert found is None or found.facts
