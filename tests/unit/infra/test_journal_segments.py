"""Segments: what was made durable comes back in order, and nothing else does."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chargecloud.infra import journal_segments
from chargecloud.infra.journal_segments import Segments

SEGMENT_BYTES = 1_000
HEAD_BYTES = 16


@contextmanager
def opened(directory: Path, *, count: int = 4, first: int = 1_000) -> Iterator[Segments]:
    segments = Segments(directory, segment_bytes=SEGMENT_BYTES, count=count, first_number=first)
    segments.open()
    yield segments
    segments.close()


def bodies(first: int, amount: int, size: int = 84) -> list[bytes]:
    """Frames of a hundred bytes with their heads: ten fill a segment."""
    return [f"{number:06d}".encode().ljust(size, b".") for number in range(first, first + amount)]


def everything(segments: Segments) -> list[bytes]:
    """Read and take until nothing waits."""
    found: list[bytes] = []
    while seen := segments.look(7):
        found += seen
        segments.take()
    return found


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        assert segments.append(bodies(0, 25)) == 25
        assert segments.waiting == 25
        assert everything(segments) == bodies(0, 25)
        assert segments.waiting == 0


def test_a_look_that_is_not_followed_by_taking_sees_the_same_again(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        segments.append(bodies(0, 3))
        assert segments.look(2) == segments.look(2) == bodies(0, 2)
        segments.take()
        assert segments.look(2) == bodies(2, 1)


def test_what_was_not_taken_is_there_after_a_restart_and_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        segments.append(bodies(0, 13))
    with opened(tmp_path / "j", first=9_000) as segments:
        assert segments.waiting == 13
        assert segments.append(bodies(13, 12)) == 12
    with opened(tmp_path / "j", first=99_000) as segments:
        assert everything(segments) == bodies(0, 25)


def test_a_full_journal_takes_no_more_until_a_segment_has_been_read(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        assert segments.append(bodies(0, 45)) == 40
        assert segments.append(bodies(40, 1)) == 0
        assert segments.room_bytes == 0
        for _ in range(2):
            segments.look(7)
            segments.take()
        assert segments.append(bodies(40, 12)) == 10
        assert everything(segments) == bodies(10, 40)


def test_segments_are_used_again_and_old_frames_never_come_back(tmp_path: Path) -> None:
    number = 0
    with opened(tmp_path / "j") as segments:
        for amount in (40, 3, 17, 40, 1, 1, 25):
            segments.append(bodies(number, amount))
            assert everything(segments) == bodies(number, amount)
            number += amount
        segments.append(bodies(number, 2))
    with opened(tmp_path / "j", first=1) as segments:
        assert everything(segments) == bodies(number, 2)
    files = list((tmp_path / "j").iterdir())
    assert [path.stat().st_size for path in files] == [SEGMENT_BYTES] * 4


@pytest.mark.parametrize("cut", range(1, 100, 7))
def test_a_torn_tail_is_cut_wherever_it_tore(tmp_path: Path, cut: int) -> None:
    with opened(tmp_path / "j") as segments:
        segments.append(bodies(0, 3))
    (path,) = (tmp_path / "j").glob("*.journal")
    data = bytearray(path.read_bytes())
    data[300 - cut : 300] = bytes(cut)
    path.write_bytes(data)
    with opened(tmp_path / "j") as segments:
        assert segments.waiting == 2
        segments.append(bodies(7, 1))
        assert everything(segments) == [*bodies(0, 2), *bodies(7, 1)]


def test_a_flipped_bit_ends_what_is_believed(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        segments.append(bodies(0, 3))
    (path,) = (tmp_path / "j").glob("*.journal")
    data = bytearray(path.read_bytes())
    data[100 + HEAD_BYTES] ^= 1
    path.write_bytes(data)
    with opened(tmp_path / "j") as segments:
        assert everything(segments) == bodies(0, 1)


def test_nothing_counts_before_the_fsync_and_one_fsync_serves_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    with opened(tmp_path / "j") as segments:
        monkeypatch.setattr(journal_segments, "sync_file", synced.append)
        segments.append(bodies(0, 9))
        assert len(synced) == 1
        segments.append(bodies(9, 9))
        assert len(synced) == 3, "the batch lies in two segments"


def test_a_failed_fsync_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with opened(tmp_path / "j") as segments:
        monkeypatch.setattr(journal_segments, "sync_file", fail)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            segments.append(bodies(0, 1))
        assert segments.waiting == 0


def test_without_room_for_the_reserve_it_works_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, taken = os.posix_fallocate, 0

    def scarce(handle: int, offset: int, length: int) -> None:
        nonlocal taken
        taken += 1
        if taken > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle, offset, length)

    monkeypatch.setattr(os, "posix_fallocate", scarce)
    with opened(tmp_path / "j") as segments:
        assert segments.append(bodies(0, 25)) == 20
        monkeypatch.setattr(os, "posix_fallocate", real)
        assert segments.append(bodies(20, 5)) == 5, "there is room again"
        assert everything(segments) == bodies(0, 25)


def test_a_smaller_journal_gives_room_back_but_no_record(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as segments:
        segments.append(bodies(0, 15))
    with opened(tmp_path / "j", count=1) as segments:
        assert everything(segments) == bodies(0, 15)
    with opened(tmp_path / "j", count=1):
        assert len(list((tmp_path / "j").iterdir())) == 1
