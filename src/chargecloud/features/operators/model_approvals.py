"""Rules of requests that a second person decides."""

from chargecloud.features.operators.messages import Approval, ApprovalState
from chargecloud.kernel.errors import Conflict, Forbidden, Refused


def needs_second(given_fen: int, given_before_fen: int, limit_fen: int) -> bool:
    """Whether one person alone may not give it. What was given of the same thing before counts: no sum is cut up."""
    return given_fen > 0 and given_fen + given_before_fen > limit_fen


def check_decidable(approval: Approval, *, now_ms: int) -> None:
    """Refuse what has been decided, and what came too late."""
    if approval.state is not ApprovalState.WAITING:
        raise Conflict(
            f"申请 {approval.approval_id} 已处理（{approval.state.value}）",
            "approval_decided",
            state=approval.state.value,
            decided_by=approval.decided_name,
        )
    if approval.expires_at_ms <= now_ms:
        raise Refused(
            f"申请 {approval.approval_id} 已过期，请重新申请", "approval_expired", expires_at_ms=approval.expires_at_ms
        )


def check_second(approval: Approval, staff_id: int) -> None:
    """Whoever asked does not approve, from whatever browser."""
    if approval.requested_by == staff_id:
        raise Forbidden("不能审批自己的申请，须由另一人审批", "approval_by_requester", approval_id=approval.approval_id)


def outdated(approval: Approval) -> Conflict:
    """What the request was made against is not like that any more."""
    return Conflict(
        f"申请 {approval.approval_id} 之后，{approval.about} 又有变动，未执行；请核对后重新申请",
        "approval_outdated",
        approval_id=approval.approval_id,
        about=approval.about,
    )
