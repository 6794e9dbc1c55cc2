"""The template's conversation: boot, beat, sample, record, start, stop; everything every `Connection` owes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import msgspec

from chargecloud.device.commands import (
    AnswerBoot,
    ConfirmRecord,
    DeviceCommand,
    ReadSample,
    StartCharging,
    StopCharging,
)
from chargecloud.device.events import (
    Booted,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    MeterSampled,
    RecordUploaded,
    StartAnswered,
    StopAnswered,
    WireFaulted,
    digest_of,
)
from chargecloud.device.unitlog import UnitLog
from chargecloud.kernel.errors import Unsupported
from chargecloud.protocols._template.lines import END, LineCutter, line, words
from chargecloud.protocols._template.mapping import read

SILENCE_S = 45.0
PARTIAL_S = 10.0
BOOT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 10.0
REPORT_EVERY_S = 60.0
FAULTS_MAX = 20
LOG_MAX = 4096
UPLOADS_MAX = 64

_SAID: dict[type[DeviceCommand], Callable[[Any], bytes]] = {
    StartCharging: lambda command: line("START", command.connector_no, command.session_no),
    StopCharging: lambda command: line("STOP", command.connector_no),
    ReadSample: lambda command: line("LOOK", command.connector_no),
}
_ANSWERED_BY: dict[type[DeviceEvent], type[DeviceCommand]] = {
    StartAnswered: StartCharging,
    StopAnswered: StopCharging,
    MeterSampled: ReadSample,
}
HONOURED = frozenset({AnswerBoot, ConfirmRecord, *_SAID})


@dataclass(slots=True)
class Waiting:
    """A command on the wire."""

    command: DeviceCommand
    due: float


class Connection:
    """See `chargecloud.device.contract.Connection`."""

    __slots__ = (
        "_boot_due",
        "_cutter",
        "_events",
        "_faults",
        "_last_heard",
        "_log",
        "_now",
        "_output",
        "_partial_since",
        "_report_after",
        "_uploads",
        "_waiting",
        "_wall_ms",
        "admitted",
        "charge_point_code",
        "close_reason",
        "closing",
    )

    def __init__(self, now: float) -> None:
        self.charge_point_code = ""
        self.admitted = False
        self.closing = False
        self.close_reason = ""
        self._now = now
        self._wall_ms = 0
        self._cutter = LineCutter()
        self._events: list[DeviceEvent] = []
        self._output: list[bytes] = []
        self._log: UnitLog = []
        self._last_heard = now
        self._partial_since = inf
        self._boot_due = inf
        self._waiting: dict[tuple[type[DeviceCommand], int], Waiting] = {}
        self._uploads: dict[tuple[int, str], str] = {}
        self._faults = 0
        self._report_after = now

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Take bytes; give what they say."""
        events = self._begin(now, wall_ms)
        lines = [] if self.closing else self._cutter.feed(data)
        for unit in lines:
            self._log_unit(True, (unit or b"") + END)
            self._hear(words(unit or b""))
            if self.closing:
                return events
        if not self._cutter.pending:
            self._partial_since = inf
        elif lines or self._partial_since == inf:
            self._partial_since = now
        return events

    def usual(self, data: bytes) -> bytes | None:
        """Every read is for `receive`."""
        return None

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        """Never called."""
        raise RuntimeError("no read was answered by `usual`")

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Put a command on the wire, or end it at once."""
        if type(command) not in HONOURED:
            raise Unsupported(f"this protocol has no {type(command).__name__}", "command_unsupported")
        events = self._begin(now, wall_ms)
        if command.expires_at_ms <= wall_ms:
            self._end(command, CommandOutcome.EXPIRED, "expired")
        elif self.closing or not (self.admitted or isinstance(command, AnswerBoot)):
            self._end(command, CommandOutcome.OFFLINE, "not_admitted")
        elif isinstance(command, AnswerBoot):
            self._answer_boot(command)
        elif isinstance(command, ConfirmRecord):
            self._confirm(command)
        else:
            self._send(command)
        return events

    def tick(self, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Do what is due."""
        events = self._begin(now, wall_ms)
        if self.closing:
            return events
        if now >= self._last_heard + SILENCE_S:
            self._close("silent")
        elif now >= self._boot_due:
            self._say(line("BOOT", "no"))
            self._close("boot_unanswered")
        if now >= self._partial_since + PARTIAL_S:
            self._partial_since = inf
            self._log_unit(True, self._cutter.expire())
            self._fault()
        for key, waiting in list(self._waiting.items()):
            if now >= waiting.due:
                del self._waiting[key]
                self._end(waiting.command, CommandOutcome.UNANSWERED, "no_answer")
        if now >= self._report_after:
            self._report()
        return events

    def deadline(self) -> float:
        """When `tick` next has something to do."""
        if self.closing:
            return inf
        limits = [waiting.due for waiting in self._waiting.values()]
        report = self._report_after if self._faults and self.charge_point_code else inf
        silent, stale = self._last_heard + SILENCE_S, self._partial_since + PARTIAL_S
        return min(silent, stale, self._boot_due, report, *limits)

    def take_output(self) -> list[bytes]:
        """Frames to send, in order."""
        output, self._output = self._output, []
        return output

    def take_frames(self) -> UnitLog:
        """Units for the frame log."""
        log, self._log = self._log, []
        return log

    def probe(self, now: float, wall_ms: int) -> None:
        """Ask for a sign of life."""
        self._wall_ms = wall_ms
        if self.admitted and not self.closing:
            self._say(line("LOOK", 1))

    def abandon(self, reason: str) -> Sequence[DeviceEvent]:
        """The socket is gone."""
        events = self._begin(self._now, self._wall_ms)
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            self._end(one.command, CommandOutcome.UNANSWERED, reason)
        self._close(reason)
        return events

    def _begin(self, now: float, wall_ms: int) -> list[DeviceEvent]:
        self._now = now
        self._wall_ms = wall_ms
        events = self._events = []
        return events

    def _hear(self, unit: Sequence[str]) -> None:
        code = self.charge_point_code or (unit[1] if len(unit) > 1 else "")
        event = read(code, unit)
        if event is None or (not self.admitted and not isinstance(event, Booted)):
            self._fault()
            return
        self._last_heard = self._now
        if isinstance(event, Booted):
            self._hear_boot(event, unit[1])
            return
        if unit[0] == "BEAT":
            self._say(line("BEAT"))
        if isinstance(event, RecordUploaded):
            self._note_upload(event)
        self._events.append(self._matched(event))

    def _note_upload(self, event: RecordUploaded) -> None:
        self._uploads[event.connector_no, event.session_no] = digest_of(event.raw)
        if len(self._uploads) > UPLOADS_MAX:
            del self._uploads[next(iter(self._uploads))]

    def _hear_boot(self, event: Booted, code: str) -> None:
        if code != (self.charge_point_code or code):
            self._fault()
        elif self.admitted:
            self._say(line("BOOT", "ok"))
        elif not self.charge_point_code:
            self.charge_point_code = code
            self._boot_due = self._now + BOOT_LIMIT_S
            self._events.append(event)

    def _matched(self, event: DeviceEvent) -> DeviceEvent:
        """The event with its command's id, when it answers one; that command ends."""
        kind = _ANSWERED_BY.get(type(event))
        if kind is None or not isinstance(event, StartAnswered | StopAnswered | MeterSampled):
            return event
        waiting = self._waiting.get((kind, event.connector_no))
        if waiting is None:
            return event
        if isinstance(event, StartAnswered) and getattr(waiting.command, "session_no", "") != event.session_no:
            return event
        del self._waiting[kind, event.connector_no]
        accepted = isinstance(event, MeterSampled) or event.accepted
        self._end(waiting.command, CommandOutcome.DONE if accepted else CommandOutcome.REFUSED)
        if isinstance(event, MeterSampled):
            return event
        return msgspec.structs.replace(event, command_id=waiting.command.command_id)

    def _answer_boot(self, command: AnswerBoot) -> None:
        if self.admitted or not self.charge_point_code:
            self._end(command, CommandOutcome.REFUSED, "not_waiting")
            return
        self._boot_due = inf
        self.admitted = command.accepted
        self._say(line("BOOT", "ok" if command.accepted else "no"))
        self._end(command, CommandOutcome.DONE)
        if not command.accepted:
            self._close("refused")

    def _confirm(self, command: ConfirmRecord) -> None:
        key = (command.connector_no, command.session_no)
        if key not in self._uploads or command.digest not in ("", self._uploads[key]):
            self._end(command, CommandOutcome.REFUSED, "not_waiting")
            return
        del self._uploads[key]
        self._say(line("RECORD", *key))
        self._end(command, CommandOutcome.DONE)

    def _send(self, command: DeviceCommand) -> None:
        key = (type(command), getattr(command, "connector_no", 0))
        if key in self._waiting:
            self._end(command, CommandOutcome.REFUSED, "busy")
            return
        try:
            said = _SAID[type(command)](command)
        except ValueError as error:
            self._end(command, CommandOutcome.REFUSED, f"invalid: {error}")
            return
        self._say(said)
        self._waiting[key] = Waiting(command, self._now + ANSWER_LIMIT_S)

    def _say(self, said: bytes) -> None:
        self._output.append(said)
        self._log_unit(False, said)

    def _log_unit(self, up: bool, raw: bytes) -> None:
        if len(self._log) < LOG_MAX:
            self._log += (self._wall_ms if up else -self._wall_ms, raw)

    def _end(self, command: DeviceCommand, outcome: CommandOutcome, reason: str = "") -> None:
        self._events.append(
            CommandEnded(
                charge_point_code=command.charge_point_code,
                command_id=command.command_id,
                command=type(command).__name__,
                outcome=outcome,
                reason=reason,
            )
        )

    def _fault(self) -> None:
        self._faults += 1
        if self._faults >= FAULTS_MAX:
            self._close("bad_frames")

    def _report(self) -> None:
        if self._faults and self.charge_point_code:
            counts = {"unreadable": self._faults}
            self._events.append(WireFaulted(charge_point_code=self.charge_point_code, counts=counts))
            self._faults = 0
            self._report_after = self._now + REPORT_EVERY_S

    def _close(self, reason: str) -> None:
        if not self.closing:
            self.closing = True
            self.close_reason = reason
            self._report()
