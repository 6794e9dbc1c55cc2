"""State of one conversation and the few verbs its parts share: say, tell, wake, end, close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import msgspec

from chargecloud.device.commands import DeviceCommand, DeviceTariff
from chargecloud.device.events import CommandEnded, CommandOutcome, DeviceEvent, WireFaulted
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.faults import Faults
from chargecloud.protocols.ykc16.mapping.values import gun_text
from chargecloud.protocols.ykc16.quirks import TOLERANT, Dialect, Quirk

if TYPE_CHECKING:
    from chargecloud.protocols.ykc16.asks import Ask
    from chargecloud.protocols.ykc16.pending import Exchange
    from chargecloud.protocols.ykc16.records import Upload
    from chargecloud.protocols.ykc16.tariffs import TariffWait

OUTPUT_MAX = 4096
"""Frames that may wait for the gateway; it takes them after every call, so only a mistake comes near."""
LOG_MAX = 4096
_FIRST_GUN_NOT_PLAIN = "0A"


class Conversation:
    """What is known of one charge point while it is connected. Rarely used parts are made when they are needed."""

    __slots__ = (
        "_guns",
        "_sequence",
        "admitted",
        "asked",
        "asks",
        "boot_due",
        "charge_point_code",
        "close_reason",
        "closing",
        "code_on_wire",
        "dialect",
        "events",
        "faults",
        "lanes",
        "log",
        "login_sequence",
        "now",
        "output",
        "quirks",
        "tariff",
        "tariff_after",
        "tariff_slot",
        "tariff_wait",
        "uploads",
        "wake",
        "wall_ms",
    )

    def __init__(self, now: float, quirks: Sequence[Quirk]) -> None:
        self.quirks = quirks
        self.charge_point_code = ""
        self.code_on_wire = b""
        self.admitted = False
        self.closing = False
        self.close_reason = ""
        self.now = now
        self.wall_ms = 0
        self.wake = inf
        """When something scheduled is due next; silence and stale bytes are watched apart, they move all the time."""
        self.events: list[DeviceEvent] = []
        self.output: list[bytes] = []
        self.log: list[tuple[bool, bytes]] = []
        self.dialect: Dialect = TOLERANT
        self.login_sequence: bytes = b""
        self.boot_due = inf
        self.tariff: DeviceTariff | None = None
        self.tariff_slot = now
        self.tariff_after = now
        self.tariff_wait: TariffWait | None = None
        self.asked = 0
        self.asks: dict[str, Ask] | None = None
        self.uploads: dict[tuple[str, int], Upload] | None = None
        self.lanes: dict[tuple[int, int], list[Exchange[Any]]] | None = None
        self.faults: Faults | None = None
        self._sequence = 0
        self._guns: dict[int, str] | None = None

    def tell(self, event: DeviceEvent) -> None:
        """Hand an event to whoever called."""
        self.events.append(event)

    def say(self, frame: Frame, sequence: bytes) -> None:
        """Put a frame on the wire; FieldError when a value does not fit."""
        self.say_bytes(encode(frame, sequence))

    def say_bytes(self, raw: bytes) -> None:
        """Put finished bytes on the wire."""
        if len(self.output) >= OUTPUT_MAX:
            self.fault("output_full")
            return
        self.output.append(raw)
        if len(self.log) < LOG_MAX:
            self.log.append((False, raw))

    def next_sequence(self) -> bytes:
        """The number of our next own command: counted from 0 on each connection, low byte first (文档 §1.4)."""
        sequence = self._sequence
        self._sequence = (sequence + 1) & 0xFFFF
        return sequence.to_bytes(2, "little")

    def wake_at(self, when: float) -> None:
        """Ask for a tick no later than this."""
        self.wake = min(self.wake, when)

    def note_gun(self, gun_no: str, connector_no: int) -> None:
        """Remember how this charge point writes a connector above 9, to write it the same way."""
        if gun_no >= _FIRST_GUN_NOT_PLAIN:
            if self._guns is None:
                self._guns = {}
            self._guns[connector_no] = gun_no

    def gun(self, connector_no: int) -> str:
        """The gun number byte of a connector, as this charge point writes it."""
        if self._guns is not None and connector_no in self._guns:
            return self._guns[connector_no]
        return gun_text(connector_no)

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
                charge_point_code=self.charge_point_code or command.charge_point_code,
                command_id=command.command_id,
                command=type(command).__name__,
                outcome=outcome,
                reason=reason,
                detail=msgspec.json.encode(facts).decode() if facts else "",
            )
        )

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
