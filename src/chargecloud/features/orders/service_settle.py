"""Settling: what evidence makes of an order, exactly once for each session, and what comes after that."""

from typing import NamedTuple

import msgspec

from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.drivers import service as drivers
from chargecloud.features.orders import model, model_assess, service_notices, service_passes, service_terms, sql, views
from chargecloud.features.orders.messages import (
    Order,
    OrderCorrected,
    OrderDisputed,
    OrderEnded,
    OrderSettled,
    OrderState,
)
from chargecloud.features.orders.model import Fact
from chargecloud.features.orders.model_assess import Assessment, Verdict
from chargecloud.features.orders.model_given import Fees
from chargecloud.features.payments import service as payments
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession, SessionRecorded
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Capture, Correction, Release
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.ids import new_order_no
from chargecloud.kernel.killpoints import reach

Charge = Fees
"""What a driver is to have been charged in all."""


class Outcome(NamedTuple):
    """What the first settlement of an order is to write."""

    verdict: Verdict
    charge: Charge
    disputes: tuple[str, ...]
    row: dict[str, object]
    after: Order


async def settle_record(uow: UnitOfWork, event: SessionRecorded) -> None:
    """A record is there: settle, or correct what was settled, or leave it to people."""
    session, record = await sessions.recorded(uow, event.record_id)
    order = await sql.find_by_session(uow, session.session_no)
    if order is None:
        order = await _adopt(uow, session, record)
    version = await service_terms.version_of(uow, order, session)
    if version is None:
        await _without_tariff(uow, order, event.record_id)
        return
    assessment = service_terms.assess(record, session, service_terms.terms_of(uow, order, version))
    if order.settled_at_ms is None:
        await _first(uow, order, assessment, record=record)
    elif await sql.settled_by(uow, order.session_no) != event.record_id:
        await _later(uow, order, assessment, record=record, conflict=event.conflict)


async def settle_estimate(uow: UnitOfWork, session_no: str) -> None:
    """No record came: settle by the last sample."""
    order = await sql.find_by_session(uow, session_no)
    session = await sessions.session(uow, session_no)
    if order is None:
        order = await _adopt(uow, session, None)
    if order.settled_at_ms is not None:
        return
    version = await service_terms.version_of(uow, order, session)
    if version is None:
        await _without_tariff(uow, order, None)
        return
    assessment = service_terms.assess_samples(session, service_terms.terms_of(uow, order, version))
    await _first(uow, order, assessment, record=None)


async def _adopt(uow: UnitOfWork, session: ChargingSession, record: ChargeDetailRecord | None) -> Order:
    """An order for a session nobody ordered: an offline card's driver has it, otherwise nobody (文档 §4.8)."""
    card = (
        await drivers.driver_for_card(uow, session.card_id) if session.method in service_terms.OFFLINE_METHODS else None
    )
    order = Order(
        order_no=new_order_no(uow.now_ms),
        operator_id=session.operator_id,
        station_id=session.station_id,
        charge_point_code=session.charge_point_code,
        connector_no=session.connector_no,
        session_no=session.session_no,
        driver_id=card.driver.driver_id if card else None,
        method=StartMethod.OFFLINE_CARD if card else session.method,
        card_label=card.card_label if card else "",
        state=OrderState.FINISHING,
        flags=(),
        placed_at_ms=record.received_at_ms if record else uow.now_ms,
        started_at_ms=model_assess.began_at_ms(session, record) if record else session.began_at_ms,
        ended_at_ms=session.ended_at_ms,
    )
    await sql.add(uow, order)
    sql.note(uow, order.order_no, "adopted", session_no=session.session_no)
    return order


async def _without_tariff(uow: UnitOfWork, order: Order, record_id: str | None) -> None:
    """Nothing can be priced: people have to say which tariff counts."""
    row = _settlement_row(uow, order, record_id, Verdict.DISPUTE.value, Charge())
    if order.settled_at_ms is None and await sql.add_settlement(uow, row):
        await _release(uow, order, "no_tariff")
        after = msgspec.structs.replace(order, hold_open=False, settled_at_ms=uow.now_ms)
        await _dispute(uow, order, after, ("no_tariff",))


