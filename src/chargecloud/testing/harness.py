"""A charge point's connection with a clock of its own: tests say what happens, the harness lets time pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from chargecloud.device.commands import AnswerBoot, DeviceCommand
from chargecloud.device.contract import Connection
from chargecloud.device.events import CommandEnded, DeviceEvent
from chargecloud.device.unitlog import units_of

START_MS = 1_767_225_600_000
SECOND_MS = 1000
E = TypeVar("E", bound=DeviceEvent)


class Harness:
    """Calls a connection the way the gateway does and keeps everything that came out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = 0.0
        self.events: list[DeviceEvent] = []
        self.sent: list[bytes] = []
        self.log: list[tuple[bool, bytes]] = []

    @property
    def wall_ms(self) -> int:
        return START_MS + int(self.now * SECOND_MS + 0.5)

    def receive(self, data: bytes) -> list[DeviceEvent]:
        return self._took(self.connection.receive(data, self.now, self.wall_ms))

    def submit(self, command: DeviceCommand) -> list[DeviceEvent]:
        return self._took(self.connection.submit(command, self.now, self.wall_ms))

    def pass_time(self, seconds: float) -> list[DeviceEvent]:
        """Let time pass, ticking at each deadline on the way."""
        until = self.now + seconds
        events: list[DeviceEvent] = []
        for _ in range(10_000):
            due = self.connection.deadline()
            if due > until:
                self.now = until
                return events
            self.now = max(self.now, due)
            events += self._took(self.connection.tick(self.now, self.wall_ms))
        raise AssertionError(f"10,000 ticks before {until} s: the deadline does not move on from {due} s")

    def abandon(self, reason: str = "socket_closed") -> list[DeviceEvent]:
        return self._took(self.connection.abandon(reason))

    def take_sent(self) -> list[bytes]:
        """What was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent

    def told(self, kind: type[E]) -> list[E]:
        """Every event of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def ends(self, command_id: str) -> list[CommandEnded]:
        return [event for event in self.told(CommandEnded) if event.command_id == command_id]

    def _took(self, events: Iterable[DeviceEvent]) -> list[DeviceEvent]:
        got = list(events)
        self.events += got
        self.sent += self.connection.take_output()
        self.log += [(up, raw) for _, up, raw in units_of(self.connection.take_frames())]
        return got


def admit(harness: Harness, boot: bytes, code: str, *, qr_prefix: str = "") -> None:
    """Introduce and admit a charge point; leaves the pushes of the login to come."""
    harness.receive(boot)
    harness.submit(
        AnswerBoot(
            command_id="boot",
            charge_point_code=code,
            expires_at_ms=harness.wall_ms + 10_000,
            link_id="link",
            accepted=True,
            qr_prefix=qr_prefix,
        )
    )
    assert harness.connection.admitted
