"""The only place that asks for the time.

Two readings with two purposes: `now_ms` (wall clock, epoch milliseconds UTC) is written down and shown; `monotonic`
(seconds) drives every timer, so a jump of the wall clock disturbs no connection.
"""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Local time of the wire and of tariffs: UTC+8 without daylight saving."""


class Clock(Protocol):
    """What everybody who needs the time is given."""

    def now_ms(self) -> int:
        """Wall clock as epoch milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    monotonic = staticmethod(time.monotonic)  # asked for with every frame, so without a Python call around it

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class FastClock:
    """The machine's clocks, so many times faster from now on: hours pass in minutes, for demonstrations."""

    __slots__ = ("_began", "_began_ms", "_factor")

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._began = time.monotonic()
        self._began_ms = time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        return self._began_ms + int((time.monotonic() - self._began) * 1000 * self._factor)

    def monotonic(self) -> float:
        return self._began + (time.monotonic() - self._began) * self._factor


class ManualClock:
    """A clock that moves only when told; for tests and the city simulation."""

    __slots__ = ("_monotonic_ms", "_wall_ms")

    def __init__(self, start_ms: int = 1_767_225_600_000) -> None:
        self._wall_ms = start_ms
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        return self._wall_ms

    def monotonic(self) -> float:
        return self._monotonic_ms / 1000

    def advance(self, milliseconds: int) -> None:
        """Let time pass on both clocks."""
        self._wall_ms += milliseconds
        self._monotonic_ms += milliseconds

    def jump(self, milliseconds: int) -> None:
        """Set the wall clock forward or back without any time passing."""
        self._wall_ms += milliseconds


def local_time(at_ms: int) -> datetime:
    """Epoch milliseconds as Beijing time."""
    return datetime.fromtimestamp(at_ms // 1000, BEIJING).replace(microsecond=at_ms % 1000 * 1000)


def from_local(moment: datetime) -> int:
    """A naive Beijing time (as on the wire) or an aware time as epoch milliseconds."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def rfc3339(at_ms: int) -> str:
    """Epoch milliseconds as RFC 3339 text with the Beijing offset."""
    return local_time(at_ms).isoformat(timespec="milliseconds")
