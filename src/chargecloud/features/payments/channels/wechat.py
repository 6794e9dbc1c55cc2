"""WeChat Pay (APIv3, in mini programs) as a channel of payment."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TypeVar

from chargecloud.features.payments.channels.contract import (
    MAX_NOTICE_BYTES,
    Acknowledgement,
    ChargeRequest,
    ClientAction,
    CloseOutcome,
    Notice,
    NoticeOutcome,
    NoticeRefused,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderSilent,
    ProviderState,
    RawNotice,
    RefundRequest,
    StatementLine,
    StatementNotReady,
)
from chargecloud.features.payments.channels.wechat_notice import UnknownSerial, read_v2, read_v3
from chargecloud.features.payments.channels.wechat_words import PAID, line_of, payment_of, refund_of
from chargecloud.infra.wechat import pay_v2
from chargecloud.infra.wechat.pay_bill import BillMalformed, parse_bill, payments_of
from chargecloud.infra.wechat.pay_client import PayClient, PaymentOrder, RefundOrder
from chargecloud.infra.wechat.pay_errors import PayBusy, PayDenied, PayError, PayNotFound, PayRefused
from chargecloud.kernel.clock import local_time

READY_HOUR = 10
NOTHING_THAT_DAY = "NO_STATEMENT_EXIST"
NOT_NOW = frozenset({"NOT_ENOUGH", "BIZERR_NEED_RETRY", "FREQUENCY_LIMIT", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"})
"""Said no today; the same request may be granted tomorrow."""
FOR_GOOD = frozenset({"USER_ACCOUNT_ABNORMAL"})
"""Said with 403 like a missing permission, and yet for ever: the payer's account is closed."""
XML, JSON = "text/xml", "application/json"
Said = TypeVar("Said")


class WechatChannel:
    """One merchant and one mini program. `apiv2_key` opens notices in XML; without one they are refused."""

    name = "wechat"
    title = "微信支付"

    def __init__(self, pay: PayClient, *, notify_url: str, apiv2_key: str = "") -> None:
        self._pay = pay
        self._notify_url = notify_url
        self._apiv2_key = apiv2_key

    async def charge(self, request: ChargeRequest) -> ClientAction:
        """Order, and the five fields of wx.requestPayment."""
        order = PaymentOrder(
            payment_no=request.payment_no,
            openid=request.payer_id,
            amount_fen=request.amount_fen,
            description=request.description,
            notify_url=self._notify_url,
            expires_at_ms=request.expires_at_ms,
        )
        prepay_id = await _changed(lambda: self._pay.prepay(order))
        return ClientAction(fields=dict(self._pay.client_parameters(prepay_id)), reference=prepay_id)

    def read_notice(self, raw: RawNotice) -> Notice:
        """JSON of APIv3, or XML of APIv2 where its key is configured."""
        if len(raw.body) > MAX_NOTICE_BYTES:
            raise NoticeRefused("the notice is too large", "notice_body", status=413)
        merchant = self._pay.http.merchant
        if raw.body.lstrip()[:1] == b"<":
            if not self._apiv2_key:
                raise NoticeRefused("XML of APIv2, for which no key is configured", "notice_v2_off", status=400)
            return read_v2(raw, merchant, self._apiv2_key)
        try:
            return read_v3(raw, merchant, self._pay.http.keys)
        except UnknownSerial:
            self._pay.certificates.want(raw.headers.get("wechatpay-serial", ""))
            raise

    def acknowledge(self, outcome: NoticeOutcome) -> Acknowledgement:
        """APIv3 looks at the status, APIv2 at the XML; where both may ask, one answer says it both ways."""
        status = outcome.status if outcome.status >= 400 else 500
        if self._apiv2_key:
            body = pay_v2.ANSWER_OK if outcome.taken else pay_v2.ANSWER_FAIL
            return Acknowledgement(status=200 if outcome.taken else status, media_type=XML, body=body.encode())
        if outcome.taken:
            return Acknowledgement(status=204)
        return Acknowledgement(status=status, media_type=JSON, body=b'{"code":"FAIL","message":"refused"}')

    async def query(self, payment_no: str) -> ProviderPayment:
        """By our number."""
        try:
            return payment_of(await self._pay.payment(payment_no))
        except PayNotFound:
            return ProviderPayment(payment_no=payment_no, state=ProviderState.UNKNOWN)
        except PayError as error:
            raise _silent(error) from None

    async def close(self, payment_no: str) -> CloseOutcome:
        """WeChat Pay refuses to close what was paid, in words that differ: the query decides."""
        try:
            await self._pay.close(payment_no)
        except PayNotFound:
            return CloseOutcome.CLOSED
        except PayRefused:
            return await self._settled(payment_no)
        except PayError as error:
            raise _silent(error) from None
        return CloseOutcome.CLOSED

    async def _settled(self, payment_no: str) -> CloseOutcome:
        state = (await self.query(payment_no)).state
        if state in PAID:
            return CloseOutcome.ALREADY_PAID
        if state in (ProviderState.CLOSED, ProviderState.UNKNOWN):
            return CloseOutcome.CLOSED
        raise ProviderSilent("微信支付拒绝关单，但查询显示订单仍可支付，请稍后再试")

    async def refund(self, request: RefundRequest) -> ProviderRefund:
        """To where it was paid from."""
        order = RefundOrder(
            refund_no=request.refund_no,
            payment_no=request.payment_no,
            amount_fen=request.amount_fen,
            paid_fen=request.total_fen,
            notify_url=self._notify_url,
            reason=request.reason,
        )
        return refund_of(await _changed(lambda: self._pay.refund(order)))

    async def query_refund(self, refund_no: str) -> ProviderRefund | None:
        """By our number."""
        try:
            return refund_of(await self._pay.refund_of(refund_no))
        except PayNotFound:
            return None
        except PayError as error:
            raise _silent(error) from None

    async def statement(self, day: date) -> list[StatementLine]:
        """The trade bill. One whose totals are not the sums of its rows did not come whole, and is not taken."""
        try:
            bill = parse_bill(await self._pay.download(await self._pay.payments_bill(day)))
            wrong = bill.disagreements()
            lines = [line_of(row) for row in payments_of(bill)]
        except PayRefused as error:
            if error.code == NOTHING_THAT_DAY:
                return []
            if not self._is_made(day):
                raise StatementNotReady(f"{day} 的微信账单尚未生成，次日 {READY_HOUR} 点后可取") from None
            raise _silent(error) from None
        except (PayError, BillMalformed) as error:
            raise _silent(error) from None
        if wrong:
            raise ProviderSilent(f"微信账单不完整：{'；'.join(wrong)}")
        return lines

    def _is_made(self, day: date) -> bool:
        now = local_time(self._pay.http.clock.now_ms())
        yesterday = now.date() - timedelta(days=1)
        return day < yesterday or (day == yesterday and now.hour >= READY_HOUR)


async def _changed(ask: Callable[[], Awaitable[Said]]) -> Said:
    """A request that changes something: refused, or nobody knows."""
    try:
        return await ask()
    except PayRefused as error:
        for_now = error.code in NOT_NOW or isinstance(error, PayDenied | PayBusy)
        lasting = error.code in FOR_GOOD or not for_now
        raise ProviderRefused(
            f"微信支付拒绝：{error.message or error.code}", lasting=lasting, provider_code=error.code
        ) from None
    except PayError as error:
        raise _silent(error) from None


def _silent(error: Exception) -> ProviderSilent:
    return ProviderSilent(f"微信支付没有给出可用的答复：{error}")
