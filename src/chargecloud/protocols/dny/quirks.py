"""Dialects: where products leave the newest paper. A table of facts; without a match the newest form is tried first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class StartForm:
    """How many bytes of the start command a board knows."""

    size: int

    def keep(self, ends_at: int, value: int) -> int | None:
        """The value of a column that ends there, or None when this form ends before."""
        return value if ends_at <= self.size else None


NEWEST, OF_2022, OLDEST = StartForm(38), StartForm(37), StartForm(29)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one board speaks."""

    start_forms: tuple[StartForm, ...] = (NEWEST, OF_2022, OLDEST)
    """Tried one after the other, each until a start stays unanswered twice."""
    names: tuple[str, ...] = ()
    """The quirks that made this dialect."""


PLAIN = Dialect()


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation, who has it, and how it is known."""

    name: str
    why: str
    device_types: frozenset[int]
    firmware_below: int = 0x10000
    changes: dict[str, object] = field(default_factory=dict)

    def matches(self, device_type: int, firmware_version: int) -> bool:
        """Whether this board is one of those."""
        return device_type in self.device_types and firmware_version < self.firmware_below


BUILT_IN: tuple[Quirk, ...] = (
    Quirk(
        name="two-sockets-31",
        why="Type 0x31 with firmware 6.40 was captured obeying 37 bytes; nothing shows that it knows 38.",
        device_types=frozenset({0x31}),
        firmware_below=641,
        changes={"start_forms": (OF_2022, OLDEST)},
    ),
)


def dialect_of(device_type: int, firmware_version: int, quirks: Sequence[Quirk] = BUILT_IN) -> Dialect:
    """The dialect of a board: the plain one, changed by every quirk that matches, in order."""
    dialect = PLAIN
    for quirk in quirks:
        if quirk.matches(device_type, firmware_version):
            dialect = replace(dialect, **quirk.changes, names=(*dialect.names, quirk.name))  # type: ignore[arg-type]
    return dialect
