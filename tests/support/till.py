"""A provider of payments in memory, as strict as a real one, with faults on order; and the channel that speaks to it.

Its notices are signed with a secret over timestamp, nonce and the raw body, and leave with the headers a real one
sends. Each operation takes the next of its `faults`: carried out or not, answered or not.
"""

import asyncio
import hashlib
import hmac
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from chargecloud.features.payments.channels.contract import (
    Acknowledgement,
    ChargeRequest,
    ClientAction,
    CloseOutcome,
    LineKind,
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
    RefundState,
    StatementLine,
    StatementNotReady,
)
from chargecloud.kernel.clock import Clock, local_time

WINDOW_MS = 300_000
MERCHANT = "1900000001"
SECRET = b"shared with the provider"
SERIAL = "5157F09EFDC096DE15EBE81A47057A72"
MAX_REFUNDS = 50
READY_HOUR = 10


class Fault(StrEnum):
    """What goes wrong with one request."""

    LOST = "lost"
    """It never arrives, and no answer comes."""
    UNHEARD = "unheard"
    """It is carried out, and the answer is lost."""
    LATE = "late"
    """It times out here and is carried out some time afterwards: when `late()` is called."""
    BUSY = "busy"
    """The provider says: not now."""
    POOR = "poor"
    """The provider says no, and may say yes another time: the merchant's account is too low."""


@dataclass
class Sale:
    """An order at the provider."""

    request: ChargeRequest
    state: ProviderState = ProviderState.UNPAID
    transaction_id: str = ""
    paid_fen: int = 0
    currency: str = "CNY"
    payer_id: str = ""
    paid_at_ms: int | None = None
    refunds: list[str] = field(default_factory=list)


@dataclass
class Repayment:
    """A refund at the provider."""

    request: RefundRequest
    refund_id: str
    state: RefundState = RefundState.PROCESSING
    accepted_at_ms: int = 0
    finished_at_ms: int | None = None


