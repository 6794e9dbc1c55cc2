"""Names for numbers: enumerations, and the pieces packed into one integer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chargecloud.protocols.wire.values import decimal_text

Shown: TypeAlias = "str | int | list[Shown] | dict[str, Shown] | None"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an enumeration: identifier for programs, text for people."""

    identifier: str
    text: str


class Choices(Mapping[int, Choice]):
    """An enumeration of the vendor; numbers outside of it stay visible as unknown."""

    def __init__(self, table: Mapping[int, tuple[str, str]]) -> None:
        self._table = {number: Choice(*names) for number, names in table.items()}

    def __getitem__(self, number: int) -> Choice:
        return self._table[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def identifier(self, number: int) -> str:
        """Return the identifier, `unknown(n)` for a number the vendor did not list."""
        choice = self._table.get(number)
        return choice.identifier if choice else f"unknown({number})"

    def text(self, number: int) -> str:
        """Return the text for people, `未知(n)` for a number the vendor did not list."""
        choice = self._table.get(number)
        return choice.text if choice else f"未知({number})"


@dataclass(frozen=True, slots=True)
class Part:
    """A named piece of a packed value, presented beside it."""

    name: str
    label: str
    place: str
    read: Callable[[int], Shown]
    values: Choices | None = None


def bits(shift: int, width: int, name: str, label: str, *, scale: int = 0, values: Choices | None = None) -> Part:
    """Declare `width` bits from bit `shift` of the little-endian integer."""
    mask = (1 << width) - 1

    def read(packed: int) -> Shown:
        piece = packed >> shift & mask
        return decimal_text(piece, scale) if scale else piece

    return Part(name, label, f"bit {shift}–{shift + width - 1}", read, values)


def flags(name: str, label: str, choices: Choices) -> Part:
    """Declare the list of the identifiers whose bit is set; the choices are numbered by bit."""

    def read(packed: int) -> Shown:
        return [choice.identifier for bit, choice in choices.items() if packed >> bit & 1]

    return Part(name, label, f"bit 0–{max(choices)}", read, choices)


def derived(name: str, label: str, place: str, read: Callable[[int], str]) -> Part:
    """Declare a text computed from the packed value."""
    return Part(name, label, place, read)
