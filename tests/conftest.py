"""Settings and fixtures every test shares."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.compiled import share_compiled
from tests.support.database import make_template, opened

# Plain lines: structlog's own choice draws a picture of every exception, which takes longer than most tests.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
# A machine shared with other work may stall any example for longer than Hypothesis' default deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
share_compiled()


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: looking through it again and again took 7 % of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table, made once."""
    return make_template(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path, database_template: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """An empty database on the manual clock."""
    async with opened(tmp_path / "test.db", template=database_template, clock=clock) as started:
        yield started
