"""The charge point's own clock, which may be wrong, beside the true time only the simulation knows."""


class LocalClock:
    """Turns monotonic seconds into the wall clock of the charge point."""

    __slots__ = ("_drift_ppm", "_local_ms", "_since", "_true_ms", "_true_since")

    def __init__(self, now: float, wall_ms: int, *, skew_ms: int = 0, drift_ppm: int = 0) -> None:
        self._true_since = self._since = now
        self._true_ms = wall_ms
        self._local_ms = wall_ms + skew_ms
        self._drift_ppm = drift_ppm

    def local_ms(self, now: float) -> int:
        """What the charge point believes: epoch milliseconds."""
        elapsed = round((now - self._since) * 1000)
        return self._local_ms + elapsed + elapsed * self._drift_ppm // 1_000_000

    def true_ms(self, now: float) -> int:
        """What is true."""
        return self._true_ms + round((now - self._true_since) * 1000)

    def set(self, now: float, local_ms: int) -> None:
        """Set the charge point's clock."""
        self._since = now
        self._local_ms = local_ms
