"""The file behind the frame log: frames of one charge point that come together share a row, packed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog

from chargecloud.device.contract import LoggedFrame
from chargecloud.device.unitlog import join_logs, unpack_logs

log = structlog.get_logger("chargecloud.framelog")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bundle (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    charge_point_code TEXT NOT NULL,
    protocol TEXT NOT NULL,
    written_ms INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    frames BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bundle_of ON bundle (charge_point_code, id);
"""
_INSERT = "INSERT INTO bundle (charge_point_code, protocol, written_ms, amount, frames) VALUES (?, ?, ?, ?, ?)"
_SELECT = "SELECT id, protocol, frames FROM bundle WHERE charge_point_code = ? AND id <= ? ORDER BY id DESC LIMIT ?"
_OLDEST = "SELECT id, written_ms, amount FROM bundle ORDER BY id LIMIT ?"
ROW_FULL_BYTES = 65_536
"""Size at which a new row is begun; what was written at once is not divided."""
PLACES = 1 << 20
"""A frame's id is its row's times this, plus its place in the row; a row holds far fewer."""
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

    def close(self) -> None:
        """Finish with the file."""
        self._database.close()

    def add(self, chunks: Sequence[Chunk], now_ms: int) -> None:
        """Write chunks in one transaction."""
        with self._transaction() as database:
            database.executemany(_INSERT, _rows(chunks, now_ms))

    def newest(self, charge_point_code: str, before_id: int | None, limit: int) -> list[LoggedFrame]:
        """Frames of a charge point older than `before_id`, newest first."""
        before = _NEWEST if before_id is None else before_id
        found: list[LoggedFrame] = []
        for row_id, protocol, blob in self._database.execute(_SELECT, (charge_point_code, before // PLACES, limit + 1)):
            units = list(unpack_logs(blob))
            for place in range(len(units) - 1, -1, -1):
                frame_id = row_id * PLACES + place
                if frame_id < before:
                    at_ms, up, raw = units[place]
                    found.append(LoggedFrame(frame_id, charge_point_code, at_ms, up, protocol, raw))
                if len(found) == limit:
                    return found
        return found

    def expire(self, cutoff_ms: int, keep_bytes: int) -> int:
        """Drop what is older than the cutoff, then the oldest while there is too much; gives how many frames went."""
        expired = 0
        while dropped := self._drop_oldest(lambda written_ms: written_ms < cutoff_ms):
            expired += dropped
        while self._size() > keep_bytes and (dropped := self._drop_oldest(lambda written_ms: True)):
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


def _rows(chunks: Sequence[Chunk], now_ms: int) -> Iterator[tuple[str, str, int, int, bytes]]:
    """Chunks joined into rows, those of one charge point together and in order."""
    groups: dict[tuple[str, str], list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault((chunk[0], chunk[1]), []).append(chunk)
    for (code, protocol), group in groups.items():
        for amount, joined in _joined(group):
            yield code, protocol, now_ms, amount, join_logs(joined, amount)


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