def _settlement_row(
    uow: UnitOfWork, order: Order, record_id: str | None, verdict: str, charge: Charge
) -> dict[str, object]:
    return {
        "session_no": order.session_no,
        "order_no": order.order_no,
        "record_id": record_id,
        "verdict": verdict,
        "charged_fen": charge.total_fen,
        "total_hao": 0,
        "rounding_hao": 0,
        "comparison": "{}",
        "at_ms": uow.now_ms,
    }


async def _first(uow: UnitOfWork, order: Order, assessment: Assessment, *, record: ChargeDetailRecord | None) -> None:
    """The one settlement of a session; the unique key makes a second one impossible."""
    outcome = settlement(uow, order, assessment, record)
    if not await sql.add_settlement(uow, outcome.row):
        return
    await sql.add_bill(uow, order.order_no, 1, assessment.bill)
    await _take(uow, order, outcome.charge)
    if order.pass_id is not None and (outcome.verdict is Verdict.NO_ENERGY or "by_fault" in assessment.flags):
        await service_passes.give_back(uow, order.order_no)
    reach("K5")
    if outcome.verdict is Verdict.DISPUTE:
        await _propose(uow, outcome.after, assessment, record_id=record.record_id if record else None, kind="disputed")
        await _dispute(uow, order, outcome.after, outcome.disputes)
    else:
        moved = closed(order, outcome.after, outcome.verdict)
        await sql.save(uow, order, moved)
        await give_back_rest(uow, moved)
        tell_closed(uow, moved)


def settlement(uow: UnitOfWork, order: Order, assessment: Assessment, record: ChargeDetailRecord | None) -> Outcome:
    """What a first assessment makes of an order, before anything is written."""
    disputes = (*assessment.disputes, *_standing_disputes(order, assessment))
    charge = _charge_now(order, assessment, disputes)
    verdict = Verdict.DISPUTE if disputes else assessment.verdict
    row = _settlement_row(uow, order, record.record_id if record else None, verdict.value, charge) | {
        "total_hao": assessment.bill.total_hao,
        "rounding_hao": assessment.bill.rounding_hao,
        "comparison": msgspec.json.encode(assessment.comparison).decode(),
    }
    after = msgspec.structs.replace(
        order,
        hold_open=False,
        stop_class=record.body.stop_class if record else StopClass.UNKNOWN,
        stop_reason=_stop_reason(record) if record else "",
        energy_mwh=assessment.bill.energy_mwh,
        energy_fee_fen=charge.energy_fee_fen,
        service_fee_fen=charge.service_fee_fen,
        bill_no=1,
        bill_count=1,
        settled_at_ms=uow.now_ms,
        ended_at_ms=order.ended_at_ms if order.ended_at_ms is not None else uow.now_ms,
        flags=model.merged(order.flags, assessment.flags),
    )
    return Outcome(verdict, charge, disputes, row, after)


def _stop_reason(record: ChargeDetailRecord) -> str:
    """The protocol's word; a plug-in may have one that is longer than the column."""
    return record.body.stop_reason[: sql.STOP_REASON_LENGTH]


def _standing_disputes(order: Order, assessment: Assessment) -> tuple[str, ...]:
    """Reasons that lie in the order: energy without a hold, or without a driver, is not debited by itself."""
    if assessment.verdict is Verdict.NO_ENERGY:
        return ()
    if order.driver_id is None:
        return ("no_driver",)
    owes = assessment.bill.total_fen or not assessment.bill.usage_lines
    if not order.hold_open and order.method is not StartMethod.OFFLINE_CARD and owes:
        return ("no_hold",)
    return ()


def _charge_now(order: Order, assessment: Assessment, disputes: tuple[str, ...]) -> Charge:
    """What is taken now: the bill; in a dispute what our samples support, and never more than is held."""
    bill = assessment.bill
    if not disputes:
        return Charge(bill.energy_fee_fen, bill.service_fee_fen)
    if not order.hold_open:
        return Charge()
    amount_fen = min(assessment.supported_fen, order.hold_fen)
    energy_fee_fen = min(bill.energy_fee_fen, amount_fen)
    return Charge(energy_fee_fen, amount_fen - energy_fee_fen)


