"""The other charge points of a line: each is claimed, admitted, contested and released by itself (ADR 15)."""

from __future__ import annotations

from collections.abc import Sequence

from chargecloud.device.capability import Capability
from chargecloud.device.commands import DeviceCommand, ReadSample
from chargecloud.device.events import DeviceEvent
from chargecloud.gateway.link import Link

_NEVER_MS = 1 << 62


class Berth(Link):
    """One more charge point on the connection of another: to admission and contests it is a link like any other."""

    __slots__ = ("line",)

    def __init__(self, line: Link, code: str) -> None:
        super().__init__(line.board, line.plugin)
        self.line = line
        self.code = code
        self.source = line.source
        self.connection = line.connection
        self.wire = line.wire

    def submit(self, command: DeviceCommand) -> None:
        """The line carries it; the command names whom it is for."""
        self.line.submit(command)

    def tick_connection(self, now: float, wall_ms: int) -> None:
        """What the connection has to do is the line's to see to."""

    def probe(self, now: float) -> None:
        """Ask this one for a sign of life: the connection's own probe asks any of them."""
        if Capability.READ_SAMPLE in self.plugin.capabilities:
            question = ReadSample(command_id="", charge_point_code=self.code, expires_at_ms=_NEVER_MS, connector_no=1)
            self.line.submit(question)
        else:
            self.line.probe(now)

    def see_if_calm(self) -> None:
        """A line of several is never calm."""

    def last_words(self, reason: str) -> Sequence[DeviceEvent]:
        """Pending commands end with the line, or unanswered in their own time."""
        return ()

    def leave(self, reason: str) -> None:
        """Make room on the line, which goes on for the others."""
        if self.line.berths is not None:
            self.line.berths.pop(self.code, None)
        self.board.leave_berth(self, reason)

    def hang_up(self, *, gently: bool) -> None:
        """The socket is the line's."""

    def pause(self) -> None:
        """It is the line that is read from."""
        self.line.pause()
