"""Tables of days that were compared with the providers' bills, and of cases: whatever people have to look at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from chargecloud.features.payments.messages import Case, CaseKind, CaseState, ComparedDay, PartState
from chargecloud.features.payments.model import CREDITED, Trouble
from chargecloud.features.payments.model_bill import OurPayment, OurRefund
from chargecloud.features.payments.sql import payments
from chargecloud.features.payments.sql_refunds import parts
from chargecloud.infra.sql.types import big_id, code, epoch_ms, fen, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore

AT_ONCE = 200

days = Table(
    "reconciliation_days",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("channel", code(16), nullable=False),
    Column("day", code(10), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("bill_paid_fen", fen(), nullable=False),
    Column("bill_refunded_fen", fen(), nullable=False),
    Column("our_paid_fen", fen(), nullable=False),
    Column("our_refunded_fen", fen(), nullable=False),
    Column("differences", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("compared_at_ms", epoch_ms(), nullable=False),
    Column("signed_at_ms", epoch_ms()),
    Column("signed_by", code(64), nullable=False),
    Column("note", String(200), nullable=False),
    UniqueConstraint("channel", "day"),
)

cases = Table(
    "payment_cases",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("channel", code(16), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("number", code(64), nullable=False),
    Column("day", code(10)),
    Column("state", code(16), nullable=False),
    Column("facts", json_text(), nullable=False),
    Column("opened_at_ms", epoch_ms(), nullable=False),
    Column("closed_at_ms", epoch_ms()),
    Column("closed_by", code(64), nullable=False),
    Column("reason", String(200), nullable=False),
    UniqueConstraint("channel", "kind", "number"),
    Index(None, "operator_id", "id"),
    Index(None, "operator_id", "state", "id"),
    Index(None, "channel", "day", "state"),
    Index(None, "opened_at_ms"),
    Index(None, "number"),
)
"""One for each kind of trouble with one payment or refund, whether it was seen as it happened or in a bill."""


def case_of(row: Row[*tuple[Any, ...]]) -> Case:
    """A case from its columns."""
    values = dict(row._mapping)
    values |= {
        "kind": CaseKind(row.kind),
        "state": CaseState(row.state),
        "facts": msgspec.json.decode(row.facts, type=dict[str, object]),
    }
    return Case(**values)


def day_of(row: Row[*tuple[Any, ...]]) -> ComparedDay:
    """A compared day from its columns."""
    return ComparedDay(**row._mapping)


async def open_case(uow: UnitOfWork, found: Trouble) -> int | None:
    """Open a case; its id, None when there was one of this kind about this number. An open one takes the new facts."""
    c = cases.c
    text = msgspec.json.encode(found.facts).decode()
    here = (c.channel == found.channel) & (c.kind == found.kind.value) & (c.number == found.number)
    known = (await uow.connection.execute(select(c.id).where(here))).scalar()
    if known is not None:
        again = update(cases).where(c.id == known, c.state == CaseState.OPEN.value)
        await uow.connection.execute(again.values(facts=text))
        return None
    row = {
        "operator_id": found.operator_id,
        "channel": found.channel,
        "kind": found.kind.value,
        "number": found.number,
        "day": found.day,
        "state": CaseState.OPEN.value,
        "facts": text,
        "opened_at_ms": uow.now_ms,
        "closed_by": "",
        "reason": "",
    }
    await uow.connection.execute(insert_ignore(cases, row))
    return int((await uow.connection.execute(select(c.id).where(here))).scalar_one())


async def open_about(uow: UnitOfWork, number: str, kinds: Iterable[CaseKind]) -> list[Case]:
    """What is open of these kinds about a number."""
    c = cases.c
    wanted = (c.number == number, c.kind.in_([kind.value for kind in kinds]), c.state == CaseState.OPEN.value)
    return [case_of(row) for row in await uow.connection.execute(select(cases).where(*wanted).order_by(c.id))]


async def close_case(uow: UnitOfWork, case_id: int, *, by: str, reason: str) -> bool:
    """Close one case; False when it is closed already."""
    c = cases.c
    closing = {"state": CaseState.CLOSED.value, "closed_at_ms": uow.now_ms, "closed_by": by, "reason": reason[:200]}
    statement = update(cases).where(c.id == case_id, c.state == CaseState.OPEN.value)
    return (await uow.connection.execute(statement.values(closing))).rowcount == 1


async def find_case(uow: UnitOfWork, case_id: int) -> Case | None:
    """A case by its id."""
    row = (await uow.connection.execute(select(cases).where(cases.c.id == case_id))).first()
    return case_of(row) if row else None


async def find_day(uow: UnitOfWork, channel: str, day: str) -> ComparedDay | None:
    """A compared day."""
    statement = select(days).where(days.c.channel == channel, days.c.day == day).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return day_of(row) if row else None


async def last_day(uow: UnitOfWork, channel: str) -> str | None:
    """The newest day that was compared."""
    found = (await uow.connection.execute(select(func.max(days.c.day)).where(days.c.channel == channel))).scalar()
    return None if found is None else str(found)


async def first_made_ms(uow: UnitOfWork, channel: str) -> int | None:
    """When a channel's first payment was made."""
    statement = select(func.min(payments.c.created_at_ms)).where(payments.c.channel == channel)
    found = (await uow.connection.execute(statement)).scalar()
    return None if found is None else int(found)


async def keep_day(uow: UnitOfWork, channel: str, day: str, values: Mapping[str, object]) -> None:
    """Write down what a comparison came to; a day that was signed stays as it is."""
    row = {"channel": channel, "day": day, **values, "runs": 1, "compared_at_ms": uow.now_ms}
    known = await find_day(uow, channel, day)
    if known is None:
        await uow.connection.execute(insert(days).values({**row, "signed_by": "", "note": ""}))
        return
    again = update(days).where(days.c.id == known.id, days.c.signed_at_ms.is_(None))
    await uow.connection.execute(again.values({**row, "runs": known.runs + 1}))