async def _take(uow: UnitOfWork, order: Order, charge: Charge) -> None:
    """Capture the hold, or free it when nothing is owed; an offline card pays without a hold."""
    if order.hold_open and not charge.total_fen:
        await _release(uow, order, "nothing_owed")
    elif order.hold_open:
        await wallet.capture(uow, capture_of(order, charge))
    elif order.driver_id is not None and charge.total_fen:
        await correct(uow, order, charge, transfer_id=f"{order.order_no}:charge")


def capture_of(order: Order, charge: Charge) -> Capture:
    """The transfer that takes a charge from an order's hold."""
    return Capture(
        hold_id=order.hold_id,
        transfer_id=f"{order.order_no}:capture",
        energy_fee_fen=charge.energy_fee_fen,
        service_fee_fen=charge.service_fee_fen,
        operator_id=order.operator_id,
        memo=order.order_no,
    )


async def _release(uow: UnitOfWork, order: Order, reason: str) -> None:
    if order.hold_open:
        await wallet.release(uow, Release(hold_id=order.hold_id, reason=reason))


async def correct(uow: UnitOfWork, order: Order, change: Charge, *, transfer_id: str) -> None:
    """Charge more or pay back; what the driver cannot pay becomes arrears."""
    if order.driver_id is not None and (change.energy_fee_fen or change.service_fee_fen):
        correction = Correction(
            transfer_id=transfer_id,
            driver_id=order.driver_id,
            operator_id=order.operator_id,
            energy_fee_fen=change.energy_fee_fen,
            service_fee_fen=change.service_fee_fen,
            memo=order.order_no,
        )
        await wallet.correct(uow, correction)


def closed(before: Order, after: Order, verdict: Verdict) -> Order:
    """Settled, or over without energy."""
    if verdict is Verdict.BILL:
        fact = Fact.BILLED
    else:
        fact = Fact.FAILED if after.stop_class is StopClass.START_FAILED else Fact.CANCELLED
    return msgspec.structs.replace(after, state=model.after(before.state, fact) or before.state)


def tell_closed(uow: UnitOfWork, order: Order) -> None:
    """Note it, tell whoever watches, the driver, and the other features."""
    sql.note(uow, order.order_no, "settled", state=order.state.value, total_fen=order.total_fen, flags=order.flags)
    show(uow, order)
    service_notices.tell_ended(uow, order)
    if order.state is OrderState.SETTLED:
        uow.publish(OrderSettled(**names(order), total_fen=order.total_fen), key=order.charge_point_code)
    else:
        uow.publish(OrderEnded(**names(order), state=order.state), key=order.charge_point_code)


async def _dispute(uow: UnitOfWork, before: Order, after: Order, reasons: tuple[str, ...]) -> None:
    """People have to look."""
    state = model.after(before.state, Fact.QUESTIONED) or before.state
    moved = msgspec.structs.replace(after, state=state, flags=model.merged(after.flags, reasons))
    await sql.save(uow, before, moved)
    sql.note(uow, moved.order_no, "disputed", reasons=reasons, charged_fen=moved.total_fen)
    show(uow, moved)
    uow.publish(OrderDisputed(**names(moved), reasons=reasons), key=moved.charge_point_code)


async def question(uow: UnitOfWork, order: Order, reasons: tuple[str, ...]) -> None:
    """Energy after the end: an order that still has its hold is only flagged, any other goes to people."""
    if order.hold_open:
        await sql.save(uow, order, msgspec.structs.replace(order, flags=model.merged(order.flags, reasons)))
    elif not set(reasons) <= set(order.flags):
        await _dispute(uow, order, order, reasons)


async def _propose(uow: UnitOfWork, order: Order, assessment: Assessment, *, record_id: str | None, kind: str) -> None:
    """Keep what the record would cost, for people to accept or not."""
    await sql.add_correction(uow, _correction_row(uow, order, assessment, record_id=record_id, kind=kind))


