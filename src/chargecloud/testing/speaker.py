"""How a vendor's charge points speak, for the contract suite: units, limits, and what follows from them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import msgspec

from chargecloud.device.commands import AnswerBoot, ConfirmRecord, DeviceCommand
from chargecloud.device.contract import ProtocolPlugin
from chargecloud.device.events import CommandOutcome
from chargecloud.kernel.errors import Unsupported
from chargecloud.testing.commands import one_of_each, session_no
from chargecloud.testing.harness import Harness, admit


class Speaker(ABC):
    """The abstract methods give bytes a charge point of this vendor sends."""

    code: str
    plugin: ProtocolPlugin
    idle_bytes_max = 2_048
    """What an admitted connection may cost while nothing happens."""
    silent_after_s = 120.0
    """By when a connection without any sign of life has closed."""
    refusal_frames = 1
    """How many frames turn a charge point away; 0 where the vendor has no word for it and the connection just ends."""
    beat_introduces = False
    """Whether the sign of life is the introduction as well."""

    @abstractmethod
    def boot(self) -> bytes:
        """The introduction of the charge point `code`."""

    @abstractmethod
    def beat(self) -> bytes:
        """A sign of life that wants an answer."""

    @abstractmethod
    def sample(self, session: str) -> bytes:
        """Live values of connector 1."""

    @abstractmethod
    def record(self, session: str) -> bytes:
        """A charge detail record of connector 1."""

    @abstractmethod
    def started(self, session: str) -> bytes:
        """The success of a start of connector 1."""

    @abstractmethod
    def damaged(self) -> bytes:
        """A unit that cannot be read and swallows nothing behind it."""

    def is_harmless(self, sent: bytes) -> bool:
        """Whether this may be said to a charge point that has not introduced itself."""
        return False

    def acquaint(self, harness: Harness) -> None:
        """What has to happen before a charge point of this vendor can name the session `session_no(code)`.

        Nothing, where session numbers are ours. Whatever comes out of it is not counted.
        """
        assert harness.connection.admitted

    # -- helpers

    def connect(self) -> Harness:
        return Harness(self.plugin.connect(0.0))

    def admitted(self) -> Harness:
        harness = self.connect()
        admit(harness, self.boot(), self.code)
        harness.pass_time(2.0)
        before = len(harness.events)
        self.acquaint(harness)
        del harness.events[before:]
        harness.take_sent()
        harness.log.clear()
        return harness

    def commands(self, harness: Harness) -> list[DeviceCommand]:
        """One of each command this protocol honours, the boot answer excepted."""
        every = one_of_each(self.code, harness.wall_ms + 30_000)
        return [command for command in every if not isinstance(command, AnswerBoot) and self.honours(command)]

    def honours(self, command: DeviceCommand) -> bool:
        try:
            self.connect().submit(command)
        except Unsupported:
            return False
        return True

    def talk(self) -> bytes:
        """A stretch of an ordinary conversation, with damage in it."""
        session = session_no(self.code)
        parts = [self.beat(), self.sample(session), self.damaged(), self.record(session), self.beat()]
        return b"".join([*parts, self.sample(""), self.damaged(), self.started(session), self.beat()])

    def confirm(
        self, harness: Harness, session: str, outcome: CommandOutcome = CommandOutcome.DONE, *, digest: str = ""
    ) -> None:
        command = ConfirmRecord(
            command_id=f"confirm {len(harness.events)}",
            charge_point_code=self.code,
            expires_at_ms=harness.wall_ms + 10_000,
            connector_no=1,
            session_no=session,
            digest=digest,
        )
        harness.submit(command)
        assert [end.outcome for end in harness.ends(command.command_id)] == [outcome]

    def keep_alive(self, harness: Harness, seconds: float) -> None:
        for _ in range(int(seconds // 20)):
            if harness.connection.closing:
                return
            harness.pass_time(20.0)
            harness.receive(self.beat())


def again(command: DeviceCommand, expires_at_ms: int, command_id: str = "") -> DeviceCommand:
    """The command with another expiry and, when given, another id."""
    return msgspec.structs.replace(command, expires_at_ms=expires_at_ms, command_id=command_id or command.command_id)
