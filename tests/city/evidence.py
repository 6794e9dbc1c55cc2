"""What the oracle judges by: the truth of the charge points, what went over the wire, the rows of the database."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from chargecloud.sim.truth import SessionTruth
from tests.city.dialler import Dialler
from tests.city.host import Host
from tests.city.hub import Hub
from tests.city.journal import Journal
from tests.city.options import CityOptions
from tests.city.sheds import Sheds
from tests.city.world import World

Rows = list[sqlite3.Row]
D = TypeVar("D", bound=Dialler[Any])
PEOPLE = "SELECT DISTINCT order_no FROM order_events WHERE kind = 'resolved'"


@dataclass
class Evidence:
    """The side of the city."""

    options: CityOptions
    world: World
    sheds: Sheds
    journal: Journal
    hosts: Sequence[Host]
    hubs: Sequence[Hub]
    invented: set[str]
    """Sessions nobody charged for."""
    tampered: set[str]
    """Sessions a false record was sent for."""
    dangerous: set[str]
    """Sessions at a board whose charger was not sound."""


@dataclass
class Books:
    """The side of the platform: its tables, read without any of its code."""

    path: Path
    now_ms: int
    suspects: set[str] = field(default_factory=set)
    """Charge points that complaints name, so that their stories can be told."""

    def __post_init__(self) -> None:
        self._connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, query: str, *values: object) -> Rows:
        """Every row of a query."""
        return self._connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        """The one value of a query."""
        return self._connection.execute(query, values).fetchone()[0]

    def by(self, column: str, query: str, *values: object) -> dict[Any, sqlite3.Row]:
        """Rows by a unique column."""
        return {row[column]: row for row in self.rows(query, *values)}

    def accuse(self, code: str) -> None:
        """Remember whose story to tell."""
        self.suspects.add(code)


def truths(diallers: Iterable[D]) -> list[tuple[D, SessionTruth]]:
    """Every session that really began."""
    return [(dialler, session) for dialler in diallers for session in dialler.point.truth.sessions]
