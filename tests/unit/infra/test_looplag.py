"""A late loop is measured."""

import asyncio
import time

import pytest

from chargecloud.infra import looplag
from chargecloud.infra.looplag import LoopLag
from chargecloud.infra.telemetry import registry
from tests.support.eventually import eventually


def measured() -> tuple[float, float]:
    """How often, and how many seconds together."""
    names = ("chargecloud_loop_lag_seconds_count", "chargecloud_loop_lag_seconds_sum")
    count, total = (registry.get_sample_value(name) or 0.0 for name in names)
    return count, total


def hold_up_the_loop() -> None:
    time.sleep(0.2)


async def test_a_loop_that_is_held_up_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looplag, "EVERY_S", 0.01)
    lag = LoopLag()
    await lag.start()
    count, total = measured()
    hold_up_the_loop()
    await eventually(lambda: measured()[0] > count)
    await lag.stop()
    assert measured()[1] - total > 0.15
    after = measured()[0]
    await lag.stop()
    await asyncio.sleep(0.03)
    assert measured()[0] == after
