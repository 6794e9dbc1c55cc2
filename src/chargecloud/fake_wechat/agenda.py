"""What is due later, by the business' time. Nothing runs by itself: whoever holds the agenda asks what has come due."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

Act = Callable[[], object]


@dataclass(slots=True)
class Agenda:
    """Acts in the order they are due; equal dues in the order they were put in."""

    _due: list[tuple[int, int, Act]] = field(default_factory=list)
    _count: int = 0

    def put(self, at_ms: int, act: Act) -> None:
        """Do it then."""
        self._count += 1
        heapq.heappush(self._due, (at_ms, self._count, act))

    def run(self, now_ms: int) -> int:
        """Do what has come due; how many that were."""
        done = 0
        while self._due and self._due[0][0] <= now_ms:
            _, _, act = heapq.heappop(self._due)
            act()
            done += 1
        return done

    def __len__(self) -> int:
        return len(self._due)
