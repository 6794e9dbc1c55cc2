"""A gateway's signs of life over the bus: it opens no database, and others have to know when it is gone."""

import asyncio
from collections.abc import Callable

from chargecloud.device.events import GatewayReported
from chargecloud.infra.bus.contract import Bus
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.message import Envelope

EVERY_S = 15.0


class Signs:
    """To be started after the bus and before the gateway, so that nothing is online before its gateway is known."""

    def __init__(self, gateway_id: str, bus: Bus, clock: Clock, online: Callable[[], int]) -> None:
        self._gateway_id = gateway_id
        self._bus = bus
        self._clock = clock
        self._online = online
        self._started_at_ms = clock.now_ms()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell at once, then now and then."""
        self._started_at_ms = self._clock.now_ms()
        self.tell()
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def tell(self) -> None:
        """One sign."""
        event = GatewayReported(gateway_id=self._gateway_id, started_at_ms=self._started_at_ms, online=self._online())
        self._bus.publish(Envelope(f"gateway:{self._gateway_id}", event, self._clock.now_ms()))

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self.tell()
