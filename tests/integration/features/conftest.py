"""The default operator, and the API with people signed in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api
from tests.support.database import opened
from tests.support.world import World


@pytest.fixture
async def database(tmp_path: Path, database_template: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """Empty but for the default operator."""
    async with opened(tmp_path / "test.db", template=database_template, clock=clock) as started:
        async with started.unit() as uow:
            await operators.require_default_operator(uow)
        yield started


@pytest.fixture
async def api(database: Database, clock: ManualClock) -> AsyncIterator[Api]:
    """The whole API over the database; `api.staff()` and `api.driver()` sign somebody in."""
    async with Api.over(database, clock) as made:
        yield made


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    """Station, charge points online, tariff, a driver with 100 yuan."""
    made = World(database, clock)
    await made.furnish()
    return made
