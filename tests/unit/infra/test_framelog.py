"""The frame log: order and paging, restart, expiry, bounds, damaged and unwritable files."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargecloud.infra.framelog import FrameLogLimits, SqliteFrameLog
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable

HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frames.db"


@pytest.fixture
def opened(path: Path, clock: ManualClock) -> Iterator[SqliteFrameLog]:
    log = SqliteFrameLog(path, clock)
    log.start()
    yield log
    log.close()


def raws(frames: object) -> list[bytes]:
    return [frame.raw for frame in frames]


async def test_frames_come_back_newest_first_with_all_that_was_said(opened: SqliteFrameLog, clock: ManualClock) -> None:
    opened.write(
        "1",
        "ykc16",
        [clock.now_ms(), b"a", -clock.now_ms(), b"b", clock.now_ms() + 5, b"c"],
    )
    opened.write("2", "dny", [clock.now_ms(), b"x"])
    frames = await opened.read("1")
    assert [(frame.raw, frame.up, frame.at_ms - clock.now_ms()) for frame in frames] == [
        (b"c", True, 5),
        (b"b", False, 0),
        (b"a", True, 0),
    ]
    assert {(frame.charge_point_code, frame.protocol) for frame in frames} == {("1", "ykc16")}
    assert [frame.protocol for frame in await opened.read("2")] == ["dny"]
    assert await opened.read("3") == []


async def test_paging_by_id_misses_and_repeats_nothing(opened: SqliteFrameLog, clock: ManualClock) -> None:
    expected = []
    for number in range(30):
        raw = [b"%d-%d" % (number, place) for place in range(number % 4 + 1)]
        opened.write("1", "ykc16", [item for part in raw for item in (clock.now_ms(), part)])
        expected += raw
        if number % 7 == 0:
            await opened.read("1", limit=1)
    found: list[bytes] = []
    before: int | None = None
    while page := await opened.read("1", before_id=before, limit=7):
        assert len(page) <= 7
        found += raws(page)
        before = page[-1].id
    assert found == expected[::-1]


async def test_long_rows_are_divided(opened: SqliteFrameLog, clock: ManualClock) -> None:
    for number in range(5_000):
        opened.write("1", "ykc16", [clock.now_ms(), b"%d" % number])
    assert raws(await opened.read("1", limit=3_000)) == [b"%d" % number for number in range(4_999, 1_999, -1)]


async def test_frames_survive_a_restart(path: Path, clock: ManualClock) -> None:
    for raw in (b"first", b"second"):
        log = SqliteFrameLog(path, clock)
        log.start()
        log.write("1", "ykc16", [clock.now_ms(), raw])
        log.close()
    log = SqliteFrameLog(path, clock)
    log.start()
    assert raws(await log.read("1")) == [b"second", b"first"]
    log.close()


async def test_frames_are_written_within_the_flush_time(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock, FrameLogLimits(flush_s=0.01))
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"a"])
    for _ in range(500):
        if log.counts()["written"]:
            break
        await asyncio.sleep(0.01)
    assert log.counts() == {"written": 1, "dropped": 0, "expired": 0, "waiting": 0}
    log.close()


async def test_frames_expire_after_two_days(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"old", -clock.now_ms(), b"old"])
    log.close()
    clock.advance(47 * HOUR_MS)
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"new"])
    assert raws(await log.read("1")) == [b"new", b"old", b"old"]
    log.close()
    clock.advance(2 * HOUR_MS)
    log = SqliteFrameLog(path, clock)
    log.start()
    assert raws(await log.read("1")) == [b"new"]
    assert log.counts()["expired"] == 2
    log.close()


async def test_expiry_goes_on_while_the_log_is_open(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock, FrameLogLimits(flush_s=0.01))
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"old"])
    await log.read("1")
    clock.advance(49 * HOUR_MS)
    for _ in range(500):
        if log.counts()["expired"]:
            break
        await asyncio.sleep(0.01)
    assert log.counts()["expired"] == 1
    log.close()


async def test_what_does_not_fit_is_dropped_and_counted(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock, FrameLogLimits(waiting_frames=2, flush_s=60))
    log.start()
    for raw in (b"a", b"b", b"c"):
        log.write("1", "ykc16", [clock.now_ms(), raw])
    assert raws(await log.read("1")) == [b"b", b"a"]
    assert log.counts()["dropped"] == 1
    log.close()


def test_a_damaged_file_is_put_aside(path: Path, clock: ManualClock) -> None:
    path.write_bytes(b"this is no database" * 1_000)
    log = SqliteFrameLog(path, clock)
    log.start()
    log.write("1", "ykc16", [clock.now_ms(), b"a"])
    assert raws(asyncio.run(log.read("1"))) == [b"a"]
    log.close()
    assert len(list(path.parent.glob("frames.db.damaged-*"))) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, clock: ManualClock) -> None:
    missing = tmp_path / "nowhere" / "frames.db"
    with pytest.raises(Unavailable, match="nowhere"):
        SqliteFrameLog(missing, clock).start()


async def test_a_disk_that_refuses_costs_frames_and_nothing_else(
    opened: SqliteFrameLog, path: Path, clock: ManualClock
) -> None:
    await opened.read("1")
    other = sqlite3.connect(path)
    other.execute("DROP TABLE bundle")
    other.commit()
    other.close()
    opened.write("1", "ykc16", [clock.now_ms(), b"a"])
    with pytest.raises(Unavailable, match="cannot read"):
        await opened.read("1")
    assert opened.counts()["dropped"] == 1


async def test_a_closed_log_drops_and_says_so(path: Path, clock: ManualClock) -> None:
    log = SqliteFrameLog(path, clock)
    log.write("1", "ykc16", [clock.now_ms(), b"a"])
    assert log.counts()["dropped"] == 1
    with pytest.raises(Unavailable, match="not open"):
        await log.read("1")
