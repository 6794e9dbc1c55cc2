"""Numbers that were given out and have not been seen: rows of transactions that commit after later ones."""

from collections.abc import Iterable

MOST = 500
"""Missing numbers kept in mind, the newest; the others are found by whoever looks at everything now and then."""
KEPT_S = 2.0
"""A number that does not come for so long was rolled back."""


class Gaps:
    """Follows numbers that grow. Only what is missing above the highest one seen before counts as a gap."""

    def __init__(self) -> None:
        self._top = 0
        self._missing: dict[int, float] = {}

    def restart(self, top: int) -> None:
        """Forget everything; `top` is the highest number there is."""
        self._top = top
        self._missing.clear()

    def saw(self, numbers: Iterable[int], now: float) -> None:
        """Numbers in growing order that were just read; `now` in seconds."""
        for number in numbers:
            self._missing.pop(number, None)
            if number > self._top:
                for missing in range(max(self._top + 1, number - MOST), number):
                    self._missing[missing] = now
                self._top = number

    def missing(self, now: float) -> list[int]:
        """Numbers that may still come."""
        for number, since in list(self._missing.items()):
            if now - since > KEPT_S or len(self._missing) > MOST:
                del self._missing[number]
        return list(self._missing)
