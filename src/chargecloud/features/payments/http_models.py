"""What goes in and out of the payments' routes."""

from typing import Annotated, Literal, Self

from pydantic import Field

from chargecloud.features.payments.messages import PartState, Payment, PaymentState, Purpose, RefundKind, Standing
from chargecloud.features.payments.model import WAITING
from chargecloud.features.payments.views import KeptNotice, PaymentNote, Plan, RefundWithParts
from chargecloud.infra.http.model import AmountFen, ApiModel, Fen, Id, Moment, MomentIn

ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,15}$", description="支付渠道，如 wechat")]
Reason = Annotated[str, Field(min_length=1, max_length=80, description="原因，记入操作日志")]


class TopUpPlanOut(ApiModel):
    """A sum offered for top-ups, and what comes on top."""

    id: int
    name: str
    amount_fen: Fen
    gift_fen: Fen
    max_per_driver: Annotated[int, Field(description="每人限用次数；0: 不限")]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls.model_validate(plan)


class TopUpPlanIn(ApiModel):
    """A sum to offer for top-ups."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    amount_fen: AmountFen
    gift_fen: Annotated[Fen, Field(ge=0)] = 0
    valid_from: MomentIn | None = None
    valid_until: MomentIn | None = None
    max_per_driver: Annotated[int, Field(ge=0, le=1_000)] = 0
    rank: Annotated[int, Field(ge=0, le=1_000, description="排列顺序，小的在前")] = 0


class StaffTopUpPlanOut(ApiModel):
    """A sum offered for top-ups, as staff see it."""

    id: int
    operator_id: int
    name: str
    amount_fen: Fen
    gift_fen: Fen
    valid_from: Moment
    valid_until: Moment | None
    max_per_driver: int
    rank: int
    created_at: Moment
    created_by: str
    ended_at: Moment | None

    @classmethod
    def of(cls, plan: Plan) -> Self:
        values = {name: getattr(plan, name) for name in plan.__struct_fields__}
        for name in ("valid_from", "valid_until", "created_at", "ended_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)


class OrderWish(ApiModel):
    """The payment is for one order: it is held for it, and what the order leaves goes back by itself."""

    charge_point_code: Annotated[str, Field(pattern=r"^([0-9]{14}|[0-9A-F]{8})$")]
    connector_no: Annotated[int, Field(ge=0, le=255)] = 0


class PaymentIn(ApiModel):
    """A wish to pay: by a plan, or so much."""

    channel: ChannelName
    plan_id: Id | None = None
    amount_fen: AmountFen | None = None
    order: OrderWish | None = None


class PaymentOut(ApiModel):
    """A payment as its driver sees it. `client` is there while it waits to be paid."""

    payment_no: str
    channel: str
    purpose: Purpose
    amount_fen: Fen
    gift_fen: Fen
    state: PaymentState
    flags: list[str]
    order_no: str | None
    refunded_fen: Fen
    returned_fen: Annotated[Fen, Field(description="已退与退款中的金额")]
    created_at: Moment
    expires_at: Moment
    paid_at: Moment | None
    client: Annotated[dict[str, str] | None, Field(description="调起支付所需的参数，原样传给支付控件")]

    @classmethod
    def of(cls, payment: Payment) -> Self:
        return cls(
            payment_no=payment.payment_no,
            channel=payment.channel,
            purpose=payment.purpose,
            amount_fen=payment.amount_fen,
            gift_fen=payment.gift_fen,
            state=payment.state,
            flags=list(payment.flags),
            order_no=payment.order_no,
            refunded_fen=payment.refunded_fen,
            returned_fen=payment.returned_fen,
            created_at=payment.created_at_ms,
            expires_at=payment.expires_at_ms,
            paid_at=payment.paid_at_ms,
            client=payment.client if payment.state in WAITING and payment.client else None,
        )


class PaymentNoteOut(ApiModel):
    """Something that happened to a payment."""

    at: Moment
    kind: str
    facts: dict[str, object]

    @classmethod
    def of(cls, note: PaymentNote) -> Self:
        return cls(at=note.at_ms, kind=note.kind, facts=note.facts)


class StaffPaymentOut(ApiModel):
    """A payment as staff see it."""

    payment_no: str
    driver_id: int
    operator_id: int
    channel: str
    purpose: Purpose
    plan_id: int | None
    amount_fen: Fen
    gift_fen: Fen
    gift_back_fen: Fen
    state: PaymentState
    flags: list[str]
    place: str
    order_no: str | None
    held_fen: Fen
    transaction_id: str | None
    paid_fen: Fen
    returned_fen: Fen
    refunded_fen: Fen
    created_at: Moment
    expires_at: Moment
    paid_at: Moment | None
    credited_at: Moment | None

    @classmethod
    def of(cls, payment: Payment) -> Self:
        return cls(**staff_values(payment))


def staff_values(payment: Payment) -> dict[str, object]:
    """A payment by the names of `StaffPaymentOut`."""
    values = {name: getattr(payment, name, None) for name in StaffPaymentOut.model_fields}
    for name in ("created_at", "expires_at", "paid_at", "credited_at"):
        values[name] = getattr(payment, f"{name}_ms")
    return values | {"flags": list(payment.flags)}


class PaymentDetailOut(StaffPaymentOut):
    """A payment with what happened to it and what it gave back."""

    events: list[PaymentNoteOut]
    refunds: list["StaffRefundOut"]


class RefundIn(ApiModel):
    """Money back from the wallet: so much, or all that can be."""

    amount_fen: AmountFen | None = None
    all: Literal[True] | None = None


class RefundPartOut(ApiModel):
    """What one payment gives back, by the way it came."""

    payment_no: str
    channel: str
    amount_fen: Fen
    state: PartState
    requested_at: Moment
    ended_at: Moment | None


class RefundOut(ApiModel):
    """A refund as its driver sees it."""

    refund_no: str
    kind: RefundKind
    amount_fen: Fen
    gift_fen: Annotated[Fen, Field(description="随退款收回的赠送金")]
    standing: Standing
    reason: str
    requested_at: Moment
    ended_at: Moment | None
    parts: list[RefundPartOut]

    @classmethod
    def of(cls, found: RefundWithParts) -> Self:
        refund = found.refund
        return cls(
            refund_no=refund.refund_no,
            kind=refund.kind,
            amount_fen=refund.amount_fen,
            gift_fen=refund.gift_fen,
            standing=refund.standing,
            reason=refund.reason,
            requested_at=refund.requested_at_ms,
            ended_at=refund.ended_at_ms,
            parts=[
                RefundPartOut(
                    payment_no=part.payment_no,
                    channel=part.channel,
                    amount_fen=part.amount_fen,
                    state=part.state,
                    requested_at=part.requested_at_ms,
                    ended_at=part.ended_at_ms,
                )
                for part in found.parts
            ],
        )


class StaffRefundPartOut(ApiModel):
    """A part of a refund as staff see it."""

    part_no: str
    payment_no: str
    channel: str
    amount_fen: Fen
    gift_fen: Fen
    state: PartState
    attempts: int
    error: str
    provider_refund_id: str
    requested_at: Moment
    ended_at: Moment | None


class StaffRefundOut(ApiModel):
    """A refund as staff see it."""

    refund_no: str
    driver_id: int
    operator_id: int
    kind: RefundKind
    amount_fen: Fen
    gift_fen: Fen
    standing: Standing
    reason: str
    requested_by: str
    requested_at: Moment
    ended_at: Moment | None
    parts: list[StaffRefundPartOut]

    @classmethod
    def of(cls, found: RefundWithParts) -> Self:
        values = {name: getattr(found.refund, name) for name in found.refund.__struct_fields__}
        for name in ("requested_at", "ended_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values, parts=[_staff_part(part) for part in found.parts])


def _staff_part(part: object) -> StaffRefundPartOut:
    values = {name: getattr(part, name, None) for name in StaffRefundPartOut.model_fields}
    for name in ("requested_at", "ended_at"):
        values[name] = getattr(part, f"{name}_ms")
    return StaffRefundPartOut(**values)


class PaymentRefundIn(ApiModel):
    """Give back a part of one payment."""

    amount_fen: AmountFen
    reason: Reason


class QuarantineIn(ApiModel):
    """What becomes of a payment in quarantine: credited as it was paid, or settled with the payer by another way."""

    action: Literal["accept", "dismiss"]
    reason: Reason


class AbnormalIn(ApiModel):
    """What becomes of a refund that did not arrive: paid out by another way, or back in the wallet."""

    paid_out: bool
    reason: Reason


class NoticeOut(ApiModel):
    """A proven notice, and what became of it."""

    id: int
    channel: str
    notice_id: str
    event: str
    number: str
    deliveries: int
    outcome: str
    received_at: Moment
    last_at: Moment

    @classmethod
    def of(cls, notice: KeptNotice) -> Self:
        values = {name: getattr(notice, name) for name in notice.__struct_fields__}
        for name in ("received_at", "last_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)
