"""What other features may know of payments and refunds, and the events they can listen to."""

from enum import StrEnum

import msgspec

from chargecloud.kernel.message import Event


class PaymentState(StrEnum):
    """Where a payment stands; the table of moves is `model.TRANSITIONS`."""

    CREATED = "created"
    PREPAID = "prepaid"
    """Announced to the provider, who waits for the payer."""
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    """Paid otherwise than was agreed: nothing is credited until people have decided."""


class Purpose(StrEnum):
    """What a payment is for."""

    TOP_UP = "top_up"
    PREPAYMENT = "prepayment"
    """For one order: held at once, and what the order leaves goes back by itself."""


class PartState(StrEnum):
    """Where one part of a refund stands; the table of moves is `model.PART_TRANSITIONS`."""

    REQUESTED = "requested"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"
    """It did not happen: the money is back in the wallet."""
    ABNORMAL = "abnormal"
    """It left the merchant and did not arrive; people have to decide."""
    HANDLED = "handled"
    """People paid it out by another way."""


class RefundKind(StrEnum):
    """Why money goes back."""

    WALLET = "wallet"
    """A driver asked for the rest of the wallet."""
    REST = "rest"
    """What an order left of its prepayment."""
    UNUSED = "unused"
    """A prepayment for which no order came."""
    STAFF = "staff"


class Standing(StrEnum):
    """What a refund came to, all its parts together."""

    OPEN = "open"
    DONE = "done"
    PART_DONE = "part_done"
    FAILED = "failed"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment through a provider."""

    payment_no: str
    driver_id: int
    operator_id: int
    channel: str
    purpose: Purpose
    plan_id: int | None = None
    amount_fen: int
    gift_fen: int = 0
    """Comes on top once it is paid."""
    payer_id: str = ""
    state: PaymentState
    flags: tuple[str, ...] = ()
    place: str = ""
    """Where a prepayment was meant to be used."""
    order_no: str | None = None
    """The order a prepayment was used for."""
    bound: bool = False
    """A prepayment that waits for its order, or is used by one that is not over."""
    held_fen: int = 0
    """What a prepayment holds until an order takes it."""
    reference: str = ""
    client: dict[str, str] = {}
    transaction_id: str | None = None
    paid_fen: int = 0
    """What the provider says was paid; credited unless quarantined."""
    returned_fen: int = 0
    """What was given back or is on its way."""
    refunded_fen: int = 0
    """What has arrived there."""
    gift_back_fen: int = 0
    """What of the gift was taken back for that."""
    refunds: int = 0
    next_refund_at_ms: int = 0
    created_at_ms: int
    expires_at_ms: int
    paid_at_ms: int | None = None
    """By the provider's clock."""
    credited_at_ms: int | None = None
    ended_at_ms: int | None = None
    due_at_ms: int | None = None
    """When the provider is asked next."""
    looks: int = 0
    revision: int = 0

    @property
    def rest_fen(self) -> int:
        """What may still be given back."""
        return self.paid_fen - self.returned_fen

    @property
    def hold_id(self) -> str:
        """The hold of a prepayment that waits for its order."""
        return f"prepay:{self.payment_no}"


class RefundPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one payment gives back of a refund. Its number goes to the provider, the same on every retry."""

    part_no: str
    refund_no: str
    payment_no: str
    channel: str
    driver_id: int
    operator_id: int
    amount_fen: int
    gift_fen: int
    """What is taken back of the payment's gift, from gifts first, then from cash."""
    state: PartState
    attempts: int = 0
    error: str = ""
    provider_refund_id: str = ""
    requested_at_ms: int
    doubt_at_ms: int | None = None
    """When the last request left that nobody answered: it may still be carried out."""
    ended_at_ms: int | None = None
    due_at_ms: int | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back to a driver."""

    refund_no: str
    driver_id: int
    operator_id: int
    kind: RefundKind
    amount_fen: int
    gift_fen: int
    standing: Standing
    reason: str
    requested_by: str
    requested_at_ms: int
    ended_at_ms: int | None = None


class PaymentEvent(Event, frozen=True, gc=False, kw_only=True):
    """Root of what payments tell."""

    payment_no: str
    driver_id: int


class PaymentReady(PaymentEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """The payer's program can go on: `client` is what it needs."""

    channel: str
    client: dict[str, str]


class PaymentPaid(PaymentEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """The money is there and credited, exactly once."""

    purpose: Purpose
    amount_fen: int


class RefundEnded(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """Every part of a refund has come to its end."""

    refund_no: str
    driver_id: int
    standing: Standing
    amount_fen: int
    """What was given back."""


class CaseKind(StrEnum):
    """What people have to look at."""

    QUARANTINED = "quarantined"
    PAID_LATE = "paid_late"
    PAID_TWICE = "paid_twice"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUND_STUCK = "refund_stuck"
    REFUND_AFTER_CLOSE = "refund_after_close"
    DELIVERY_REFUSED = "delivery_refused"
    """The provider does not take that it was delivered, and may hold the money back."""
    PAYMENT_UNKNOWN = "payment_unknown"
    """In the bill, not in our books."""
    PAYMENT_MISSING = "payment_missing"
    """In our books, not in the bill."""
    PAYMENT_AMOUNT = "payment_amount"
    PAYMENT_STATE = "payment_state"
    """Paid by the bill, not credited here."""
    PAYMENT_TRANSACTION = "payment_transaction"
    PAYMENT_LISTED_TWICE = "payment_listed_twice"
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_MISSING = "refund_missing"
    REFUND_AMOUNT = "refund_amount"
    REFUND_STATE = "refund_state"


class CaseState(StrEnum):
    """Open until somebody has decided."""

    OPEN = "open"
    CLOSED = "closed"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a payment or refund that people have to look at."""

    id: int
    operator_id: int
    channel: str
    kind: CaseKind
    number: str
    day: str | None
    state: CaseState
    facts: dict[str, object]
    opened_at_ms: int
    closed_at_ms: int | None
    closed_by: str
    reason: str


class CaseEvent(Event, frozen=True, gc=False, kw_only=True):
    """Root of what is told of cases."""

    case_id: int
    operator_id: int
    channel: str
    kind: CaseKind
    number: str
    """Of the payment, or of the part of a refund."""
    day: str | None
    """Of the bill it was found in."""


class CaseOpened(CaseEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """People have to look at a payment, a refund or a bill; told once for each case."""

    facts: dict[str, str] = {}


class CaseClosed(CaseEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """Somebody has looked."""


class ComparedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a channel, compared with its bill."""

    id: int
    channel: str
    day: str
    lines: int
    bill_paid_fen: int
    bill_refunded_fen: int
    our_paid_fen: int
    our_refunded_fen: int
    differences: int
    runs: int
    compared_at_ms: int
    signed_at_ms: int | None
    signed_by: str
    note: str
