"""Two times: the true one, by which messages are signed, and that of the business, which can be moved ahead."""

from chargecloud.kernel.clock import Clock


class MovableClock:
    """`now_ms` is the business' time: orders and codes expire by it, refunds arrive, bills come ready. `signing_ms` is
    never moved, because whoever verifies a signature looks at a clock we do not hold.
    """

    def __init__(self, true: Clock) -> None:
        self._true = true
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """The business' time, epoch milliseconds."""
        return self._true.now_ms() + self._ahead_ms

    def signing_ms(self) -> int:
        """The true time, epoch milliseconds."""
        return self._true.now_ms()

    def monotonic(self) -> float:
        """Seconds since some start, moved ahead as well."""
        return self._true.monotonic() + self._ahead_ms / 1000

    def advance(self, milliseconds: int) -> None:
        """Let so much of the business' time have passed."""
        self._ahead_ms += max(0, milliseconds)
