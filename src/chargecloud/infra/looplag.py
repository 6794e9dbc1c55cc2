"""How late the event loop is: one late loop makes everything of its process late."""

import asyncio

from chargecloud.infra.telemetry import loop_lag_seconds

EVERY_S = 0.25


class LoopLag:
    """A part that asks to be woken four times a second and notes how late that was."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin."""
        self._arm()

    async def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + EVERY_S
        self._timer = loop.call_at(due, self._woken, due)

    def _woken(self, due: float) -> None:
        loop_lag_seconds.observe(max(0.0, asyncio.get_running_loop().time() - due))
        self._arm()
