"""What WeChat Pay refuses the fake refuses, and our client drives the whole of it in both modes."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from chargecloud.infra.wechat.pay_bill import parse_bill, payments_of
from chargecloud.infra.wechat.pay_crypto import sign
from chargecloud.infra.wechat.pay_errors import PayBusy, PayDenied, PayNotFound, PayRefused, PayUnknown
from chargecloud.infra.wechat.pay_notice import open_notice
from chargecloud.infra.wechat.pay_signing import Authorization, authorization, request_message
from chargecloud.infra.wechat.pay_verify import verify
from tests.support.fake_wechat import NOW_MS, Stage, stage

MODES = ("public_key", "certificate", "mixed")


@pytest.mark.parametrize("mode", MODES)
async def test_a_payment_from_order_to_bill(mode: str) -> None:
    async with stage(mode=mode) as on:
        if mode == "mixed":
            await on.pay.certificates.refresh()  # as a notice of an unknown serial makes us
        await on.paid()
        found = await on.pay.payment("P00001")
        assert (found.state, found.payer.openid) == ("SUCCESS", on.openid)
        assert await on.pay.payment_by_transaction(found.transaction_id) == found
        (notice,) = on.merchantside.caught
        assert notice.url.endswith("/wx_notify_url")
        opened = open_notice(notice.headers, notice.body, keys=on.ring, apiv3_key=on.merchant.apiv3_key, now_ms=NOW_MS)
        assert opened.event_type == "TRANSACTION.SUCCESS"
        assert json.loads(opened.plaintext)["out_trade_no"] == "P00001"
        assert (await on.pay.refund(on.refund())).state == "PROCESSING"
        await on.pass_s(3)
        assert (await on.pay.refund_of("R1")).state == "SUCCESS"
        assert (await on.pay.payment("P00001")).state == "REFUND"
        assert len(on.merchantside.caught) == 2
        await on.post("/control/world", {"bills_at_once": True})
        text = await on.pay.download(await on.pay.payments_bill(date(2026, 1, 1)))
        bill = parse_bill(text)
        assert bill.disagreements() == []
        assert [(row.kind, row.amount_fen) for row in payments_of(bill)] == [("SUCCESS", 10_000), ("REFUND", 3_000)]
        flow = parse_bill(await on.pay.download(await on.pay.fund_flow_bill(date(2026, 1, 1))))
        assert [row["收支金额(元)"] for row in flow.rows] == ["100.00", "30.00"]
        assert flow.disagreements() == []


async def test_the_public_key_has_no_certificates_and_certificates_rotate() -> None:
    async with stage(mode="certificate") as on:
        await on.paid()
        before = set(on.ring)
        await on.post("/control/world", {"rotate": True})
        with pytest.raises(PayUnknown, match="no key of serial"):
            await on.pay.payment("P00001")
        on.clock.advance(60_000)
        await on.pay.certificates.refresh()
        assert len(set(on.ring) - before) == 1
        assert (await on.pay.payment("P00001")).state == "SUCCESS"
        await on.post("/control/world", {"mode": "public_key"})
        on.clock.advance(60_000)
        with pytest.raises(PayNotFound, match="无可用的平台证书"):
            await on.pay.certificates.refresh()


def body(on: Stage, **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "appid": on.merchant.appid,
        "mchid": on.merchant.mchid,
        "description": "充电",
        "out_trade_no": "P00001",
        "notify_url": "https://charge.example.com/wx_notify_url",
        "amount": {"total": 100, "currency": "CNY"},
        "payer": {"openid": on.openid},
    }
    whole |= changes
    return {name: value for name, value in whole.items() if value != "GONE"}


async def sent(on: Stage, content: object, path: str = "/v3/pay/transactions/jsapi", **more: Any) -> httpx.Response:
    """A correctly signed request with whatever body."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    method = more.pop("method", "POST")
    headers = {"Accept": "application/json", "User-Agent": "t", "Content-Type": "application/json"}
    headers["Authorization"] = signature(on, method, path, raw, **more)
    return await on.http.request(method, path, content=raw, headers=headers)


