"""How each life of the platform ends: at a named point, or at any moment, with its database in reach or not."""

import contextlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chargecloud.kernel import killpoints
from tests.support.platform_process import Platform

RANDOM = "random"
DEEPEST = {
    "K1": 80, "K2": 3, "K3": 40, "K4": 80, "K5": 40, "K6": 60, "K7": 40,
    "K10": 2, "K11": 2, "K12": 2, "K15": 1, "K16": 10,
}  # fmt: skip
"""Passes of each point that a life of a few seconds comes to; which one kills is thrown."""
AT_THE_DESK = ("K8", "K9", "K13", "K14")
"""Points between a provider's word and ours; `cashier.py` is killed there."""
JOURNALLED = {"K2", "K3"}
"""Points on the way through the journal: reached while the database is away."""
HOLD_WITHIN_S = 60.0
WAIT_S = 10.0
"""A life that does not come to its point by then is killed at random."""
LONGEST_S = 2.0
EARLY = 0.15
"""So many of the random kills come while the platform is still starting."""
LATE_S = 2.0
"""When records are on their way through the journal after the database has gone (`journal.after_s` and a little)."""
HELD = 0.3
"""So many of the random kills come while the database is away and the journal has what was confirmed."""


@dataclass(frozen=True)
class Life:
    """One start of the platform and its end."""

    point: str = RANDOM
    order: str = ""
    held: bool = False
    early: bool = False
    lasts_s: float = 0.0


def plan(kills: int, dice: random.Random) -> list[Life]:
    """Every point in turn for three kills of five, the rest at random; mixed."""
    points = list(DEEPEST)
    lives = [_at(points[number % len(points)], dice) for number in range(kills * 3 // 5)]
    lives += [_anywhere(dice) for _ in range(kills - len(lives))]
    dice.shuffle(lives)
    return lives


def once_each(dice: random.Random) -> list[Life]:
    """Every point once, and two at random, one of them with the database away."""
    lives = [_at(point, dice) for point in DEEPEST]
    return [*lives, Life(lasts_s=1.0), Life(lasts_s=1.0 + LATE_S, held=True)]


def _at(point: str, dice: random.Random) -> Life:
    order = f"{point}:{dice.randint(1, DEEPEST[point])}"
    return Life(point, order, held=point in JOURNALLED, lasts_s=dice.uniform(0.3, 1.0))


def _anywhere(dice: random.Random) -> Life:
    early = dice.random() < EARLY
    held = not early and dice.random() < HELD
    return Life(held=held, early=early, lasts_s=dice.uniform(0.1, LONGEST_S) + LATE_S * held)


@dataclass
class Toll:
    """What was reached, for the report."""

    reached: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)


def live(platform: Platform, life: Life, toll: Toll, confirmed: Callable[[], int]) -> None:
    """From the start to the end of one life; `confirmed` counts what charge points were told so far."""
    before = confirmed()
    platform.start({killpoints.ENVIRONMENT: life.order} if life.order else {})
    ready = platform.ready_or_over() if not life.early else False
    until = time.monotonic() + WAIT_S
    while ready and confirmed() == before and not platform.over and time.monotonic() < until:
        time.sleep(0.02)  # charge points come back first, or there is nothing to lose
    with _held(platform.directory / "chargecloud.db") if life.held and ready else contextlib.nullcontext():
        died = _await_end(platform, life)
    platform.kill()
    if life.point == RANDOM or died:
        toll.reached[life.point] += 1
    else:
        toll.missed[life.point] += 1


def _await_end(platform: Platform, life: Life) -> bool:
    """Whether the platform came to its point."""
    until = time.monotonic() + (life.lasts_s if life.point == RANDOM else WAIT_S)
    asked = time.monotonic() + life.lasts_s
    while time.monotonic() < until:
        if platform.over:
            return True
        if life.point == "K16" and time.monotonic() >= asked:
            platform.ask_to_stop()
            asked = until
        time.sleep(0.01)
    return False


@contextlib.contextmanager
def _held(database: Path) -> Iterator[None]:
    """The database belongs to us: whoever else wants to write waits. Its turn comes by chance: SQLite has no queue."""
    with contextlib.closing(sqlite3.connect(database, timeout=HOLD_WITHIN_S, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
