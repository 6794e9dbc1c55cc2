"""Messages from the bus into the services: one unit of work for each batch of a partition."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope, Message

Handler = Callable[[UnitOfWork, Any, Envelope], Awaitable[None]]
"""Takes the unit of work, the message and the envelope it came in."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feature wants messages of this type (or derived from it) handled."""

    body: type[Message]
    handler: Handler
    telemetry: bool = False
    """Append-only rows nobody waits for: collected for half a second before they are written."""
