"""The table of gateways, and what becomes of their charge points when one falls silent or starts anew."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Integer, Row, Table, and_, delete, select, update

from chargecloud.features.stations.sql import charge_points
from chargecloud.infra.sql.types import code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore

gateways = Table(
    "gateways",
    metadata,
    Column("gateway_id", code(64), primary_key=True),
    Column("started_at_ms", epoch_ms(), nullable=False),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Column("online", Integer, nullable=False),
    Column("missed_at_ms", epoch_ms()),
    Column("silent_since_ms", epoch_ms()),
)


class GatewayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway as it was heard of last."""

    gateway_id: str
    started_at_ms: int
    seen_at_ms: int
    online: int
    missed_at_ms: int | None
    """When somebody first noticed that a sign is overdue."""
    silent_since_ms: int | None
    """When it was given up, and its charge points with it."""


def gateway_of(row: Row[*tuple[Any, ...]]) -> GatewayRow:
    """A gateway from its row."""
    return GatewayRow(**row._mapping)


async def add(uow: UnitOfWork, gateway_id: str) -> None:
    """Write a gateway that has said nothing yet, unless it is known."""
    row = {"gateway_id": gateway_id, "started_at_ms": 0, "seen_at_ms": 0, "online": 0}
    await uow.connection.execute(insert_ignore(gateways, row))


async def lock(uow: UnitOfWork, gateway_id: str) -> GatewayRow | None:
    """A gateway that nobody else changes until the commit."""
    statement = select(gateways).where(gateways.c.gateway_id == gateway_id).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return gateway_of(row) if row else None


async def heard(uow: UnitOfWork, gateway_id: str, *, started_at_ms: int, online: int) -> None:
    """It lives."""
    values = {"started_at_ms": started_at_ms, "seen_at_ms": uow.now_ms, "online": online}
    statement = update(gateways).where(gateways.c.gateway_id == gateway_id)
    await uow.connection.execute(statement.values(**values, missed_at_ms=None, silent_since_ms=None))


async def miss(uow: UnitOfWork, *, seen_before_ms: int) -> None:
    """Note of whom a sign is overdue."""
    overdue = and_(gateways.c.seen_at_ms < seen_before_ms, gateways.c.missed_at_ms.is_(None))
    await uow.connection.execute(update(gateways).where(overdue).values(missed_at_ms=uow.now_ms))


async def give_up(uow: UnitOfWork, *, seen_before_ms: int, missed_before_ms: int) -> list[str]:
    """Mark as silent who has been missed for long enough; who they are."""
    c = gateways.c
    gone = and_(c.seen_at_ms < seen_before_ms, c.missed_at_ms < missed_before_ms, c.silent_since_ms.is_(None))
    found = (await uow.connection.execute(select(c.gateway_id).where(gone))).scalars().all()
    given_up = []
    for gateway_id in found:
        statement = update(gateways).where(gone, c.gateway_id == gateway_id).values(silent_since_ms=uow.now_ms)
        if (await uow.connection.execute(statement)).rowcount == 1:  # it was not heard of meanwhile
            given_up.append(gateway_id)
    return given_up


async def prune(uow: UnitOfWork, *, silent_before_ms: int) -> None:
    """Forget gateways that will not come back."""
    await uow.connection.execute(delete(gateways).where(gateways.c.silent_since_ms < silent_before_ms))


Moved = Sequence[tuple[str, int]]
"""(charge point code, station id)"""


async def take_offline(uow: UnitOfWork, gateway_id: str, *, epoch_before: int | None = None) -> Moved:
    """What a gateway holds is offline: all of it, or what it has held since before an epoch."""
    c = charge_points.c
    held = and_(c.gateway_id == gateway_id, c.online.is_(True))
    return await _move(uow, held if epoch_before is None else and_(held, c.epoch < epoch_before), online=False)


async def bring_back(uow: UnitOfWork, gateway_id: str, *, offline_since_ms: int) -> Moved:
    """What was taken offline with a gateway at that moment, and has not been heard of since, is online after all."""
    c = charge_points.c
    taken = and_(c.gateway_id == gateway_id, c.online.is_(False), c.presence_since_ms == offline_since_ms)
    return await _move(uow, taken, online=True)


async def _move(uow: UnitOfWork, which: ColumnElement[bool], *, online: bool) -> Moved:
    c = charge_points.c
    rows = (await uow.connection.execute(select(c.code, c.station_id).where(which))).all()
    if rows:
        statement = update(charge_points).where(which).values(online=online, presence_since_ms=uow.now_ms)
        await uow.connection.execute(statement)
    return [(code, station_id) for code, station_id in rows]


async def silent_holder(uow: UnitOfWork, charge_point_code: str) -> GatewayRow | None:
    """The gateway of a charge point that went offline because that gateway fell silent."""
    statement = (
        select(gateways)
        .join(charge_points, charge_points.c.gateway_id == gateways.c.gateway_id)
        .where(
            charge_points.c.code == charge_point_code,
            charge_points.c.online.is_(False),
            charge_points.c.presence_since_ms == gateways.c.silent_since_ms,
        )
    )
    row = (await uow.connection.execute(statement)).first()
    return gateway_of(row) if row else None
