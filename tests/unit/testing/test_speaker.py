"""What follows from how a vendor speaks."""

from __future__ import annotations

from chargecloud.device.commands import ConfirmRecord, ReadSample, StartCharging, StopCharging
from chargecloud.testing.speaker import Speaker, again
from tests.contract.test_template import TestTemplate as Template


class Quiet(Template):
    """A template that tells its charge points something at the beginning of every test."""

    __test__ = False
    acquainted = 0

    def acquaint(self, harness: object) -> None:
        self.acquainted += 1


def test_commands_are_those_the_protocol_honours() -> None:
    speaker: Speaker = Quiet()
    commands = {type(command) for command in speaker.commands(speaker.connect())}
    assert commands == {StartCharging, StopCharging, ConfirmRecord, ReadSample}


def test_an_admitted_charge_point_is_acquainted_and_nothing_of_it_counts() -> None:
    speaker = Quiet()
    harness = speaker.admitted()
    assert speaker.acquainted == 1 and harness.connection.admitted
    assert harness.sent == [] and harness.log == []


def test_a_command_can_be_given_again() -> None:
    speaker = Quiet()
    command = speaker.commands(speaker.connect())[0]
    other = again(command, 7, "other")
    assert (other.expires_at_ms, other.command_id, type(other)) == (7, "other", type(command))
    assert again(command, 7).command_id == command.command_id
