"""The file behind the frame log: frames of one charge point that come together share a row, packed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import structlog

from chargecloud.device.contract import LoggedFrame

log = structlog.get_logger("chargecloud.framelog")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bundle (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    charge_point_code TEXT NOT NULL,
    protocol TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    frames BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bundle_of ON bundle (charge_point_code, id);
"""
_INSERT = "INSERT INTO bundle (charge_point_code, protocol, until_ms, amount, frames) VALUES (?, ?, ?, ?, ?)"
_SELECT = "SELECT id, protocol, frames FROM bundle WHERE charge_point_code = ? AND id <= ? ORDER BY id DESC LIMIT ?"
_OLDEST = "SELECT id, until_ms, amount FROM bundle ORDER BY id LIMIT ?"
BUNDLE_MAX = 1_024
"""Frames in one row; a frame's id is the row's times this, plus its place."""
EXPIRE_SLICE = 5_000
"""Rows dropped in one transaction."""
_NEWEST = (1 << 62) - 1


class _Packed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A frame inside its row."""

    at_ms: int
    up: bool
    raw: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Packed]).decode


class FrameStore:
    """One SQLite file, used by one thread. Raises `sqlite3.Error` when the disk will not have it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._connect()

    def close(self) -> None:
        """Finish with the file."""
        self._database.close()

    def add(self, frames: Sequence[LoggedFrame]) -> None:
        """Write frames in one transaction."""
        with self._transaction() as database:
            database.executemany(_INSERT, _rows(frames))

    def newest(self, charge_point_code: str, before_id: int | None, limit: int) -> list[LoggedFrame]:
        """Frames of a charge point older than `before_id`, newest first."""
        before = _NEWEST if before_id is None else before_id
        found: list[LoggedFrame] = []
        for row_id, protocol, frames in self._database.execute(
            _SELECT, (charge_point_code, before // BUNDLE_MAX, limit + 1)
        ):
            packed = _decode(frames)
            for place in range(len(packed) - 1, -1, -1):
                frame_id = row_id * BUNDLE_MAX + place
                if frame_id < before:
                    frame = packed[place]
                    found.append(LoggedFrame(frame_id, charge_point_code, frame.at_ms, frame.up, protocol, frame.raw))
                if len(found) == limit:
                    return found
        return found

    def expire(self, cutoff_ms: int, keep_bytes: int) -> int:
        """Drop what is older than the cutoff, then the oldest while there is too much; gives how many frames went."""
        expired = 0
        while dropped := self._drop_oldest(lambda until_ms: until_ms < cutoff_ms):
            expired += dropped
        while self._size() > keep_bytes and (dropped := self._drop_oldest(lambda until_ms: True)):
            expired += dropped
        return expired

    def _drop_oldest(self, is_over: Callable[[int], bool]) -> int:
        """Drop those of the oldest rows that are over; gives how many frames went."""
        over = [row for row in self._database.execute(_OLDEST, (EXPIRE_SLICE,)) if is_over(row[1])]
        if over:
            with self._transaction() as database:
                database.executemany("DELETE FROM bundle WHERE id = ?", [(row[0],) for row in over])
        return sum(row[2] for row in over)

    def _size(self) -> int:
        """Bytes in use; pages that expiry has freed are used again and do not count."""
        pages, free, page_bytes = (
            self._database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * page_bytes)

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(_SCHEMA)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _transaction(self) -> sqlite3.Connection:
        """As a context manager, sqlite3's connection ends its transaction: well on success, undone on an error."""
        return self._database


def open_store(path: Path, now_ms: int) -> FrameStore:
    """Open the file; a damaged one is put aside and a new one begun, because frames are evidence, not truth."""
    try:
        return FrameStore(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged-{now_ms}")
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        log.error("framelog.damaged", path=str(path), put_aside=str(aside), error=str(error))
        return FrameStore(path)


def _rows(frames: Sequence[LoggedFrame]) -> Iterator[tuple[str, str, int, int, bytes]]:
    """Frames as rows, those of one charge point together and in order."""
    groups: dict[tuple[str, str], list[_Packed]] = {}
    for frame in frames:
        group = groups.setdefault((frame.charge_point_code, frame.protocol), [])
        group.append(_Packed(frame.at_ms, frame.up, frame.raw))
    for (code, protocol), packed in groups.items():
        for start in range(0, len(packed), BUNDLE_MAX):
            part = packed[start : start + BUNDLE_MAX]
            yield code, protocol, part[-1].at_ms, len(part), _encode(part)