class Till:
    """The provider: `pay`, `finish_refund` and `late` are what happens there without us."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sales: dict[str, Sale] = {}
        self.repayments: dict[str, Repayment] = {}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.calls: list[tuple[str, str]] = []
        self.sent: list[RawNotice] = []
        self.refund_at_once: RefundState | None = None
        """What new refunds come to without waiting; None: they stay in processing."""
        self._late: list[tuple[str, Any]] = []
        self._count = 0

    def pay(self, payment_no: str, *, amount_fen: int | None = None, payer_id: str = "", currency: str = "CNY") -> None:
        """The payer pays; other amounts and payers are for tests of what never should happen."""
        sale = self.sales[payment_no]
        assert sale.state is ProviderState.UNPAID, sale.state
        sale.state = ProviderState.PAID
        sale.transaction_id = f"42000{self._next():023d}"
        sale.paid_fen = sale.request.amount_fen if amount_fen is None else amount_fen
        sale.payer_id = payer_id or sale.request.payer_id
        sale.currency = currency
        sale.paid_at_ms = self.clock.now_ms()
        self._tell({"event": "TRANSACTION.SUCCESS", "payment": self._payment_words(sale)})

    def finish_refund(self, refund_no: str, state: RefundState = RefundState.SUCCEEDED) -> None:
        """A refund comes to its end."""
        found = self.repayments[refund_no]
        if found.state is not RefundState.PROCESSING:
            return
        found.state, found.finished_at_ms = state, self.clock.now_ms()
        self._tell({"event": f"REFUND.{state.value.upper()}", "refund": self._refund_words(found)})

    def late(self) -> int:
        """Requests that timed out long ago are carried out now; how many."""
        waiting, self._late = self._late, []
        for operation, request in waiting:
            try:
                getattr(self, f"do_{operation}")(request)
            except ProviderRefused:
                continue
        return len(waiting)

    def reach(self, operation: str, number: str, request: Any) -> Any:
        """One request from outside, with the fault that is its turn."""
        self.calls.append((operation, number))
        fault = self.faults[operation].popleft() if self.faults[operation] else None
        if fault is Fault.LOST:
            raise ProviderSilent("支付渠道没有应答")
        if fault is Fault.LATE:
            self._late.append((operation, request))
            raise ProviderSilent("支付渠道没有应答")
        if fault is Fault.BUSY:
            raise ProviderSilent("支付渠道繁忙", status=500)
        if fault is Fault.POOR:
            raise ProviderRefused("商户余额不足", lasting=False, provider_code="NOT_ENOUGH")
        answer: Any = getattr(self, f"do_{operation}")(request)
        if fault is Fault.UNHEARD:
            raise ProviderSilent("支付渠道没有应答")
        return answer

    def do_charge(self, request: ChargeRequest) -> ClientAction:
        known = self.sales.get(request.payment_no)
        if known is None:
            known = self.sales[request.payment_no] = Sale(request)
        if known.request != request:
            raise ProviderRefused("请求重入时，参数与首次请求时不一致", provider_code="INVALID_REQUEST")
        if known.state is not ProviderState.UNPAID:
            raise ProviderRefused("该订单已支付或已关闭", provider_code="ORDER_OVER")
        return ClientAction(fields={"package": f"prepay_id={request.payment_no}"}, reference=f"wx{request.payment_no}")

    def do_query(self, payment_no: str) -> ProviderPayment:
        sale = self.sales.get(payment_no)
        if sale is None:
            return ProviderPayment(payment_no=payment_no, state=ProviderState.UNKNOWN)
        return self._payment(self._payment_words(sale))

    def do_close(self, payment_no: str) -> CloseOutcome:
        sale = self.sales.get(payment_no)
        if sale is not None and sale.paid_at_ms is not None:
            return CloseOutcome.ALREADY_PAID
        if sale is not None:
            sale.state = ProviderState.CLOSED
        return CloseOutcome.CLOSED

    def do_refund(self, request: RefundRequest) -> ProviderRefund:
        known = self.repayments.get(request.refund_no)
        if known is not None:
            if known.request != request:
                raise ProviderRefused("退款单号已用于另一笔退款", provider_code="INVALID_REQUEST")
            return self._refund(self._refund_words(known))
        sale = self.sales.get(request.payment_no)
        if sale is None or sale.paid_at_ms is None or request.total_fen != sale.paid_fen:
            raise ProviderRefused("订单未支付，或金额与原订单不符", provider_code="PARAM_ERROR")
        given = [self.repayments[number] for number in sale.refunds]
        spent = sum(each.request.amount_fen for each in given if each.state is not RefundState.CLOSED)
        if spent + request.amount_fen > sale.paid_fen or len(given) >= MAX_REFUNDS:
            raise ProviderRefused("退款金额大于可退金额，或退款次数过多", provider_code="NOT_ALLOWED")
        made = Repayment(request, f"50000{self._next():023d}", accepted_at_ms=self.clock.now_ms())
        self.repayments[request.refund_no] = made
        sale.refunds.append(request.refund_no)
        sale.state = ProviderState.REFUNDED
        if self.refund_at_once is not None:
            self.finish_refund(request.refund_no, self.refund_at_once)
        return self._refund(self._refund_words(made))

    def do_query_refund(self, refund_no: str) -> ProviderRefund | None:
        known = self.repayments.get(refund_no)
        return self._refund(self._refund_words(known)) if known else None

    def do_statement(self, day: date) -> list[StatementLine]:
        now = local_time(self.clock.now_ms())
        if day >= now.date() or ((now.date() - day).days == 1 and now.hour < READY_HOUR):
            raise StatementNotReady("账单尚未生成")
        lines = []
        for number, sale in self.sales.items():
            if sale.paid_at_ms is not None and local_time(sale.paid_at_ms).date() == day:
                lines.append(
                    StatementLine(
                        kind=LineKind.PAYMENT,
                        payment_no=number,
                        transaction_id=sale.transaction_id,
                        amount_fen=sale.paid_fen,
                        at_ms=sale.paid_at_ms,
                    )
                )
        for number, repaid in self.repayments.items():
            if repaid.finished_at_ms is None or local_time(repaid.finished_at_ms).date() != day:
                continue
            line = StatementLine(
                kind=LineKind.REFUND,
                payment_no=repaid.request.payment_no,
                transaction_id=repaid.request.transaction_id,
                amount_fen=repaid.request.amount_fen,
                refund_no=number,
                provider_refund_id=repaid.refund_id,
                refund_state=repaid.state,
                at_ms=repaid.finished_at_ms,
            )
            lines.append(line)
        return lines

    def sealed(self, words: dict[str, object], *, notice_id: str = "", **headers: str) -> RawNotice:
        """A message as the provider would send it now."""
        body = json.dumps({"id": notice_id or f"EV-{self._next()}", "merchant": MERCHANT, **words}).encode()
        now_ms = self.clock.now_ms()
        made = {"x-till-timestamp": str(now_ms // 1000), "x-till-nonce": f"n{self._next()}", "x-till-serial": SERIAL}
        made["x-till-signature"] = signature(made, body)
        return RawNotice(headers=made | headers, body=body, received_ms=now_ms)

    def _tell(self, words: dict[str, object]) -> None:
        self.sent.append(self.sealed(words))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _payment_words(self, sale: Sale) -> dict[str, object]:
        return {
            "payment_no": sale.request.payment_no,
            "state": sale.state.value,
            "transaction_id": sale.transaction_id,
            "amount_fen": sale.paid_fen,
            "currency": sale.currency,
            "payer_id": sale.payer_id,
            "paid_at_ms": sale.paid_at_ms,
        }

    def _refund_words(self, found: Repayment) -> dict[str, object]:
        return {
            "refund_no": found.request.refund_no,
            "payment_no": found.request.payment_no,
            "state": found.state.value,
            "provider_refund_id": found.refund_id,
            "amount_fen": found.request.amount_fen,
            "finished_at_ms": found.finished_at_ms,
        }

    def _payment(self, words: dict[str, Any]) -> ProviderPayment:
        return ProviderPayment(**words | {"state": ProviderState(str(words["state"]))})

    def _refund(self, words: dict[str, Any]) -> ProviderRefund:
        return ProviderRefund(**words | {"state": RefundState(str(words["state"]))})


def signature(headers: dict[str, str], body: bytes) -> str:
    """Over timestamp, nonce, serial and the raw bytes."""
    said = f"{headers['x-till-timestamp']}\n{headers['x-till-nonce']}\n{headers['x-till-serial']}\n".encode() + body
    return hmac.new(SECRET, said, hashlib.sha256).hexdigest()


class TillChannel:
    """The channel that speaks to a till."""

    title = "测试支付"

    def __init__(self, till: Till, name: str = "till") -> None:
        self.name = name
        self.till = till
        self.pause: asyncio.Event | None = None
        """When set, requests wait for it: something else may happen meanwhile."""

    async def charge(self, request: ChargeRequest) -> ClientAction:
        return await self._reach("charge", request.payment_no, request)

    async def query(self, payment_no: str) -> ProviderPayment:
        return await self._reach("query", payment_no, payment_no)

    async def close(self, payment_no: str) -> CloseOutcome:
        return await self._reach("close", payment_no, payment_no)

    async def refund(self, request: RefundRequest) -> ProviderRefund:
        return await self._reach("refund", request.refund_no, request)

    async def query_refund(self, refund_no: str) -> ProviderRefund | None:
        return await self._reach("query_refund", refund_no, refund_no)

    async def statement(self, day: date) -> list[StatementLine]:
        return await self._reach("statement", day.isoformat(), day)

    async def _reach(self, operation: str, number: str, request: Any) -> Any:
        await (self.pause.wait() if self.pause else asyncio.sleep(0))
        return self.till.reach(operation, number, request)

    def read_notice(self, raw: RawNotice) -> Notice:
        needed = ("x-till-timestamp", "x-till-nonce", "x-till-serial", "x-till-signature")
        for name in needed:
            if name not in raw.headers:
                raise NoticeRefused(f"缺少请求头 {name}", "notice_unsigned")
        if raw.headers["x-till-serial"] != SERIAL:
            raise NoticeRefused("证书序列号未知", "notice_serial")
        expected = signature({name: raw.headers[name] for name in needed}, raw.body)
        if not hmac.compare_digest(expected, raw.headers["x-till-signature"]):
            raise NoticeRefused("签名不符", "notice_signature")
        if abs(raw.received_ms - int(raw.headers["x-till-timestamp"]) * 1000) >= WINDOW_MS:
            raise NoticeRefused("时间戳超出五分钟", "notice_stale")
        words = json.loads(raw.body)
        misdirected = "" if words["merchant"] == MERCHANT else f"merchant {words['merchant']}"
        notice = Notice(notice_id=words["id"], event=words["event"], misdirected=misdirected)
        if "payment" in words:
            return _with(notice, payment=self.till._payment(words["payment"]))
        return _with(notice, refund=self.till._refund(words["refund"]))

    def acknowledge(self, outcome: NoticeOutcome) -> Acknowledgement:
        if outcome.taken:
            return Acknowledgement(status=204)
        body = json.dumps({"code": "FAIL", "message": outcome.message}, ensure_ascii=False).encode()
        return Acknowledgement(status=outcome.status, media_type="application/json", body=body)


def _with(notice: Notice, **more: Any) -> Notice:
    return Notice(notice_id=notice.notice_id, event=notice.event, misdirected=notice.misdirected, **more)


def altered(raw: RawNotice, **changes: Any) -> RawNotice:
    """The same message with other bytes or headers."""
    values: dict[str, Any] = {"headers": raw.headers, "body": raw.body, "received_ms": raw.received_ms} | changes
    return RawNotice(**values)
