"""How old events are when they have been dealt with: what a driver or a charge point waits for."""

from collections.abc import Sequence

from prometheus_client import Histogram

from chargecloud.infra.bus.contract import EventHandler
from chargecloud.infra.telemetry import event_age_seconds
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.message import Envelope


def measured(group: str, handler: EventHandler, clock: Clock) -> EventHandler:
    """The same handler; each event of a batch it got through is measured from its `at_ms`."""
    children: dict[type, Histogram] = {}

    async def handle(batch: Sequence[Envelope]) -> None:
        await handler(batch)
        now_ms = clock.now_ms()
        for envelope in batch:
            kind = type(envelope.body)
            child = children.get(kind)
            if child is None:
                child = children[kind] = event_age_seconds.labels(group, kind.__name__)
            child.observe(max(0, now_ms - envelope.at_ms) / 1000)

    return handle
