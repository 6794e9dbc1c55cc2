"""Reading payments, refunds, plans and notices: plain rows, newest first."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.payments.messages import Case, CaseState, ComparedDay, Payment, Refund, RefundPart, Standing
from chargecloud.features.payments.sql import COLUMNS, notices, payment_events, payment_of, payments, plans
from chargecloud.features.payments.sql_cases import case_of, cases, day_of, days
from chargecloud.features.payments.sql_refunds import part_of, parts, refund_of, refunds
from chargecloud.infra.sql.walk import second_text, unwalked


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A sum offered for top-ups."""

    id: int
    operator_id: int
    name: str
    amount_fen: int
    gift_fen: int
    valid_from_ms: int
    valid_until_ms: int | None
    max_per_driver: int
    rank: int
    created_at_ms: int
    created_by: str
    ended_at_ms: int | None

    def offered_at(self, at_ms: int) -> bool:
        """Whether drivers can have it then."""
        begun = self.ended_at_ms is None and self.valid_from_ms <= at_ms
        return begun and (self.valid_until_ms is None or at_ms < self.valid_until_ms)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From a moment (included) until another (not included), and how a number begins; None and empty: any."""

    number: str = ""
    since_ms: int | None = None
    until_ms: int | None = None


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which payments are wanted; None and empty: all. The span is that of their making."""

    operator_id: int | None = None
    driver_id: int | None = None
    state: str = ""
    channel: str = ""
    purpose: str = ""
    order_no: str = ""
    transaction_id: str = ""
    span: Span = Span()


class RefundFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which refunds are wanted. The span is that of the request."""

    operator_id: int | None = None
    driver_id: int | None = None
    kind: str = ""
    standing: str = ""
    payment_no: str = ""
    channel: str = ""
    span: Span = Span()


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are wanted. The span is that of their opening."""

    operator_id: int | None = None
    state: str = ""
    kind: str = ""
    channel: str = ""
    day: str = ""
    span: Span = Span()


class NoticeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which notices are wanted. The span is that of their first coming."""

    channel: str = ""
    event: str = ""
    outcome: str = ""
    span: Span = Span()


class RefundWithParts(msgspec.Struct, frozen=True, kw_only=True):
    """A refund with everything the provider was asked for."""

    refund: Refund
    parts: tuple[RefundPart, ...]


class PaymentNote(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a payment."""

    at_ms: int
    kind: str
    facts: dict[str, object]


class KeptNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A proven notice, and what became of it."""

    id: int
    channel: str
    notice_id: str
    event: str
    number: str
    deliveries: int
    outcome: str
    received_at_ms: int
    last_at_ms: int


async def plan(connection: AsyncConnection, plan_id: int) -> Plan | None:
    """A plan by its id."""
    row = (await connection.execute(select(plans).where(plans.c.id == plan_id))).first()
    return Plan(**row._mapping) if row else None


async def plans_of(connection: AsyncConnection, operator_id: int | None, *, offered_at_ms: int | None) -> list[Plan]:
    """An operator's plans by rank and amount: those offered at a moment, or all that ever were."""
    c = plans.c
    statement = select(plans).order_by(c.rank, c.amount_fen, c.id).limit(200)
    if operator_id is not None:
        statement = statement.where(c.operator_id == operator_id)
    if offered_at_ms is not None:
        statement = statement.where(
            c.ended_at_ms.is_(None),
            c.valid_from_ms <= offered_at_ms,
            or_(c.valid_until_ms.is_(None), c.valid_until_ms > offered_at_ms),
        )
    return [Plan(**row._mapping) for row in await connection.execute(statement)]


async def payment(connection: AsyncConnection, payment_no: str) -> Payment | None:
    """A payment by its number."""
    row = (await connection.execute(select(*COLUMNS).where(payments.c.payment_no == payment_no))).first()
    return payment_of(row) if row else None


async def payments_of(
    connection: AsyncConnection, wanted: PaymentFilter, *, before_no: str | None, limit: int
) -> list[Payment]:
    """Payments, newest first."""
    c = payments.c
    statement = _narrowed(select(*COLUMNS), c, wanted, walked=_walked(wanted))
    statement = _numbered(statement, c.payment_no, c.created_at_ms, "P", wanted.span)
    statement = statement.order_by(c.payment_no.desc()).limit(limit)
    if before_no is not None:
        statement = statement.where(c.payment_no < before_no)
    return [payment_of(row) for row in await connection.execute(statement)]


