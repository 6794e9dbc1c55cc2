"""A short day in the city, an oracle that is awake, and (slow) the day once more; `make city` runs the long one."""

from pathlib import Path

import pytest

from tests.city.city import Outcome, run_city
from tests.city.options import CityOptions, derive
from tests.city.planted import PLANTED, caught

TINY = {
    "charge_points": 5, "hubs": 1, "slaves": 4, "hours": 0.4, "rest_hours": 0.8, "pause_min": 4.0,
    "ride_pause_min": 4.0, "audit_min": 30.0, "estimate_after_s": 900, "beat_s": 20, "job_s": 15, "disk_ms": 50,
}  # fmt: skip


def tiny(seed: int) -> CityOptions:
    return derive(seed, every_fault=True, **TINY | {"impostors": 400.0, "gateway_kills": 60.0, "memory_losses": 2.0})


def sound(outcome: Outcome) -> Outcome:
    assert not outcome.violations, "\n".join(outcome.violations)
    assert outcome.facts["delivered_mwh"] > 0
    assert outcome.facts["bike_delivered_mwh"] > 0 and outcome.facts["bikes_priced"] > 5
    assert outcome.facts["orders.settled"] > 5
    return outcome


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("day")


@pytest.fixture(scope="module")
def day(folder: Path) -> Outcome:
    return sound(run_city(tiny(1), folder))


def test_a_day_with_every_fault(day: Outcome) -> None:
    assert day.counts["fault.gateway_kill"] and day.counts["fault.impostor"]


@pytest.mark.slow
def test_a_seed_gives_the_same_day_twice(day: Outcome, tmp_path: Path) -> None:
    again = run_city(tiny(1), tmp_path)
    assert (again.digest, again.counts, again.facts) == (day.digest, day.counts, day.facts)


def test_the_oracle_is_awake(day: Outcome, folder: Path) -> None:
    """Each planted violation is caught; nothing is complained of without one."""
    asleep = []
    for planted in PLANTED:
        complaints = caught(day, folder / "city.db", planted)
        if not any(complaint.startswith(planted.complaint) for complaint in complaints):
            asleep.append(f"{planted.name}: {complaints or 'nothing'}")
    assert not asleep, "\n".join(asleep)
    assert len(PLANTED) >= 6


@pytest.mark.parametrize("seed", range(3))
def test_options_depend_on_nothing_but_the_seed(seed: int) -> None:
    assert derive(seed) == derive(seed) != derive(seed + 1)
    assert f"seed={seed}" in derive(seed).text() or seed == 0
