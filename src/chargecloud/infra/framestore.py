"""The file behind the frame log: frames of one charge point that come together share a row, packed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import structlog

from chargecloud.device.contract import LoggedFrame, Passage

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
ROW_FULL = 1_024
"""Frames after which a new row is begun; what was written at once is not divided."""
PLACES = 1 << 16
"""A frame's id is its row's times this, plus its place in the row; no write brings as many frames."""
EXPIRE_SLICE = 5_000
"""Rows dropped in one transaction."""
_NEWEST = (1 << 62) - 1

Chunk = tuple[str, str, int, int, bytes]
"""Charge point, protocol, time of the last frame, number of frames, the packed passages."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, list[tuple[bool, bytes]]]]).decode
_SIZE_BYTES = 4


def pack(charge_point_code: str, protocol: str, passages: Sequence[Passage]) -> Chunk:
    """Passages as bytes, which cost a tenth of the memory while they wait."""
    frames = sum([len(units) for _, units in passages])
    packed = _encode(passages)
    return charge_point_code, protocol, passages[-1][0], frames, len(packed).to_bytes(_SIZE_BYTES, "big") + packed


def _unpack(blob: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Frames of a row: (time, uplink, raw)."""
    at = 0
    while at < len(blob):
        end = at + _SIZE_BYTES + int.from_bytes(blob[at : at + _SIZE_BYTES], "big")
        for at_ms, units in _decode(blob[at + _SIZE_BYTES : end]):
            for up, raw in units:
                yield at_ms, up, raw
        at = end


class FrameStore:
    """One SQLite file, used by one thread. Raises `sqlite3.Error` when the disk will not have it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._connect()

    def close(self) -> None:
        """Finish with the file."""
        self._database.close()

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Write chunks in one transaction."""
        with self._transaction() as database:
            database.executemany(_INSERT, _rows(chunks))

    def newest(self, charge_point_code: str, before_id: int | None, limit: int) -> list[LoggedFrame]:
        """Frames of a charge point older than `before_id`, newest first."""
        before = _NEWEST if before_id is None else before_id
        found: list[LoggedFrame] = []
        for row_id, protocol, blob in self._database.execute(_SELECT, (charge_point_code, before // PLACES, limit + 1)):
            units = list(_unpack(blob))
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


def _rows(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """Chunks joined into rows, those of one charge point together and in order."""
    groups: dict[tuple[str, str], list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault((chunk[0], chunk[1]), []).append(chunk)
    for group in groups.values():
        yield from _joined(group)


def _joined(group: Sequence[Chunk]) -> Iterator[Chunk]:
    code, protocol = group[0][:2]
    start = frames = 0
    for place, chunk in enumerate(group):
        frames += chunk[3]
        if frames >= ROW_FULL or place == len(group) - 1:
            yield code, protocol, chunk[2], frames, b"".join([part[4] for part in group[start : place + 1]])
            start, frames = place + 1, 0
