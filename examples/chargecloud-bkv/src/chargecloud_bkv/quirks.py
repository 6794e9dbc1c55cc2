"""Dialects: what differs from gateway to gateway, as data."""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.profile import Profile
from chargecloud.protocols.common import profiles

TIER_COMMANDS = (0x0015, 0x0005)
SOCKETS_MAX = 250
HEARTBEAT_MAX_S = 3600
MINUTES_MAX = 900


@dataclass(frozen=True, slots=True)
class Dialect(profiles.Dialect):
    """How one gateway speaks, and what hangs on it."""

    heartbeat_s: int = 60
    """How often it beats; after two and a half of them the connection is dead."""
    sockets: int = 8
    """How many sockets hang on it: it never says so."""
    max_minutes: int = MINUTES_MAX
    """What a start asks for that names no time."""
    tier_command: int = 0x0015
    """The command a start by tiers goes under: the guide explains 0015 and prints 0005 once."""
    answers_end_as_card: bool = True
    """Whether every end report is answered with sub-command 0C, as captured, or with its own."""

    def __post_init__(self) -> None:
        _within("heartbeat_s", self.heartbeat_s, HEARTBEAT_MAX_S)
        _within("sockets", self.sockets, SOCKETS_MAX)
        _within("max_minutes", self.max_minutes, MINUTES_MAX)
        if self.tier_command not in TIER_COMMANDS:
            raise ValueError(f"tier_command is one of {list(TIER_COMMANDS)}, not {self.tier_command}")


def _within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ValueError(f"{name} is 1 to {most}, not {value}")


PLAIN = Dialect()
BUILT_IN: tuple[Profile, ...] = ()
"""Nothing is known for sure yet: captures of one gateway agree with the guide."""
