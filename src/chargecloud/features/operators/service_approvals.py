"""Acts that one person asks for and a second one decides: asked, approved or rejected once, never carried out twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import model_approvals, sql_approvals, views_approvals
from chargecloud.features.operators.messages import Approval, ApprovalState, ApprovalWish
from chargecloud.features.operators.model_approvals import needs_second
from chargecloud.features.operators.model_approvals import outdated as outdated_approval
from chargecloud.features.operators.service_audit import audit
from chargecloud.features.operators.views_approvals import ApprovalFilter
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound

__all__ = [
    "ApprovalKind",
    "approvals_waiting",
    "approve",
    "ask_approval",
    "expire_overdue",
    "lay_aside",
    "needs_second",
    "outdated_approval",
    "reject",
    "waiting_about",
]


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """An act a second person may have to approve. Main hands those of every feature to the API."""

    name: str
    carry_out: Callable[[UnitOfWork, Approval, Principal], Awaitable[None]]
    """Does it, in the unit of work of the approval; raises `outdated_approval` when its basis has changed."""


async def ask_approval(uow: UnitOfWork, requester: Principal, wish: ApprovalWish) -> Approval:
    """Write down what somebody wants done; nothing else happens. One request about an object waits at a time."""
    for overdue in await sql_approvals.overdue_about(uow, wish.about):
        await _expire(uow, overdue)
    expires_at_ms = uow.now_ms + uow.options.approval_within_s * 1000
    made = await sql_approvals.add(uow, wish, by=requester.id, name=requester.name[:80], expires_at_ms=expires_at_ms)
    if made is None:
        raise Conflict(f"{wish.about} 已有待审批的申请，请先处理它", "approval_waiting", about=wish.about)
    facts = {"kind": wish.kind, "amount_fen": wish.amount_fen, "reason": wish.reason, "approval_id": made}
    audit(uow, requester, "approvals.request", wish.about, facts | {"body": wish.body})
    return await _of(uow, made, wish.operator_id)


async def approve(uow: UnitOfWork, approver: Principal, approval_id: int, *, note: str) -> Approval:
    """A second person says yes. The caller carries the act out in the same unit of work, or neither happens."""
    found = await _of(uow, approval_id, approver.operator_id)
    model_approvals.check_decidable(found, now_ms=uow.now_ms)
    model_approvals.check_second(found, approver.id)
    return await _decide(uow, approver, found, ApprovalState.APPROVED, note)


async def reject(uow: UnitOfWork, decider: Principal, approval_id: int, *, note: str) -> Approval:
    """Somebody says no; whoever asked may take it back in this way."""
    found = await _of(uow, approval_id, decider.operator_id)
    model_approvals.check_decidable(found, now_ms=uow.now_ms)
    return await _decide(uow, decider, found, ApprovalState.REJECTED, note)


async def lay_aside(uow: UnitOfWork, approver: Principal, approval_id: int) -> Approval:
    """What it was about has changed: the request has come to nothing, and another may be made."""
    found = await _of(uow, approval_id, approver.operator_id)
    model_approvals.check_decidable(found, now_ms=uow.now_ms)
    return await _decide(uow, approver, found, ApprovalState.OUTDATED, "")


async def waiting_about(connection: AsyncConnection, about: str, now_ms: int) -> Approval | None:
    """The request about an object that waits, if one does."""
    wanted = ApprovalFilter(operator_id=None, state=ApprovalState.WAITING, about=about)
    found = await views_approvals.approvals_page(connection, wanted, before_id=None, limit=1)
    return found[0] if found and found[0].expires_at_ms > now_ms else None


async def expire_overdue(uow: UnitOfWork) -> None:
    """Requests nobody has decided in time."""
    for approval_id in await sql_approvals.overdue(uow):
        await _expire(uow, approval_id)


async def approvals_waiting(connection: AsyncConnection, operator_id: int, now_ms: int) -> int:
    """How many requests of an operator wait for somebody."""
    return await views_approvals.count_waiting(connection, operator_id, now_ms)


async def _expire(uow: UnitOfWork, approval_id: int) -> None:
    await sql_approvals.decide(uow, approval_id, ApprovalState.EXPIRED, by=None, name="", note="")


async def _of(uow: UnitOfWork, approval_id: int, operator_id: int | None) -> Approval:
    found = await sql_approvals.find(uow, approval_id)
    if found is None or operator_id not in (None, found.operator_id):
        raise NotFound(f"没有审批申请 {approval_id}", "approval_unknown", approval_id=approval_id)
    return found


async def _decide(uow: UnitOfWork, decider: Principal, found: Approval, state: ApprovalState, note: str) -> Approval:
    decided = await sql_approvals.decide(
        uow, found.approval_id, state, by=decider.id, name=decider.name[:80], note=note
    )
    if not decided:
        raise Conflict(f"申请 {found.approval_id} 刚刚已被处理", "approval_decided", approval_id=found.approval_id)
    facts = {
        "approval_id": found.approval_id,
        "kind": found.kind,
        "amount_fen": found.amount_fen,
        "requested_by": f"staff:{found.requested_by}",
        "note": note,
    }
    audit(uow, decider, f"approvals.{state.value}", found.about, facts)
    return await _of(uow, found.approval_id, found.operator_id)
