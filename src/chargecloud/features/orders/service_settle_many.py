"""Settling many records at once: reads, money and writes each in one statement for all that are plain."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chargecloud.features.orders import service_settle, service_terms, sql
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.model_assess import Assessment, Verdict
from chargecloud.features.orders.service_settle import Outcome
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession, SessionRecorded
from chargecloud.features.wallet import service as wallet
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.killpoints import reach


class Recorded(NamedTuple):
    """A record that is to be settled, and the trace of the message that says so."""

    event: SessionRecorded
    trace_id: str


class _Plain(NamedTuple):
    """A first record that ends in a bill which its hold pays."""

    trace_id: str
    before: Order
    moved: Order
    assessment: Assessment
    outcome: Outcome


async def settle_records(uow: UnitOfWork, batch: Sequence[Recorded]) -> None:
    """Settle many records: the plain ones together, any other by itself afterwards."""
    found = await sessions.recorded_many(uow, sorted({each.event.record_id for each in batch}))
    orders = await sql.find_by_sessions(uow, sorted({each.event.session_no for each in batch}))
    times = Counter(each.event.session_no for each in batch)
    plain: list[_Plain] = []
    odd: list[Recorded] = []
    for each in batch:
        order, pair = orders.get(each.event.session_no), found.get(each.event.record_id)
        settled = None
        if order is not None and pair is not None and times[each.event.session_no] == 1:
            settled = _plain(uow, order, *pair, trace_id=each.trace_id)
        if settled is not None:
            plain.append(settled)
        else:
            odd.append(each)
    await _settle(uow, plain)
    for each in odd:
        uow.trace_id = each.trace_id
        await service_settle.settle_record(uow, each.event)


def _plain(
    uow: UnitOfWork, order: Order, session: ChargingSession, record: ChargeDetailRecord, *, trace_id: str
) -> _Plain | None:
    if order.settled_at_ms is not None or not order.hold_open or session.tariff is None:
        return None
    if order.payment_no is not None:
        return None  # what is left of its prepayment goes back
    assessment = service_terms.assess(record, session, service_terms.terms_of(uow, order, session.tariff))
    outcome = service_settle.settlement(uow, order, assessment, record)
    if outcome.verdict is not Verdict.BILL or not outcome.charge.total_fen:
        return None
    moved = service_settle.closed(order, outcome.after, outcome.verdict)
    return _Plain(trace_id, order, moved, assessment, outcome)


async def _settle(uow: UnitOfWork, plain: Sequence[_Plain]) -> None:
    if not plain:
        return
    await sql.add_settlements(uow, [each.outcome.row for each in plain])
    await sql.add_bills(uow, [(each.before.order_no, 1, each.assessment.bill) for each in plain])
    await wallet.capture_many(uow, [service_settle.capture_of(each.before, each.outcome.charge) for each in plain])
    reach("K5")
    await sql.save_many(uow, [(each.before, each.moved) for each in plain])
    for each in plain:
        uow.trace_id = each.trace_id
        service_settle.tell_closed(uow, each.moved)
