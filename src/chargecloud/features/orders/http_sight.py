"""Which orders somebody may see, and what names one in a path."""

from typing import Annotated

from fastapi import Depends, Path
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.orders import service, views
from chargecloud.features.orders.messages import Order
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound

Reader = Annotated[Principal, Depends(require("orders.read"))]
Writer = Annotated[Principal, Depends(require("orders.write"))]
OrderNo = Annotated[str, Path(pattern="^[0-9]{10,32}$")]


def may_see(who: Principal, order: Order) -> bool:
    """Drivers see their own orders, staff those within their reach."""
    if who.kind == "driver":
        return order.driver_id == who.id
    return "orders.read" in who.permissions and who.reach.covers(order.operator_id, order.station_id)


def unknown(order_no: str) -> NotFound:
    """There is no such order, or not for the one who asks."""
    return NotFound(f"没有订单 {order_no}", "order_unknown", order_no=order_no)


async def visible(connection: AsyncConnection, who: Principal, order_no: str) -> Order:
    """An order that this person may see, or NotFound."""
    found = await views.order(connection, order_no)
    if found is None or not may_see(who, found):
        raise unknown(order_no)
    return found


async def changeable(uow: UnitOfWork, who: Principal, order_no: str) -> Order:
    """An order in a unit of work, for somebody who may see it."""
    found = await service.order(uow, order_no)
    if not may_see(who, found):
        raise unknown(order_no)
    return found
