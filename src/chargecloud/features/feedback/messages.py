"""What other features may know of feedback."""

from enum import StrEnum

import msgspec


class FeedbackKind(StrEnum):
    """What a driver tells of."""

    FAULT = "fault"
    """A connector does not work."""
    DISPUTE = "dispute"
    """An order cost what it should not."""
    SUGGESTION = "suggestion"


class FeedbackState(StrEnum):
    """Open until somebody has answered; the table of moves is `model.TRANSITIONS`."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver told."""

    feedback_id: int
    operator_id: int
    """Who runs the station or has billed the order; of a suggestion, who looks after the driver."""
    driver_id: int
    kind: FeedbackKind
    station_id: int | None
    charge_point_code: str
    connector_no: int
    """0: the whole charge point."""
    order_no: str
    text: str
    contact: str
    state: FeedbackState
    replies: int
    unread: bool
    """The driver has not seen the last answer."""
    created_at_ms: int
    changed_at_ms: int
    closed_at_ms: int | None
    closed_by: str


class PhotoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A photo a driver attached, without the picture; always JPEG."""

    photo_id: int
    width_px: int
    height_px: int
    size_bytes: int


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What staff answered."""

    at_ms: int
    by: str
    by_name: str
    text: str
