"""The real process with its database held by somebody else: records are kept and confirmed, and settled once later."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from chargecloud.kernel.clock import SystemClock
from chargecloud.main import process
from chargecloud.main.demo import anywhere
from chargecloud.main.roles import Platform, all_parts, wire
from chargecloud.main.settings import JournalSettings, Settings
from tests.support import ykc, ykc_point
from tests.support.eventually import eventually
from tests.support.populated import CARD_PREFIX, Plan, build
from tests.support.ykc_point import BEAT_ANSWER, LOGIN_ANSWER, RECORD_ANSWER, Point

CODE = f"{CARD_PREFIX}000001"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    await asyncio.to_thread(lambda: asyncio.run(build(tmp_path, Plan(card_points=1, app_points=1))))
    journal = JournalSettings(mib=1, after_s=0.3)
    return anywhere(Settings(data_dir=tmp_path)).model_copy(update={"journal": journal})


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Platform]:
    platform = wire(settings, SystemClock())
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(process.run_parts(all_parts(platform), stop, on_ready=ready.set))
    await asyncio.wait({task, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield platform
    finally:
        stop.set()
        await task


@asynccontextmanager
async def held(settings: Settings) -> AsyncIterator[None]:
    """The database belongs to somebody else for a while."""
    with closing(sqlite3.connect(settings.data_dir / "chargecloud.db", timeout=0, isolation_level=None)) as other:
        await eventually(lambda: locked(other))
        yield
        other.execute("ROLLBACK")


def locked(other: sqlite3.Connection) -> bool:
    """Try to get the write lock; the platform writes in this very thread, so waiting for it would be for ever."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def count(settings: Settings, table: str) -> int:
    with closing(sqlite3.connect(settings.data_dir / "chargecloud.db")) as other:
        return int(other.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_a_record_is_kept_and_confirmed_while_the_database_is_away_and_settled_once(settings: Settings) -> None:
    async with running(settings) as platform:
        point = await Point.at(*platform.gateway.addresses()[0])
        await point.ask(ykc.login(CODE), LOGIN_ANSWER)
        await point.ask(ykc_point.record(CODE, 1), RECORD_ANSWER)
        async with held(settings):
            await point.ask(ykc_point.record(CODE, 2), RECORD_ANSWER)
            await point.ask(ykc.heartbeat(CODE), BEAT_ANSWER)
            assert count(settings, "session_records") == 1
            assert platform.gateway_role.journal.counts()["kept"] == 1
        await eventually(lambda: count(settings, "settlements") == 2)
        await eventually(lambda: platform.gateway_role.journal.counts()["waiting"] == 0)
        assert count(settings, "session_records") == 2, "the copy from the journal was recognised"
        assert count(settings, "settlements") == 2
        point.close()


async def test_what_was_kept_when_the_process_ended_is_settled_by_the_next(settings: Settings) -> None:
    async with running(settings) as platform:
        point = await Point.at(*platform.gateway.addresses()[0])
        await point.ask(ykc.login(CODE), LOGIN_ANSWER)
        platform.worker.bus._stopped = True  # as if a broker had gone: the journal is all there is
        await asyncio.sleep(0)
        await point.ask(ykc_point.record(CODE, 1), RECORD_ANSWER)
        assert count(settings, "session_records") == 0
        assert platform.gateway_role.journal.counts()["waiting"] == 1
        point.close()
    async with running(settings) as platform:
        await eventually(lambda: count(settings, "settlements") == 1)
        await eventually(lambda: platform.gateway_role.journal.counts()["waiting"] == 0)
