"""The collector is spared while a gateway runs and no longer."""

import gc

from chargecloud.gateway.collector import YOUNG_OBJECTS, SparedCollector


async def test_what_exists_is_frozen_and_thawed_again() -> None:
    before = gc.get_threshold()
    collector = SparedCollector()
    await collector.start()
    try:
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == YOUNG_OBJECTS
    finally:
        await collector.stop()
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before
