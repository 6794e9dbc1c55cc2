"""What orders of a span of time add up to, for statistics: read over an index, never over all orders."""

import msgspec
from sqlalchemy import ColumnElement, and_, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.orders.messages import OrderState
from chargecloud.features.orders.sql import orders
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.walk import unwalked


class OrderSums(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of one station that were settled within a span of time, without those that ended without energy."""

    station_id: int
    orders: int
    abnormal_orders: int
    energy_mwh: int
    energy_fee_fen: int
    service_fee_fen: int
    active_drivers: int


def _at(reach: Reach) -> list[ColumnElement[bool]]:
    """At the stations of a reach, without walking their index."""
    ids = reach.station_ids
    return [] if ids is None else [unwalked(orders.c.station_id).in_(sorted(ids))]


def _settled(operator_id: int | None, since_ms: int, until_ms: int) -> ColumnElement[bool]:
    at_ms = orders.c.settled_at_ms
    states = [OrderState.CANCELLED.value, OrderState.FAILED.value]
    return and_(orders.c.operator_id == operator_id, at_ms >= since_ms, at_ms < until_ms, orders.c.state.not_in(states))


async def order_sums(connection: AsyncConnection, operator_id: int, since_ms: int, until_ms: int) -> list[OrderSums]:
    """An operator's orders settled within a span, by station."""
    statement = (
        select(
            orders.c.station_id,
            func.count(),
            func.sum(case((orders.c.flags == "[]", 0), else_=1)),
            func.sum(orders.c.energy_mwh),
            func.sum(orders.c.energy_fee_fen),
            func.sum(orders.c.service_fee_fen),
            func.count(distinct(orders.c.driver_id)),
        )
        .where(_settled(operator_id, since_ms, until_ms))
        .group_by(orders.c.station_id)
    )
    names = OrderSums.__struct_fields__
    rows = await connection.execute(statement)
    return [OrderSums(**{name: int(value) for name, value in zip(names, row, strict=True)}) for row in rows]


async def active_drivers(connection: AsyncConnection, reach: Reach, since_ms: int, until_ms: int) -> int:
    """How many drivers had an order settled within a span, each counted once whatever stations they went to."""
    statement = select(func.count(distinct(orders.c.driver_id))).where(
        _settled(reach.operator_id, since_ms, until_ms), *_at(reach)
    )
    return int((await connection.execute(statement)).scalar_one())


async def first_settled_ms(connection: AsyncConnection, operator_id: int) -> int | None:
    """When an operator's first order was settled."""
    statement = select(func.min(orders.c.settled_at_ms)).where(
        orders.c.operator_id == operator_id, orders.c.settled_at_ms >= 0
    )
    found: int | None = (await connection.execute(statement)).scalar_one()
    return found


async def settlement_of(connection: AsyncConnection, order_no: str) -> tuple[int, int] | None:
    """Whose an order is and when it was settled; None before."""
    statement = select(orders.c.operator_id, orders.c.settled_at_ms).where(orders.c.order_no == order_no)
    row = (await connection.execute(statement)).first()
    return None if row is None or row.settled_at_ms is None else (row.operator_id, row.settled_at_ms)


async def count_disputed(connection: AsyncConnection, reach: Reach) -> int:
    """How many orders wait for a decision of people."""
    statement = select(func.count()).where(
        orders.c.operator_id == reach.operator_id, orders.c.state == OrderState.DISPUTED.value, *_at(reach)
    )
    return int((await connection.execute(statement)).scalar_one())
