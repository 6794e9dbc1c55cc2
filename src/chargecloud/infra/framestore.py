"""The file behind the frame log: frames of one charge point that come together share a row, packed.

A row's id is the id of its first frame; it comes from the clock and only grows, so that the frames of one charge point
have their place also among those in other gateways' files.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from chargecloud.device.contract import LoggedFrame
from chargecloud.device.unitlog import join_logs, unpack_logs

log = structlog.get_logger("chargecloud.framelog")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bundle (
    id INTEGER PRIMARY KEY,
    charge_point_code TEXT NOT NULL,
    protocol TEXT NOT NULL,
    written_ms INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    frames BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bundle_of ON bundle (charge_point_code, id);
"""
_INSERT = "INSERT INTO bundle (id, charge_point_code, protocol, written_ms, amount, frames) VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT id, protocol, frames FROM bundle WHERE charge_point_code = ? AND id < ? ORDER BY id DESC LIMIT ?"
_LAST = "SELECT id, amount FROM bundle ORDER BY id DESC LIMIT 1"
_OLDEST = "SELECT id, written_ms, amount FROM bundle ORDER BY id LIMIT ?"
ROW_FULL_BYTES = 65_536
"""Size at which a new row is begun; what was written at once is not divided."""
IDS_PER_MS = 2_048
"""More than frames come in a millisecond; few enough that ids are whole numbers every JSON reader takes."""
EXPIRE_SLICE = 5_000
"""Rows dropped in one transaction."""
_NEWEST = (1 << 62) - 1

Chunk = tuple[str, str, int, bytes]
"""Charge point, protocol, number of frames, the frames packed by `pack_log`."""


class FrameStore:
    """One SQLite file, used by one thread. Raises `sqlite3.Error` when the disk will not have it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._connect()
        last = self._database.execute(_LAST).fetchone()
        self._next_id = last[0] + last[1] if last else 0

    def close(self) -> None:
        """Finish with the file."""
        self._database.close()

    def add(self, chunks: Sequence[Chunk], now_ms: int) -> None:
        """Write chunks in one transaction."""
        self._next_id = max(self._next_id, now_ms * IDS_PER_MS)
        with self._transaction() as database:
            database.executemany(_INSERT, self._numbered(chunks, now_ms))

    def expire(self, cutoff_ms: int, keep_bytes: int) -> int:
        """Drop what is older than the cutoff, then the oldest while there is too much; gives how many frames went."""
        expired = 0
        while dropped := self._drop_oldest(lambda written_ms: written_ms < cutoff_ms):
            expired += dropped
        while self._size() > keep_bytes and (dropped := self._drop_oldest(lambda written_ms: True)):
            expired += dropped
        return expired

    def _numbered(self, chunks: Sequence[Chunk], now_ms: int) -> Iterator[tuple[int, str, str, int, int, bytes]]:
        for code, protocol, amount, frames in _rows(chunks):
            row_id = self._next_id
            self._next_id += amount
            yield row_id, code, protocol, now_ms, amount, frames

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


def drop_abandoned(own: Path, now_ms: int, cutoff_ms: int) -> None:
    """Show that this file is in use; drop those that were not for so long that everything in them is old."""
    os.utime(own, ns=(now_ms * 1_000_000, now_ms * 1_000_000))
    for path in files(own.parent):
        with suppress(FileNotFoundError):  # another gateway was quicker
            if path.stat().st_mtime_ns < cutoff_ms * 1_000_000:
                for ending in ("", "-wal", "-shm"):
                    path.with_name(path.name + ending).unlink(missing_ok=True)
                log.info("framelog.abandoned", path=str(path))


def first_id(at_ms: int) -> int:
    """Frames written from this moment on have this id or a higher one, nearly all of those before a lower one."""
    return at_ms * IDS_PER_MS


def files(directory: Path) -> list[Path]:
    """Every gateway's file."""
    return sorted(directory.glob("frames-*.db"))


def newest(
    database: sqlite3.Connection, charge_point_code: str, before_id: int | None, limit: int
) -> list[LoggedFrame]:
    """Frames of a charge point with ids below `before_id`, newest first; ValueError when a row is damaged."""
    before = _NEWEST if before_id is None else before_id
    found: list[LoggedFrame] = []
    for row_id, protocol, blob in database.execute(_SELECT, (charge_point_code, before, limit + 1)):
        units = list(unpack_logs(blob))
        for frame_id in range(row_id + len(units) - 1, row_id - 1, -1):
            if frame_id < before:
                at_ms, up, raw = units[frame_id - row_id]
                found.append(LoggedFrame(frame_id, charge_point_code, at_ms, up, protocol, raw))
            if len(found) == limit:
                return found
    return found


def _rows(chunks: Sequence[Chunk]) -> Iterator[tuple[str, str, int, bytes]]:
    """Chunks joined into rows, those of one charge point together and in order."""
    groups: dict[tuple[str, str], list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault((chunk[0], chunk[1]), []).append(chunk)
    for (code, protocol), group in groups.items():
        for amount, joined in _joined(group):
            yield code, protocol, amount, join_logs(joined, amount)


def _joined(group: Sequence[Chunk]) -> Iterator[tuple[int, bytes]]:
    amount, parts, size = 0, list[bytes](), 0
    for _, _, frames, packed in group:
        amount += frames
        size += len(packed)
        parts.append(packed)
        if size >= ROW_FULL_BYTES:
            yield amount, b"".join(parts)
            amount, parts, size = 0, [], 0
    if parts:
        yield amount, b"".join(parts)
