"""Tables of refunds and their parts, and the conditional updates that keep each part in one state."""

from typing import Any

import msgspec
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Row, String, Table, insert, select, update

from chargecloud.features.payments.messages import PartState, Payment, Refund, RefundKind, RefundPart, Standing
from chargecloud.features.payments.model import MAX_REFUNDS, REFUND_APART_MS
from chargecloud.features.payments.sql import payments
from chargecloud.infra.sql.types import code, epoch_ms, fen, metadata
from chargecloud.infra.sql.uow import UnitOfWork

refunds = Table(
    "refunds",
    metadata,
    Column("refund_no", code(32), primary_key=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("kind", code(16), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("gift_fen", fen(), nullable=False),
    Column("standing", code(16), nullable=False),
    Column("reason", String(80), nullable=False),
    Column("requested_by", code(64), nullable=False),
    Column("requested_at_ms", epoch_ms(), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    CheckConstraint("amount_fen > 0", name="amount"),
    Index(None, "driver_id", "refund_no"),
    Index(None, "operator_id", "refund_no"),
    Index(None, "operator_id", "standing", "refund_no"),
)

parts = Table(
    "refund_parts",
    metadata,
    Column("part_no", code(64), primary_key=True),
    Column("refund_no", ForeignKey("refunds.refund_no"), nullable=False, index=True),
    Column("payment_no", ForeignKey("payments.payment_no"), nullable=False, index=True),
    Column("channel", code(16), nullable=False),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("gift_fen", fen(), nullable=False),
    Column("state", code(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(200), nullable=False),
    Column("provider_refund_id", code(64), nullable=False),
    Column("requested_at_ms", epoch_ms(), nullable=False),
    Column("doubt_at_ms", epoch_ms()),
    Column("ended_at_ms", epoch_ms()),
    Column("due_at_ms", epoch_ms(), index=True),
    Column("billed_day", code(10)),
    CheckConstraint("amount_fen > 0", name="amount"),
    Index(None, "channel", "ended_at_ms"),
)

_REFUND_NAMES = tuple(column.name for column in refunds.c)
_PART_NAMES = tuple(column.name for column in parts.c if column.name != "billed_day")


def refund_of(row: Row[*tuple[Any, ...]]) -> Refund:
    """A refund from its columns."""
    values = {name: row._mapping[name] for name in _REFUND_NAMES}
    return Refund(**values | {"kind": RefundKind(row.kind), "standing": Standing(row.standing)})


def part_of(row: Row[*tuple[Any, ...]]) -> RefundPart:
    """A part from its columns."""
    values = {name: row._mapping[name] for name in _PART_NAMES}
    return RefundPart(**values | {"state": PartState(row.state)})


async def add(uow: UnitOfWork, refund: Refund, made: list[RefundPart]) -> None:
    """Write a refund with its parts."""
    values = msgspec.structs.asdict(refund) | {"kind": refund.kind.value, "standing": refund.standing.value}
    await uow.connection.execute(insert(refunds).values(values))
    rows = [msgspec.structs.asdict(part) | {"state": part.state.value} for part in made]
    await uow.connection.execute(insert(parts), rows)


async def find(uow: UnitOfWork, refund_no: str) -> Refund | None:
    """A refund by its number."""
    row = (await uow.connection.execute(select(refunds).where(refunds.c.refund_no == refund_no))).first()
    return refund_of(row) if row else None


async def find_part(uow: UnitOfWork, part_no: str) -> RefundPart | None:
    """A part by its number, locked where the engine locks rows."""
    row = (await uow.connection.execute(select(parts).where(parts.c.part_no == part_no).with_for_update())).first()
    return part_of(row) if row else None


async def parts_of(uow: UnitOfWork, refund_no: str) -> list[RefundPart]:
    """A refund's parts, in order."""
    statement = select(parts).where(parts.c.refund_no == refund_no).order_by(parts.c.part_no)
    return [part_of(row) for row in await uow.connection.execute(statement)]


async def due(uow: UnitOfWork, limit: int) -> list[RefundPart]:
    """Parts whose time has come, the longest overdue first."""
    statement = select(parts).where(parts.c.due_at_ms <= uow.now_ms).order_by(parts.c.due_at_ms).limit(limit)
    return [part_of(row) for row in await uow.connection.execute(statement)]


async def take(uow: UnitOfWork, part: RefundPart, due_at_ms: int) -> bool:
    """Begin a try: counted before it is made; False when somebody else is at it."""
    statement = (
        update(parts)
        .where(
            parts.c.part_no == part.part_no,
            parts.c.state == part.state.value,
            parts.c.attempts == part.attempts,
            parts.c.due_at_ms == part.due_at_ms,
        )
        .values(attempts=part.attempts + 1, due_at_ms=due_at_ms)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def change(uow: UnitOfWork, part: RefundPart, **values: object) -> bool:
    """Change a part that is still in the state it was read in; False when it is not."""
    statement = update(parts).where(parts.c.part_no == part.part_no, parts.c.state == part.state.value).values(values)
    return (await uow.connection.execute(statement)).rowcount == 1


async def end(uow: UnitOfWork, refund_no: str, standing: Standing) -> bool:
    """A refund has come to its end; False when it had before."""
    statement = (
        update(refunds)
        .where(refunds.c.refund_no == refund_no, refunds.c.standing == Standing.OPEN.value)
        .values(standing=standing.value, ended_at_ms=uow.now_ms)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def reserve(uow: UnitOfWork, payment: Payment, amount_fen: int, gift_fen: int) -> int | None:
    """Take so much of what a payment can still give back; when the provider may be asked. None: it cannot any more."""
    c = payments.c
    due_at_ms = max(uow.now_ms, payment.next_refund_at_ms)
    statement = (
        update(payments)
        .where(
            c.payment_no == payment.payment_no,
            c.revision == payment.revision,
            c.state == payment.state.value,
            c.returned_fen + amount_fen <= c.paid_fen,
            c.refunds < MAX_REFUNDS,
        )
        .values(
            returned_fen=c.returned_fen + amount_fen,
            gift_back_fen=c.gift_back_fen + gift_fen,
            refunds=c.refunds + 1,
            next_refund_at_ms=due_at_ms + REFUND_APART_MS,
            revision=c.revision + 1,
        )
    )
    return due_at_ms if (await uow.connection.execute(statement)).rowcount == 1 else None


async def count_since(uow: UnitOfWork, driver_id: int, kind: RefundKind, since_ms: int) -> int:
    """How many refunds of a kind a driver has asked for since then."""
    c = refunds.c
    statement = (
        select(c.refund_no)
        .where(c.driver_id == driver_id, c.kind == kind.value, c.requested_at_ms >= since_ms)
        .limit(1_000)
    )
    return len((await uow.connection.execute(statement)).all())
