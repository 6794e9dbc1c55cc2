"""Events are measured when they have been dealt with, and only then."""

import pytest

from chargecloud.device.events import Beat
from chargecloud.infra.ages import measured
from chargecloud.infra.telemetry import registry
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope

LABELS = {"group": "test_ages", "event": "Beat"}


def seen() -> tuple[float, float]:
    names = ("chargecloud_event_age_seconds_count", "chargecloud_event_age_seconds_sum")
    count, total = (registry.get_sample_value(name, LABELS) or 0.0 for name in names)
    return count, total


async def test_the_age_counts_from_when_the_event_came_into_being() -> None:
    clock = ManualClock()
    handled: list[Envelope] = []

    async def handler(batch: list[Envelope]) -> None:
        handled.extend(batch)
        clock.advance(500)

    beat = Beat(charge_point_code="1", connector_no=1, faulted=False)
    batch = [Envelope("1", beat, clock.now_ms() - 1000), Envelope("1", beat, clock.now_ms() + 60_000)]
    await measured("test_ages", handler, clock)(batch)
    assert handled == batch
    assert seen() == (2, 1.5), "one from a clock that is ahead counts as new"


async def test_what_failed_is_not_measured() -> None:
    async def handler(batch: list[Envelope]) -> None:
        raise ValueError(len(batch))

    before = seen()
    with pytest.raises(ValueError, match="1"):
        await measured("test_ages", handler, ManualClock())(
            [Envelope("1", Beat(charge_point_code="1", connector_no=1, faulted=False), 0)]
        )
    assert seen() == before
