"""F19 on the real process: a full disk, on a small file system of its own, and an fsync that fails."""

import asyncio
import contextlib
import errno
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chargecloud.main.process import GAVE_UP_EXIT_CODE
from tests.support import ykc, ykc_point
from tests.support.eventually import eventually
from tests.support.platform_process import Platform
from tests.support.populated import CARD_PREFIX, Plan, build
from tests.support.ykc_point import BEAT_ANSWER, LOGIN_ANSWER, PATIENCE_S, RECORD_ANSWER, Point

CODE = f"{CARD_PREFIX}000001"
SOON = {"CHARGECLOUD_JOURNAL__AFTER_S": "0.3"}
FAILING_FSYNC = f"""
from chargecloud.infra import journal_segments
def fail(_):
    raise OSError({errno.EIO}, "planned")
journal_segments.sync_file = fail
"""
RECORDS = 40


@contextlib.contextmanager
def up(directory: Path, **more: str) -> Iterator[Platform]:
    platform = Platform(directory, settings=SOON, **more)
    platform.start()
    platform.wait_ready()
    try:
        yield platform
    finally:
        platform.kill()


async def log_in(platform: Platform) -> Point:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(ConnectionRefusedError):  # the API is ready a little before the gateway listens
                point = await Point.at("127.0.0.1", platform.wire)
                break
            await asyncio.sleep(0.02)
    await point.ask(ykc.login(CODE), LOGIN_ANSWER)
    return point


def count(directory: Path, table: str) -> int:
    with closing(sqlite3.connect(directory / "chargecloud.db")) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.slow
async def test_after_a_failed_fsync_nothing_is_confirmed_and_the_process_ends(tmp_path: Path) -> None:
    await asyncio.to_thread(lambda: asyncio.run(build(tmp_path, Plan(card_points=1, app_points=1))))
    with up(tmp_path, sabotage=FAILING_FSYNC) as platform:
        point = await log_in(platform)
        with closing(sqlite3.connect(tmp_path / "chargecloud.db", timeout=5, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(asyncio.IncompleteReadError):
                await point.ask(ykc_point.record(CODE, 1), RECORD_ANSWER)
            other.execute("ROLLBACK")
        assert await asyncio.to_thread(platform.exit_code) == GAVE_UP_EXIT_CODE
    with up(tmp_path) as platform:
        point = await log_in(platform)
        await point.ask(ykc_point.record(CODE, 1), RECORD_ANSWER)
        await eventually(lambda: count(tmp_path, "settlements") == 1)
        point.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB, which takes root and Linux."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 4_096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    return filler


@pytest.mark.slow
async def test_records_are_confirmed_on_a_full_disk_and_settled_when_there_is_room(small_disk: Path) -> None:
    await asyncio.to_thread(lambda: asyncio.run(build(small_disk, Plan(card_points=1, app_points=1))))
    with up(small_disk) as platform:
        point = await log_in(platform)
        await point.ask(ykc_point.record(CODE, 0), RECORD_ANSWER)
        await eventually(lambda: count(small_disk, "settlements") == 1)
        filler = fill(small_disk)
        for number in range(1, RECORDS):
            await point.ask(ykc_point.record(CODE, number), RECORD_ANSWER)
            await point.ask(ykc.heartbeat(CODE), BEAT_ANSWER)
        kept = RECORDS - count(small_disk, "session_records")
        assert kept > 0, "the disk was not full"
        platform.kill()
        filler.unlink()
        platform.start()
        platform.wait_ready()
        await eventually(lambda: count(small_disk, "settlements") == RECORDS)
        assert count(small_disk, "session_records") == RECORDS
