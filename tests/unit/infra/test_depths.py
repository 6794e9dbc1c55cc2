"""What waits in the database is counted, with the age of the oldest."""

import pytest

from chargecloud.infra import depths as module
from chargecloud.infra.deadletters import DeadLetters
from chargecloud.infra.depths import Depths
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope
from tests.support.eventually import eventually
from tests.unit.infra.test_relay import beat, tell


async def test_rows_and_the_age_of_the_oldest(database: Database, clock: ManualClock) -> None:
    depths = Depths(database)
    assert dict(depths.counts()) == {"outbox_rows": 0, "outbox_oldest_ms": 0, "dead_messages": 0}
    await tell(database, beat(1), beat(2))
    clock.advance(3_000)
    await tell(database, beat(3))
    letters = DeadLetters(database)
    letters.keep("business", Envelope("1", beat(4), 0), "planted")
    await letters.stop()
    await depths.look()
    assert dict(depths.counts()) == {"outbox_rows": 3, "outbox_oldest_ms": 3_000, "dead_messages": 1}


async def test_it_looks_by_itself_and_an_outage_does_not_end_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.001)
    depths = Depths(database)
    await depths.start()
    await tell(database, beat(1))
    await eventually(lambda: depths.counts()["outbox_rows"] == 1)
    await depths.stop()
    await depths.stop()
