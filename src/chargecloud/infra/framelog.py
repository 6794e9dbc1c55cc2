"""The frame log: a file of its own, written and read by one thread, so that no connection waits for a disk."""

import asyncio
import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from chargecloud.device.contract import LoggedFrame
from chargecloud.infra.framestore import FrameStore, open_store
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.framelog")

_EXPIRE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class FrameLogLimits:
    """How long, how much, and how eagerly."""

    keep_hours: int = 48
    waiting_frames: int = 200_000
    """Beyond this, frames are dropped and counted."""
    flush_s: float = 1.0
    flush_frames: int = 20_000
    file_mib: int = 4_096
    """When what is kept takes more, the oldest goes early."""


Look = Callable[[FrameStore], None]


class SqliteFrameLog:
    """Implements `FrameLog`. A crash loses at most the frames of the last flush time."""

    def __init__(self, path: Path, clock: Clock, limits: FrameLogLimits | None = None) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits or FrameLogLimits()
        self._jobs: queue.SimpleQueue[Sequence[LoggedFrame] | Look | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter(written=0, dropped=0, expired=0)
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
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def write(self, frames: Sequence[LoggedFrame]) -> None:
        amount = len(frames)
        with self._lock:
            fits = self._thread is not None and self._waiting + amount <= self._limits.waiting_frames
            if fits:
                self._waiting += amount
            else:
                self._counts["dropped"] += amount
        if fits:
            self._jobs.put(frames)

    async def read(
        self, charge_point_code: str, *, before_id: int | None = None, limit: int = 100
    ) -> Sequence[LoggedFrame]:
        if self._thread is None:
            raise Unavailable("the frame log is not open", "frame_log")
        answer: Future[list[LoggedFrame]] = Future()

        def look(store: FrameStore) -> None:
            try:
                answer.set_result(store.newest(charge_point_code, before_id, limit))
            except (sqlite3.Error, msgspec.DecodeError) as error:
                answer.set_exception(Unavailable(f"cannot read the frame log {self._path}: {error}", "frame_log"))

        self._jobs.put(look)
        return await asyncio.wrap_future(answer)

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
        self._work(store)
        store.close()

    def _work(self, store: FrameStore) -> None:
        """Until told to close: gather frames, write them every flush time, look things up, forget the old."""
        pending: list[LoggedFrame] = []
        flush_at = expire_at = self._clock.monotonic()
        while (job := self._next_job()) is not None:
            if callable(job):
                self._flush(store, pending)
                job(store)
                continue
            pending += job
            now = self._clock.monotonic()
            if now >= flush_at or len(pending) >= self._limits.flush_frames:
                self._flush(store, pending)
                flush_at = now + self._limits.flush_s
            if now >= expire_at:
                self._expire(store)
                expire_at = now + _EXPIRE_EVERY_S
        self._flush(store, pending)

    def _next_job(self) -> Sequence[LoggedFrame] | Look | None:
        """What to do next; nothing new within the flush time is an empty bunch."""
        try:
            return self._jobs.get(timeout=self._limits.flush_s)
        except queue.Empty:
            return ()

    def _flush(self, store: FrameStore, pending: list[LoggedFrame]) -> None:
        """Write what is pending; frames that cannot be written are dropped and counted."""
        amount = len(pending)
        if not amount:
            return
        try:
            store.add(pending)
            fate = "written"
        except sqlite3.Error as error:
            fate = "dropped"
            log.error("framelog.write_failed", path=str(self._path), frames=amount, error=str(error))
        pending.clear()
        with self._lock:
            self._waiting -= amount
            self._counts[fate] += amount

    def _expire(self, store: FrameStore) -> None:
        cutoff_ms = self._clock.now_ms() - self._limits.keep_hours * 3_600_000
        try:
            expired = store.expire(cutoff_ms, self._limits.file_mib << 20)
        except sqlite3.Error as error:
            log.error("framelog.expiry_failed", path=str(self._path), error=str(error))
            return
        with self._lock:
            self._counts["expired"] += expired
