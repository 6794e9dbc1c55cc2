"""The `Connection` of 云快充 V1.6: bytes in, events and bytes out; the parts of the conversation are beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from chargecloud.device.commands import AnswerBoot, AnswerStart, ApplyTariff, ConfirmRecord, DeviceCommand
from chargecloud.device.events import CommandOutcome, DeviceEvent
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Unsupported
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.conversation import LOG_MAX, OUTPUT_MAX
from chargecloud.protocols.common.streamed import StreamedConversation
from chargecloud.protocols.ykc16 import asks, login, records, tariffs
from chargecloud.protocols.ykc16.codec import Verdict, decode
from chargecloud.protocols.ykc16.conversation import SILENCE_S, Conversation
from chargecloud.protocols.ykc16.frames import LoginRequest, TransactionRecord
from chargecloud.protocols.ykc16.quirks import BUILT_IN
from chargecloud.protocols.ykc16.scripts import SCRIPTS, sample_query
from chargecloud.protocols.ykc16.uplinks import HANDLERS
from chargecloud.protocols.ykc16.usual import answer_to, event_of, first_of

STRANGERS_MAX = 5
"""Frames before the login after which a connection is not worth keeping."""

_VERDICT_FAULTS = {
    Verdict.REJECT_ENCRYPTED: "encrypted",
    Verdict.REJECT_BODY_LENGTH: "short_body",
    Verdict.UNKNOWN_TYPE: "unknown_type",
}
_FIRST = (LoginRequest,)
_EARLY = (LoginRequest, TransactionRecord)
"""What counts before the admission once we know who speaks; what a record is worth then is for the gateway to say."""
_DIRECT: dict[type[DeviceCommand], Callable[[Conversation, Any], None]] = {
    AnswerBoot: login.answer_boot,
    AnswerStart: asks.answer_start,
    ApplyTariff: tariffs.apply,
    ConfirmRecord: records.confirm,
}
"""Commands that are more than one exchange of frames."""

HONOURED: frozenset[type[DeviceCommand]] = frozenset(_DIRECT) | frozenset(SCRIPTS)


class Connection(Conversation, StreamedConversation):
    """One charge point that speaks YKC V1.6; see `chargecloud.device.contract.Connection`."""

    __slots__ = ("_strangers",)

    def __init__(self, now: float, *, silence_s: float = SILENCE_S, profiles: Sequence[Profile] = BUILT_IN) -> None:
        super().__init__(now, profiles, silence_s=silence_s)
        self._strangers = 0

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Take bytes; give what they say."""
        events = self.begin(now, wall_ms)
        if self.closing:
            return events
        while (answer := self.usual(first := first_of(data))) is not None:
            events.append(self.take_usual(first, answer, now, wall_ms))
            if answer:
                self.output.append(answer)
            data = data[len(first) :]
        if data:
            self.take_bytes(data)
        return events

    def usual(self, data: bytes) -> bytes | None:
        """The answer to a whole, sound 0x03 or 0x13 that nobody has asked for."""
        if not self.admitted or self._partial_since != inf or len(self.output) >= OUTPUT_MAX:
            return None
        return answer_to(self, data)

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        """Log it and tell what it says."""
        self._last_heard = now
        log = self.log
        if len(log) < LOG_MAX:
            log += (wall_ms, data, -wall_ms, answer) if answer else (wall_ms, data)
        return event_of(self, data)

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Put a command on the wire, or end it at once."""
        kind = type(command)
        if kind not in HONOURED:
            raise Unsupported(
                f"云快充 V1.6 has no frame for {kind.__name__}", "command_unsupported", command=kind.__name__
            )
        events = self.begin(now, wall_ms)
        if command.expires_at_ms <= wall_ms:
            self.end(command, CommandOutcome.EXPIRED, "expired")
        elif self.closing or not (self.admitted or kind is AnswerBoot):
            self.end(command, CommandOutcome.OFFLINE, "closing" if self.closing else "not_admitted")
        elif command.charge_point_code != self.charge_point_code:
            self.end(command, CommandOutcome.REFUSED, "wrong_charge_point")
        elif kind in _DIRECT:
            _DIRECT[kind](self, command)
        else:
            pending.submit(self, SCRIPTS[kind], command)
        return events

    def probe(self, now: float, wall_ms: int) -> None:
        """Ask for a sign of life: the live values of connector 1."""
        self.now = now
        self.wall_ms = wall_ms
        if self.admitted and not self.closing:
            self.say(sample_query(self, 1), self.next_sequence())

    def sweep(self) -> None:
        """Do what is scheduled for now."""
        for sweep in (login.sweep, tariffs.sweep, asks.sweep, pending.sweep):
            sweep(self)

    def drop_pending(self, reason: str) -> None:
        """End every pending command."""
        pending.abandon(self, reason)

    def hear(self, raw: bytes) -> None:
        """One whole frame with a right checksum."""
        decoded = decode(raw)
        frame: Any = decoded.frame
        if frame is None:
            self.fault(_VERDICT_FAULTS[decoded.verdict])
            return
        handler = HANDLERS.get(type(frame))
        if handler is None:
            self.fault("wrong_direction")
        elif not self.admitted and type(frame) not in (_EARLY if self.charge_point_code else _FIRST):
            self._hear_stranger()
        elif self.charge_point_code and (frame.pile_code or self.charge_point_code) != self.charge_point_code:
            self.fault("foreign")
        else:
            handler(self, frame, raw)

    def _hear_stranger(self) -> None:
        """Nothing but 0x01 counts before the login has succeeded."""
        self.fault("before_login")
        if not self.charge_point_code:
            self._strangers += 1
            if self._strangers >= STRANGERS_MAX:
                self.close("no_login")
