"""Findings of the three kinds."""

import pytest

from chargecloud.main.doctor_finding import Finding, Level, fine, note, wrong


@pytest.mark.parametrize(("make", "level"), [(fine, Level.FINE), (note, Level.NOTE), (wrong, Level.WRONG)])
def test_each_kind_has_its_maker(make: type, level: Level) -> None:
    assert make("bus", "text") == Finding(level, "bus", "text")
