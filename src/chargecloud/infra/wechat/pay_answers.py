"""What WeChat Pay says of payments and refunds, in our words. The same shapes come in answers and inside notices."""

from datetime import datetime
from typing import TypeVar

import msgspec

from chargecloud.infra.wechat.pay_errors import PayUnknown
from chargecloud.kernel.clock import from_local

Shape = TypeVar("Shape")


class PaymentAmount(msgspec.Struct, frozen=True):
    """In fen. `payer_total` is without coupons; `total` is what was asked for and what counts."""

    total: int
    currency: str = "CNY"
    payer_total: int | None = None


class Payer(msgspec.Struct, frozen=True):
    """Who paid."""

    openid: str = ""


class WechatPayment(
    msgspec.Struct, frozen=True, rename={"payment_no": "out_trade_no", "state": "trade_state", "kind": "trade_type"}
):
    """A payment as WeChat Pay sees it. Amount, payer, transaction and time are missing while nobody has paid."""

    payment_no: str
    state: str
    appid: str = ""
    mchid: str = ""
    transaction_id: str = ""
    kind: str = ""
    amount: PaymentAmount | None = None
    payer: Payer = Payer()
    success_time: str = ""
    attach: str = ""

    @property
    def paid_at_ms(self) -> int | None:
        """When it was paid, epoch milliseconds."""
        return moment(self.success_time)


class RefundAmount(msgspec.Struct, frozen=True):
    """In fen: of how much how much is given back."""

    total: int
    refund: int
    currency: str = "CNY"
    payer_refund: int | None = None


class WechatRefund(
    msgspec.Struct, frozen=True, rename={"payment_no": "out_trade_no", "refund_no": "out_refund_no", "said": "status"}
):
    """A refund as WeChat Pay sees it; `state` is PROCESSING, SUCCESS, CLOSED or ABNORMAL."""

    refund_no: str
    payment_no: str = ""
    transaction_id: str = ""
    refund_id: str = ""
    said: str = ""
    refund_status: str = ""
    amount: RefundAmount | None = None
    success_time: str = ""

    @property
    def state(self) -> str:
        """Answers call it `status`, notices `refund_status`."""
        return self.said or self.refund_status

    @property
    def succeeded_at_ms(self) -> int | None:
        """When the money was given back, epoch milliseconds."""
        return moment(self.success_time)


class BillLink(msgspec.Struct, frozen=True):
    """Where a bill can be fetched for a short while, and what its text hashes to."""

    hash_type: str
    hash_value: str
    download_url: str


def decoded(body: bytes, shape: type[Shape]) -> Shape:
    """A verified body in its shape. Fields we do not know are left alone: WeChat Pay adds some every year."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayUnknown(f"WeChat Pay answered with something else than expected: {error}") from None


def moment(text: str) -> int | None:
    """RFC 3339 text as epoch milliseconds; None for none."""
    if not text:
        return None
    try:
        return from_local(datetime.fromisoformat(text))
    except ValueError:
        raise PayUnknown(f"WeChat Pay says {text[:40]!r} where a time belongs") from None
