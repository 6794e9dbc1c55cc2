"""Requests over the API: whoever may sees them, and a second person approves or rejects."""

from collections.abc import Sequence
from typing import Annotated, Self, cast

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import HTTPConnection

from chargecloud.features.operators import service_approvals, views_approvals
from chargecloud.features.operators.messages import Approval, ApprovalState
from chargecloud.features.operators.service_approvals import ApprovalKind
from chargecloud.features.operators.views_approvals import ApprovalFilter
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Fen, Id, Moment
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.kernel.errors import Conflict, NotFound

router = APIRouter(tags=["approvals"])
Reader = Annotated[Principal, Depends(require("approvals.read"))]
Approver = Annotated[Principal, Depends(require("approvals.write"))]


class ApprovalOut(ApiModel):
    """A request, and what became of it."""

    id: int
    kind: str
    about: Annotated[str, Field(description="如 order:<订单号>")]
    amount_fen: Annotated[Fen, Field(description="让出的金额")]
    body: Annotated[dict[str, object], Field(description="审批通过后执行的内容")]
    reason: str
    state: ApprovalState
    requested_by: Annotated[int, Field(description="申请人（后台人员编号），不能审批自己的申请")]
    requested_name: str
    requested_at: Moment
    expires_at: Moment
    decided_name: str
    decided_at: Moment | None
    note: str

    @classmethod
    def of(cls, found: Approval) -> Self:
        values = {name: getattr(found, name, None) for name in cls.model_fields}
        for name in ("requested_at", "expires_at", "decided_at"):
            values[name] = getattr(found, f"{name}_ms")
        return cls(**values | {"id": found.approval_id})


class DecisionIn(ApiModel):
    """What the second person has to say about it."""

    note: Annotated[str, Field(max_length=500)] = ""


def _kinds(connection: HTTPConnection) -> Sequence[ApprovalKind]:
    return cast("Sequence[ApprovalKind]", getattr(connection.app.state, "approval_kinds", ()))


Kinds = Annotated[Sequence[ApprovalKind], Depends(_kinds)]


@router.get("/approvals", operation_id="listApprovals", summary="审批申请列表")
async def list_approvals(
    reader: Reader,
    db: Db,
    pages: Pages,
    state: Annotated[ApprovalState | None, Query(strict=False)] = None,
    about: Annotated[str, Query(max_length=80, description="如 order:<订单号>")] = "",
    requested_by: Annotated[Id | None, Query(description="申请人（后台人员编号）")] = None,
) -> Page[ApprovalOut]:
    """Requests, newest first."""
    wanted = ApprovalFilter(operator_id=reader.operator_id, state=state, about=about, requested_by=requested_by)
    async with db.read() as connection:
        rows = await views_approvals.approvals_page(connection, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.approval_id)
    return Page(items=[ApprovalOut.of(row) for row in shown], next=following)


@router.get("/approvals/{approval_id}", operation_id="getApproval", summary="审批申请")
async def get_approval(approval_id: Id, reader: Reader, db: Db) -> ApprovalOut:
    """One request."""
    async with db.read() as connection:
        found = await views_approvals.approval(connection, approval_id)
    if found is None or reader.operator_id not in (None, found.operator_id):
        raise NotFound(f"没有审批申请 {approval_id}", "approval_unknown", approval_id=approval_id)
    return ApprovalOut.of(found)


@router.post("/approvals/{approval_id}/approve", operation_id="approveRequest", summary="审批通过并执行")
async def approve_request(approval_id: Id, body: DecisionIn, approver: Approver, db: Db, kinds: Kinds) -> ApprovalOut:
    """Carry out what somebody else asked for, once. What has changed since then is left alone, and said so."""
    try:
        async with db.unit() as uow:
            found = await service_approvals.approve(uow, approver, approval_id, note=body.note)
            await _named(kinds, found.kind).carry_out(uow, found, approver)
    except Conflict as error:
        if error.code == "approval_outdated":
            async with db.unit() as uow:
                await service_approvals.lay_aside(uow, approver, approval_id)
        raise
    return ApprovalOut.of(found)


@router.post("/approvals/{approval_id}/reject", operation_id="rejectRequest", summary="驳回申请")
async def reject_request(approval_id: Id, body: DecisionIn, approver: Approver, db: Db) -> ApprovalOut:
    """Say no; nothing is done. Whoever asked may take a request back in this way."""
    async with db.unit() as uow:
        return ApprovalOut.of(await service_approvals.reject(uow, approver, approval_id, note=body.note))


def _named(kinds: Sequence[ApprovalKind], name: str) -> ApprovalKind:
    for kind in kinds:
        if kind.name == name:
            return kind
    raise NotFound(f"没有可审批的操作 {name}", "approval_kind_unknown", kind=name)
