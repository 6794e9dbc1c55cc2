"""Dialects: where makers leave the paper. A table of facts; without a match the tolerant defaults hold.

What can be told apart frame by frame needs no entry here and is accepted from everybody: both checksum orders (D1), the
reason of a refused start in the result byte (D21), the short answer to a stop (D20), swapped tariff numbers (D15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one charge point speaks. Every default accepts what any maker is known to send."""

    fault_shift: int = 0
    """Places by which the fault bits must move up so that bit n of the document is mask 1 << n (D8)."""
    seconds_lost: bool = False
    """Times carry no seconds, only 0 to 999 milliseconds: compare clocks by the minute (D5)."""
    echoes_sequence: bool = True
    """Whether an answer carries the number of its command, so that it may serve as a hint (D2)."""
    names: tuple[str, ...] = ()
    """The quirks that made this dialect."""


TOLERANT = Dialect()


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation, who has it, and how it is known."""

    name: str
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Dialect` and their values; an unknown name is refused when the quirk is made."""
    code_prefix: str = ""
    """Leading digits of the charge point code, which begin with the number of its maker or operator."""
    firmware_prefix: str = ""

    def __post_init__(self) -> None:
        if not self.code_prefix and not self.firmware_prefix:
            raise ValueError(f"quirk {self.name} needs a code_prefix or a firmware_prefix, or it would match everybody")
        replace(TOLERANT, **self.changes)

    def matches(self, charge_point_code: str, firmware_version: str) -> bool:
        """Whether this charge point is one of those."""
        return charge_point_code.startswith(self.code_prefix) and firmware_version.startswith(self.firmware_prefix)


BUILT_IN: tuple[Quirk, ...] = (
    Quirk(
        name="openuc",
        why="The openUC device kit numbers every frame 00 00, answers included; seen on the wire (D2).",
        firmware_prefix="V9.9.999",
        changes={"echoes_sequence": False},
    ),
)


def dialect_of(charge_point_code: str, firmware_version: str, quirks: Sequence[Quirk] = BUILT_IN) -> Dialect:
    """The dialect of a charge point: the tolerant one, changed by every quirk that matches, in order."""
    dialect = TOLERANT
    for quirk in quirks:
        if quirk.matches(charge_point_code, firmware_version):
            dialect = replace(dialect, **quirk.changes, names=(*dialect.names, quirk.name))
    return dialect
