"""The table of requests that a second person decides, and the statements that change it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ForeignKey, Index, Row, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from chargecloud.features.operators.messages import Approval, ApprovalState, ApprovalWish
from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, fen, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork

AT_ONCE = 500
"""Overdue requests that are looked at in one go."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("about", code(80), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("basis", code(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("state", code(16), nullable=False),
    Column("open_about", code(80), unique=True),
    Column("requested_by", big_int(), nullable=False),
    Column("requested_name", String(80), nullable=False),
    Column("requested_at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False),
    Column("decided_by", big_int()),
    Column("decided_name", String(80), nullable=False),
    Column("decided_at_ms", epoch_ms()),
    Column("note", String(500), nullable=False),
    Index(None, "operator_id", "state", "id"),
    Index(None, "state", "expires_at_ms"),
    Index(None, "about", "id"),
)
"""`open_about` is what it is about while the request waits, and empty afterwards: one waits at a time."""

APPROVAL_COLUMNS = tuple(column for column in approvals.c if column.name != "open_about")


def approval_of(row: Row[*tuple[Any, ...]]) -> Approval:
    """A request from a row of `APPROVAL_COLUMNS`."""
    values = dict(row._mapping)
    values["approval_id"] = values.pop("id")
    values["body"] = msgspec.json.decode(values["body"], type=dict[str, object])
    values["state"] = ApprovalState(values["state"])
    return Approval(**values)


async def add(uow: UnitOfWork, wish: ApprovalWish, *, by: int, name: str, expires_at_ms: int) -> int | None:
    """Write a request down and give its number; None when one about this object waits already."""
    row = msgspec.structs.asdict(wish) | {
        "body": msgspec.json.encode(wish.body).decode(),
        "state": ApprovalState.WAITING.value,
        "open_about": wish.about,
        "requested_by": by,
        "requested_name": name,
        "requested_at_ms": uow.now_ms,
        "expires_at_ms": expires_at_ms,
        "decided_name": "",
        "note": "",
    }
    try:
        result = await uow.connection.execute(insert(approvals).values(row))
    except IntegrityError:
        return None
    return int((result.inserted_primary_key or (0,))[0])


async def find(uow: UnitOfWork, approval_id: int) -> Approval | None:
    """A request, as of now and for this unit of work alone."""
    statement = select(*APPROVAL_COLUMNS).where(approvals.c.id == approval_id).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return approval_of(row) if row else None


async def decide(
    uow: UnitOfWork, approval_id: int, state: ApprovalState, *, by: int | None, name: str, note: str
) -> bool:
    """A waiting request comes to its end, once; False when it has come to one before."""
    statement = (
        update(approvals)
        .where(approvals.c.id == approval_id, approvals.c.state == ApprovalState.WAITING.value)
        .values(
            state=state.value, open_about=None, decided_by=by, decided_name=name, decided_at_ms=uow.now_ms, note=note
        )
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def overdue(uow: UnitOfWork) -> Sequence[int]:
    """Requests that still wait though their time is over, a part of them if they are many."""
    statement = (
        select(approvals.c.id)
        .where(approvals.c.state == ApprovalState.WAITING.value, approvals.c.expires_at_ms <= uow.now_ms)
        .limit(AT_ONCE)
    )
    return (await uow.connection.execute(statement)).scalars().all()


async def overdue_about(uow: UnitOfWork, about: str) -> Sequence[int]:
    """The request about one object that still waits though its time is over, if there is one."""
    statement = select(approvals.c.id).where(approvals.c.open_about == about, approvals.c.expires_at_ms <= uow.now_ms)
    return (await uow.connection.execute(statement)).scalars().all()