_RARE = frozenset({"created", "prepaid", "quarantined", "open"})
"""States few payments and refunds are in at a time."""


def _walked(wanted: PaymentFilter | RefundFilter) -> tuple[str, ...]:
    """The columns whose index a list walks: those that leave the fewest rows."""
    state, name = (wanted.state, "state") if isinstance(wanted, PaymentFilter) else (wanted.standing, "standing")
    choices: tuple[tuple[bool, tuple[str, ...]], ...] = (
        (isinstance(wanted, PaymentFilter) and bool(wanted.order_no), ("order_no",)),
        (isinstance(wanted, PaymentFilter) and bool(wanted.transaction_id), ("channel", "transaction_id")),
        (wanted.driver_id is not None, ("driver_id",)),
        (state in _RARE, ("operator_id", name)),
    )
    return next((columns for fits, columns in choices if fits), ("operator_id",))


def _narrowed(statement: Select[Any], columns: Any, wanted: msgspec.Struct, *, walked: tuple[str, ...]) -> Select[Any]:
    """Only rows whose columns have the values asked for; for those not `walked` no index is taken."""
    for name in wanted.__struct_fields__:
        value = getattr(wanted, name)
        if isinstance(value, int | str) and value != "":
            column = columns[name]
            statement = statement.where((column if name in walked else unwalked(column)) == value)
    return statement


def _numbered(
    statement: Select[Any], number: ColumnElement[str], at_ms: ColumnElement[int], letter: str, span: Span
) -> Select[Any]:
    """A span of time is a span of numbers, which begin with a letter and the second they were made in."""
    if span.number:
        begins = span.number if span.number.startswith(letter) else letter + span.number
        statement = statement.where(number >= begins, number < f"{begins}:")  # ":" follows "9"
    if span.since_ms is not None:
        statement = statement.where(number >= f"{letter}{second_text(span.since_ms)}", at_ms >= span.since_ms)
    if span.until_ms is not None:
        statement = statement.where(number < f"{letter}{second_text(span.until_ms + 1000)}", at_ms < span.until_ms)
    return statement


def _counted(statement: Select[Any], table: Table, at_ms: ColumnElement[int], span: Span) -> Select[Any]:
    """Rows in the order of their coming: a span of time is looked up in its index, and is a span of ids."""
    c = table.c
    if span.number:
        statement = statement.where(c.number >= span.number, c.number < f"{span.number}\U0010ffff")
    if span.since_ms is not None:
        first = select(c.id).where(at_ms >= span.since_ms).order_by(at_ms, c.id).limit(1).scalar_subquery()
        statement = statement.where(c.id >= first, at_ms >= span.since_ms)
    if span.until_ms is not None:
        last = select(c.id).where(at_ms < span.until_ms).order_by(at_ms.desc(), c.id.desc()).limit(1).scalar_subquery()
        statement = statement.where(c.id <= last, at_ms < span.until_ms)
    return statement


def for_driver(payment: Payment) -> dict[str, object]:
    """A payment in the state of its driver's app."""
    return {"state": payment.state.value, "amount_fen": payment.amount_fen, "gift_fen": payment.gift_fen}


async def waiting_of(connection: AsyncConnection, driver_id: int) -> list[Payment]:
    """A driver's payments that wait to be paid."""
    found = await payments_of(connection, PaymentFilter(driver_id=driver_id), before_no=None, limit=50)
    return [each for each in found if each.state in ("created", "prepaid")]


async def events_of(connection: AsyncConnection, payment_no: str) -> list[PaymentNote]:
    """What happened to a payment, in order."""
    c = payment_events.c
    statement = select(c.at_ms, c.kind, c.facts).where(c.payment_no == payment_no).order_by(c.id).limit(500)
    return [
        PaymentNote(at_ms=row.at_ms, kind=row.kind, facts=msgspec.json.decode(row.facts, type=dict[str, object]))
        for row in await connection.execute(statement)
    ]


