"""The file behind the frame log: its size is kept in bounds."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from chargecloud.device.contract import LoggedFrame
from chargecloud.device.unitlog import pack_log
from chargecloud.infra.framestore import (
    EXPIRE_SLICE,
    ROW_FULL_BYTES,
    Chunk,
    FrameStore,
    drop_abandoned,
    first_id,
    newest,
)


def chunk(code: str, *raws: bytes, at_ms: int = 1) -> Chunk:
    return code, "ykc16", len(raws), b"".join(pack_log([at_ms, raw]) for raw in raws)


def kept(directory: Path, code: str) -> list[LoggedFrame]:
    with closing(sqlite3.connect(directory / "frames.db")) as database:
        return newest(database, code, None, 100)


def test_when_too_much_is_kept_the_oldest_goes_first(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    for number in range(3):
        store.add([chunk(str(row), bytes([number]) * 200) for row in range(EXPIRE_SLICE)], now_ms=number)
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == EXPIRE_SLICE
    assert [frame.raw[:1] for frame in kept(tmp_path, "7")] == [b"\x02", b"\x01"]
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == 0
    store.close()


def test_a_row_keeps_what_came_from_one_charge_point_in_order(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    store.add([chunk("1", b"a", b"b", at_ms=1), chunk("2", at_ms=2), chunk("1", b"c", at_ms=3)], now_ms=9)
    assert [(frame.at_ms, frame.raw) for frame in kept(tmp_path, "1")] == [(3, b"c"), (1, b"b"), (1, b"a")]
    assert kept(tmp_path, "2") == []
    store.close()


def test_frames_up_to_a_moment_are_those_with_lower_numbers(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    for at_ms in (1_000, 2_000, 3_000):
        store.add([chunk("1", str(at_ms).encode(), at_ms=at_ms)], now_ms=at_ms)
    store.close()
    with closing(sqlite3.connect(tmp_path / "frames.db")) as database:
        before = [newest(database, "1", first_id(at_ms), 100) for at_ms in (1_000, 2_001, 9_000)]
    assert [[frame.at_ms for frame in frames] for frames in before] == [[], [2_000, 1_000], [3_000, 2_000, 1_000]]


def test_what_is_older_than_the_cutoff_goes_whoever_it_is_from(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    store.add([chunk("1", b"old", b"old"), chunk("2", b"old")], now_ms=10)
    store.add([chunk("1", b"new")], now_ms=20)
    assert store.expire(cutoff_ms=20, keep_bytes=1 << 30) == 3
    assert [frame.raw for frame in kept(tmp_path, "1")] == [b"new"]
    assert kept(tmp_path, "2") == []
    store.close()


def test_long_rows_are_divided_and_none_is_lost(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    big = bytes(ROW_FULL_BYTES // 3)
    store.add([chunk("1", big + bytes([number])) for number in range(10)], now_ms=1)
    frames = kept(tmp_path, "1")
    assert [frame.raw[-1] for frame in frames] == list(range(9, -1, -1))
    with closing(sqlite3.connect(tmp_path / "frames.db")) as database:
        assert database.execute("SELECT COUNT(*) FROM bundle").fetchone() == (4,)
    store.close()


def test_a_file_nobody_has_used_for_so_long_goes(tmp_path: Path) -> None:
    own, idle, gone = (tmp_path / f"frames-{name}-1.db" for name in ("own", "idle", "gone"))
    for path in (own, idle, gone, tmp_path / "frames-gone-1.db-wal", tmp_path / "other.db"):
        path.touch()
        os.utime(path, (100, 100))
    drop_abandoned(idle, now_ms=300_000, cutoff_ms=0)
    drop_abandoned(own, now_ms=400_000, cutoff_ms=200_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames-idle-1.db", "frames-own-1.db", "other.db"]
