"""Tables of payments and refunds, and the statements that keep them right under concurrency.

What a payment has given back changes only by conditional updates, so that no two refunds together exceed it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from chargecloud.features.payments.messages import Payment, PaymentState, Purpose
from chargecloud.infra.sql.types import big_id, code, epoch_ms, fen, json_text, large_bytes, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore
from chargecloud.kernel.errors import Conflict

plans = Table(
    "top_up_plans",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("gift_fen", fen(), nullable=False),
    Column("valid_from_ms", epoch_ms(), nullable=False),
    Column("valid_until_ms", epoch_ms()),
    Column("max_per_driver", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("created_by", code(64), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("gift_fen >= 0", name="gift"),
    Index(None, "operator_id", "ended_at_ms"),
)

payments = Table(
    "payments",
    metadata,
    Column("payment_no", code(32), primary_key=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("channel", code(16), nullable=False),
    Column("purpose", code(16), nullable=False),
    Column("plan_id", big_id()),
    Column("amount_fen", fen(), nullable=False),
    Column("gift_fen", fen(), nullable=False),
    Column("payer_id", code(64), nullable=False),
    Column("state", code(16), nullable=False),
    Column("flags", json_text(), nullable=False),
    Column("place", code(24), nullable=False),
    Column("order_no", code(32), unique=True),
    Column("bound", Boolean, nullable=False),
    Column("held_fen", fen(), nullable=False),
    Column("reference", code(128), nullable=False),
    Column("client", json_text(), nullable=False),
    Column("transaction_id", code(64)),
    Column("paid_fen", fen(), nullable=False),
    Column("returned_fen", fen(), nullable=False),
    Column("refunded_fen", fen(), nullable=False),
    Column("gift_back_fen", fen(), nullable=False),
    Column("refunds", Integer, nullable=False),
    Column("next_refund_at_ms", epoch_ms(), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False),
    Column("paid_at_ms", epoch_ms()),
    Column("credited_at_ms", epoch_ms()),
    Column("ended_at_ms", epoch_ms()),
    Column("due_at_ms", epoch_ms(), index=True),
    Column("looks", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("billed_day", code(10)),
    Column("delivery_told_at_ms", epoch_ms()),
    Column("request_key", code(160), nullable=False, unique=True),
    Column("request_digest", code(64), nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("returned_fen >= 0 AND returned_fen <= paid_fen", name="returned"),
    CheckConstraint("refunded_fen >= 0 AND refunded_fen <= returned_fen", name="refunded"),
    UniqueConstraint("channel", "transaction_id"),
    Index(None, "driver_id", "payment_no"),
    Index(None, "operator_id", "payment_no"),
    Index(None, "operator_id", "state", "payment_no"),
    Index(None, "channel", "paid_at_ms"),
    Index(None, "channel", "delivery_told_at_ms", "paid_at_ms"),
)

payment_events = Table(
    "payment_events",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("payment_no", code(32), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("facts", json_text(), nullable=False),
    Index(None, "payment_no", "id"),
)
"""What happened to each payment and its refunds, in words for people."""

notices = Table(
    "payment_notices",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("channel", code(16), nullable=False),
    Column("notice_id", code(64), nullable=False),
    Column("event", code(64), nullable=False),
    Column("number", code(64), nullable=False),
    Column("body", large_bytes(), nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("outcome", code(32), nullable=False),
    Column("received_at_ms", epoch_ms(), nullable=False),
    Column("last_at_ms", epoch_ms(), nullable=False),
    UniqueConstraint("channel", "notice_id"),
    Index(None, "received_at_ms"),
    Index(None, "number"),
)
"""Proven notices as they came, before anything follows from them."""

_APART = ("request_key", "request_digest", "billed_day", "delivery_told_at_ms")
_NAMES = tuple(column.name for column in payments.c if column.name not in _APART)
COLUMNS = tuple(payments.c[name] for name in _NAMES)


def payment_of(row: Row[*tuple[Any, ...]]) -> Payment:
    """A payment from `COLUMNS`."""
    values = dict(row._mapping)
    values |= {
        "purpose": Purpose(values["purpose"]),
        "state": PaymentState(values["state"]),
        "flags": msgspec.json.decode(values["flags"], type=tuple[str, ...]),
        "client": msgspec.json.decode(values["client"], type=dict[str, str]),
    }
    return Payment(**{name: values[name] for name in _NAMES})


def _row(payment: Payment) -> dict[str, object]:
    values = msgspec.structs.asdict(payment)
    values |= {
        "purpose": payment.purpose.value,
        "state": payment.state.value,
        "flags": msgspec.json.encode(payment.flags).decode(),
        "client": msgspec.json.encode(payment.client).decode(),
    }
    return values


async def add(uow: UnitOfWork, payment: Payment, *, request_key: str, request_digest: str) -> None:
    """Write a new payment; Conflict when the same request is making one at this very moment."""
    row = _row(payment) | {"request_key": request_key, "request_digest": request_digest}
    try:
        await uow.connection.execute(insert(payments).values(row))
    except IntegrityError as error:
        raise Conflict("同一请求正在处理，请重试", "request_doubled", payment_no=payment.payment_no) from error


async def by_request(uow: UnitOfWork, request_key: str) -> tuple[Payment, str] | None:
    """The payment a request made, and the digest of that request."""
    statement = select(*COLUMNS, payments.c.request_digest).where(payments.c.request_key == request_key)
    row = (await uow.connection.execute(statement)).first()
    return (payment_of(row), row.request_digest) if row else None


async def find(uow: UnitOfWork, payment_no: str, *, lock: bool = True) -> Payment | None:
    """A payment, locked for a change where the engine locks rows."""
    statement = select(*COLUMNS).where(payments.c.payment_no == payment_no)
    row = (await uow.connection.execute(statement.with_for_update() if lock else statement)).first()
    return payment_of(row) if row else None


async def of_order(uow: UnitOfWork, order_no: str) -> Payment | None:
    """The prepayment an order was given."""
    statement = select(*COLUMNS).where(payments.c.order_no == order_no).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return payment_of(row) if row else None


async def of_transaction(uow: UnitOfWork, channel: str, transaction_id: str) -> str | None:
    """The number of the payment that bears the provider's number."""
    c = payments.c
    statement = select(c.payment_no).where(c.channel == channel, c.transaction_id == transaction_id)
    found = (await uow.connection.execute(statement)).scalar()
    return str(found) if found is not None else None


