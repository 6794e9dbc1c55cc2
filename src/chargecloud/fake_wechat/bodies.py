"""What WeChat Pay takes in a body: fields, types and lengths as data. Nothing unknown, no null, no number as text."""

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chargecloud.fake_wechat.refusal import Refusal, wrong_field

Body = TypeVar("Body", bound=msgspec.Struct)
MAX_BODY = 64 * 1024

Fen = Annotated[int, Meta(ge=1, le=100_000_000)]
Url = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^https?://[^/?#\s]+/[^?#\s]*$")]
PaymentNo = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*]{6,32}$")]
RefundNo = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Base: what is not listed is refused."""


class Amount(_Strict, frozen=True):
    """Of an order."""

    total: Fen
    currency: Literal["CNY"] = "CNY"


class PayerIn(_Strict, frozen=True):
    """Who is to pay."""

    openid: Annotated[str, Meta(min_length=1, max_length=128)]


class Settle(_Strict, frozen=True):
    """Whether the money is kept for splitting."""

    profit_sharing: bool = False


class JsapiBody(_Strict, frozen=True, rename={"payment_no": "out_trade_no"}):
    """POST /v3/pay/transactions/jsapi."""

    appid: Annotated[str, Meta(min_length=1, max_length=32)]
    mchid: Annotated[str, Meta(min_length=1, max_length=32)]
    description: Annotated[str, Meta(min_length=1, max_length=127)]
    payment_no: PaymentNo
    notify_url: Url
    amount: Amount
    payer: PayerIn
    time_expire: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    attach: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    goods_tag: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    support_fapiao: bool | UnsetType = UNSET
    detail: dict[str, msgspec.Raw] | UnsetType = UNSET
    scene_info: dict[str, msgspec.Raw] | UnsetType = UNSET
    settle_info: Settle | UnsetType = UNSET


class CloseBody(_Strict, frozen=True):
    """POST …/close."""

    mchid: str


class RefundAmountIn(_Strict, frozen=True):
    """Of a refund."""

    refund: Fen
    total: Fen
    currency: Literal["CNY"]


class RefundBody(_Strict, frozen=True, rename={"payment_no": "out_trade_no", "refund_no": "out_refund_no"}):
    """POST /v3/refund/domestic/refunds."""

    refund_no: RefundNo
    amount: RefundAmountIn
    transaction_id: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    payment_no: PaymentNo | UnsetType = UNSET
    reason: Annotated[str, Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    notify_url: Url | UnsetType = UNSET
    funds_account: Literal["AVAILABLE", "UNSETTLED"] | UnsetType = UNSET
    goods_detail: list[dict[str, msgspec.Raw]] | UnsetType = UNSET


def read(body: bytes, shape: type[Body]) -> Body:
    """The body in its shape, or WeChat Pay's complaint about the first field that does not fit."""
    if len(body) > MAX_BODY:
        raise Refusal(400, "PARAM_ERROR", "请求体过大")
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        issue, _, place = str(error).partition(" - at ")
        raise wrong_field(re.sub(r"[`$]", "", place).replace(".", "/") or "/", issue) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "PARAM_ERROR", f"请求体不是 JSON：{error}") from None


def fingerprint(body: msgspec.Struct) -> bytes:
    """Equal for two bodies that say the same, in whatever order."""
    return msgspec.json.encode(body, order="sorted")
