"""Giving back a part of a settled order, and what one person may not give away alone."""

from typing import NamedTuple

import msgspec

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import Approval, ApprovalWish
from chargecloud.features.orders import model, service, service_resolve, sql
from chargecloud.features.orders.messages import Order, OrderCorrected, OrderState
from chargecloud.features.orders.model_given import Fees, paid_back
from chargecloud.features.orders.service_notices import tell_corrected
from chargecloud.features.orders.service_resolve import Action, Resolution
from chargecloud.features.orders.service_settle import correct, names, show
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Invalid, Refused
from chargecloud.kernel.money import yuan_text

RESOLVE = "orders.resolve"
REFUND = "orders.refund"
"""The acts that may need a second person, as requests name them."""


class OrderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a settled order goes back into its driver's wallet: who says so, and why."""

    amount_fen: int
    reason: str
    by: str


class Done(NamedTuple):
    """What became of a decision: an order as it is now, or a request that a second person has to approve."""

    order: Order
    request: Approval | None = None


def object_of(order: Order) -> str:
    """An order as requests and the audit log name it."""
    return f"order:{order.order_no}"


async def resolve(uow: UnitOfWork, staff: Principal, order: Order, resolution: Resolution) -> Done:
    """End a dispute, or ask for a second person when it gives away more than one alone may."""
    planned = await service_resolve.plan(uow, order, resolution)
    if await _too_much_alone(uow, order, planned.given_fen):
        body: dict[str, object] = {
            "action": resolution.action.value,
            "correction_id": planned.correction_id or "",
            "driver_id": resolution.driver_id,
            "charged_fen": order.total_fen,
            "after_fen": planned.charge.total_fen,
        }
        wish = _wish(order, RESOLVE, planned.given_fen, body, resolution.reason)
        return Done(order, await _ask(uow, staff, order, wish))
    return Done(await service_resolve.carry_out(uow, order, resolution, planned))


async def refund(uow: UnitOfWork, staff: Principal, order: Order, wanted: OrderRefund) -> Done:
    """Give back a part of a settled order, or ask for a second person when it is more than one alone may."""
    _check_refund(order, wanted)
    if await _too_much_alone(uow, order, wanted.amount_fen):
        body: dict[str, object] = {"amount_fen": wanted.amount_fen, "charged_fen": order.total_fen}
        wish = _wish(order, REFUND, wanted.amount_fen, body, wanted.reason)
        return Done(order, await _ask(uow, staff, order, wish))
    return Done(await give_back(uow, order, wanted))


async def give_back(uow: UnitOfWork, order: Order, wanted: OrderRefund) -> Order:
    """Post a refund: fees fall, the driver's wallet rises (debts first), and a correction says why."""
    _check_refund(order, wanted)
    change = paid_back(Fees(order.energy_fee_fen, order.service_fee_fen), wanted.amount_fen)
    refund_id = f"{order.order_no}:refund-{order.revision}"
    after = msgspec.structs.replace(
        order,
        energy_fee_fen=order.energy_fee_fen + change.energy_fee_fen,
        service_fee_fen=order.service_fee_fen + change.service_fee_fen,
        flags=model.merged(order.flags, (model.REFUNDED,)),
    )
    await correct(uow, order, change, transfer_id=refund_id)
    await sql.save(uow, order, after)
    await sql.add_correction(uow, _correction(uow, after, refund_id, wanted))
    sql.note(uow, order.order_no, "refunded", amount_fen=wanted.amount_fen, reason=wanted.reason, by=wanted.by)
    show(uow, after)
    tell_corrected(uow, after, change.total_fen)
    uow.publish(OrderCorrected(**names(after), change_fen=change.total_fen), key=after.charge_point_code)
    return after


async def carry_out(uow: UnitOfWork, request: Approval, approver: Principal) -> Order:
    """Do what was asked for, if the order is still what it was; `approver` is the second person."""
    order = await service.order(uow, request.about.removeprefix("order:"))
    if str(order.revision) != request.basis:
        raise operators.outdated_approval(request)
    by = f"{request.requested_name} / {approver.name}"
    if request.kind == REFUND:
        wanted = OrderRefund(amount_fen=_whole(request.body["amount_fen"]), reason=request.reason, by=by)
        return await give_back(uow, order, wanted)
    driver_id = request.body.get("driver_id")
    resolution = Resolution(
        action=Action(str(request.body["action"])),
        reason=request.reason,
        by=by,
        correction_id=str(request.body["correction_id"]),
        driver_id=None if driver_id is None else _whole(driver_id),
    )
    return await service_resolve.resolve(uow, order, resolution)


def _whole(value: object) -> int:
    return msgspec.convert(value, int)


def _check_refund(order: Order, wanted: OrderRefund) -> None:
    if not wanted.reason.strip():
        raise Invalid("请写明退款理由", "reason_missing", field="reason")
    if order.state is not OrderState.SETTLED:
        raise Refused(
            "只有已结算的订单可以退款；争议订单请先处理",
            "order_not_settled",
            order_no=order.order_no,
            state=order.state.value,
        )
    if order.driver_id is None:
        raise Refused("订单没有车主，无处可退", "order_without_driver", order_no=order.order_no)
    if not 0 < wanted.amount_fen <= order.total_fen:
        raise Refused(
            f"该订单最多可退 {yuan_text(order.total_fen)} 元",
            "order_refund_too_much",
            field="amount_fen",
            refundable_fen=order.total_fen,
        )


async def _too_much_alone(uow: UnitOfWork, order: Order, given_fen: int) -> bool:
    before_fen = await sql.refunded_fen(uow, order.order_no)
    return operators.needs_second(given_fen, before_fen, uow.options.approval_limit_fen)


def _wish(order: Order, kind: str, given_fen: int, body: dict[str, object], reason: str) -> ApprovalWish:
    return ApprovalWish(
        operator_id=order.operator_id,
        kind=kind,
        about=object_of(order),
        amount_fen=given_fen,
        body=body,
        basis=str(order.revision),
        reason=reason,
    )


async def _ask(uow: UnitOfWork, staff: Principal, order: Order, wish: ApprovalWish) -> Approval:
    asked = {"act": wish.kind, "amount_fen": wish.amount_fen, "by": staff.name, "reason": wish.reason}
    sql.note(uow, order.order_no, "approval_asked", **asked)
    return await operators.ask_approval(uow, staff, wish)


def _correction(uow: UnitOfWork, after: Order, refund_id: str, wanted: OrderRefund) -> dict[str, object]:
    return {
        "correction_id": refund_id,
        "order_no": after.order_no,
        "record_id": None,
        "kind": sql.REFUND,
        "standing": "posted",
        "energy_mwh": after.energy_mwh,
        "energy_fee_fen": after.energy_fee_fen,
        "service_fee_fen": after.service_fee_fen,
        "bill_no": after.bill_no,
        "change_fen": -wanted.amount_fen,
        "comparison": "{}",
        "reason": wanted.reason,
        "made_by": wanted.by[:100],
        "at_ms": uow.now_ms,
    }
