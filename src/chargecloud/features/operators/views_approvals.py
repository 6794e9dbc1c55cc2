"""The read side of requests that a second person decides."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators.messages import Approval, ApprovalState
from chargecloud.features.operators.sql_approvals import APPROVAL_COLUMNS, approval_of, approvals


class ApprovalFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of requests may be narrowed by."""

    operator_id: int | None = None
    state: ApprovalState | None = None
    about: str = ""
    requested_by: int | None = None


async def approvals_page(
    connection: AsyncConnection, wanted: ApprovalFilter, *, before_id: int | None, limit: int
) -> list[Approval]:
    """Requests, newest first."""
    c = approvals.c
    statement = select(*APPROVAL_COLUMNS).order_by(c.id.desc()).limit(limit)
    if wanted.operator_id is not None:
        statement = statement.where(c.operator_id == wanted.operator_id)
    if wanted.state is not None:
        statement = statement.where(c.state == wanted.state.value)
    if wanted.about:
        statement = statement.where(c.about == wanted.about)
    if wanted.requested_by is not None:
        statement = statement.where(c.requested_by == wanted.requested_by)
    if before_id is not None:
        statement = statement.where(c.id < before_id)
    return [approval_of(row) for row in await connection.execute(statement)]


async def approval(connection: AsyncConnection, approval_id: int) -> Approval | None:
    """A request by its number."""
    row = (await connection.execute(select(*APPROVAL_COLUMNS).where(approvals.c.id == approval_id))).first()
    return approval_of(row) if row else None


async def count_waiting(connection: AsyncConnection, operator_id: int, now_ms: int) -> int:
    """How many requests of an operator wait for somebody."""
    c = approvals.c
    statement = select(func.count()).where(
        c.operator_id == operator_id, c.state == ApprovalState.WAITING.value, c.expires_at_ms > now_ms
    )
    return int((await connection.execute(statement)).scalar_one())
