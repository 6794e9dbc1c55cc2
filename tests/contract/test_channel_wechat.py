"""WeChat Pay keeps the contract of payment channels, against the fake WeChat in both modes; and what is its own."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from chargecloud.fake_wechat import bills
from chargecloud.features.payments.channels.contract import (
    CloseOutcome,
    NoticeOutcome,
    NoticeRefused,
    PaymentChannel,
    ProviderRefused,
    ProviderSilent,
    ProviderState,
    RawNotice,
    RefundRequest,
    RefundState,
)
from chargecloud.features.payments.channels.wechat import WechatChannel
from chargecloud.infra.wechat import pay_v2
from chargecloud.infra.wechat.pay_client import PayClient
from chargecloud.infra.wechat.pay_xml import flat
from chargecloud.kernel.clock import ManualClock, local_time
from tests.contract.channel import ChannelContract, Provider, Trouble
from tests.support.eventually import eventually
from tests.support.fake_wechat import NOTIFY, Caught, Stage, stage
from tests.support.wechat_pay import Provider as Scripted
from tests.support.wechat_pay import refusal

V2_KEY = "0123456789abcdef0123456789ABCDEF"
PATHS = {
    "charge": "/transactions/jsapi",
    "query": "/transactions/out-trade-no/",
    "close": "/close",
    "refund": "/refund/domestic/refunds",
    "query_refund": "/refund/domestic/refunds/",
}
ENDS = {RefundState.SUCCEEDED: "SUCCESS", RefundState.CLOSED: "CLOSED", RefundState.ABNORMAL: "ABNORMAL"}


class WechatSide:
    """A fake WeChat with its merchant's channel, whose requests are not repeated: the contract counts them."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.clock: ManualClock = on.clock
        self.payer_id = on.openid
        once = PayClient(replace(on.pay.http, pauses_s=()))
        self.wechat = WechatChannel(once, notify_url=NOTIFY)
        self.channel: PaymentChannel = self.wechat

    async def pay(self, payment_no: str) -> None:
        await self.on.post(f"/control/orders/{payment_no}/pay")
        await self.on.fake.notifier.idle()

    async def finish_refund(self, refund_no: str, state: RefundState) -> None:
        await self.on.post(f"/control/refunds/{refund_no}/end", {"state": ENDS[state]})
        await self.on.fake.notifier.idle()

    async def notices(self) -> list[RawNotice]:
        return [self.arrived(caught) for caught in self.on.merchantside.caught]

    def arrived(self, caught: Caught) -> RawNotice:
        return RawNotice(headers=caught.headers, body=caught.body, received_ms=self.clock.now_ms())

    async def trouble(self, operation: str, trouble: Trouble) -> None:
        kind = "500" if trouble is Trouble.LOST else "500_after"
        await self.on.post("/control/faults", {"at": "call", "kind": kind, "path": PATHS[operation]})


@asynccontextmanager
async def opened(mode: str) -> AsyncIterator[WechatSide]:
    async with stage(mode=mode) as on:
        on.fake.world.refund_after_s = None
        side = WechatSide(on)
        await side.wechat._pay.certificates.ensure()
        yield side


class TestWechatWithPublicKey(ChannelContract):
    """A merchant of today."""

    def opening(self) -> AbstractAsyncContextManager[Provider]:
        return opened("public_key")


class TestWechatWithCertificates(ChannelContract):
    """A merchant of before."""

    def opening(self) -> AbstractAsyncContextManager[Provider]:
        return opened("certificate")


async def paid(side: WechatSide) -> str:
    return await ChannelContract().paid(side)


async def test_one_notice_delivered_twice_bears_one_id() -> None:
    async with opened("public_key") as side:
        await side.on.post("/control/faults", {"at": "notice", "kind": "double"})
        await paid(side)
        first, second = [side.channel.read_notice(raw) for raw in await side.notices()]
        assert first == second


@pytest.mark.parametrize("variant", ["stale", "tampered", "signtest", "unknown_serial"])
async def test_a_forged_notice_is_refused_with_4xx(variant: str) -> None:
    async with opened("public_key") as side:
        payment_no = await paid(side)
        await side.on.post(f"/control/orders/{payment_no}/probes", {"variant": variant})
        raw = (await side.notices())[-1]
        with pytest.raises(NoticeRefused) as refused:
            side.channel.read_notice(raw)
        assert refused.value.status == 401
        answer = side.channel.acknowledge(NoticeOutcome(taken=False, status=refused.value.status, message="x"))
        assert (answer.status, json.loads(answer.body)["code"]) == (401, "FAIL")


async def test_a_notice_about_another_merchant_is_proven_and_not_ours() -> None:
    async with opened("public_key") as side:
        payment_no = await paid(side)
        await side.on.post(f"/control/orders/{payment_no}/probes", {"variant": "other_merchant"})
        notice = side.channel.read_notice((await side.notices())[-1])
        assert "1999999999" in notice.misdirected