def _correction_row(
    uow: UnitOfWork, order: Order, assessment: Assessment, *, record_id: str | None, kind: str
) -> dict[str, object]:
    bill = assessment.bill
    return {
        "correction_id": f"{order.order_no}:{record_id or 'samples'}",
        "order_no": order.order_no,
        "record_id": record_id,
        "kind": kind,
        "standing": "proposed",
        "energy_mwh": bill.energy_mwh,
        "energy_fee_fen": bill.energy_fee_fen,
        "service_fee_fen": bill.service_fee_fen,
        "bill_no": order.bill_count,
        "change_fen": 0,
        "comparison": msgspec.json.encode(assessment.comparison).decode(),
        "reason": "",
        "made_by": "system",
        "at_ms": uow.now_ms,
    }


async def _later(
    uow: UnitOfWork, order: Order, assessment: Assessment, *, record: ChargeDetailRecord, conflict: bool
) -> None:
    """A record after the settlement: the first one corrects an estimate, any other contradiction goes to people."""
    bill = assessment.bill
    change = Charge(bill.energy_fee_fen - order.energy_fee_fen, bill.service_fee_fen - order.service_fee_fen)
    plain = not conflict and not assessment.disputes
    untouched = order.state is OrderState.SETTLED and model.REFUNDED not in order.flags
    automatic = plain and (untouched or change == Charge())
    known = order.stop_class not in (None, StopClass.UNKNOWN)
    counted = msgspec.structs.replace(
        order,
        bill_count=order.bill_count + 1,
        flags=model.merged(order.flags, assessment.flags),
        stop_class=order.stop_class if known else record.body.stop_class,
        stop_reason=order.stop_reason if known else _stop_reason(record),
    )
    kind = "conflict" if conflict else "late_record"
    row = _correction_row(uow, counted, assessment, record_id=record.record_id, kind=kind)
    if automatic:
        row |= {"standing": "posted", "change_fen": change.total_fen}
    if not await sql.add_correction(uow, row):
        return
    await sql.add_bill(uow, order.order_no, counted.bill_count, bill)
    if automatic:
        await _post(uow, order, counted, assessment, change)
    else:
        await _dispute(uow, order, counted, ("conflicting_record",) if conflict else _late_reasons(assessment))


async def _post(uow: UnitOfWork, before: Order, counted: Order, assessment: Assessment, change: Charge) -> None:
    """A late record counts: the difference is charged or paid back, once, and a pass gets its use back as at first."""
    if before.pass_id is not None and "by_fault" in assessment.flags:
        await service_passes.give_back(uow, before.order_no)
    await correct(uow, before, change, transfer_id=f"{before.order_no}:bill-{counted.bill_count}")
    after = msgspec.structs.replace(
        counted,
        bill_no=counted.bill_count,
        energy_mwh=assessment.comparison.recorded_energy_mwh,
        energy_fee_fen=assessment.bill.energy_fee_fen,
        service_fee_fen=assessment.bill.service_fee_fen,
        flags=model.merged(counted.flags, ("late_record",)),
    )
    await sql.save(uow, before, after)
    sql.note(uow, before.order_no, "corrected", change_fen=change.total_fen)
    show(uow, after)
    service_notices.tell_corrected(uow, after, change.total_fen)
    uow.publish(OrderCorrected(**names(before), change_fen=change.total_fen), key=before.charge_point_code)


async def give_back_rest(uow: UnitOfWork, over: Order) -> None:
    """What an order left of its prepayment goes back the way it came, once."""
    if over.payment_no is not None:
        await payments.order_over(uow, over.order_no, charged_fen=over.total_fen)


def _late_reasons(assessment: Assessment) -> tuple[str, ...]:
    return assessment.disputes or ("late_record",)


def names(order: Order) -> dict[str, str]:
    """What every event of an order carries."""
    return {
        "order_no": order.order_no,
        "session_no": order.session_no,
        "charge_point_code": order.charge_point_code,
    }


def show(uow: UnitOfWork, order: Order) -> None:
    """Tell whoever watches the order's session, and the order itself."""
    patch = {
        "order_no": order.order_no,
        "order_state": order.state.value,
        "flags": list(order.flags),
        "energy_mwh": order.energy_mwh,
        "total_fen": order.total_fen,
    }
    uow.live(f"order:{order.order_no}", patch)
    uow.live(f"session:{order.session_no}", {"order_state": patch["order_state"], "total_fen": patch["total_fen"]})
    if order.driver_id is not None:
        drivers.patch_state(uow, order.driver_id, {"orders": {order.order_no: views.for_driver(order)}})
