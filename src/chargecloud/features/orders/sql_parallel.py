"""Requests for a parallel charge that wait for their partner."""

import msgspec
from sqlalchemy import delete, insert, select

from chargecloud.device.events import StartRequested
from chargecloud.features.orders.sql import parallel_requests
from chargecloud.infra.sql.uow import UnitOfWork

PARTNER_WITHIN_MS = 15_000
"""Both connectors ask at once; whoever comes later begins anew."""

_read = msgspec.json.Decoder(StartRequested).decode


async def remember(uow: UnitOfWork, event: StartRequested) -> list[StartRequested]:
    """Keep a request and give all that belong together, the main connector first; old ones are forgotten."""
    table = parallel_requests
    await uow.connection.execute(delete(table).where(table.c.at_ms < uow.now_ms - PARTNER_WITHIN_MS))
    here = (table.c.charge_point_code == event.charge_point_code, table.c.parallel_no == event.parallel_no)
    await uow.connection.execute(delete(table).where(*here, table.c.connector_no == event.connector_no))
    row = {
        "charge_point_code": event.charge_point_code,
        "parallel_no": event.parallel_no,
        "connector_no": event.connector_no,
        "body": msgspec.json.encode(event).decode(),
        "at_ms": uow.now_ms,
    }
    await uow.connection.execute(insert(table).values(row))
    bodies = (await uow.connection.execute(select(table.c.body).where(*here))).scalars()
    return sorted((_read(body) for body in bodies), key=lambda asked: (not asked.parallel_main, asked.connector_no))


async def forget(uow: UnitOfWork, event: StartRequested) -> None:
    """They have been answered."""
    table = parallel_requests
    await uow.connection.execute(
        delete(table).where(
            table.c.charge_point_code == event.charge_point_code, table.c.parallel_no == event.parallel_no
        )
    )