async def refunds_of(
    connection: AsyncConnection, wanted: RefundFilter, *, before_no: str | None, limit: int
) -> list[RefundWithParts]:
    """Refunds with their parts, newest first."""
    c = refunds.c
    plain = msgspec.structs.replace(wanted, payment_no="", channel="")
    statement = _narrowed(select(refunds), c, plain, walked=_walked(plain))
    if wanted.payment_no:
        statement = statement.where(c.refund_no.in_(_given(parts.c.payment_no == wanted.payment_no)))
    if wanted.channel:
        here = select(parts.c.part_no).where(parts.c.refund_no == c.refund_no, parts.c.channel == wanted.channel)
        statement = statement.where(here.exists())
    statement = _numbered(statement, c.refund_no, c.requested_at_ms, "R", wanted.span)
    statement = statement.order_by(c.refund_no.desc()).limit(limit)
    if before_no is not None:
        statement = statement.where(c.refund_no < before_no)
    rows = (await connection.execute(statement)).all()
    found = await _parts(connection, [row.refund_no for row in rows])
    return [RefundWithParts(refund=refund_of(row), parts=tuple(found.get(row.refund_no, ()))) for row in rows]


def _given(condition: ColumnElement[bool]) -> Select[Any]:
    return select(parts.c.refund_no).where(condition)


async def refund(connection: AsyncConnection, refund_no: str) -> RefundWithParts | None:
    """A refund by its number."""
    row = (await connection.execute(select(refunds).where(refunds.c.refund_no == refund_no))).first()
    if row is None:
        return None
    found = await _parts(connection, [refund_no])
    return RefundWithParts(refund=refund_of(row), parts=tuple(found.get(refund_no, ())))


async def _parts(connection: AsyncConnection, refund_nos: list[str]) -> dict[str, list[RefundPart]]:
    found: dict[str, list[RefundPart]] = {}
    statement = select(parts).where(parts.c.refund_no.in_(refund_nos)).order_by(parts.c.part_no)
    for row in await connection.execute(statement):
        found.setdefault(row.refund_no, []).append(part_of(row))
    return found


async def cases_list(
    connection: AsyncConnection, wanted: CaseFilter, *, before_id: int | None, limit: int
) -> list[Case]:
    """Cases, newest first."""
    walked = ("operator_id", "state") if wanted.state == CaseState.OPEN.value else ("operator_id",)
    statement = _narrowed(select(cases), cases.c, wanted, walked=walked)
    statement = _counted(statement, cases, cases.c.opened_at_ms, wanted.span)
    statement = statement.order_by(cases.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(cases.c.id < before_id)
    return [case_of(row) for row in await connection.execute(statement)]


async def open_in_bill(connection: AsyncConnection, operator_id: int, channel: str, day: str) -> int:
    """How many differences of a bill an operator has not decided yet."""
    c = cases.c
    here = (c.channel == channel, c.day == day, c.state == CaseState.OPEN.value, c.operator_id == operator_id)
    return int((await connection.execute(select(func.count()).select_from(cases).where(*here))).scalar_one())


async def days_list(connection: AsyncConnection, *, before_id: int | None, limit: int) -> list[ComparedDay]:
    """Compared days, newest first."""
    statement = select(days).order_by(days.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(days.c.id < before_id)
    return [day_of(row) for row in await connection.execute(statement)]


async def notices_log(
    connection: AsyncConnection, wanted: NoticeFilter, *, before_id: int | None, limit: int
) -> list[KeptNotice]:
    """Proven notices, newest first."""
    c = notices.c
    columns = [c[name] for name in KeptNotice.__struct_fields__]
    statement = _narrowed(select(*columns), c, wanted, walked=())
    statement = _counted(statement, notices, c.received_at_ms, wanted.span).order_by(c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(c.id < before_id)
    return [_notice(row) for row in await connection.execute(statement)]


def _notice(row: Row[*tuple[Any, ...]]) -> KeptNotice:
    return KeptNotice(**row._mapping)


async def to_do(connection: AsyncConnection, operator_id: int) -> tuple[int, int]:
    """How many cases are open, and how many refunds have not come to their end."""
    waiting = select(func.count()).where(cases.c.operator_id == operator_id, cases.c.state == CaseState.OPEN.value)
    asked = select(func.count()).where(refunds.c.operator_id == operator_id, refunds.c.standing == Standing.OPEN.value)
    return (await connection.execute(waiting)).scalar_one(), (await connection.execute(asked)).scalar_one()
