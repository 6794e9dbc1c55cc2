"""What a command takes."""

from __future__ import annotations

from chargecloud.device.capability import NEEDS, Capability
from chargecloud.device.commands import AnswerBoot, AnswerStart, ConfirmRecord
from chargecloud.testing.commands import ALL_COMMANDS

CONVERSATION = {AnswerBoot, AnswerStart, ConfirmRecord}
"""Answers every protocol gives."""
NO_COMMAND = {
    Capability.PARALLEL, Capability.SEVERAL_CHARGE_POINTS, Capability.CHOOSES_CONNECTOR, Capability.CHARGE_LIMITS,
    Capability.POWER_TIERS,
}  # fmt: skip
"""Ways of doing things, not commands of their own."""


def test_every_command_takes_a_capability_or_belongs_to_the_conversation() -> None:
    assert set(NEEDS) == set(ALL_COMMANDS) - CONVERSATION


def test_every_capability_is_taken_by_a_command_or_is_a_way_of_doing_things() -> None:
    assert set(NEEDS.values()) == set(Capability) - NO_COMMAND