async def save(uow: UnitOfWork, before: Payment, after: Payment) -> Payment:
    """Change a payment from exactly what was read; Conflict when somebody was faster."""
    moved = msgspec.structs.replace(after, revision=before.revision + 1)
    old, new = _row(before), _row(moved)
    statement = (
        update(payments)
        .where(
            payments.c.payment_no == before.payment_no,
            payments.c.revision == before.revision,
            payments.c.state == before.state.value,
        )
        .values({name: value for name, value in new.items() if value != old[name]})
    )
    if (await uow.connection.execute(statement)).rowcount != 1:
        raise Conflict("支付单刚刚发生变化，请重试", "payment_changed", payment_no=before.payment_no)
    return moved


async def refundable(uow: UnitOfWork, driver_id: int, *, since_ms: int, most: int) -> list[Payment]:
    """A driver's payments that can give something back to whoever asks, newest first."""
    c = payments.c
    statement = (
        select(*COLUMNS)
        .where(
            c.driver_id == driver_id,
            c.bound.is_(False),
            c.state.in_([PaymentState.PAID.value, PaymentState.PART_REFUNDED.value]),
            c.returned_fen < c.paid_fen,
            c.refunds < most,
            c.paid_at_ms >= since_ms,
        )
        .order_by(c.payment_no.desc())
        .limit(200)
        .with_for_update()
    )
    return [payment_of(row) for row in await uow.connection.execute(statement)]


