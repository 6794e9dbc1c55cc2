"""A database with every feature's tables, and a clock that moves when told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import metadata
from chargecloud.kernel.clock import ManualClock
from tests.support.tables import import_every_table

import_every_table()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """Empty but for the default operator; commits are not forced to disk."""
    opened = Database(f"sqlite:///{tmp_path}/test.db", clock, synchronous="OFF")
    await opened.start()
    async with opened.unit() as uow:
        await uow.connection.run_sync(metadata.create_all)
        await operators.require_default_operator(uow)
    yield opened
    await opened.stop()
