"""What a modem and everything behind it will do next: one heap, however many boards and ports."""

import heapq
import math
from collections.abc import Callable

Action = Callable[[float], None]


class Entry:
    """One thing to do; `drop` forgets it."""

    __slots__ = ("action", "order", "when")

    def __init__(self, when: float, order: int, action: Action) -> None:
        self.when = when
        self.order = order
        self.action: Action | None = action

    def __lt__(self, other: "Entry") -> bool:
        return (self.when, self.order) < (other.when, other.order)

    def drop(self) -> None:
        """Do it no more."""
        self.action = None


class Timetable:
    """Entries in the order of their times; equal times in the order in which they were made."""

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._order = 0

    def at(self, when: float, action: Action, *, instead_of: Entry | None = None) -> Entry:
        """Do this then; `action` is given the time at which it is really done."""
        if instead_of is not None:
            instead_of.drop()
        self._order += 1
        entry = Entry(when, self._order, action)
        heapq.heappush(self._heap, entry)
        return entry

    def next_at(self) -> float:
        """When the next entry is due; infinity when there is none."""
        heap = self._heap
        while heap and heap[0].action is None:
            heapq.heappop(heap)
        return heap[0].when if heap else math.inf

    def run(self, now: float) -> None:
        """Do what is due. What an action sets for `now` itself is done as well."""
        while self.next_at() <= now:
            action = heapq.heappop(self._heap).action
            if action is not None:
                action(now)