def signature(on: Stage, method: str, path: str, raw: bytes, **changes: Any) -> str:
    stamp = str(changes.pop("at_s", NOW_MS // 1000))
    fields = Authorization(
        on.merchant.mchid, on.merchant.serial_no, changes.pop("nonce_str", on.pay.http.nonce()), stamp, ""
    )
    signer = changes.pop("signer", on.merchant.private_key)
    message = request_message(method, path, stamp, fields.nonce_str, raw)
    return authorization(replace(fields, **({"signature": sign(signer, message)} | changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown_field": 1},
        {"attach": None},
        {"description": ""},
        {"description": "长" * 128},
        {"description": "GONE"},
        {"amount": {"total": 0}},
        {"amount": {"total": -1}},
        {"amount": {"total": 1.0}},
        {"amount": {"total": 1.5}},
        {"amount": {"total": "100"}},
        {"amount": {"total": True}},
        {"amount": {"total": 100, "currency": "USD"}},
        {"amount": {"total": 100, "unit": "fen"}},
        {"out_trade_no": "P1"},
        {"out_trade_no": "P" * 33},
        {"out_trade_no": "P 0001"},
        {"out_trade_no": "P0001/"},
        {"out_trade_no": "P0001\n"},
        {"out_trade_no": 123456},
        {"notify_url": "https://charge.example.com/x?a=1"},
        {"notify_url": "charge.example.com/x"},
        {"notify_url": "https://charge.example.com"},
        {"notify_url": "GONE"},
        {"payer": {}},
        {"payer": "GONE"},
        {"payer": {"openid": "oSomebodyElseEntirely0000000"}},
        {"appid": "wxffffffffffffffff"},
        {"mchid": "1900000009"},
        {"time_expire": "2026-01-01T08:00:00"},
        {"time_expire": "2025-01-01T08:00:00+08:00"},
        {"time_expire": "soon"},
        {"attach": "长" * 129},
    ],
)
async def test_a_body_wechat_pay_would_refuse(changes: dict[str, Any]) -> None:
    async with stage() as on:
        answer = await sent(on, body(on, **changes))
        assert answer.status_code == 400, answer.text
        assert answer.json()["code"] in {"PARAM_ERROR", "APPID_MCHID_NOT_MATCH"}
        verify({name.lower(): value for name, value in answer.headers.items()}, answer.content, on.ring, NOW_MS)
        assert on.fake.world.orders == {}
        assert (await sent(on, body(on))).status_code == 200


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"appid":"x"} trailing'])
async def test_no_json_is_refused(raw: bytes) -> None:
    async with stage() as on:
        assert (await sent(on, raw)).status_code in (400, 415)


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1900000009"},
        {"serial_no": "7" * 40},
        {"signature": "AAAA"},
        {"timestamp": str(NOW_MS // 1000 + 1)},
        {"at_s": NOW_MS // 1000 - 301},
        {"at_s": NOW_MS // 1000 + 301},
        {"at_s": "soon"},
        {"nonce_str": "n" * 33},
    ],
)
async def test_whoever_cannot_sign_is_401(changes: dict[str, Any]) -> None:
    async with stage() as on:
        answer = await sent(on, body(on), **changes)
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
        assert on.fake.world.orders == {}


async def test_the_signature_is_over_the_exact_bytes_and_a_nonce_is_good_once() -> None:
    async with stage() as on:
        raw = json.dumps(body(on)).encode()
        header = signature(on, "POST", "/v3/pay/transactions/jsapi", raw)
        headers = {"Authorization": header, "Content-Type": "application/json", "User-Agent": "t"}
        for path, content in (
            ("/v3/pay/transactions/jsapi", raw + b" "),
            ("/v3/pay/transactions/jsapi?a=1", raw),
            ("/v3/refund/domestic/refunds", raw),
        ):
            assert (await on.http.post(path, content=content, headers=headers)).status_code == 401
        first = await on.http.post("/v3/pay/transactions/jsapi", content=raw, headers=headers)
        second = await on.http.post("/v3/pay/transactions/jsapi", content=raw, headers=headers)
        assert (first.status_code, second.status_code) == (200, 401)
        assert "重复" in second.json()["message"]
        assert (await on.http.get("/v3/certificates")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"User-Agent": ""}, 400), ({"Accept": "text/html"}, 406), ({"Content-Type": "text/plain"}, 415),
     ({"Wechatpay-Serial": "PUB_KEY_ID_OTHER"}, 400)],
)  # fmt: skip
async def test_headers_a_client_has_to_send(headers: dict[str, str], status: int) -> None:
    async with stage() as on:
        raw = json.dumps(body(on)).encode()
        usual = {"Accept": "application/json", "User-Agent": "t", "Content-Type": "application/json"}
        usual["Authorization"] = signature(on, "POST", "/v3/pay/transactions/jsapi", raw)
        answer = await on.http.post("/v3/pay/transactions/jsapi", content=raw, headers=usual | headers)
        assert answer.status_code == status


async def test_the_same_number_again() -> None:
    async with stage() as on:
        first = await on.pay.prepay(on.order())
        assert await on.pay.prepay(on.order()) == first
        for change in ({"amount_fen": 9_999}, {"description": "别的"}, {"attach": "x"}, {"notify_url": "http://h/y"}):
            with pytest.raises(PayRefused, match="参数与首次请求时不一致"):
                await on.pay.prepay(on.order(**change))
        on.fake.world.clock.advance(7_200_000)
        again = on.order(expires_at_ms=NOW_MS + 6 * 86_400_000, payment_no="P00002")
        late = await on.pay.prepay(again)
        on.fake.world.clock.advance(7_200_000)
        assert await on.pay.prepay(again) not in (first, late)


async def test_paid_and_closed_numbers_take_no_order() -> None:
    async with stage() as on:
        await on.paid()
        with pytest.raises(PayRefused, match="已支付"):
            await on.pay.prepay(on.order())
        with pytest.raises(PayRefused, match="已支付"):
            await on.pay.close("P00001")
        await on.pay.prepay(on.order("P00002"))
        await on.pay.close("P00002")
        await on.pay.close("P00002")
        assert (await on.pay.payment("P00002")).state == "CLOSED"
        with pytest.raises(PayRefused, match="已关闭"):
            await on.pay.prepay(on.order("P00002"))
        await on.pay.prepay(on.order("P00003"))
        on.fake.world.clock.advance(900_000)
        assert (await on.pay.payment("P00003")).state == "CLOSED"


async def test_what_does_not_exist_is_404_and_foreign_merchants_see_nothing() -> None:
    async with stage() as on:
        for ask in (on.pay.payment("P99999"), on.pay.payment_by_transaction("4200"), on.pay.close("P99999"),
                    on.pay.refund_of("R9"), on.pay.refund(on.refund())):  # fmt: skip
            with pytest.raises(PayNotFound):
                await ask
        await on.pay.prepay(on.order())
        path = "/v3/pay/transactions/out-trade-no/P00001?mchid=1900000009"
        assert (await sent(on, b"", path, method="GET")).status_code == 400
        assert (await sent(on, b"", "/v3/nosuch", method="GET")).status_code == 404


async def test_refunds_are_refused_where_wechat_pay_refuses_them() -> None:
    async with stage() as on:
        await on.pay.prepay(on.order())
        with pytest.raises(PayRefused, match="未支付"):
            await on.pay.refund(on.refund())
        assert (await on.press(await on.fields()))["errMsg"] == "requestPayment:ok"
        first = await on.pay.refund(on.refund())
        assert await on.pay.refund(on.refund()) == first
        for change in ({"amount_fen": 2_999}, {"reason": "别的"}, {"paid_fen": 9_999}):
            with pytest.raises(PayRefused, match="不一致"):
                await on.pay.refund(on.refund(**change))
        with pytest.raises(PayRefused, match="不一致"):
            await on.pay.refund(on.refund("R2", paid_fen=9_999))
        with pytest.raises(PayRefused, match="剩余可退"):
            await on.pay.refund(on.refund("R2", amount_fen=7_001))
        await on.post("/control/world", {"merchant_fen": 100})
        with pytest.raises(PayDenied, match="NOT_ENOUGH"):
            await on.pay.refund(on.refund("R2", amount_fen=101))
        await on.post("/control/world", {"merchant_fen": -1})
        for number in range(49):
            await on.pay.refund(on.refund(f"M{number}", amount_fen=1))
        with pytest.raises(PayRefused, match="50 次"):
            await on.pay.refund(on.refund("R3", amount_fen=1))
        on.fake.world.clock.advance(366 * 86_400_000)
        with pytest.raises(PayRefused, match="最大期限"):
            await on.pay.refund(on.refund("R3", amount_fen=1))


@pytest.mark.parametrize(
    "change",
    [{"transaction_id": "4200"}, {"out_trade_no": "GONE"}, {"reason": ""}, {"amount": {"refund": 1, "total": 2}},
     {"amount": {"refund": 0, "total": 2, "currency": "CNY"}}, {"out_refund_no": "R" * 65}, {"extra": 1}],
)  # fmt: skip
async def test_a_refund_body_wechat_pay_would_refuse(change: dict[str, Any]) -> None:
    async with stage() as on:
        await on.paid()
        whole = {
            "out_trade_no": "P00001",
            "out_refund_no": "R1",
            "amount": {"refund": 1, "total": 10_000, "currency": "CNY"},
        }
        asked = {name: value for name, value in (whole | change).items() if value != "GONE"}
        answer = await sent(on, asked, "/v3/refund/domestic/refunds")
        assert (answer.status_code, answer.json()["code"]) == (400, "PARAM_ERROR")


async def test_a_refund_ends_as_it_is_told_to() -> None:
    async with stage() as on:
        await on.post("/control/world", {"refund_after_s": "never"})
        await on.paid()
        for number, state in (("R1", "ABNORMAL"), ("R2", "CLOSED"), ("R3", "SUCCESS")):
            await on.pay.refund(on.refund(number))
            await on.pass_s(3_600)
            assert (await on.pay.refund_of(number)).state == "PROCESSING"
            await on.post(f"/control/refunds/{number}/end", {"state": state})
            await on.fake.notifier.idle()
            assert (await on.pay.refund_of(number)).state == state
            assert (await on.http.post(f"/control/refunds/{number}/end", json={"state": state})).status_code == 409
        assert on.fake.world.orders["P00001"].rest_fen == 10_000 - 2 * 3_000
        events = [notice["event"] for notice in (await on.http.get("/control/notices")).json()]
        assert events == ["TRANSACTION.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED", "REFUND.SUCCESS"]


@pytest.mark.parametrize(
    ("kind", "raised", "done"),
    [("500", None, True), ("system_error", None, True), ("timeout", None, True), ("429", PayBusy, False),
     ("500_after", None, True), ("lost_answer", None, True), ("bad_signature", PayUnknown, True)],
)  # fmt: skip
async def test_faults_on_request(kind: str, raised: type[Exception] | None, done: bool) -> None:
    async with stage() as on:
        await on.post("/control/faults", {"at": "call", "kind": kind, "path": "jsapi", "seconds": 0})
        if raised is None:
            assert await on.pay.prepay(on.order())
        else:
            with pytest.raises(raised):
                await on.pay.prepay(on.order())
        assert (len(on.fake.world.orders) == 1) is done
        assert (await on.http.get("/control/world")).json()["faults"] == []


async def test_bills_are_ready_at_ten_of_the_next_day_and_not_for_empty_days() -> None:
    async with stage() as on:
        await on.paid()
        day = date(2026, 1, 1)
        with pytest.raises(PayRefused, match="STATEMENT_CREATING"):
            await on.pay.payments_bill(day)
        on.fake.world.clock.advance(24 * 3_600_000)
        with pytest.raises(PayRefused, match="STATEMENT_CREATING"):
            await on.pay.payments_bill(day)
        on.fake.world.clock.advance(2 * 3_600_000)
        link = await on.pay.payments_bill(day)
        with pytest.raises(PayRefused, match="NO_STATEMENT_EXIST"):
            await on.pay.payments_bill(date(2025, 12, 31))
        with pytest.raises(PayRefused, match="三个月"):
            await on.pay.payments_bill(date(2025, 1, 1))
        on.fake.world.clock.advance(5 * 60_000 + 1)
        with pytest.raises(PayRefused, match="过期"):
            await on.pay.download(link)


async def test_planted_differences_are_in_the_bill_and_its_totals() -> None:
    async with stage() as on:
        for number in ("P00001", "P00002", "P00003"):
            await on.paid(number)
        await on.post("/control/world", {"bills_at_once": True})
        extra = {"交易时间": "2026-01-01 08:00:00", "商户订单号": "X00001", "微信订单号": "4299", "交易状态": "SUCCESS"}
        planted = {
            "hide": ["P00001"],
            "alter": {"P00002": {"订单金额": "99.99"}},
            "add": [{"day": "2026-01-01", "cells": extra | {"订单金额": "1.00"}}],
        }
        await on.post("/control/bills", planted)
        bill = parse_bill(await on.pay.download(await on.pay.payments_bill(date(2026, 1, 1))))
        assert bill.disagreements() == []
        found = {row.payment_no: row.amount_fen for row in payments_of(bill)}
        assert found == {"P00002": 9_999, "P00003": 10_000, "X00001": 100}
        refused = await on.http.post("/control/bills", json={"alter": {"P00003": {"nosuch": "1"}}})
        assert (refused.status_code, refused.json()["detail"]) == (422, "no column nosuch")
