"""Beijing days and sums."""

import pytest

from chargecloud.features.statistics import model
from chargecloud.features.statistics.messages import Figures
from chargecloud.features.statistics.model import RankBy

NEW_YEAR = 1_767_196_800_000
"""2026-01-01, midnight in Beijing."""


@pytest.mark.parametrize(
    ("at_ms", "day"),
    [(NEW_YEAR, "2026-01-01"), (NEW_YEAR - 1, "2025-12-31"), (NEW_YEAR + model.DAY_MS - 1, "2026-01-01")],
)
def test_days_begin_at_midnight_in_beijing(at_ms: int, day: str) -> None:
    assert model.day_of(at_ms) == day
    assert model.day_of(model.day_start_ms(at_ms)) == day
    assert model.start_of(day) == model.day_start_ms(at_ms)


def test_days_between_are_both_included() -> None:
    assert model.days_between(NEW_YEAR + 5, NEW_YEAR + 2 * model.DAY_MS) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert model.days_between(NEW_YEAR + model.DAY_MS - 1, NEW_YEAR + model.DAY_MS) == ["2026-01-01", "2026-01-02"]
    assert model.days_between(NEW_YEAR, NEW_YEAR) == ["2026-01-01"]


def test_drivers_are_not_added_up() -> None:
    parts = [Figures(orders=2, energy_mwh=5, active_drivers=2), Figures(orders=1, energy_mwh=7, active_drivers=1)]
    assert model.added(parts, active_drivers=2) == Figures(orders=3, energy_mwh=12, active_drivers=2)
    assert model.added([], active_drivers=0) == Figures()


def test_ranks() -> None:
    figures = Figures(orders=1, energy_mwh=2, energy_fee_fen=30, service_fee_fen=4)
    assert [model.rank_value(figures, by) for by in RankBy] == [2, 34, 1]