async def test_a_notice_tells_the_amount_that_was_paid_whatever_was_asked() -> None:
    async with opened("public_key") as side:
        await side.channel.charge(ChannelContract().wanted(side, 1, 10_000))
        side.on.fake.world.orders["P2026010100000001"].amount_fen = 1
        await side.pay("P2026010100000001")
        (raw,) = await side.notices()
        payment = side.channel.read_notice(raw).payment
        assert payment is not None and payment.amount_fen == 1


async def test_a_late_notice_of_a_closed_payment_is_still_proof() -> None:
    async with opened("public_key") as side:
        await side.on.post("/control/faults", {"at": "notice", "kind": "delay", "seconds": 10})
        payment_no = await paid(side)
        assert await side.channel.close(payment_no) is CloseOutcome.ALREADY_PAID
        await side.on.pass_s(10)
        (raw,) = await side.notices()
        payment = side.channel.read_notice(raw).payment
        assert payment is not None and payment.state is ProviderState.PAID


async def test_an_unknown_serial_leads_to_one_download_and_the_repetition_is_taken() -> None:
    async with opened("certificate") as side:
        await side.on.post("/control/world", {"rotate": True})
        side.on.merchantside.status = 500
        payment_no = "P2026010100000001"
        # the answer to the order is signed with the new certificate, too
        with pytest.raises(ProviderSilent):
            await side.channel.charge(ChannelContract().wanted(side))
        assert side.wechat._pay.certificates.is_wanted
        await side.pay(payment_no)
        for _ in range(20):
            with pytest.raises(NoticeRefused) as refused:
                side.channel.read_notice((await side.notices())[0])
        assert refused.value.code == "notice_serial_unknown"
        certificates = side.wechat._pay.certificates
        assert certificates.is_wanted
        side.clock.advance(60_000)
        assert await certificates.refresh() is True
        assert await certificates.refresh() is False
        side.on.fake.agenda.run(side.on.fake.world.now_ms())
        await side.on.fake.notifier.idle()
        notice = side.channel.read_notice((await side.notices())[-1])
        assert notice.payment is not None and notice.payment.payment_no == payment_no


@pytest.mark.parametrize("kind", ["429", "system_error", "bad_signature", "timeout"])
async def test_a_query_that_fails_says_nothing_about_the_payment(kind: str) -> None:
    async with opened("public_key") as side:
        payment_no = await paid(side)
        await side.on.post("/control/faults", {"at": "call", "kind": kind, "path": "out-trade-no", "seconds": 0})
        with pytest.raises(ProviderSilent):
            await side.channel.query(payment_no)
        assert (await side.channel.query(payment_no)).state is ProviderState.PAID


@pytest.mark.parametrize("kind", ["429", "bad_signature"])
async def test_closing_is_never_believed_on_a_doubtful_answer(kind: str) -> None:
    async with opened("public_key") as side:
        await side.channel.charge(ChannelContract().wanted(side))
        await side.on.post("/control/faults", {"at": "call", "kind": kind, "path": "/close", "times": 1})
        with pytest.raises(ProviderSilent):
            await side.channel.close("P2026010100000001")


async def test_too_little_money_today_is_not_for_ever() -> None:
    async with opened("public_key") as side:
        contract = ChannelContract()
        payment_no = await paid(side)
        await side.on.post("/control/world", {"merchant_fen": 0})
        with pytest.raises(ProviderRefused) as refused:
            await side.channel.refund(await contract.back(side, payment_no, 100))
        assert (refused.value.lasting, refused.value.facts["provider_code"]) == (False, "NOT_ENOUGH")
        await side.on.post("/control/world", {"merchant_fen": -1})
        with pytest.raises(ProviderRefused) as refused:
            await side.channel.refund(await contract.back(side, payment_no, 10_001))
        assert refused.value.lasting


async def test_a_bill_whose_totals_or_rows_do_not_fit_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened("public_key") as side:
        await paid(side)
        side.clock.advance(2 * 86_400_000)
        day = local_time(side.clock.now_ms() - 2 * 86_400_000).date()
        assert len(await side.channel.statement(day)) == 1
        with monkeypatch.context() as patched:
            patched.setattr(bills, "_totals", lambda _: ["2", "100.00", "0.00", "0.00", "0.54000", "100.00", "0.00"])
            with pytest.raises(ProviderSilent, match="2 rows are said, 1 are there"):
                await side.channel.statement(day)
        side.on.fake.pay.bills.planted.added.append((day, {"交易状态": "SUCCESS", "订单金额": "1.00"}))
        with pytest.raises(ProviderSilent, match="no time"):
            await side.channel.statement(day)


