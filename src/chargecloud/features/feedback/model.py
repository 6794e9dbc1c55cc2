"""The life of feedback as a table, and what a driver may send; no database."""

from enum import StrEnum

from chargecloud.features.feedback.messages import FeedbackKind, FeedbackState
from chargecloud.kernel.errors import Invalid

MAX_TEXT = 500
MAX_CONTACT = 64
MAX_REPLIES = 50
MAX_PHOTOS = 3
"""Of one feedback."""
KEEP_MS = 3 * 365 * 86_400_000
"""Closed feedback is forgotten after three years."""

S = FeedbackState


class Act(StrEnum):
    """What staff do with feedback."""

    REPLY = "reply"
    CLOSE = "close"
    REOPEN = "reopen"


TRANSITIONS: dict[tuple[FeedbackState, Act], FeedbackState] = {
    (S.OPEN, Act.REPLY): S.ANSWERED,
    (S.ANSWERED, Act.REPLY): S.ANSWERED,
    (S.OPEN, Act.CLOSE): S.CLOSED,
    (S.ANSWERED, Act.CLOSE): S.CLOSED,
    (S.CLOSED, Act.REOPEN): S.OPEN,
}


def after(state: FeedbackState, act: Act) -> FeedbackState | None:
    """Where an act leads; None when it is not to be done there."""
    return TRANSITIONS.get((state, act))


def cleaned(text: str, *, field: str, most: int) -> str:
    """Text without blanks around it; Invalid when it is too long or holds control characters other than line ends."""
    found = text.replace("\r\n", "\n").strip()
    if len(found) > most:
        raise Invalid(f"最多 {most} 个字", "feedback_text", field=field, most=most)
    if any(not each.isprintable() and each not in "\n\t" for each in found):
        raise Invalid("含有不可见的控制字符", "feedback_text", field=field, most=most)
    return found


def check_reference(kind: FeedbackKind, *, charge_point_code: str | None, order_no: str | None) -> None:
    """Refuse a fault without a place and a dispute without an order."""
    if kind is FeedbackKind.DISPUTE and order_no is None:
        raise Invalid("对订单有异议时请填 order_no", "feedback_reference", field="order_no")
    if kind is FeedbackKind.FAULT and charge_point_code is None and order_no is None:
        raise Invalid("报修时请填 charge_point_code 或 order_no", "feedback_reference", field="charge_point_code")


def masked_contact(contact: str) -> str:
    """Enough to recognise, too little to call."""
    return f"{contact[:3]}****{contact[-2:]}" if len(contact) >= 8 else "****" if contact else ""
