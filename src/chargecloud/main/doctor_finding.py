"""What a check of the doctor says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from chargecloud.main.settings import Settings


class Level(StrEnum):
    """How bad it is; only `wrong` makes the command fail."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    level: Level
    subject: str
    text: str


Check = Callable[[Settings], Iterator[Finding]]


def fine(subject: str, text: str) -> Finding:
    """As it should be."""
    return Finding(Level.FINE, subject, text)


def note(subject: str, text: str) -> Finding:
    """Worth knowing."""
    return Finding(Level.NOTE, subject, text)


def wrong(subject: str, text: str) -> Finding:
    """Has to be mended, and how."""
    return Finding(Level.WRONG, subject, text)
