"""What a virtual charge point will do next, by name and time."""

import math
from collections.abc import Callable, Hashable

Action = Callable[[float], None]


class Agenda:
    """Named timers of one thing; setting a name again moves it."""

    __slots__ = ("_entries", "_next", "_order")

    def __init__(self) -> None:
        self._entries: dict[Hashable, tuple[float, int, Action]] = {}
        self._next = math.inf
        self._order = 0

    def __contains__(self, name: Hashable) -> bool:
        return name in self._entries

    def at(self, name: Hashable, when: float, action: Action) -> None:
        """Do this then; `action` is given the time at which it is really done."""
        moved = name in self._entries
        self._order += 1
        self._entries[name] = (when, self._order, action)
        if moved:
            self._recompute()
        else:
            self._next = min(self._next, when)

    def cancel(self, name: Hashable) -> None:
        """Forget a timer, if it is set."""
        if self._entries.pop(name, None) is not None:
            self._recompute()

    def cancel_all(self, first: str) -> None:
        """Forget every timer named `first` or (first, …)."""
        for name in [name for name in self._entries if name == first or (isinstance(name, tuple) and name[0] == first)]:
            del self._entries[name]
        self._recompute()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._next = math.inf

    def next_at(self) -> float:
        """When the next timer is due; infinity when none is set."""
        return self._next

    def run(self, now: float) -> None:
        """Do what is due, in order of time. What an action sets for `now` itself waits for the next call."""
        if now < self._next:
            return
        due = sorted((entry[0], entry[1], name) for name, entry in self._entries.items() if entry[0] <= now)
        for when, order, name in due:
            entry = self._entries.get(name)
            if entry is not None and entry[:2] == (when, order):
                del self._entries[name]
                self._recompute()
                entry[2](now)

    def _recompute(self) -> None:
        self._next = min((entry[0] for entry in self._entries.values()), default=math.inf)
