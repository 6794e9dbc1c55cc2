"""What people decide about a disputed order: accept what a record costs, keep what was charged, or waive it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from chargecloud.features.drivers import service as drivers
from chargecloud.features.orders import model, sql
from chargecloud.features.orders.messages import Order, OrderCorrected, OrderResolved, OrderState
from chargecloud.features.orders.model import Fact
from chargecloud.features.orders.model_given import given_fen
from chargecloud.features.orders.service_notices import tell_corrected
from chargecloud.features.orders.service_settle import Charge, correct, give_back_rest, names, show
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Invalid, NotFound, Refused


class Action(StrEnum):
    """The three ways out of a dispute."""

    ACCEPT = "accept"
    KEEP = "keep"
    WAIVE = "waive"


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, who took it, and why."""

    action: Action
    reason: str
    by: str
    correction_id: str = ""
    """Which proposal is accepted; the newest when empty."""
    driver_id: int | None = None
    """Who pays for an order without a driver."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision comes to, before anything is written."""

    order: Order
    """With its driver, where the decision names one."""
    charge: Charge
    bill_no: int
    energy_mwh: int
    correction_id: str | None
    """The proposal that is accepted."""
    given_fen: int


async def resolve(uow: UnitOfWork, order: Order, resolution: Resolution) -> Order:
    """End a dispute. Settled figures are never edited: a correction is posted and named."""
    return await carry_out(uow, order, resolution, await plan(uow, order, resolution))


async def plan(uow: UnitOfWork, order: Order, resolution: Resolution) -> Plan:
    """What a decision would come to, or why it cannot be taken."""
    if order.state is not OrderState.DISPUTED:
        raise Refused("只有争议订单需要处理", "order_not_disputed", order_no=order.order_no, state=order.state.value)
    if not resolution.reason.strip():
        raise Invalid("请写明处理理由", "reason_missing", field="reason")
    order_now = await _with_driver(uow, order, resolution)
    charge, bill_no, energy_mwh = Charge(order.energy_fee_fen, order.service_fee_fen), order.bill_no, order.energy_mwh
    correction_id = None
    proposed = await sql.proposed_corrections(uow, order.order_no)
    if resolution.action is Action.ACCEPT:
        row = _proposal(order, proposed, resolution.correction_id)
        charge, bill_no = Charge(row["energy_fee_fen"], row["service_fee_fen"]), row["bill_no"]
        energy_mwh, correction_id = row["energy_mwh"], row["correction_id"]
    elif resolution.action is Action.WAIVE:
        charge = Charge()
    worth = [row["energy_fee_fen"] + row["service_fee_fen"] for row in proposed]
    given = given_fen(charged_fen=order.total_fen, proposed_fen=worth, after_fen=charge.total_fen)
    return Plan(
        order=order_now,
        charge=charge,
        bill_no=bill_no,
        energy_mwh=energy_mwh,
        correction_id=correction_id,
        given_fen=given,
    )


async def carry_out(uow: UnitOfWork, order: Order, resolution: Resolution, planned: Plan) -> Order:
    """Write a decision: money, order and what others are told, in one transaction."""
    charge = planned.charge
    if planned.correction_id is not None:
        await sql.post_correction(uow, planned.correction_id, charge.total_fen - order.total_fen)
    change = Charge(charge.energy_fee_fen - order.energy_fee_fen, charge.service_fee_fen - order.service_fee_fen)
    await correct(uow, planned.order, change, transfer_id=f"{order.order_no}:resolution-{order.revision}")
    await sql.drop_corrections(uow, order.order_no)
    fact = Fact.CLOSED if resolution.action is Action.WAIVE else Fact.RESOLVED
    after = msgspec.structs.replace(
        planned.order,
        state=model.after(order.state, fact) or order.state,
        energy_fee_fen=charge.energy_fee_fen,
        service_fee_fen=charge.service_fee_fen,
        energy_mwh=planned.energy_mwh,
        bill_no=planned.bill_no,
    )
    await sql.save(uow, order, after)
    await give_back_rest(uow, after)
    _tell(uow, after, resolution, change)
    return after


def _tell(uow: UnitOfWork, after: Order, resolution: Resolution, change: Charge) -> None:
    sql.note(
        uow,
        after.order_no,
        "resolved",
        action=resolution.action.value,
        reason=resolution.reason,
        by=resolution.by,
        change_fen=change.total_fen,
    )
    show(uow, after)
    uow.publish(OrderResolved(**names(after)), key=after.charge_point_code)
    if change.total_fen:
        tell_corrected(uow, after, change.total_fen)
        uow.publish(OrderCorrected(**names(after), change_fen=change.total_fen), key=after.charge_point_code)


async def _with_driver(uow: UnitOfWork, order: Order, resolution: Resolution) -> Order:
    """An order without a driver can be given one when its record is accepted; no other order changes hands."""
    if resolution.driver_id is None:
        if order.driver_id is None and resolution.action is Action.ACCEPT:
            raise Invalid("订单没有车主，接受时须指定 driver_id", "driver_missing", field="driver_id")
        return order
    if order.driver_id is not None or resolution.action is not Action.ACCEPT:
        raise Refused("订单已有车主，不能更改", "order_has_driver", order_no=order.order_no)
    driver = await drivers.driver(uow, resolution.driver_id)
    return msgspec.structs.replace(order, driver_id=driver.driver_id)


def _proposal(order: Order, proposed: Sequence[dict[str, Any]], correction_id: str) -> dict[str, Any]:
    wanted = [row for row in proposed if correction_id in ("", row["correction_id"])]
    if not wanted:
        raise NotFound("没有可接受的更正", "correction_unknown", order_no=order.order_no, correction_id=correction_id)
    return wanted[-1]
