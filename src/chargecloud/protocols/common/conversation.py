"""State every conversation has, and the verbs its parts share: tell, say, wake, end, fault, close."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import msgspec

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import CommandEnded, CommandOutcome, DeviceEvent, WireFaulted
from chargecloud.device.unitlog import UnitLog
from chargecloud.protocols.common.faults import Faults
from chargecloud.protocols.wire.stream import Framing, StreamCutter

OUTPUT_MAX = 4096
"""Frames that may wait for the gateway; it takes them after every call, so only a mistake comes near."""
LOG_MAX = 16_384
"""Length of the list of units that may wait for the gateway, which takes them several times a second."""


class BaseConversation:
    """What is known of one connection, whoever the vendor."""

    __slots__ = (
        "_cutter",
        "_last_heard",
        "_partial_since",
        "_silence_s",
        "admitted",
        "charge_point_code",
        "close_reason",
        "closing",
        "events",
        "faults",
        "log",
        "now",
        "output",
        "wake",
        "wall_ms",
    )

    def __init__(self, framing: Framing, now: float, *, silence_s: float) -> None:
        self._cutter = StreamCutter(framing)
        self._silence_s = silence_s
        self._last_heard = now
        self._partial_since = inf
        self.charge_point_code = ""
        self.admitted = False
        self.closing = False
        self.close_reason = ""
        self.now = now
        self.wall_ms = 0
        self.wake = inf
        """When something scheduled is due next; silence and stale bytes are watched apart, they move all the time."""
        self.events: list[DeviceEvent] = []
        self.output: list[bytes] = []
        self.log: UnitLog = []
        self.faults: Faults | None = None

    def tell(self, event: DeviceEvent) -> None:
        """Hand an event to whoever called."""
        self.events.append(event)

    def say_bytes(self, raw: bytes) -> None:
        """Put finished bytes on the wire."""
        if len(self.output) >= OUTPUT_MAX:
            self.fault("output_full")
            return
        self.output.append(raw)
        if len(self.log) < LOG_MAX:
            self.log.append(-self.wall_ms)
            self.log.append(raw)

    def wake_at(self, when: float) -> None:
        """Ask for a tick no later than this."""
        self.wake = min(self.wake, when)

    def end(
        self,
        command: DeviceCommand,
        outcome: CommandOutcome,
        reason: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Tell how a command ended."""
        self.tell(
            CommandEnded(
                charge_point_code=self.about(command),
                command_id=command.command_id,
                command=type(command).__name__,
                outcome=outcome,
                reason=reason,
                detail=msgspec.json.encode(facts).decode() if facts else "",
            )
        )

    def about(self, command: DeviceCommand) -> str:
        """Whose command ended, where a line may carry several charge points."""
        return command.charge_point_code

    def fault(self, kind: str, amount: int = 1) -> None:
        """Count something on the wire that could not be used; too much of it ends the conversation."""
        if self.faults is None:
            self.faults = Faults()
        if self.faults.add(kind, amount, self.now):
            self.close("bad_frames")
        else:
            self.wake_at(self.faults.due(self.now))

    def report_faults(self, *, force: bool) -> None:
        """Tell what has been counted, at most once a minute unless forced; not before we know who it is about."""
        if self.faults is None or not self.charge_point_code:
            return
        counts = self.faults.take(self.now, force=force)
        if counts:
            self.tell(WireFaulted(charge_point_code=self.charge_point_code, counts=counts))
        elif self.faults.counts:
            self.wake_at(self.faults.due(self.now))

    def close(self, reason: str) -> None:
        """Ask for the end of the connection once the output has gone; the first reason stays."""
        if not self.closing:
            self.closing = True
            self.close_reason = reason
            self.report_faults(force=True)
