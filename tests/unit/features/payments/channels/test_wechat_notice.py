"""Notices opened into the words of the contract: whose they are, and what they are about."""

import json
from typing import Any

import pytest

from chargecloud.features.payments.channels.contract import NoticeRefused, ProviderState, RawNotice, RefundState
from chargecloud.features.payments.channels.wechat_notice import UnknownSerial, read_v2, read_v3
from chargecloud.infra.wechat.pay_crypto import seal
from chargecloud.infra.wechat.pay_v2 import sign
from chargecloud.infra.wechat.pay_xml import flat
from tests.support.wechat_pay import APIV3_KEY, APPID, MCHID, NOW_MS, merchant, ring, signed

PAID = {
    "mchid": MCHID, "appid": APPID, "out_trade_no": "P1", "trade_state": "SUCCESS", "transaction_id": "4200",
    "amount": {"total": 100, "currency": "CNY"}, "payer": {"openid": "o1"},
}  # fmt: skip
BACK = {
    "mchid": MCHID, "out_trade_no": "P1", "out_refund_no": "R1", "refund_id": "50", "refund_status": "ABNORMAL",
    "amount": {"total": 100, "refund": 30},
}  # fmt: skip


def raw(plain: object, event: str = "TRANSACTION.SUCCESS", **headers: str) -> RawNotice:
    text = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    resource = {
        "algorithm": "AEAD_AES_256_GCM", "nonce": "abcdefghijkl", "associated_data": "",
        "ciphertext": seal(APIV3_KEY, "abcdefghijkl", "", text),
    }  # fmt: skip
    whole = {"id": "EV-1", "event_type": event, "resource_type": "encrypt-resource", "resource": resource}
    body = json.dumps(whole).encode()
    return RawNotice(headers=signed(body) | headers, body=body, received_ms=NOW_MS)


def read(notice: RawNotice) -> Any:
    return read_v3(notice, merchant(), ring())


def test_a_payment_and_a_refund() -> None:
    notice = read(raw(PAID))
    assert (notice.notice_id, notice.event, notice.misdirected) == ("EV-1", "TRANSACTION.SUCCESS", "")
    assert (notice.payment.state, notice.payment.payer_id) == (ProviderState.PAID, "o1")
    back = read(raw(BACK, "REFUND.ABNORMAL"))
    assert (back.refund.state, back.refund.amount_fen, back.payment) == (RefundState.ABNORMAL, 30, None)


def test_what_is_about_something_else_carries_nothing() -> None:
    notice = read(raw({"mchid": MCHID}, "PAYSCORE.USER_PAID"))
    assert (notice.event, notice.payment, notice.refund) == ("PAYSCORE.USER_PAID", None, None)


@pytest.mark.parametrize(("change", "word"), [({"mchid": "1900000009"}, "merchant"), ({"appid": "wxother"}, "app")])
def test_somebody_elses_is_told_as_such(change: dict[str, str], word: str) -> None:
    assert word in read(raw(PAID | change)).misdirected


@pytest.mark.parametrize(
    ("notice", "status", "code"),
    [
        (raw(b"no json"), 400, "notice_body"),
        (raw({"out_trade_no": "P1"}), 400, "notice_body"),
        (raw({"mchid": MCHID}), 400, "notice_body"),
        (raw(PAID | {"trade_state": "NEW_WORD"}), 400, "notice_body"),
        (raw(PAID | {"amount": {"total": "100"}}), 400, "notice_body"),
        (raw(PAID, **{"wechatpay-signature": ""}), 400, "notice_header_missing"),
        (raw(PAID, **{"wechatpay-signature": "WECHATPAY/SIGNTEST/x"}), 401, "notice_probe"),
        (raw(PAID, **{"wechatpay-serial": "AB12"}), 401, "notice_serial_unknown"),
    ],
)
def test_what_is_refused_and_how_the_sender_is_answered(notice: RawNotice, status: int, code: str) -> None:
    with pytest.raises(NoticeRefused) as refused:
        read(notice)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert isinstance(refused.value, UnknownSerial) is (code == "notice_serial_unknown")


@pytest.mark.parametrize(
    "change", [{"time_end": "yesterday"}, {"total_fee": "1.5"}, {"result_code": "FAIL"}, {"openid": "GONE"}]
)
def test_a_v2_notice_that_says_too_little_is_refused(change: dict[str, str]) -> None:
    key = "0123456789abcdef0123456789ABCDEF"
    fields = {
        "appid": APPID, "mch_id": MCHID, "out_trade_no": "P1", "total_fee": "100", "openid": "o1",
        "transaction_id": "4200", "time_end": "20260101080000", "return_code": "SUCCESS", "result_code": "SUCCESS",
    } | change  # fmt: skip
    fields = {name: value for name, value in fields.items() if value != "GONE"}
    body = flat(fields | {"sign": sign(fields, key)})
    with pytest.raises(NoticeRefused) as refused:
        read_v2(RawNotice(headers={}, body=body, received_ms=NOW_MS), merchant(), key)
    assert refused.value.code == "notice_body"
