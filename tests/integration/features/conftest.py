"""The default operator, and the API with people signed in; every test runs on SQLite and, if connected, on MariaDB."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.main import schema
from tests.support import mariadb
from tests.support.api import Api
from tests.support.database import opened
from tests.support.world import World


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.connected)])
def engine(request: pytest.FixtureRequest) -> str:
    """What the database of a test is; modules about SQLite's own ways override this."""
    return str(request.param)


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A migrated database of this process; whoever takes it empties it first."""
    with mariadb.own_database_now() as url:
        mariadb.in_thread(schema.upgrade, url)
        yield url


@pytest.fixture(scope="session")
def operated_template(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> Path:
    """A file with every table and the default operator."""
    path = tmp_path_factory.mktemp("operated") / "template.db"

    async def furnish() -> None:
        async with opened(path, template=database_template) as started, started.unit() as uow:
            await operators.require_default_operator(uow)

    asyncio.run(furnish())
    return path


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path, operated_template: Path, clock: ManualClock
) -> AsyncIterator[Database]:
    """Empty but for the default operator."""
    if engine == "mariadb":
        url: str = request.getfixturevalue("mariadb_url")
        await mariadb.empty(url)
        async with mariadb.opened(url, clock=clock) as started:
            async with started.unit() as uow:
                await operators.require_default_operator(uow)
            yield started
    else:
        async with opened(tmp_path / "test.db", template=operated_template, clock=clock) as started:
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
