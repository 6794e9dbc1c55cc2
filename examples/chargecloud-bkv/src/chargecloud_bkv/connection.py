"""The `Connection` of one gateway: bytes in, events and bytes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chargecloud.device.commands import AnswerBalance, AnswerBoot, AnswerStart, ConfirmRecord, DeviceCommand
from chargecloud.device.events import CommandOutcome, DeviceEvent
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Unsupported
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.streamed import StreamedConversation
from chargecloud.protocols.wire.schema import Direction
from chargecloud_bkv import cards, login, records, scripts
from chargecloud_bkv.codec import Verdict, decode
from chargecloud_bkv.conversation import Conversation
from chargecloud_bkv.frames import Heartbeat, StateQuestion
from chargecloud_bkv.memory import Memory
from chargecloud_bkv.quirks import BUILT_IN
from chargecloud_bkv.uplinks import HANDLERS

_VERDICT_FAULTS = {Verdict.REJECT_BODY_LENGTH: "short_body", Verdict.UNKNOWN_TYPE: "unknown_type"}
_DIRECT: dict[type[DeviceCommand], Callable[[Conversation, Any], None]] = {
    AnswerBoot: login.answer_boot,
    AnswerStart: cards.answer_start,
    AnswerBalance: cards.answer_balance,
    ConfirmRecord: records.confirm,
}
"""Commands that are more or less than one exchange of frames."""
HONOURED: frozenset[type[DeviceCommand]] = frozenset({*_DIRECT, *scripts.SCRIPTS})


class Connection(Conversation, StreamedConversation):
    """One gateway with its sockets; see `chargecloud.device.contract.Connection`."""

    __slots__ = ()

    def __init__(self, now: float, memory: Memory, profiles: Sequence[Profile] = BUILT_IN) -> None:
        super().__init__(now, memory, profiles)

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Put a command on the wire, or end it at once."""
        kind = type(command)
        if kind not in HONOURED:
            raise Unsupported(f"BKV has no frame for {kind.__name__}", "command_unsupported", command=kind.__name__)
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
            pending.submit(self, scripts.SCRIPTS[kind], command)
        return events

    def probe(self, now: float, wall_ms: int) -> None:
        """Ask for a sign of life: how is socket 1?"""
        self.now = now
        self.wall_ms = wall_ms
        if self.admitted and not self.closing:
            self.dispatch(StateQuestion(socket=1), None)

    def hear(self, raw: bytes) -> None:
        """Take one frame with a right sum."""
        decoded = decode(raw)
        frame, parcel = decoded.frame, decoded.parcel
        if frame is None:
            self.fault(_VERDICT_FAULTS[decoded.verdict])
        elif parcel.direction is Direction.DOWN:
            self.fault("wrong_direction")
        elif self.charge_point_code not in ("", parcel.gateway_id):
            self.fault("changed_identity")
        elif isinstance(frame, Heartbeat):
            login.on_heartbeat(self, frame, parcel.gateway_id, parcel.serial)
        elif not self.admitted:
            self.fault("before_login")
        else:
            HANDLERS[type(frame)](self, frame, parcel.serial, parcel.content)

    def sweep(self) -> None:
        """Do what is scheduled for now."""
        login.sweep(self)
        if self.closing:
            return
        cards.sweep(self)
        pending.sweep(self)

    def drop_pending(self, reason: str) -> None:
        """End every pending command: the socket is gone."""
        pending.abandon(self, reason)
