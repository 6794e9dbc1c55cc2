"""Dialects: where makers leave the paper. A table of facts; without a match the tolerant defaults hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one charge point speaks. Every default accepts what any maker is known to send."""

    fault_shift: int = 0
    """Places by which the fault bits must move up so that bit n of the document is mask 1 << n (D8)."""
    seconds_lost: bool = False
    """Times carry no seconds, only 0 to 999 milliseconds: compare clocks by the minute (D5)."""
    names: tuple[str, ...] = ()
    """The quirks that made this dialect."""


TOLERANT = Dialect()


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation, who has it, and how it is known."""

    name: str
    why: str
    code_prefix: str = ""
    """Leading digits of the charge point code, which begin with the number of its maker or operator."""
    firmware_prefix: str = ""
    changes: dict[str, object] = field(default_factory=dict)

    def matches(self, charge_point_code: str, firmware_version: str) -> bool:
        """Whether this charge point is one of those; a quirk without any prefix matches nobody."""
        if not self.code_prefix and not self.firmware_prefix:
            return False
        return charge_point_code.startswith(self.code_prefix) and firmware_version.startswith(self.firmware_prefix)


BUILT_IN: tuple[Quirk, ...] = (
    Quirk(
        name="openuc-seconds",
        why="The openUC device kit writes 0 to 999 into the millisecond field and drops the seconds (D5).",
        firmware_prefix="V9.9.999",
        changes={"seconds_lost": True},
    ),
    Quirk(
        name="evcpa-faults",
        why="evcpa numbers the fault bits from mask 1: its first bit is the first fault of the document (D8).",
        firmware_prefix="evcpa",
        changes={"fault_shift": 1},
    ),
)


def dialect_of(charge_point_code: str, firmware_version: str, quirks: Sequence[Quirk] = BUILT_IN) -> Dialect:
    """The dialect of a charge point: the tolerant one, changed by every quirk that matches, in order."""
    dialect = TOLERANT
    for quirk in quirks:
        if quirk.matches(charge_point_code, firmware_version):
            dialect = replace(dialect, **quirk.changes, names=(*dialect.names, quirk.name))  # type: ignore[arg-type]
    return dialect
