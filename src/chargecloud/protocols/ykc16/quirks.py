"""Dialects: where makers leave the paper. A table of facts; without a match the tolerant defaults hold.

What can be told apart frame by frame needs no entry here and is accepted from everybody: both checksum orders (D1), the
reason of a refused start in the result byte (D21), the short answer to a stop (D20), swapped tariff numbers (D15).
"""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.profile import Profile
from chargecloud.protocols.common import profiles


@dataclass(frozen=True, slots=True)
class Dialect(profiles.Dialect):
    """How one charge point speaks. Every default accepts what any maker is known to send."""

    fault_shift: int = 0
    """Places by which the fault bits must move up so that bit n of the document is mask 1 << n (D8)."""
    seconds_lost: bool = False
    """Times carry no seconds, only 0 to 999 milliseconds: compare clocks by the minute (D5)."""
    echoes_sequence: bool = True
    """Whether an answer carries the number of its command, so that it may serve as a hint (D2)."""

    def __post_init__(self) -> None:
        if not 0 <= self.fault_shift <= SHIFT_MAX:
            raise ValueError(f"fault_shift is 0 to {SHIFT_MAX}, not {self.fault_shift}")


SHIFT_MAX = 15
TOLERANT = Dialect()
BUILT_IN: tuple[Profile, ...] = (
    Profile(
        name="openuc",
        why="The openUC device kit numbers every frame 00 00, answers included; seen on the wire (D2).",
        firmware_prefix="V9.9.999",
        changes={"echoes_sequence": False},
    ),
)
