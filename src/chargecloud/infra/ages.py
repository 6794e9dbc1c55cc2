"""How old events are when they have been dealt with: what a driver or a charge point waits for."""

from collections.abc import Sequence

import structlog
from prometheus_client import Histogram

from chargecloud.infra.bus.contract import EventHandler
from chargecloud.infra.telemetry import event_age_seconds
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.inbox")


def measured(group: str, handler: EventHandler, clock: Clock) -> EventHandler:
    """The same handler; each event it got through is measured from its `at_ms`, and logged if a request led to it."""
    children: dict[type, Histogram] = {}

    async def handle(batch: Sequence[Envelope]) -> None:
        await handler(batch)
        now_ms = clock.now_ms()
        for envelope in batch:
            kind = type(envelope.body)
            child = children.get(kind)
            if child is None:
                child = children[kind] = event_age_seconds.labels(group, kind.__name__)
            age_ms = max(0, now_ms - envelope.at_ms)
            child.observe(age_ms / 1000)
            if envelope.trace_id:
                facts = {"body": kind.__name__, "key": envelope.key, "age_ms": age_ms, "trace_id": envelope.trace_id}
                log.info("event.handled", group=group, **facts)

    return handle