@pytest.mark.parametrize("v2", [False, True])
async def test_xml_is_refused_unless_there_is_a_key_for_it(v2: bool) -> None:
    async with opened("public_key") as side:
        channel = WechatChannel(side.wechat._pay, notify_url=NOTIFY, apiv2_key=V2_KEY if v2 else "")
        keys = side.on.fake.world.keys
        fields = {
            "appid": keys.appid, "mch_id": keys.mchid, "out_trade_no": "P1", "total_fee": "100", "openid": "o1",
            "transaction_id": "4200", "time_end": "20260101080000", "return_code": "SUCCESS", "result_code": "SUCCESS",
        }  # fmt: skip
        empty = fields | {"sign": hashlib.md5((pay_v2.text_to_sign(fields, "")).encode()).hexdigest().upper()}
        signed = fields | {"sign": pay_v2.sign(fields, V2_KEY)}
        for sent, taken in ((empty, False), (signed, v2), (signed | {"total_fee": "1"}, False)):
            raw = RawNotice(headers={}, body=flat(sent), received_ms=side.clock.now_ms())
            if taken:
                notice = channel.read_notice(raw)
                assert notice.payment is not None and notice.payment.amount_fen == 100
                assert notice.notice_id == "v2-4200" and notice.payment.paid_at_ms == 1_767_225_600_000
            else:
                with pytest.raises(NoticeRefused):
                    channel.read_notice(raw)
        answer = channel.acknowledge(NoticeOutcome(taken=True))
        assert (answer.status, answer.body) == ((200, pay_v2.ANSWER_OK.encode()) if v2 else (204, b""))
        assert b"SUCCESS" not in channel.acknowledge(NoticeOutcome(taken=False, status=500)).body


async def test_a_refund_notice_of_v2_is_a_reason_to_ask_and_not_an_end() -> None:
    async with opened("public_key") as side:
        channel = WechatChannel(side.wechat._pay, notify_url=NOTIFY, apiv2_key=V2_KEY)
        inner = (
            b"<root><out_refund_no>R1</out_refund_no><refund_id>50</refund_id><out_trade_no>P1</out_trade_no>"
            b"<refund_fee>100</refund_fee><refund_status>SUCCESS</refund_status></root>"
        )
        body = flat({"return_code": "SUCCESS", "req_info": pay_v2.seal_ecb(pay_v2.refund_key(V2_KEY), inner)})
        notice = channel.read_notice(RawNotice(headers={}, body=body, received_ms=side.clock.now_ms()))
        assert notice.refund is not None and notice.refund.state is RefundState.PROCESSING
        assert notice.payment is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<xml>", b"x" * 70_000, b" <!DOCTYPE x>"])
async def test_nonsense_is_refused_and_never_raises_otherwise(body: bytes) -> None:
    async with opened("public_key") as side:
        for channel in (side.channel, WechatChannel(side.wechat._pay, notify_url=NOTIFY, apiv2_key=V2_KEY)):
            with pytest.raises(NoticeRefused):
                channel.read_notice(RawNotice(headers={}, body=body, received_ms=side.clock.now_ms()))


async def test_certificates_are_fetched_by_themselves_when_a_serial_is_unknown() -> None:
    async with stage(mode="certificate") as on:
        certificates = on.pay.certificates
        keeping = asyncio.create_task(certificates.keep())
        await eventually(lambda: len(list(on.ring)) == 1)
        await on.post("/control/world", {"rotate": True})
        certificates.want("PUB_KEY_ID_1")
        certificates.want("no serial at all")
        assert not certificates.is_wanted
        on.clock.advance(60_000)
        certificates.want(on.fake.world.keys.platforms[-1].serial)
        await eventually(lambda: len(list(on.ring)) == 2)
        for _ in range(50):
            certificates.want("7" * 40)
            await asyncio.sleep(0)
        downloads = [line for line in on.fake.world.log if line.what == "GET /v3/certificates"]
        assert len(downloads) == 2
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.parametrize(
    ("status", "code", "lasting"),
    [
        (400, "INVALID_REQUEST", True),
        (400, "BIZERR_NEED_RETRY", False),
        (403, "NOT_ENOUGH", False),
        (403, "USER_ACCOUNT_ABNORMAL", True),
        (401, "SIGN_ERROR", False),
        (404, "RESOURCE_NOT_EXISTS", True),
        (429, "FREQUENCY_LIMITED", False),
    ],
)
async def test_a_no_is_for_now_or_for_good(status: int, code: str, lasting: bool) -> None:
    channel = WechatChannel(PayClient(Scripted(refusal(status, code)).http), notify_url=NOTIFY)
    back = RefundRequest(
        refund_no="R1", payment_no="P1", transaction_id="4200", amount_fen=1, total_fen=1, reason="退款"
    )
    with pytest.raises(ProviderRefused) as refused:
        await channel.refund(back)
    assert (refused.value.lasting, refused.value.facts["provider_code"]) == (lasting, code)
