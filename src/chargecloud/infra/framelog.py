"""The frame log: a file of its own for each gateway, written by one thread, so that no connection waits for a disk.

framearchive.py reads it.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import structlog

from chargecloud.device.unitlog import UnitLog, pack_log
from chargecloud.infra.framestore import Chunk, FrameStore, drop_abandoned, open_store
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.framelog")

_EXPIRE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class FrameLogLimits:
    """How long, how much, and how eagerly."""

    keep_hours: int = 48
    waiting_frames: int = 800_000
    """Beyond this, what comes is dropped and counted."""
    flush_s: float = 1.0
    file_mib: int = 4_096
    """When what is kept takes more, the oldest goes early."""


class SqliteFrameLog:
    """Implements `FrameLog`. A crash loses at most the frames of the last flush time."""

    def __init__(self, path: Path, clock: Clock, limits: FrameLogLimits | None = None) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits or FrameLogLimits()
        self._lock = threading.Lock()
        self._chunks: list[Chunk] = []
        self._waiting = 0
        self._counts: Counter[str] = Counter(written=0, dropped=0, expired=0)
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open the file, or say why it cannot be."""
        opened: Future[None] = Future()
        thread = threading.Thread(target=self._run, args=(opened,), name="frame-log", daemon=True)
        thread.start()
        try:
            opened.result()
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(
                f"cannot open the frame log {self._path}: {error}; see that the directory exists, can be written "
                "and has room",
                "frame_log",
            ) from error
        self._thread = thread

    def close(self) -> None:
        """Write what is waiting and close the file."""
        if self._thread is not None:
            self._closing = True
            self._wake.set()
            self._thread.join()
            self._thread = None

    def write(self, charge_point_code: str, protocol: str, frames: UnitLog) -> None:
        amount, packed = len(frames) // 2, pack_log(frames)
        with self._lock:
            if self._thread is not None and self._waiting < self._limits.waiting_frames:
                self._waiting += amount
                self._chunks.append((charge_point_code, protocol, amount, packed))
            else:
                self._counts["dropped"] += amount

    def counts(self) -> Mapping[str, int]:
        with self._lock:
            return {**self._counts, "waiting": self._waiting}

    # From here on, everything runs in the thread.

    def _run(self, opened: Future[None]) -> None:
        try:
            store = open_store(self._path, self._clock.now_ms())
        except (sqlite3.Error, OSError) as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        expire_at = self._expire(store)
        while not self._closing:
            if self._clock.monotonic() >= expire_at:
                expire_at = self._expire(store)
            self._wake.wait(self._limits.flush_s)
            self._wake.clear()
            self._work(store)
        self._work(store)
        store.close()

    def _work(self, store: FrameStore) -> None:
        """Write what has gathered."""
        with self._lock:
            chunks, self._chunks = self._chunks, []
        if chunks:
            self._write(store, chunks)

    def _write(self, store: FrameStore, chunks: list[Chunk]) -> None:
        """What cannot be written is dropped and counted."""
        amount = sum(chunk[2] for chunk in chunks)
        fate = "written"
        try:
            store.add(chunks, self._clock.now_ms())
        except sqlite3.Error as error:
            fate = "dropped"
            log.error("framelog.write_failed", path=str(self._path), frames=amount, error=str(error))
        with self._lock:
            self._waiting -= amount
            self._counts[fate] += amount

    def _expire(self, store: FrameStore) -> float:
        """Forget what is old; when to do it again."""
        expired = 0
        cutoff_ms = self._clock.now_ms() - self._limits.keep_hours * 3_600_000
        try:
            expired = store.expire(cutoff_ms, self._limits.file_mib << 20)
            drop_abandoned(self._path, self._clock.now_ms(), cutoff_ms)
        except (sqlite3.Error, OSError) as error:
            log.error("framelog.expiry_failed", path=str(self._path), error=str(error))
        with self._lock:
            self._counts["expired"] += expired
        return self._clock.monotonic() + _EXPIRE_EVERY_S
