"""The file behind the frame log: its size is kept in bounds."""

from pathlib import Path

from chargecloud.device.unitlog import pack_log
from chargecloud.infra.framestore import EXPIRE_SLICE, ROW_FULL_BYTES, Chunk, FrameStore


def chunk(code: str, *raws: bytes, at_ms: int = 1) -> Chunk:
    return code, "ykc16", len(raws), b"".join(pack_log([at_ms, raw]) for raw in raws)


def test_when_too_much_is_kept_the_oldest_goes_first(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    for number in range(3):
        store.add([chunk(str(row), bytes([number]) * 200) for row in range(EXPIRE_SLICE)], now_ms=number)
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == EXPIRE_SLICE
    assert [frame.raw[:1] for frame in store.newest("7", None, 10)] == [b"\x02", b"\x01"]
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == 0
    store.close()


def test_a_row_keeps_what_came_from_one_charge_point_in_order(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    store.add([chunk("1", b"a", b"b", at_ms=1), chunk("2", at_ms=2), chunk("1", b"c", at_ms=3)], now_ms=9)
    assert [(frame.at_ms, frame.raw) for frame in store.newest("1", None, 10)] == [(3, b"c"), (1, b"b"), (1, b"a")]
    assert store.newest("2", None, 10) == []
    store.close()


def test_what_is_older_than_the_cutoff_goes_whoever_it_is_from(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    store.add([chunk("1", b"old", b"old"), chunk("2", b"old")], now_ms=10)
    store.add([chunk("1", b"new")], now_ms=20)
    assert store.expire(cutoff_ms=20, keep_bytes=1 << 30) == 3
    assert [frame.raw for frame in store.newest("1", None, 10)] == [b"new"]
    assert store.newest("2", None, 10) == []
    store.close()


def test_long_rows_are_divided_and_none_is_lost(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    big = bytes(ROW_FULL_BYTES // 3)
    store.add([chunk("1", big + bytes([number])) for number in range(10)], now_ms=1)
    frames = store.newest("1", None, 100)
    assert [frame.raw[-1] for frame in frames] == list(range(9, -1, -1))
    assert len({frame.id >> 20 for frame in frames}) == 4
    store.close()
