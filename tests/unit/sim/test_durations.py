"""Lengths of time as text."""

import pytest

from chargecloud.sim.durations import parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("45", 45), ("45s", 45), ("20m", 1_200), ("1.5h", 5_400), ("0", 0)])
def test_reading(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "inf", "5 d", "nan"])
def test_complaints(text: str) -> None:
    with pytest.raises(ValueError, match="such as 20m"):
        parse_duration(text)
