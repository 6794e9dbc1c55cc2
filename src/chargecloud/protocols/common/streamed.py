"""A conversation over a byte stream: cutting, silence, stale beginnings, the frame log; the vendor hears and sweeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import inf

from chargecloud.device.events import DeviceEvent
from chargecloud.device.unitlog import UnitLog
from chargecloud.protocols.common.conversation import LOG_MAX, BaseConversation
from chargecloud.protocols.common.faults import GARBAGE
from chargecloud.protocols.wire.stream import Unit, UnitKind

PARTIAL_S = 10.0
"""What a unit may take from its first byte to its last."""

_FRAME = UnitKind.FRAME
_UNIT_FAULTS = {UnitKind.BAD_CHECKSUM: "crc", UnitKind.INCOMPLETE: "incomplete"}


class StreamedConversation(BaseConversation, ABC):
    """The half of `chargecloud.device.contract.Connection` that does not depend on the vendor; mixed into its own."""

    __slots__ = ()

    @abstractmethod
    def hear(self, raw: bytes) -> None:
        """Take one good unit."""

    @abstractmethod
    def sweep(self) -> None:
        """Do what is scheduled for now, and ask to be woken for the rest."""

    @abstractmethod
    def drop_pending(self, reason: str) -> None:
        """End every pending command: the socket is gone."""

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Take bytes; give what they say."""
        events = self.begin(now, wall_ms)
        if self.closing:
            return events
        self.take_bytes(data)
        return events

    def usual(self, data: bytes) -> bytes | None:
        """Every read is for `receive`, unless the vendor knows better."""
        return None

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        """What `usual` has answered."""
        raise RuntimeError("no read was answered by `usual`")

    def take_bytes(self, data: bytes) -> None:
        """Cut and hear what the bytes complete, and note since when a beginning waits for its end."""
        had_partial = self._partial_since < inf
        units = self._cutter.feed(data)
        self._take(units)
        if not self._cutter.pending:
            self._partial_since = inf
        elif units or not had_partial:
            self._partial_since = self.now

    def tick(self, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Do what is due: silence, stale bytes, whatever the vendor scheduled, the report of faults."""
        events = self.begin(now, wall_ms)
        if self.closing:
            return events
        if now >= self._last_heard + self._silence_s:
            self.close("silent")
            return events
        if now >= self._partial_since + PARTIAL_S:
            self._take(self._cutter.expire())
            self._partial_since = now if self._cutter.pending else inf
        if now >= self.wake and not self.closing:
            self.wake = inf
            self.sweep()
            self.report_faults(force=False)
        return events

    def deadline(self) -> float:
        """When `tick` next has something to do."""
        if self.closing:
            return inf
        return min(self.wake, self._last_heard + self._silence_s, self._partial_since + PARTIAL_S)

    def take_output(self) -> list[bytes]:
        """Frames to send, in order."""
        output = self.output
        if output:
            self.output = []
        return output

    def take_frames(self) -> UnitLog:
        """Units for the frame log."""
        log = self.log
        if log:
            self.log = []
        return log

    def abandon(self, reason: str) -> Sequence[DeviceEvent]:
        """The socket is gone: end every pending command as unanswered."""
        events = self.begin(self.now, self.wall_ms)
        self.drop_pending(reason)
        self.close(reason)
        self.report_faults(force=True)
        return events

    def begin(self, now: float, wall_ms: int) -> list[DeviceEvent]:
        """Start collecting the events of one call."""
        self.now = now
        self.wall_ms = wall_ms
        events = self.events = []
        return events

    def _take(self, units: Sequence[Unit]) -> None:
        for unit in units:
            if len(self.log) < LOG_MAX:
                self.log.append(self.wall_ms)
                self.log.append(unit.data)
            if unit.kind is _FRAME:
                self._last_heard = self.now
                self.hear(unit.data)
            elif unit.kind is UnitKind.GARBAGE:
                self.fault(GARBAGE, len(unit.data))
            else:
                self.fault(_UNIT_FAULTS[unit.kind])
            if self.closing:
                return
