"""Cases and compared days: opened by what happens and by bills, closed by people with a reason."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import sql_cases
from chargecloud.features.payments.channels.contract import LineKind, RefundState, StatementLine
from chargecloud.features.payments.messages import Case, CaseClosed, CaseKind, CaseOpened, ComparedDay
from chargecloud.features.payments.model import Trouble
from chargecloud.features.payments.model_bill import Books, Difference
from chargecloud.features.payments.sql import payments
from chargecloud.features.payments.sql_refunds import parts
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import BEIJING, from_local, local_time
from chargecloud.kernel.errors import NotFound, Refused

READY_HOUR = 10
"""Bills of a day are made by then on the next (Beijing time)."""
MAX_DAYS_BACK = 60
"""Providers keep bills for three months."""
DAYS_A_RUN = 7
NEAR_MS = 2 * 86_400_000
"""What a bill names happened that near to its day."""


async def open_case(uow: UnitOfWork, trouble: Trouble) -> None:
    """A case for people, told once; what comes again brings an open one new facts and tells nobody."""
    case_id = await sql_cases.open_case(uow, trouble)
    if case_id is None:
        return
    event = CaseOpened(
        case_id=case_id,
        operator_id=trouble.operator_id,
        channel=trouble.channel,
        kind=trouble.kind,
        number=trouble.number,
        day=trouble.day,
        facts={name: str(value)[:100] for name, value in trouble.facts.items()},
    )
    uow.publish(event, key=_turn(trouble.channel, trouble.number, trouble.day))


def _turn(channel: str, number: str, day: str | None) -> str:
    """What is told of one case, or of one bill, is heard in order."""
    return f"payment_case:{number}" if day is None else f"payment_bill:{channel}/{day}"


def _tell_closed(uow: UnitOfWork, case: Case) -> None:
    event = CaseClosed(
        case_id=case.id,
        operator_id=case.operator_id,
        channel=case.channel,
        kind=case.kind,
        number=case.number,
        day=case.day,
    )
    uow.publish(event, key=_turn(case.channel, case.number, case.day))


async def due_days(uow: UnitOfWork, channel: str) -> list[date]:
    """Days whose bill should be there and was not compared, oldest first."""
    now = local_time(uow.now_ms)
    newest = now.date() - timedelta(days=1 if now.hour >= READY_HOUR else 2)
    last = await sql_cases.last_day(uow, channel)
    if last is not None:
        begin = date.fromisoformat(last) + timedelta(days=1)
    else:
        first_ms = await sql_cases.first_made_ms(uow, channel)
        if first_ms is None:
            return []
        begin = local_time(first_ms).date()
    begin = max(begin, now.date() - timedelta(days=MAX_DAYS_BACK))
    count = min((newest - begin).days + 1, DAYS_A_RUN)
    return [begin + timedelta(days=number) for number in range(count)]


def bounds_ms(day: date) -> tuple[int, int]:
    """A Beijing day as moments: from, until."""
    from_ms = from_local(datetime.combine(day, time(), BEIJING))
    return from_ms, from_ms + 86_400_000


async def books_of(uow: UnitOfWork, channel: str, day: date, lines: Sequence[StatementLine]) -> Books:
    """What our books have to say about a bill; what it names is noted, so that no other bill has to name it."""
    from_ms, until_ms = bounds_ms(day)
    await sql_cases.forget_billed(uow, channel, day.isoformat(), from_ms - NEAR_MS, until_ms + NEAR_MS)
    named = [line.payment_no for line in lines if line.kind is LineKind.PAYMENT]
    given = [line.refund_no for line in lines if line.kind is LineKind.REFUND]
    await sql_cases.note_billed(uow, payments, named, day.isoformat())
    await sql_cases.note_billed(uow, parts, given, day.isoformat())
    return Books(
        payments=await sql_cases.our_payments(uow, channel, named),
        refunds=await sql_cases.our_refunds(uow, channel, given),
        due_payments=await sql_cases.unbilled_payments(uow, channel, from_ms, until_ms),
        due_refunds=await sql_cases.unbilled_refunds(uow, channel, from_ms, until_ms),
    )


async def keep_comparison(
    uow: UnitOfWork, channel: str, day: date, lines: Sequence[StatementLine], found: Sequence[Difference]
) -> None:
    """Write down what a day came to, with a case for each difference."""
    paid_fen, refunded_fen = await sql_cases.sums_of_day(uow, channel, *bounds_ms(day))
    closed = (RefundState.CLOSED, RefundState.ABNORMAL)
    values = {
        "lines": len(lines),
        "bill_paid_fen": sum(line.amount_fen for line in lines if line.kind is LineKind.PAYMENT),
        "bill_refunded_fen": sum(
            line.amount_fen for line in lines if line.kind is LineKind.REFUND and line.refund_state not in closed
        ),
        "our_paid_fen": paid_fen,
        "our_refunded_fen": refunded_fen,
        "differences": len(found),
    }
    await sql_cases.keep_day(uow, channel, day.isoformat(), values)
    for each in found:
        owner = each.operator_id or DEFAULT_OPERATOR_ID
        await open_case(uow, Trouble(owner, channel, each.kind, each.number, day.isoformat(), each.facts))


async def close(uow: UnitOfWork, case_id: int, *, operator_id: int | None, by: str, reason: str) -> Case:
    """Somebody has looked at a case and says what came of it."""
    case = await sql_cases.find_case(uow, case_id)
    if case is None or operator_id not in (None, case.operator_id):
        raise NotFound(f"没有对账差异 {case_id}", "case_unknown", case_id=case_id)
    if not await sql_cases.close_case(uow, case_id, by=by, reason=reason):
        raise Refused("该差异已处理", "case_closed", case_id=case_id)
    _tell_closed(uow, case)
    return (await sql_cases.find_case(uow, case_id)) or case


async def sign(uow: UnitOfWork, channel: str, day: date, *, by: str, note: str) -> ComparedDay:
    """Finance vouches for a day. Refused while a difference is open."""
    found = await compared(uow, channel, day)
    open_count = await sql_cases.open_cases(uow, channel, day.isoformat())
    if open_count:
        raise Refused(f"还有 {open_count} 个差异未处理", "cases_open", open=open_count)
    if not await sql_cases.sign_day(uow, found.id, by=by, note=note):
        raise Refused("该日已签核", "day_signed", day=found.day, signed_by=found.signed_by)
    return await compared(uow, channel, day)


async def known(uow: UnitOfWork, channel: str, day: date) -> ComparedDay | None:
    """A day, if it was compared."""
    return await sql_cases.find_day(uow, channel, day.isoformat())


async def compared(uow: UnitOfWork, channel: str, day: date) -> ComparedDay:
    """A day that was compared, or NotFound."""
    found = await sql_cases.find_day(uow, channel, day.isoformat())
    if found is None:
        raise NotFound(f"{day.isoformat()} 尚未对账", "day_not_compared", day=day.isoformat())
    return found


async def decided(uow: UnitOfWork, number: str, kinds: Sequence[CaseKind], *, by: str, reason: str) -> None:
    """What was decided elsewhere closes the cases about it."""
    for case in await sql_cases.open_about(uow, number, kinds):
        if await sql_cases.close_case(uow, case.id, by=by, reason=reason):
            _tell_closed(uow, case)
