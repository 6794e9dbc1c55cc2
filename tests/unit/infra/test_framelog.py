"""Frame log and archive: order and paging, restart, expiry, bounds, several gateways, unusable files."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chargecloud.infra.framearchive import FrameArchive
from chargecloud.infra.framelog import FrameLogLimits, SqliteFrameLog
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable

HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frames-here-1.db"


@pytest.fixture
def archive(tmp_path: Path) -> FrameArchive:
    return FrameArchive(tmp_path)


@pytest.fixture
def opened(path: Path, clock: ManualClock) -> Iterator[SqliteFrameLog]:
    log = SqliteFrameLog(path, clock, FrameLogLimits(flush_s=0.01))
    log.start()
    yield log
    log.close()


async def until(done: Callable[[], bool]) -> None:
    """Another thread is at work, which nothing tells of."""
    for _ in range(2_000):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not within ten seconds")


async def settled(log: SqliteFrameLog) -> None:
    """Return when nothing waits for the disk."""
    await until(lambda: not log.counts()["waiting"])


def raws(frames: object) -> list[bytes]:
    return [frame.raw for frame in frames]


async def test_frames_come_back_newest_first_with_all_that_was_said(
    opened: SqliteFrameLog, archive: FrameArchive, clock: ManualClock
) -> None:
    opened.write(
        "1",
        "ykc16",
        [clock.now_ms(), b"a", -clock.now_ms(), b"b", clock.now_ms() + 5, b"c"],
    )
    opened.write("2", "dny", [clock.now_ms(), b"x"])
    await settled(opened)
    frames = await archive.read("1")
    assert [(frame.raw, frame.up, frame.at_ms - clock.now_ms()) for frame in frames] == [
        (b"c", True, 5),
        (b"b", False, 0),
        (b"a", True, 0),
    ]
    assert {(frame.charge_point_code, frame.protocol) for frame in frames} == {("1", "ykc16")}
    assert [frame.protocol for frame in await archive.read("2")] == ["dny"]
    assert await archive.read("3") == []


async def read_in_pages(archive: FrameArchive, limit: int) -> list[bytes]:
    found: list[bytes] = []
    before: int | None = None
    while page := await archive.read("1", before_id=before, limit=limit):
        assert len(page) <= limit
        found += raws(page)
        before = page[-1].id
        assert before < 1 << 53, "every JSON reader takes it exactly"
    return found


async def test_paging_by_id_misses_and_repeats_nothing(
    opened: SqliteFrameLog, archive: FrameArchive, clock: ManualClock
) -> None:
    expected = []
    for number in range(30):
        raw = [b"%d-%d" % (number, place) for place in range(number % 4 + 1)]
        opened.write("1", "ykc16", [item for part in raw for item in (clock.now_ms(), part)])
        expected += raw
        if number % 7 == 0:
            await settled(opened)
    await settled(opened)
    assert await read_in_pages(archive, 7) == expected[::-1]


async def test_a_charge_point_that_moves_between_gateways_has_one_history(
    tmp_path: Path, archive: FrameArchive, clock: ManualClock
) -> None:
    for number in range(6):
        log = SqliteFrameLog(tmp_path / f"frames-here-{number % 2}.db", clock)
        log.start()
        log.write("1", "ykc16", [clock.now_ms(), b"%d" % number, -clock.now_ms(), b"%d" % number])
        log.close()
        clock.advance(20)
    assert await read_in_pages(archive, 5) == [b"%d" % number for number in (5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0)]


async def test_long_rows_are_divided(opened: SqliteFrameLog, archive: FrameArchive, clock: ManualClock) -> None:
    for number in range(5_000):
        opened.write("1", "ykc16", [clock.now_ms(), b"%d" % number])
    await settled(opened)
    assert raws(await archive.read("1", limit=3_000)) == [b"%d" % number for number in range(4_999, 1_999, -1)]


async def test_frames_survive_a_restart_also_on_a_clock_that_went_back(
    path: Path, archive: FrameArchive, clock: ManualClock
) -> None:
    for raw in (b"first", b"second"):
        log = SqliteFrameLog(path, clock)
        log.start()
        log.write("1", "ykc16", [clock.now_ms(), raw])
        log.close()
        clock.jump(-HOUR_MS)
    assert raws(await archive.read("1")) == [b"second", b"first"]


async def test_frames_are_written_within_the_flush_time(opened: SqliteFrameLog, clock: ManualClock) -> None:
    opened.write("1", "ykc16", [clock.now_ms(), b"a"])
    await settled(opened)
    assert opened.counts() == {"written": 1, "dropped": 0, "expired": 0, "waiting": 0}


async def test_frames_expire_after_two_days(path: Path, archive: FrameArchive, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"old", -clock.now_ms(), b"old"])
    log.close()
    clock.advance(47 * HOUR_MS)
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"new"])
    log.close()
    assert raws(await archive.read("1")) == [b"new", b"old", b"old"]
    clock.advance(2 * HOUR_MS)
    log = SqliteFrameLog(path, clock)
    log.start()
    log.close()
    assert raws(await archive.read("1")) == [b"new"]
    assert log.counts()["expired"] == 2


async def test_expiry_goes_on_while_the_log_is_open(opened: SqliteFrameLog, clock: ManualClock) -> None:
    opened.write("1", "ykc16", [clock.now_ms(), b"old"])
    await settled(opened)
    clock.advance(49 * HOUR_MS)
    await until(lambda: opened.counts()["expired"] > 0)
    assert opened.counts()["expired"] == 1


async def test_what_does_not_fit_is_dropped_and_counted(path: Path, archive: FrameArchive, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock, FrameLogLimits(waiting_frames=2, flush_s=60))
    log.start()
    for raw in (b"a", b"b", b"c"):
        log.write("1", "ykc16", [clock.now_ms(), raw])
    log.close()
    assert raws(await archive.read("1")) == [b"b", b"a"]
    assert log.counts()["dropped"] == 1


def test_a_damaged_file_is_put_aside(path: Path, archive: FrameArchive, clock: ManualClock) -> None:
    path.write_bytes(b"this is no database" * 1_000)
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"a"])
    log.close()
    assert raws(asyncio.run(archive.read("1"))) == [b"a"]
    assert len(list(path.parent.glob("frames-here-1.db.damaged-*"))) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, clock: ManualClock) -> None:
    missing = tmp_path / "nowhere" / "frames-here-1.db"
    with pytest.raises(Unavailable, match="nowhere"):
        SqliteFrameLog(missing, clock).start()


async def test_a_disk_that_refuses_costs_frames_and_nothing_else(
    opened: SqliteFrameLog, archive: FrameArchive, path: Path, clock: ManualClock
) -> None:
    other = sqlite3.connect(path)
    other.execute("DROP TABLE bundle")
    other.commit()
    other.close()
    opened.write("1", "ykc16", [clock.now_ms(), b"a"])
    await settled(opened)
    with pytest.raises(Unavailable, match="cannot read"):
        await archive.read("1")
    assert opened.counts()["dropped"] == 1


def test_a_log_that_is_not_open_drops(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock)
    log.write("1", "ykc16", [clock.now_ms(), b"a"])
    assert log.counts()["dropped"] == 1
