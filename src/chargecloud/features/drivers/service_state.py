"""The state a driver is sent at login: parts that features above offer, put together under one live topic."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import sql
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.live import LiveTopic

ReadPart = Callable[[AsyncConnection, int], Awaitable[object]]
"""(connection, driver) -> what stands under the part's name; times as `_at_ms`, they go out as `_at`."""


@dataclass(frozen=True, slots=True)
class DriverPart:
    """A part of a driver's state, such as "wallet"."""

    name: str
    read: ReadPart


def driver_topic(parts: Sequence[DriverPart]) -> LiveTopic:
    """The live topic "driver:<id>", for that driver alone."""

    async def snapshot(connection: AsyncConnection, who: Principal, key: str) -> dict[str, object] | None:
        if who.kind != "driver" or key != str(who.id):
            return None
        found = await sql.find_driver(connection, who.id)
        if found is None:
            return None
        state: dict[str, object] = {
            "driver": {
                "id": found.driver_id,
                "name": found.name,
                "phone_masked": found.phone_masked,
                "frozen": found.frozen,
            }
        }
        for part in parts:
            state[part.name] = await part.read(connection, found.driver_id)
        return state

    return LiveTopic("driver", snapshot)
