"""What a way of taking money is asked and what it answers: one interface for WeChat Pay, Alipay and what comes.

A channel talks to its provider and knows no ledger and no database. Amounts are whole fen, moments epoch milliseconds.
Only `charge`, `close` and `refund` change anything at the provider, and each may be repeated with the same number. A
request that fails has one of two meanings, and they are never confused:

- `ProviderRefused`: the provider read this very request and said no;
- `ProviderSilent`: nobody knows. It may have been carried out, or still be: ask with `query` or `query_refund`.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Protocol

import msgspec

from chargecloud.kernel.errors import Refused, Unavailable

MAX_NOTICE_BYTES = 64 * 1024


class ProviderRefused(Refused):
    """The provider said no. `lasting`: the same request will never be granted, so it need not be repeated."""

    def __init__(self, message: str, code: str = "provider_refused", *, lasting: bool = True, **facts: object) -> None:
        super().__init__(message, code, **facts)
        self.lasting = lasting


class ProviderSilent(Unavailable):
    """No answer, or none that tells what became of the request."""

    def __init__(self, message: str, code: str = "provider_silent", **facts: object) -> None:
        super().__init__(message, code, **facts)


class StatementNotReady(Unavailable):
    """The provider has not made the bill of that day yet."""

    def __init__(self, message: str, code: str = "statement_not_ready", **facts: object) -> None:
        super().__init__(message, code, **facts)


class NoticeRefused(Refused):
    """This is no notice of the provider's, or none for now. `status`: what the sender is answered (4xx or 5xx)."""

    def __init__(self, message: str, code: str, *, status: int = 401, **facts: object) -> None:
        super().__init__(message, code, **facts)
        self.status = status


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take so much from this payer. The same number comes with the same content whenever it comes."""

    payment_no: str
    """Ours: 6 to 32 of `0-9A-Za-z_-`, never used for anything else."""
    amount_fen: int
    description: str
    """What the payer reads, at most 40 characters."""
    payer_id: str
    """Who the payer is to this channel, such as an openid."""
    expires_at_ms: int
    """When we stop waiting."""


class ClientAction(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer's program needs to go on; passed through untouched."""

    fields: dict[str, str]
    reference: str = ""
    """The provider's word for the order that waits to be paid, for people who look for it."""


class ProviderState(StrEnum):
    """A payment as the provider sees it."""

    UNKNOWN = "unknown"
    """The provider never heard of it."""
    UNPAID = "unpaid"
    PAID = "paid"
    REFUNDED = "refunded"
    """Paid, and at least a part given back."""
    CLOSED = "closed"
    """Can never be paid any more."""


class ProviderPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of a payment; everything but number and state only once it was paid."""

    payment_no: str
    state: ProviderState
    transaction_id: str = ""
    amount_fen: int = 0
    currency: str = "CNY"
    payer_id: str = ""
    """Empty where the provider does not tell it."""
    paid_at_ms: int | None = None


class CloseOutcome(StrEnum):
    """What closing came to; both are final answers."""

    CLOSED = "closed"
    ALREADY_PAID = "already_paid"


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Give back so much of a payment. The number stays the same on every retry: another one is another refund."""

    refund_no: str
    payment_no: str
    transaction_id: str
    amount_fen: int
    total_fen: int
    """What the whole payment was."""
    reason: str
    """What the payer reads, at most 40 characters."""


class RefundState(StrEnum):
    """A refund as the provider sees it. `PROCESSING` is accepted, not done."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"
    """It will not happen: the money stayed where it was."""
    ABNORMAL = "abnormal"
    """The money left the merchant and did not arrive (a dead bank card); people have to decide."""


class ProviderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of a refund."""

    refund_no: str
    state: RefundState
    payment_no: str = ""
    provider_refund_id: str = ""
    amount_fen: int = 0
    finished_at_ms: int | None = None


class RawNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A message that claims to come from the provider, byte for byte. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received_ms: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message proven to come from the provider, and opened."""

    notice_id: str
    """The provider's own; a repetition bears the same."""
    event: str
    """The provider's word for what it is about."""
    misdirected: str = ""
    """Why it is not for us (another merchant, another app); empty when it is."""
    payment: ProviderPayment | None = None
    refund: ProviderRefund | None = None


class NoticeOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a notice. The sender repeats what was not taken."""

    taken: bool
    status: int = 200
    """Of the answer, where the channel leaves that open: 4xx for a bad notice, 5xx when we could not take it now."""
    message: str = ""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in the provider's own words."""

    status: int
    media_type: str = ""
    body: bytes = b""


class LineKind(StrEnum):
    """What a line of a bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a day's bill. A refund's line repeats the payment's numbers."""

    kind: LineKind
    payment_no: str
    transaction_id: str
    amount_fen: int
    """Of this line: what was paid, or what was given back; never negative."""
    refund_no: str = ""
    provider_refund_id: str = ""
    refund_state: RefundState | None = None
    at_ms: int | None = None


class PaymentChannel(Protocol):
    """One way of taking money."""

    name: str
    """What the API calls it: "wechat"."""
    title: str
    """What people read: "微信支付"."""

    async def charge(self, request: ChargeRequest) -> ClientAction:
        """Announce a payment. ProviderRefused also when it was paid or closed, or came with other content before."""
        ...

    def read_notice(self, raw: RawNotice) -> Notice:
        """Prove and open a notice; NoticeRefused for everything else. Never moves money, asks nobody, keeps nothing."""
        ...

    def acknowledge(self, outcome: NoticeOutcome) -> Acknowledgement:
        """The answer to a notice, also to one that was refused."""
        ...

    async def query(self, payment_no: str) -> ProviderPayment:
        """How a payment stands; what the provider never heard of is UNKNOWN, not an error."""
        ...

    async def close(self, payment_no: str) -> CloseOutcome:
        """Make sure a payment cannot be paid any more, unless it was. What is not known there counts as closed."""
        ...

    async def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give back; the same number again gives the same refund. "Accepted" is not "done"."""
        ...

    async def query_refund(self, refund_no: str) -> ProviderRefund | None:
        """How a refund stands; None when the provider never heard of it."""
        ...

    async def statement(self, day: date) -> list[StatementLine]:
        """The bill of a day (Beijing time), empty for a day without trade; StatementNotReady while it is not made."""
        ...
