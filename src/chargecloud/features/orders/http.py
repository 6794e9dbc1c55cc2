"""Orders over the API: drivers place, follow and stop theirs; staff see those within reach and decide disputes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.orders import service, views
from chargecloud.features.orders.http_decisions import decision_routes
from chargecloud.features.orders.http_models import CloseIn, OrderDetailOut, OrderIn, OrderOut, PlacedOut
from chargecloud.features.orders.http_passes import pass_routes
from chargecloud.features.orders.http_sight import OrderNo, Writer, changeable, may_see, visible
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import StopReason
from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import service as tariffs
from chargecloud.infra.http.auth import CurrentDriver, Principal, Someone
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.live import LiveTopic
from chargecloud.infra.http.model import Id, MomentIn
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Forbidden, TooMany

STARTS_A_MINUTE = 6

router = APIRouter(tags=["orders"])
router.include_router(decision_routes)
router.include_router(pass_routes)
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=100, pattern="^[!-~]+$")]


async def _place(uow: UnitOfWork, driver_id: int, body: OrderIn, key: str) -> list[Order]:
    if body.qr_code is not None:
        code, connector_no = await stations.find_by_qr(uow, body.qr_code)
    else:
        code, connector_no = body.charge_point_code or "", body.connector_no or 0
    command = PlaceOrder(
        driver_id=driver_id,
        idempotency_key=key,
        charge_point_code=code,
        connector_no=connector_no,
        second_connector_no=body.second_connector_no,
        limit=body.limit.limit(),
        pass_id=body.pass_id,
        payment_no=body.payment_no,
    )
    return await service.place(uow, command)


async def _not_too_often(limits: Limits, driver_id: int) -> None:
    if not await limits.take(f"orders.place:{driver_id}", limit=STARTS_A_MINUTE, window_s=60, strict=False):
        raise TooMany(f"每分钟最多发起 {STARTS_A_MINUTE} 次充电", "too_many_starts", limit=STARTS_A_MINUTE)


@router.post("/orders", operation_id="placeOrder", status_code=202, summary="扫码启动充电")
async def place_order(body: OrderIn, key: Key, driver: CurrentDriver, db: Db, limits: Limits) -> PlacedOut:
    """Hold money and tell the charge point to start. The same key with the same body gives the same order."""
    await _not_too_often(limits, driver.id)
    async with db.unit() as uow:
        placed = await _place(uow, driver.id, body, key)
    return PlacedOut(orders=[OrderOut.of(order) for order in placed])


@router.post("/drivers/{driver_id}/orders", operation_id="placeOrderFor", status_code=202, summary="代车主启动充电")
async def place_order_for(driver_id: Id, body: OrderIn, key: Key, staff: Writer, db: Db, limits: Limits) -> PlacedOut:
    """The same for a driver who called; it is paid from their wallet, and who did it is written down."""
    staff.demand_whole_operator()
    async with db.read() as connection:
        await drivers.detail(connection, driver_id, staff.operator_id)
    await _not_too_often(limits, driver_id)
    async with db.unit() as uow:
        again = await service.was_asked(uow, driver_id, key)
        placed = await _place(uow, driver_id, body, key)
        if not again:
            facts: dict[str, object] = {"driver_id": driver_id, "charge_point_code": placed[0].charge_point_code}
            operators.audit(uow, staff, "orders.place", f"order:{placed[0].order_no}", facts)
    return PlacedOut(orders=[OrderOut.of(order) for order in placed])


def _span(
    since: Annotated[MomentIn | None, Query()] = None, until: Annotated[MomentIn | None, Query()] = None
) -> tuple[int | None, int | None]:
    return since, until


def _words(
    number: Annotated[str, Query(pattern="^[0-9]{0,32}$", description="how the order number begins")] = "",
    session_no: Annotated[str, Query(pattern="^[0-9A-Za-z-]{0,64}$")] = "",
    method: Annotated[StartMethod | None, Query(strict=False)] = None,
    stop_class: Annotated[StopClass | None, Query(strict=False, description="how the charge ended")] = None,
    stop_reason: Annotated[str, Query(pattern=r"^[0-9A-Za-z_()]{0,48}$", description="why, as the protocol says")] = "",
) -> views.OrderFilter:
    return views.OrderFilter(
        number=number,
        session_no=session_no,
        method=method.value if method else "",
        stop_class=stop_class.value if stop_class else "",
        stop_reason=stop_reason,
    )


def _filters(
    words: Annotated[views.OrderFilter, Depends(_words)],
    span: Annotated[tuple[int | None, int | None], Depends(_span)],
    driver_id: Annotated[Id | None, Query()] = None,
    station_id: Annotated[Id | None, Query()] = None,
    state: Annotated[OrderState | None, Query(strict=False)] = None,
    flag: Annotated[str, Query(pattern="^[a-z_]{0,32}$")] = "",
) -> views.OrderFilter:
    return words.replace(
        driver_id=driver_id,
        station_id=station_id,
        state=state.value if state else "",
        flag=flag,
        since_ms=span[0],
        until_ms=span[1],
    )


def _within(who: Principal, wanted: views.OrderFilter) -> views.OrderFilter:
    """The part of a list that this person may see."""
    if who.kind == "driver":
        return wanted.replace(driver_id=who.id)
    if "orders.read" not in who.permissions:
        raise Forbidden("this needs the permission orders.read", "permission_missing", permission="orders.read")
    return wanted.replace(operator_id=who.operator_id, station_ids=who.station_ids)


@router.get("/orders", operation_id="listOrders", summary="订单列表")
async def list_orders(
    who: Someone,
    db: Db,
    pages: Pages,
    wanted: Annotated[views.OrderFilter, Depends(_filters)],
    charge_point_code: Annotated[str, Query(pattern="^([0-9]{14}|[0-9A-F]{8})?$")] = "",
) -> Page[OrderOut]:
    """Orders, newest first: a driver's own, or those within one's reach."""
    before_no = None if pages.before is None else str(pages.before[0])
    wanted = wanted.replace(charge_point_code=charge_point_code)
    async with db.read() as connection:
        rows = await views.list_orders(connection, _within(who, wanted), before_no=before_no, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.order_no)
    return Page(items=[OrderOut.of(row) for row in shown], next=following)


@router.get("/orders/{order_no}", operation_id="getOrder", summary="订单详情")
async def get_order(order_no: OrderNo, who: Someone, db: Db) -> OrderDetailOut:
    """An order with bill, settlement, comparison with the record, corrections and timeline."""
    async with db.read() as connection:
        found = await views.detail(connection, await visible(connection, who, order_no))
        plan = await tariffs.plan_of(connection, found.order.tariff_version_id)
    return OrderDetailOut.with_all(found if who.kind == "staff" else found.for_driver(), plan)


@router.post("/orders/{order_no}/stop", operation_id="stopOrder", status_code=202, summary="停止充电")
async def stop_order(order_no: OrderNo, who: Someone, db: Db) -> OrderOut:
    """Ask the charge point to stop. What is held stays held until the charge point has shown that no energy flows."""
    if who.kind == "staff" and "orders.write" not in who.permissions:
        raise Forbidden("this needs the permission orders.write", "permission_missing", permission="orders.write")
    async with db.unit() as uow:
        found = await changeable(uow, who, order_no)
        await service.stop(uow, found, StopReason.DRIVER if who.kind == "driver" else StopReason.STAFF)
        if who.kind == "staff":
            operators.audit(uow, who, "orders.stop", f"order:{order_no}")
    return OrderOut.of(found)


@router.post("/orders/{order_no}/closing", operation_id="closeOrder", status_code=202, summary="按最后数据结算")
async def close_order(order_no: OrderNo, body: CloseIn, staff: Writer, db: Db) -> OrderOut:
    """Stop waiting for a record: the order is settled by its last sample; a late record corrects it."""
    async with db.unit() as uow:
        found = await changeable(uow, staff, order_no)
        await service.close(uow, found, by=staff.name, reason=body.reason)
        operators.audit(uow, staff, "orders.close", f"order:{order_no}", {"reason": body.reason})
    return OrderOut.of(found)


async def order_snapshot(connection: AsyncConnection, who: Principal, key: str) -> dict[str, object] | None:
    """An order for its driver, and for staff who may see it."""
    found = await views.order(connection, key[:32])
    return views.snapshot(found) if found is not None and may_see(who, found) else None


LIVE_TOPICS = (LiveTopic(prefix="order", snapshot=order_snapshot),)


async def _running(connection: AsyncConnection, driver_id: int) -> dict[str, object]:
    """Orders that are not over by number, each with the moment of its session."""
    running = await views.running_of(connection, driver_id)
    live = await sessions.live_of(connection, [order.session_no for order in running])
    return {order.order_no: {**views.for_driver(order), "session": live.get(order.session_no)} for order in running}


DRIVER_PARTS = (drivers.DriverPart("orders", _running),)
DRIVER_HOLDINGS = (views.has_orders,)