async def sign_day(uow: UnitOfWork, day_id: int, *, by: str, note: str) -> bool:
    """Finance vouches for a day, once."""
    statement = update(days).where(days.c.id == day_id, days.c.signed_at_ms.is_(None))
    signed = statement.values(signed_at_ms=uow.now_ms, signed_by=by, note=note[:200])
    return (await uow.connection.execute(signed)).rowcount == 1


async def open_cases(uow: UnitOfWork, channel: str, day: str) -> int:
    """How many differences of a day nobody has decided yet."""
    c = cases.c
    statement = (
        select(func.count())
        .select_from(cases)
        .where(c.channel == channel, c.day == day, c.state == CaseState.OPEN.value)
    )
    return int((await uow.connection.execute(statement)).scalar_one())


_PAYMENT = (
    payments.c.payment_no,
    payments.c.operator_id,
    payments.c.paid_fen,
    payments.c.state,
    payments.c.transaction_id,
)
_REFUND = (parts.c.part_no, parts.c.operator_id, parts.c.amount_fen, parts.c.state)


def _our_payment(row: Row[*tuple[Any, ...]]) -> OurPayment:
    credited = row.state in {state.value for state in CREDITED}
    return OurPayment(row.payment_no, row.operator_id, row.paid_fen, row.state, row.transaction_id or "", credited)


def _our_refund(row: Row[*tuple[Any, ...]]) -> OurRefund:
    return OurRefund(row.part_no, row.operator_id, row.amount_fen, PartState(row.state))


async def our_payments(uow: UnitOfWork, channel: str, numbers: Sequence[str]) -> dict[str, OurPayment]:
    """What we know of payments a bill names."""
    found: dict[str, OurPayment] = {}
    for start in range(0, len(numbers), AT_ONCE):
        wanted = numbers[start : start + AT_ONCE]
        statement = select(*_PAYMENT).where(payments.c.channel == channel, payments.c.payment_no.in_(wanted))
        found |= {row.payment_no: _our_payment(row) for row in await uow.connection.execute(statement)}
    return found


async def our_refunds(uow: UnitOfWork, channel: str, numbers: Sequence[str]) -> dict[str, OurRefund]:
    """What we know of refunds a bill names."""
    found: dict[str, OurRefund] = {}
    for start in range(0, len(numbers), AT_ONCE):
        wanted = numbers[start : start + AT_ONCE]
        statement = select(*_REFUND).where(parts.c.channel == channel, parts.c.part_no.in_(wanted))
        found |= {row.part_no: _our_refund(row) for row in await uow.connection.execute(statement)}
    return found


async def forget_billed(uow: UnitOfWork, channel: str, day: str, from_ms: int, until_ms: int) -> None:
    """A day is compared once more: what its bill named before may not be in it any more."""
    for table, at_ms in ((payments, payments.c.paid_at_ms), (parts, parts.c.ended_at_ms)):
        around = (at_ms >= from_ms) & (at_ms < until_ms)
        here = (table.c.channel == channel) & around & (table.c.billed_day == day)
        await uow.connection.execute(update(table).where(here).values(billed_day=None))


async def note_billed(uow: UnitOfWork, table: Table, numbers: Sequence[str], day: str) -> None:
    """A bill has named these, so no other has to."""
    key = table.primary_key.columns[0]
    for start in range(0, len(numbers), AT_ONCE):
        wanted = numbers[start : start + AT_ONCE]
        await uow.connection.execute(
            update(table).where(key.in_(wanted), table.c.billed_day.is_(None)).values(billed_day=day)
        )


async def unbilled_payments(uow: UnitOfWork, channel: str, from_ms: int, until_ms: int) -> dict[str, OurPayment]:
    """Credited payments of a day that no bill has named."""
    c = payments.c
    statement = select(*_PAYMENT).where(
        c.channel == channel,
        c.paid_at_ms >= from_ms,
        c.paid_at_ms < until_ms,
        c.billed_day.is_(None),
        c.state.in_([state.value for state in CREDITED]),
    )
    return {row.payment_no: _our_payment(row) for row in await uow.connection.execute(statement)}


async def unbilled_refunds(uow: UnitOfWork, channel: str, from_ms: int, until_ms: int) -> dict[str, OurRefund]:
    """Refunds that arrived on a day and no bill has named."""
    c = parts.c
    statement = select(*_REFUND).where(
        c.channel == channel,
        c.ended_at_ms >= from_ms,
        c.ended_at_ms < until_ms,
        c.billed_day.is_(None),
        c.state == PartState.SUCCEEDED.value,
    )
    return {row.part_no: _our_refund(row) for row in await uow.connection.execute(statement)}


async def sums_of_day(uow: UnitOfWork, channel: str, from_ms: int, until_ms: int) -> tuple[int, int]:
    """Fen paid and fen given back on a day, by our books."""
    c, p = payments.c, parts.c
    paid = select(func.coalesce(func.sum(c.paid_fen), 0)).where(
        c.channel == channel,
        c.paid_at_ms >= from_ms,
        c.paid_at_ms < until_ms,
        c.state.in_([state.value for state in CREDITED]),
    )
    given = select(func.coalesce(func.sum(p.amount_fen), 0)).where(
        p.channel == channel,
        p.ended_at_ms >= from_ms,
        p.ended_at_ms < until_ms,
        p.state == PartState.SUCCEEDED.value,
    )
    return int((await uow.connection.execute(paid)).scalar_one()), int(
        (await uow.connection.execute(given)).scalar_one()
    )