async def made_since(uow: UnitOfWork, driver_id: int, since_ms: int) -> tuple[int, int]:
    """Of a driver: fen paid since then, and payments that wait to be paid."""
    c = payments.c
    waiting = c.state.in_([PaymentState.CREATED.value, PaymentState.PREPAID.value])
    statement = select(
        func.coalesce(func.sum(c.paid_fen), 0), func.coalesce(func.sum(case((waiting, 1), else_=0)), 0)
    ).where(c.driver_id == driver_id, waiting | (c.credited_at_ms >= since_ms))
    paid_fen, open_count = (await uow.connection.execute(statement)).one()
    return int(paid_fen), int(open_count)


async def plan_uses(uow: UnitOfWork, driver_id: int, plan_id: int) -> int:
    """How often a driver has used a plan, or may yet."""
    c = payments.c
    statement = (
        select(func.count())
        .select_from(payments)
        .where(
            c.driver_id == driver_id,
            c.plan_id == plan_id,
            c.state.not_in([PaymentState.CLOSED.value, PaymentState.QUARANTINED.value]),
        )
    )
    return int((await uow.connection.execute(statement)).scalar_one())


async def due(uow: UnitOfWork, limit: int) -> list[Payment]:
    """Payments whose time has come, the longest overdue first."""
    c = payments.c
    statement = select(*COLUMNS).where(c.due_at_ms <= uow.now_ms).order_by(c.due_at_ms).limit(limit)
    return [payment_of(row) for row in await uow.connection.execute(statement)]


async def put_off(uow: UnitOfWork, payment: Payment, due_at_ms: int | None) -> None:
    """Look at it later; nobody else's change is disturbed."""
    statement = (
        update(payments)
        .where(payments.c.payment_no == payment.payment_no, payments.c.due_at_ms == payment.due_at_ms)
        .values(due_at_ms=due_at_ms, looks=payments.c.looks + 1)
    )
    await uow.connection.execute(statement)


def note(uow: UnitOfWork, payment_no: str, kind: str, **facts: object) -> None:
    """Keep what happened, for people."""
    row = {"payment_no": payment_no, "at_ms": uow.now_ms, "kind": kind, "facts": msgspec.json.encode(facts).decode()}
    uow.append(payment_events, row)


async def keep_notice(uow: UnitOfWork, row: Mapping[str, object]) -> str:
    """Keep a notice, or count it once more; what became of it before, empty for nothing yet."""
    c = notices.c
    new = {**row, "deliveries": 0, "outcome": "", "received_at_ms": uow.now_ms, "last_at_ms": uow.now_ms}
    await uow.connection.execute(insert_ignore(notices, new))
    here = (c.channel == row["channel"]) & (c.notice_id == row["notice_id"])
    counted = update(notices).where(here).values(deliveries=c.deliveries + 1, last_at_ms=uow.now_ms)
    await uow.connection.execute(counted)
    return str((await uow.connection.execute(select(c.outcome).where(here))).scalar_one())


async def end_notice(uow: UnitOfWork, channel: str, notice_id: str, outcome: str) -> None:
    """What became of a notice."""
    c = notices.c
    here = (c.channel == channel) & (c.notice_id == notice_id)
    await uow.connection.execute(update(notices).where(here).values(outcome=outcome))


async def forget_notices(uow: UnitOfWork, before_ms: int, *, limit: int) -> int:
    """Forget the oldest notices that nobody repeated since then; how many."""
    c = notices.c
    oldest = (await uow.connection.execute(select(c.id, c.last_at_ms).order_by(c.id).limit(limit))).all()
    old = [row.id for row in oldest if row.last_at_ms < before_ms]
    if old:
        await uow.connection.execute(delete(notices).where(c.id.in_(old)))
    return len(old)


async def add_plan(uow: UnitOfWork, row: Mapping[str, object]) -> int:
    """Write a plan; its id."""
    key = (await uow.connection.execute(insert(plans).values(dict(row)))).inserted_primary_key
    return int(key[0]) if key else 0


async def end_plan(uow: UnitOfWork, plan_id: int, operator_id: int) -> bool:
    """Offer a plan no more; False when it is not offered, or not theirs."""
    c = plans.c
    statement = (
        update(plans)
        .where(c.id == plan_id, c.operator_id == operator_id, c.ended_at_ms.is_(None))
        .values(ended_at_ms=uow.now_ms)
    )
    return (await uow.connection.execute(statement)).rowcount == 1
