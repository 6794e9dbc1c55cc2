"""Notices of WeChat Pay: proven, opened, and put into the words of the contract. Pure but for the keys it is given."""

import msgspec

from chargecloud.features.payments.channels.contract import (
    Notice,
    NoticeRefused,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    ProviderState,
    RawNotice,
    RefundState,
)
from chargecloud.features.payments.channels.wechat_words import payment_of, refund_of
from chargecloud.infra.wechat.pay_answers import WechatPayment, WechatRefund
from chargecloud.infra.wechat.pay_errors import NotAuthentic, PayUnknown, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant
from chargecloud.infra.wechat.pay_notice import OpenedNotice, open_notice
from chargecloud.infra.wechat.pay_v2 import local_moment, open_v2_notice, open_v2_refund_notice

PAYMENT, REFUND = "TRANSACTION.", "REFUND."
STATUS = {Rejection.BODY: 400, Rejection.SEALED: 400, Rejection.HEADER_MISSING: 400}
"""Everything else is 401: not proven."""


class UnknownSerial(NoticeRefused):
    """Signed with a key we do not have; perhaps it is new, so a download of certificates is worth while."""


class _About(msgspec.Struct, frozen=True):
    """Whose it is; in every plaintext. Notices of refunds have no appid."""

    mchid: str
    appid: str = ""


def read_v3(raw: RawNotice, merchant: Merchant, keys: KeyRing) -> Notice:
    """APIv3. NoticeRefused says in its code what failed, in its status what the sender is answered."""
    try:
        opened = open_notice(raw.headers, raw.body, keys=keys, apiv3_key=merchant.apiv3_key, now_ms=raw.received_ms)
    except NotAuthentic as error:
        kind = UnknownSerial if error.reason is Rejection.SERIAL_UNKNOWN else NoticeRefused
        raise kind(str(error), f"notice_{error.reason}", status=STATUS.get(error.reason, 401)) from None
    try:
        return _notice(opened, merchant)
    except (msgspec.DecodeError, UnicodeDecodeError, PayUnknown, ProviderSilent) as error:
        raise NoticeRefused(
            f"the notice opens to something else than expected: {error}", "notice_body", status=400
        ) from None


def _notice(opened: OpenedNotice, merchant: Merchant) -> Notice:
    about = msgspec.json.decode(opened.plaintext, type=_About)
    payment = refund = None
    if opened.event_type.startswith(PAYMENT):
        payment = payment_of(msgspec.json.decode(opened.plaintext, type=WechatPayment))
    elif opened.event_type.startswith(REFUND):
        refund = refund_of(msgspec.json.decode(opened.plaintext, type=WechatRefund))
    return Notice(
        notice_id=opened.notice_id,
        event=opened.event_type,
        misdirected=_misdirected(merchant, mchid=about.mchid, appid=about.appid),
        payment=payment,
        refund=refund,
    )


def read_v2(raw: RawNotice, merchant: Merchant, key: str) -> Notice:
    """APIv2. A refund's notice is a reason to ask for the refund, never its end: nothing proves it whole."""
    try:
        if b"req_info" in raw.body:
            return _v2_refund(open_v2_refund_notice(raw.body, key))
        return _v2_payment(open_v2_notice(raw.body, key), merchant)
    except NotAuthentic as error:
        raise NoticeRefused(str(error), f"notice_{error.reason}", status=STATUS.get(error.reason, 401)) from None
    except (KeyError, ValueError) as error:
        raise NoticeRefused(f"a field is missing or none: {error}", "notice_body", status=400) from None


def _v2_payment(fields: dict[str, str], merchant: Merchant) -> Notice:
    if fields["return_code"] != "SUCCESS" or fields["result_code"] != "SUCCESS":
        raise ValueError("neither return_code nor result_code may be anything but SUCCESS")
    return Notice(
        notice_id=f"v2-{fields['transaction_id']}",
        event="v2.pay",
        misdirected=_misdirected(merchant, mchid=fields["mch_id"], appid=fields["appid"]),
        payment=ProviderPayment(
            payment_no=fields["out_trade_no"],
            state=ProviderState.PAID,
            transaction_id=fields["transaction_id"],
            amount_fen=int(fields["total_fee"]),
            currency=fields.get("fee_type", "CNY"),
            payer_id=fields["openid"],
            paid_at_ms=local_moment(fields["time_end"]),
        ),
    )


def _v2_refund(fields: dict[str, str]) -> Notice:
    return Notice(
        notice_id=f"v2-{fields['refund_id']}-{fields['refund_status']}",
        event="v2.refund",
        refund=ProviderRefund(
            refund_no=fields["out_refund_no"],
            state=RefundState.PROCESSING,
            payment_no=fields["out_trade_no"],
            provider_refund_id=fields["refund_id"],
            amount_fen=int(fields["refund_fee"]),
        ),
    )


def _misdirected(merchant: Merchant, *, mchid: str, appid: str) -> str:
    if mchid != merchant.mchid:
        return f"the notice is for merchant {mchid[:32]}"
    if appid not in ("", merchant.appid):
        return f"the notice is for the app {appid[:32]}"
    return ""
