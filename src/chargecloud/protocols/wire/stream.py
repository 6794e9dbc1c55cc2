"""Cutting a byte stream into frames: bounded memory, no exception for any bytes, and chunking never matters."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from chargecloud.protocols.wire.checksums import ByteOrder

NEED_MORE = -1
NO_FRAME = 0


class UnitKind(StrEnum):
    """What a cut piece of the stream is."""

    FRAME = "frame"
    BAD_CHECKSUM = "bad_checksum"
    INCOMPLETE = "incomplete"
    GARBAGE = "garbage"


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One piece of the stream in the order of arrival; `order` is set for frames only."""

    kind: UnitKind
    data: bytes
    order: ByteOrder | None = None


# Looking an enum member up on its class costs more than the rest of the usual case's bookkeeping.
_FRAME = UnitKind.FRAME
_HIGH_FIRST = ByteOrder.HIGH_FIRST


class Framing(Protocol):
    """How one protocol marks, measures and seals its frames."""

    def find(self, data: bytes, at: int) -> int:
        """Where from `at` on a frame may start; -1 for nowhere."""
        ...

    def measure(self, data: bytes, at: int) -> int:
        """Total size of the frame starting at `at`; NO_FRAME when none can, NEED_MORE when it cannot be told yet."""
        ...

    def seal_order(self, frame: bytes) -> ByteOrder | None:
        """In which byte order the checksum of a whole frame is right, None when it is wrong."""
        ...


class StreamCutter:
    """Finds the frames of one connection.

    A candidate whose checksum is wrong is reported once, then only its first byte is dropped and the search goes on
    behind it, so that a real frame inside a damaged one is found. What is kept is always less than one longest frame.
    """

    __slots__ = (
        "_framing",
        "_pending",
        "_told",
        "bad_checksums",
        "frames",
        "garbage_bytes",
        "high_first",
        "incomplete",
    )

    def __init__(self, framing: Framing) -> None:
        """Start with nothing received."""
        self._framing = framing
        self._pending = b""
        self._told = 0
        self.frames = 0
        self.high_first = 0
        self.bad_checksums = 0
        self.incomplete = 0
        self.garbage_bytes = 0

    @property
    def pending(self) -> bytes:
        """The beginning of a frame whose rest has not come yet; empty when nothing is waited for."""
        return self._pending

    def feed(self, data: bytes) -> list[Unit]:
        """Take the bytes as they came from the socket and return what they complete."""
        if self._pending:
            return self._scan(self._pending + data, 0)
        framing = self._framing
        units: list[Unit] = []
        at, end = 0, len(data)
        while at < end:  # the usual case: one write, whole good frames, nothing searched
            size = framing.measure(data, at)
            if size <= 0 or at + size > end:
                break
            frame = data if size == end else data[at : at + size]
            order = framing.seal_order(frame)
            if order is None:
                break
            units.append(self._frame(frame, order))
            at += size
        return units if at == end else units + self._scan(data[at:], 0)

    def expire(self) -> list[Unit]:
        """Give up the partial frame that never got its rest, and search behind its first byte."""
        data = self._pending
        if not data:
            return []
        if self._told:
            return self._scan(data, 1)
        self.incomplete += 1
        self._told = len(data)
        return [Unit(UnitKind.INCOMPLETE, data), *self._scan(data, 1)]

    def _frame(self, data: bytes, order: ByteOrder) -> Unit:
        self.frames += 1
        if order is _HIGH_FIRST:
            self.high_first += 1
        return Unit(_FRAME, data, order)

    def _scan(self, data: bytes, at: int) -> list[Unit]:
        """Cut `data` from `at` on. Bytes before `self._told` have been reported inside a damaged unit already."""
        framing = self._framing
        units: list[Unit] = []
        loose = 0
        while True:
            start = framing.find(data, at)
            size = NO_FRAME if start < 0 else framing.measure(data, start)
            if start < 0:
                start = len(data)
            if start == len(data) or size == NEED_MORE or start + size > len(data):
                break
            frame = data[start : start + size]
            order = framing.seal_order(frame) if size else None
            at = start + 1
            if order is None and (size == NO_FRAME or start < self._told):
                continue
            self._drop(data, loose, start, units)
            loose = start + size
            if order is None:
                self.bad_checksums += 1
                self._told = loose
                units.append(Unit(UnitKind.BAD_CHECKSUM, frame))
                continue
            at = loose
            units.append(self._frame(frame, order))
        self._drop(data, loose, start, units)
        self._pending = data[start:]
        self._told = max(0, self._told - start)
        return units

    def _drop(self, data: bytes, start: int, end: int, units: list[Unit]) -> None:
        """Report the bytes between two units, except those inside a damaged unit."""
        start = max(start, self._told)
        if start < end:
            self.garbage_bytes += end - start
            units.append(Unit(UnitKind.GARBAGE, data[start:end]))
