"""Each call: path, body, and what is believed of the answer."""

import gzip
import hashlib
from datetime import date

import httpx
import pytest

from chargecloud.infra.wechat.pay_answers import BillLink
from chargecloud.infra.wechat.pay_client import PayClient, PaymentOrder, RefundOrder, cut
from chargecloud.infra.wechat.pay_crypto import verifies
from chargecloud.infra.wechat.pay_errors import PayNotFound, PayRefused, PayUnknown
from chargecloud.infra.wechat.pay_signing import pay_message
from tests.support.wechat_pay import APPID, MCHID, NOW_MS, OPENID, Provider, good, merchant, refusal

NOTIFY = "https://charge.example.com/wx_notify_url"
PAID = {
    "out_trade_no": "P1", "trade_state": "SUCCESS", "transaction_id": "4200", "appid": APPID, "mchid": MCHID,
    "amount": {"total": 100, "currency": "CNY"}, "payer": {"openid": OPENID},
}  # fmt: skip
ORDER = PaymentOrder(
    payment_no="P1",
    openid=OPENID,
    amount_fen=100,
    description="充电",
    notify_url=NOTIFY,
    expires_at_ms=NOW_MS + 900_000,
)
BACK = RefundOrder(refund_no="R1", payment_no="P1", amount_fen=30, paid_fen=100, notify_url=NOTIFY, reason="余额退款")


async def test_an_order_has_every_field_and_no_other() -> None:
    provider = Provider(good({"prepay_id": "wx1"}))
    assert await PayClient(provider.http).prepay(ORDER) == "wx1"
    assert provider.asked[0].url.path == "/v3/pay/transactions/jsapi"
    assert provider.said() == {
        "appid": APPID,
        "mchid": MCHID,
        "description": "充电",
        "out_trade_no": "P1",
        "time_expire": "2026-01-01T08:15:00+08:00",
        "notify_url": NOTIFY,
        "amount": {"total": 100, "currency": "CNY"},
        "payer": {"openid": OPENID},
    }


async def test_client_parameters_verify_with_the_merchants_key() -> None:
    made = PayClient(Provider().http).client_parameters("wx1")
    assert set(made) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    message = pay_message(APPID, made["timeStamp"], made["nonceStr"], "prepay_id=wx1")
    assert verifies(merchant().private_key.public_key(), message, made["paySign"])


async def test_a_payment_is_found_by_both_numbers() -> None:
    provider = Provider(good(PAID), good(PAID))
    client = PayClient(provider.http)
    assert (await client.payment("P1")).state == "SUCCESS"
    assert (await client.payment_by_transaction("4200")).payment_no == "P1"
    assert [asked.url.raw_path.decode() for asked in provider.asked] == [
        f"/v3/pay/transactions/out-trade-no/P1?mchid={MCHID}",
        f"/v3/pay/transactions/id/4200?mchid={MCHID}",
    ]


@pytest.mark.parametrize("change", [{"out_trade_no": "P2"}, {"mchid": "1900000002"}, {"appid": "wxother"}])
async def test_an_answer_about_another_payment_is_not_believed(change: dict[str, str]) -> None:
    with pytest.raises(PayUnknown, match="another payment"):
        await PayClient(Provider(good(PAID | change)).http).payment("P1")


async def test_a_number_cannot_leave_its_place_in_the_path() -> None:
    provider = Provider(good(PAID | {"out_trade_no": "P|1*/../x"}))
    await PayClient(provider.http).payment("P|1*/../x")
    assert provider.asked[0].url.raw_path.decode().startswith("/v3/pay/transactions/out-trade-no/P%7C1%2A%2F..%2Fx?")


async def test_close_says_yes_or_why_not() -> None:
    provider = Provider(good(None, 204), refusal(400, "ORDERPAID", "订单已支付"), refusal(404, "ORDER_NOT_EXIST"))
    client = PayClient(provider.http)
    await client.close("P1")
    assert provider.said(0) == {"mchid": MCHID}
    with pytest.raises(PayRefused, match="ORDERPAID"):
        await client.close("P1")
    with pytest.raises(PayNotFound):
        await client.close("P2")


async def test_a_refund_is_asked_for_and_followed() -> None:
    said = {"out_refund_no": "R1", "status": "PROCESSING", "refund_id": "50", "amount": {"total": 100, "refund": 30}}
    provider = Provider(good(said), good(said | {"status": "SUCCESS"}), good(said | {"out_refund_no": "R2"}))
    client = PayClient(provider.http)
    assert (await client.refund(BACK)).state == "PROCESSING"
    assert provider.said(0) == {
        "out_trade_no": "P1",
        "out_refund_no": "R1",
        "notify_url": NOTIFY,
        "reason": "余额退款",
        "amount": {"refund": 30, "total": 100, "currency": "CNY"},
    }
    assert (await client.refund_of("R1")).state == "SUCCESS"
    with pytest.raises(PayUnknown, match="another refund"):
        await client.refund_of("R1")


async def test_bills_are_linked_fetched_from_our_host_and_checked() -> None:
    text = "交易时间\r\n`1\r\n总交易单数\r\n`1\r\n"
    link = {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "download_url": "https://elsewhere.example.com/v3/billdownload/file?token=abc",
    }
    packed = httpx.Response(200, content=gzip.compress(text.encode()))
    provider = Provider(good(link), packed, good(link))
    client = PayClient(provider.http)
    assert await client.download(await client.payments_bill(date(2026, 1, 1))) == text
    assert [str(asked.url) for asked in provider.asked] == [
        "http://127.0.0.1:9780/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP",
        "http://127.0.0.1:9780/v3/billdownload/file?token=abc",
    ]
    await client.fund_flow_bill(date(2026, 1, 1))
    assert "account_type=BASIC" in str(provider.asked[-1].url)
    with pytest.raises(PayUnknown, match="none of its API"):
        await client.download(BillLink("SHA1", "00", "file:///etc/passwd"))


def test_texts_are_cut_between_characters() -> None:
    assert cut("充电" * 50, 127) == ("充电" * 50)[:42]
    assert cut("short", 127) == "short"
