"""What arrived and could not be used: counted by kind, reported now and then, and too much at some point."""

from __future__ import annotations

from math import inf

REPORT_EVERY_S = 60.0
WINDOW_S = 60.0
BAD_MAX = 20
"""Damaged frames in one window that make a connection hopeless (abuse A08)."""
GARBAGE_MAX = 4096
"""Bytes between frames in one window that do the same."""
DAMAGE = frozenset({"crc", "encrypted"})
"""A sound frame that is too short or of no known type is a dialect: told, but no reason to part."""
GARBAGE = "garbage"


class Faults:
    """Counters of one connection, and the window that decides whether it is hopeless."""

    __slots__ = ("_bad", "_garbage", "_report_after", "_window_ends", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._report_after = -inf
        self._window_ends = -inf
        self._bad = 0
        self._garbage = 0

    def add(self, kind: str, amount: int, now: float) -> bool:
        """Count; true when the connection is beyond hope."""
        if now >= self._window_ends:
            self._window_ends = now + WINDOW_S
            self._bad = self._garbage = 0
        if kind in DAMAGE:
            self._bad += amount
        elif kind == GARBAGE:
            # Counted up to the limit and no further, so that the figure does not depend on how the bytes were chunked.
            amount = min(amount, GARBAGE_MAX - self._garbage)
            self._garbage += amount
        self.counts[kind] = self.counts.get(kind, 0) + amount
        return self._bad >= BAD_MAX or self._garbage >= GARBAGE_MAX

    def due(self, now: float) -> float:
        """When the counters may be reported."""
        return max(now, self._report_after)

    def take(self, now: float, *, force: bool) -> dict[str, int]:
        """Hand over the counters and start again; empty while the last report is too fresh, unless forced."""
        if not self.counts or (now < self._report_after and not force):
            return {}
        counts, self.counts = self.counts, {}
        self._report_after = now + REPORT_EVERY_S
        return counts
