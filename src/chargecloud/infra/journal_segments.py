"""The files of a gateway's journal: numbered, checked frames in segments whose room is taken in advance.

A segment that has been read to its end becomes a spare and is written over, so the disk may be full by then. Frames
count only when they bear the number that is due, so what an earlier use or a torn write left behind is never read.
"""

import errno
import os
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path
from struct import Struct
from zlib import crc32

import structlog

from chargecloud.infra.folders import sync_folder
from chargecloud.kernel.killpoints import reach

log = structlog.get_logger("chargecloud.journal")

_HEAD = Struct("<IIQ")
"""Length of the body, checksum of number and body, number."""
SUFFIX, _SPARE = ".journal", "spare-"
_READ_BYTES = 256 * 1024
_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

sync_file: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Replaced by tests that need a disk which fails."""


class _Segment:
    """One file. Frames lie between 0 and `end`; `taken` is how far they have been read for good."""

    __slots__ = ("end", "file", "path", "room", "taken")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = FileIO(path, "r+")
        self.room = path.stat().st_size
        self.end = 0
        self.taken = 0


class Segments:
    """First in, first out. Everything blocks; to be used by one thread at a time."""

    def __init__(self, directory: Path, *, segment_bytes: int, count: int, first_number: int) -> None:
        """`first_number` must be higher than any number of an earlier life: the clock in microseconds will do."""
        self.waiting = 0
        """Frames that have been written and not been taken."""
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._count = count
        self._number = first_number
        self._segments: list[_Segment] = []
        self._spares: list[Path] = []
        self._ends: list[int] = []
        """Where the frames of the last look end."""

    def open(self) -> None:
        """Find what was left, cut what was torn, take room up to the configured size."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._directory.glob(f"*{SUFFIX}")):
            self._find(path)
        self._spares = sorted(self._directory.glob(f"{_SPARE}*"))
        while len(self._segments) + len(self._spares) > self._count and self._spares:
            self._spares.pop().unlink()
        try:
            while len(self._segments) + len(self._spares) < self._count:
                self._spares.append(self._allocate())
        except OSError as error:
            log.error("journal.no_reserve", error=str(error), segments=len(self._spares), wanted=self._count)
        sync_folder(self._directory)
        if self.waiting:
            log.warning("journal.left_over", records=self.waiting, segments=len(self._segments))

    def close(self) -> None:
        """Let go of the files; what is in them waits for the next start."""
        for segment in self._segments:
            segment.file.close()
        self._segments.clear()

    def append(self, bodies: Sequence[bytes]) -> int:
        """Write frames and make them durable together; how many of them there was room for.

        OSError when the disk fails: what was written then counts as lost and the journal as unusable.
        """
        written, touched = 0, dict[Path, _Segment]()
        for body in bodies:
            segment = self._with_room(_HEAD.size + len(body))
            if segment is None or not self._write(segment, body):
                break
            touched[segment.path] = segment
            written += 1
        reach("K2")
        for segment in touched.values():
            sync_file(segment.file.fileno())
        self.waiting += written
        return written

    def look(self, most: int) -> list[bytes]:
        """The oldest frames that were not taken, in order; fewer than `most` at the end of a segment."""
        self._ends.clear()
        if not self._segments:
            return []
        first, bodies = self._segments[0], list[bytes]()
        first.file.seek(first.taken)
        data = first.file.read(min(_READ_BYTES, first.end - first.taken)) or b""
        at = 0
        while len(bodies) < most and at + _HEAD.size <= len(data):
            length = _HEAD.unpack_from(data, at)[0]
            if at + _HEAD.size + length > len(data):
                break
            bodies.append(data[at + _HEAD.size : at + _HEAD.size + length])
            at += _HEAD.size + length
            self._ends.append(first.taken + at)
        return bodies

    def take(self) -> None:
        """Forget what the last look saw; a segment without anything else becomes a spare."""
        if not self._ends:
            return
        first = self._segments[0]
        first.taken = self._ends[-1]
        self.waiting -= len(self._ends)
        self._ends.clear()
        if first.taken == first.end:
            self._spare(self._segments.pop(0))

    @property
    def room_bytes(self) -> int:
        """What can still be written."""
        last = self._segments[-1].room - self._segments[-1].end if self._segments else 0
        return last + len(self._spares) * self._segment_bytes

    def _find(self, path: Path) -> None:
        """Take over a segment of an earlier life, as far as its frames are whole."""
        segment = _Segment(path)
        data, number = segment.file.readall() or b"", int(path.name.removesuffix(SUFFIX))
        frames = 0
        while _whole(data, segment.end, number + frames):
            segment.end += _HEAD.size + int(_HEAD.unpack_from(data, segment.end)[0])
            frames += 1
        self.waiting += frames
        if frames:
            self._number = number + frames  # what comes next goes on in the last one
            self._segments.append(segment)
        else:
            self._spare(segment)

    def _with_room(self, needed: int) -> _Segment | None:
        """The segment to write into; None when all are full."""
        if self._segments and self._segments[-1].end + needed <= self._segments[-1].room:
            return self._segments[-1]
        if needed > self._segment_bytes:
            return None
        if not self._spares and len(self._segments) < self._count:
            try:
                self._spares.append(self._allocate())
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
        if not self._spares:
            return None
        path = self._directory / f"{self._number:020d}{SUFFIX}"
        self._spares.pop().rename(path)
        sync_folder(self._directory)
        self._segments.append(_Segment(path))
        return self._segments[-1]

    def _write(self, segment: _Segment, body: bytes) -> bool:
        """False when the disk is full after all, as it may be where room cannot be taken in advance."""
        numbered = self._number.to_bytes(8, "little") + body
        frame = memoryview(_HEAD.pack(len(body), crc32(numbered), self._number) + body)
        segment.file.seek(segment.end)
        try:
            left = frame
            while left:
                left = left[segment.file.write(left) or 0 :]
        except OSError as error:
            if error.errno in _NO_ROOM:
                return False
            raise
        segment.end += len(frame)
        self._number += 1
        return True

    def _allocate(self) -> Path:
        """A spare whose blocks belong to us; nothing is left of it when there is no room."""
        path = next(
            each for number in range(self._count) if not (each := self._directory / f"{_SPARE}{number:04d}").exists()
        )
        try:
            with path.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, self._segment_bytes)
                else:
                    file.write(bytes(self._segment_bytes))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path

    def _spare(self, segment: _Segment) -> None:
        """Should this be undone by a crash, the records in it are handed over once more."""
        segment.file.close()
        number = next(
            number for number in range(self._count + 1) if not (self._directory / f"{_SPARE}{number:04d}").exists()
        )
        self._spares.append(segment.path.rename(self._directory / f"{_SPARE}{number:04d}"))


def _whole(data: bytes, at: int, number: int) -> bool:
    """Whether the frame with this number begins here, unharmed."""
    if at + _HEAD.size > len(data):
        return False
    length, checksum, found = _HEAD.unpack_from(data, at)
    body = data[at + _HEAD.size : at + _HEAD.size + length]
    return bool(found == number) and len(body) == length and crc32(number.to_bytes(8, "little") + body) == checksum
