"""A gateway's journal: records the platform cannot take just now, kept on this machine's disk until it can.

Writing, reading and the fsync run in one thread of its own, so the event loop waits for no disk. Whatever came while
one fsync ran shares the next one. What is kept is handed to the bus in order as soon as the bus takes it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from chargecloud.device.events import RecordUploaded, digest_of
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.journal_segments import Segments
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.journal")

BATCH = 200
UNREADABLE = "unreadable.msgpack"
"""Takes entries nobody could read, one after the other."""
CONFIRMED_MAX = 100_000
"""More confirmations are not remembered; the platform then gets some records a second time."""
ENTRY_BYTES = 64 * 1024
"""No record comes near; what does is refused."""
POLL_S = 0.2
PAUSE_S = 0.5
MIB = 1024 * 1024

Kept = Callable[[bool], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """How much is kept, and in what pieces."""

    mib: int = 64
    segments: int = 16
    queued_bytes: int = 8 * MIB
    """Records that may wait for the disk; beyond this they are refused."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One record as it lies in the journal."""

    key: str
    at_ms: int
    body: RecordUploaded
    trace_id: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class FileJournal:
    """Implements the gateway's `Journal`, and is a part of a process."""

    def __init__(
        self,
        directory: Path,
        bus: Bus,
        clock: Clock,
        limits: JournalLimits | None = None,
        *,
        on_broken: Callable[[str], None],
    ) -> None:
        """`on_broken` is told once when the disk has failed: nothing is confirmed any more, the process should end."""
        self._limits = limits or JournalLimits()
        self._directory = directory
        self._bus = bus
        self._segments = Segments(
            directory,
            segment_bytes=self._limits.mib * MIB // self._limits.segments,
            count=self._limits.segments,
            first_number=clock.now_ms() * 1_000,
        )
        self._on_broken = on_broken
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._queue: list[tuple[bytes, Kept]] = []
        self._queued_bytes = 0
        self._usable = False
        self._writing: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._filled = asyncio.Event()
        self._confirmed: set[tuple[str, str]] = set()
        """Charge points and digests of what the platform has confirmed while something lay here."""
        self._refusing = False
        self._counts: Counter[str] = Counter(kept=0, drained=0, spared=0, refused=0, unreadable=0, failures=0)

    async def start(self) -> None:
        """Open what the last run left and begin to hand it over; Unavailable says what is wrong with the directory."""
        try:
            await self._blocking(self._segments.open)
        except OSError as error:
            raise Unavailable(
                f"cannot open the journal {self._directory}: {error}; see that the directory can be written and has "
                f"{self._limits.mib} MiB of room",
                "journal_unusable",
            ) from error
        self._usable = True
        if self._segments.waiting:
            self._filled.set()
        self._draining = asyncio.create_task(self._drain())

    async def stop(self) -> None:
        """Write what is queued; what was not handed over waits for the next start."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)
        if self._writing is not None:
            await self._writing
        self._usable = False
        await self._blocking(self._segments.close)
        self._thread.shutdown()

    def keep(self, envelope: Envelope, kept: Kept) -> None:
        """Write a record down; `kept` is called in the loop with whether it is durable. Never waits."""
        if not isinstance(envelope.body, RecordUploaded):
            raise TypeError(f"the journal keeps records, not {type(envelope.body).__name__}")
        entry = _encode(Entry(envelope.key, envelope.at_ms, envelope.body, envelope.trace_id))
        full = len(entry) > ENTRY_BYTES or self._queued_bytes + len(entry) > self._limits.queued_bytes
        if full or not self._usable:
            self._counts["refused"] += 1
            kept(False)
            return
        self._queue.append((entry, kept))
        self._queued_bytes += len(entry)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    def confirmed(self, charge_point_code: str, digest: str) -> None:
        """The platform has this record after all; a slow database is not burdened with it twice."""
        if (self._segments.waiting or self._queue) and len(self._confirmed) < CONFIRMED_MAX:
            self._confirmed.add((charge_point_code, digest))

    def counts(self) -> Mapping[str, int]:
        """What waits, what room is left, and what has happened so far; for metrics."""
        return {"waiting": self._segments.waiting, "room_bytes": self._segments.room_bytes, **self._counts}

    async def _write(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            bodies = [entry for entry, _ in batch]
            try:
                durable = await self._blocking(partial(self._segments.append, bodies)) if self._usable else 0
            except OSError as error:
                self._break(error)
                durable = 0
            self._queued_bytes -= sum(map(len, bodies))
            self._counts["kept"] += durable
            self._counts["refused"] += len(batch) - durable
            if durable < len(batch) and not self._refusing:
                log.error("journal.refused", records=len(batch) - durable, waiting=self._segments.waiting)
            self._refusing = durable < len(batch)
            if durable:
                self._filled.set()
            for number, (_, kept) in enumerate(batch):
                kept(number < durable)
        self._writing = None

    def _break(self, error: OSError) -> None:
        """After a failed fsync nobody knows what is on the disk: a second one may succeed without having written it."""
        self._usable = False
        self._counts["failures"] += 1
        log.critical("journal.broken", directory=str(self._directory), error=str(error))
        self._on_broken(f"the journal's disk failed: {error}")

    async def _drain(self) -> None:
        """Hand over what is kept, oldest first; it is forgotten only when the bus will not lose it any more."""
        while True:
            await self._filled.wait()
            if not self._bus.available or not self._usable:
                await asyncio.sleep(POLL_S)
                continue
            try:
                envelopes = await self._blocking(self._read)
                if envelopes:
                    await self._bus.publish_durably(envelopes)
                await self._blocking(self._segments.take)
            except Exception as error:
                self._counts["failures"] += 1
                log.warning("journal.drain_failed", error=str(error), exc_info=not isinstance(error, Unavailable))
                await asyncio.sleep(PAUSE_S)
                continue
            self._counts["drained"] += len(envelopes)
            if not self._segments.waiting:
                self._confirmed.clear()
                self._filled.clear()
                log.info("journal.drained", records=self._counts["drained"])

    def _read(self) -> list[Envelope]:
        """The oldest records, but for those the platform has.

        What cannot be read, because an older version was installed again, is put aside for people.
        """
        envelopes: list[Envelope] = []
        for body in self._segments.look(BATCH):
            try:
                entry = _decode(body)
            except msgspec.MsgspecError as error:
                self._put_aside(body, error)
                continue
            if (entry.body.charge_point_code, digest_of(entry.body.raw)) in self._confirmed:
                self._counts["spared"] += 1
            else:
                envelopes.append(Envelope(entry.key, entry.body, entry.at_ms, trace_id=entry.trace_id))
        return envelopes

    def _put_aside(self, body: bytes, error: msgspec.MsgspecError) -> None:
        path = self._directory / UNREADABLE
        with path.open("ab") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        self._counts["unreadable"] += 1
        log.error("journal.unreadable", error=str(error), kept_in=str(path))

    async def _blocking(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
