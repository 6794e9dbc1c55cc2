"""The file behind the frame log: its size is kept in bounds."""

from pathlib import Path

from chargecloud.infra.framestore import EXPIRE_SLICE, FrameStore, pack


def test_when_too_much_is_kept_the_oldest_goes_first(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    for number in range(3):
        chunks = [pack(str(row), "ykc16", [(number, [(True, bytes([number]) * 200)])]) for row in range(EXPIRE_SLICE)]
        store.add(chunks)
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == EXPIRE_SLICE
    assert [frame.raw[:1] for frame in store.newest("7", None, 10)] == [b"\x02", b"\x01"]
    assert store.expire(cutoff_ms=0, keep_bytes=3 << 20) == 0
    store.close()


def test_a_row_keeps_the_frames_of_one_charge_point_in_order(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames.db")
    store.add(
        [pack("1", "a", [(1, [(True, b"1")])]), pack("2", "a", [(2, [])]), pack("1", "a", [(3, [(False, b"3")])])]
    )
    assert [(frame.at_ms, frame.up, frame.raw) for frame in store.newest("1", None, 10)] == [
        (3, False, b"3"),
        (1, True, b"1"),
    ]
    assert store.newest("2", None, 10) == []
    store.close()
