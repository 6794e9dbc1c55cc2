"""A bus that fails on request, for what must survive a crash."""

import asyncio
from collections.abc import Mapping, Sequence

from chargecloud.infra.bus.contract import CommandHandler, EventHandler
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope


class FaultyBus:
    """Implements `Bus`; takes events at once, or raises, or never answers."""

    def __init__(self) -> None:
        self.congested = False
        self.available = True
        self.published: list[Envelope] = []
        self.sent: list[tuple[str, Envelope]] = []
        self.failing = 0
        self.hanging = False
        self.gateways: set[str] = {"g1"}
        self.away = False
        self.hung = asyncio.Event()

    def publish(self, envelope: Envelope) -> None:
        self.published.append(envelope)

    async def publish_durably(self, envelopes: Sequence[Envelope]) -> None:
        if self.failing:
            self.failing -= 1
            raise Unavailable("planned outage", "planned")
        self.published.extend(envelopes)
        if self.hanging:
            self.hung.set()
            await asyncio.Event().wait()

    def subscribe(self, group: str, handler: EventHandler, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        raise AssertionError("nobody subscribes here")

    async def send(self, gateway_id: str, envelope: Envelope) -> None:
        if self.away:
            raise Unavailable("planned outage", "planned")
        if gateway_id not in self.gateways:
            raise Unavailable(f"no {gateway_id}", "gateway_unknown")
        self.sent.append((gateway_id, envelope))

    def receive(self, gateway_id: str, handler: CommandHandler, on_expired: CommandHandler) -> None:
        raise AssertionError("no gateway listens here")

    def counts(self) -> Mapping[str, int]:
        return {"queued": len(self.published)}

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def drain(self) -> None: ...
