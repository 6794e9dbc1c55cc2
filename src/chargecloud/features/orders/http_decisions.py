"""What people decide about orders: disputes, refunds, and which kinds of trouble wait. Much money takes two of them."""

from fastapi import APIRouter
from starlette.responses import Response

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import Approval
from chargecloud.features.orders import service_give, views
from chargecloud.features.orders.http_models import (
    AnomaliesOut,
    AnomalyOut,
    OrderDetailOut,
    OrderRefundIn,
    ResolutionIn,
)
from chargecloud.features.orders.http_sight import OrderNo, Reader, Writer, changeable
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service_give import Done, OrderRefund
from chargecloud.features.orders.service_resolve import Resolution
from chargecloud.features.tariffs import service as tariffs
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.requested import TWO_PEOPLE, requested
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork

decision_routes = APIRouter()


@decision_routes.get("/orders/anomalies", operation_id="listAnomalies", summary="待处理异常订单的种类")
async def list_anomalies(staff: Reader, db: Db) -> AnomaliesOut:
    """How many disputed orders bear which flag: the newest thousand of them."""
    async with db.read() as connection:
        orders, kinds = await views.disputed_kinds(connection, staff.reach)
    counted = sorted(kinds.items(), key=lambda entry: (-entry[1], entry[0]))
    return AnomaliesOut(orders=orders, kinds=[AnomalyOut(flag=flag, orders=count) for flag, count in counted])


@decision_routes.post(
    "/orders/{order_no}/resolution",
    operation_id="resolveOrder",
    summary="处理争议订单",
    response_model=OrderDetailOut,
    responses=TWO_PEOPLE,
)
async def resolve_order(order_no: OrderNo, body: ResolutionIn, staff: Writer, db: Db) -> OrderDetailOut | Response:
    """Accept what a record costs, keep what was charged, or waive it all; the reason is kept.

    What gives away more than one person alone may becomes a request: 202, and nothing is done before it is approved.
    """
    if body.driver_id is not None:  # drivers are of no station
        staff.demand_whole_operator()
    resolution = Resolution(
        action=body.action,
        reason=body.reason,
        by=staff.name,
        correction_id=body.correction_id,
        driver_id=body.driver_id,
    )
    async with db.unit() as uow:
        found = await changeable(uow, staff, order_no)
        done = await service_give.resolve(uow, staff, found, resolution)
        if done.request is None:
            _audit(uow, staff, f"orders.{body.action.value}", body.reason, (found, done.order))
    return await _answer(db, done)


@decision_routes.post(
    "/orders/{order_no}/refunds",
    operation_id="refundOrder",
    summary="已结算订单退款",
    response_model=OrderDetailOut,
    responses=TWO_PEOPLE,
)
async def refund_order(order_no: OrderNo, body: OrderRefundIn, staff: Writer, db: Db) -> OrderDetailOut | Response:
    """Give back a part of a settled order into its driver's wallet; debts are paid first. Much money: 202."""
    wanted = OrderRefund(amount_fen=body.amount_fen, reason=body.reason, by=staff.name)
    async with db.unit() as uow:
        found = await changeable(uow, staff, order_no)
        done = await service_give.refund(uow, staff, found, wanted)
        if done.request is None:
            _audit(uow, staff, "orders.refund", body.reason, (found, done.order))
    return await _answer(db, done)


async def _answer(db: Database, done: Done) -> OrderDetailOut | Response:
    if done.request is not None:
        asked = done.request
        return requested(asked.approval_id, amount_fen=asked.amount_fen, expires_at_ms=asked.expires_at_ms)
    async with db.read() as connection:
        plan = await tariffs.plan_of(connection, done.order.tariff_version_id)
        return OrderDetailOut.with_all(await views.detail(connection, done.order), plan)


def _audit(uow: UnitOfWork, who: Principal, action: str, reason: str, change: tuple[Order, Order]) -> None:
    before, after = change
    facts: dict[str, object] = {
        "reason": reason,
        "before": {"total_fen": before.total_fen},
        "after": {"total_fen": after.total_fen},
    }
    operators.audit(uow, who, action, service_give.object_of(before), facts)


async def _carry_out(uow: UnitOfWork, request: Approval, approver: Principal) -> None:
    """A second person has said yes: the act stands in the audit log under its own name as well."""
    after = await service_give.carry_out(uow, request, approver)
    action = "orders.refund" if request.kind == service_give.REFUND else f"orders.{request.body['action']}"
    facts: dict[str, object] = {
        "approval_id": request.approval_id,
        "requested_by": f"staff:{request.requested_by}",
        "reason": request.reason,
        "before": {"total_fen": request.body["charged_fen"]},
        "after": {"total_fen": after.total_fen},
    }
    operators.audit(uow, approver, action, request.about, facts)


APPROVAL_KINDS = (
    operators.ApprovalKind(service_give.RESOLVE, _carry_out),
    operators.ApprovalKind(service_give.REFUND, _carry_out),
)
