"""What watchers of live topics are told, and who may watch what."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.http.auth import Principal

Snapshot = dict[str, object]
TakeSnapshot = Callable[[AsyncConnection, Principal, str], Awaitable[Snapshot | None]]
"""(connection, who, what follows the colon) -> the state now; None when it is not there, or not for them."""


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """A kind of topic, "session" for "session:<no>"; patches come from `UnitOfWork.live`."""

    prefix: str
    snapshot: TakeSnapshot
