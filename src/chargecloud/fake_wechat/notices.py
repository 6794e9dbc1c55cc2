"""Notices to the merchant: sent, and repeated on WeChat Pay's schedule until 200 or 204 comes within five seconds."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from chargecloud.fake_wechat import payments, returns
from chargecloud.fake_wechat.agenda import Agenda
from chargecloud.fake_wechat.faults import Faults, NoticeFault
from chargecloud.fake_wechat.sealing import notice_body, signature_headers
from chargecloud.fake_wechat.world import Order, RefundRecord, World
from chargecloud.infra.wechat.pay_verify import PROBE
from chargecloud.kernel.clock import rfc3339

SCHEDULE_S = (15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600)
ANSWER_WITHIN_S = 5.0
STALE_S = 400
TAKEN = (200, 204)
MAX_KEPT = 1_000
VARIANTS = ("again", "stale", "tampered", "signtest", "unknown_serial", "other_merchant")

Send = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""(url, body, headers) -> HTTP status; 0 when nobody answered in time."""


@dataclass(slots=True)
class Notice:
    """One event on its way. `attempts` are the statuses it met."""

    about: str
    event: str
    url: str
    body: bytes
    made_at_ms: int
    attempts: list[int] = field(default_factory=list)
    taken: bool = False
    given_up: bool = False

    def view(self) -> dict[str, object]:
        """For the control API."""
        return {
            "about": self.about, "event": self.event, "url": self.url, "made_at": rfc3339(self.made_at_ms),
            "attempts": list(self.attempts), "taken": self.taken, "given_up": self.given_up,
        }  # fmt: skip


@dataclass(slots=True)
class Notifier:
    """Makes notices and sees them delivered. `send` comes from outside; every delivery is a task of its own."""

    world: World
    agenda: Agenda
    faults: Faults
    send: Send
    kept: deque[Notice] = field(default_factory=lambda: deque(maxlen=MAX_KEPT))
    _held: list[Notice] = field(default_factory=list)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def paid(self, order: Order) -> Notice:
        """TRANSACTION.SUCCESS; only success is told."""
        body = notice_body(
            self.world,
            event="TRANSACTION.SUCCESS",
            kind="transaction",
            summary="支付成功",
            content=payments.view(self.world, order),
        )
        return self._begin(Notice(order.payment_no, "TRANSACTION.SUCCESS", order.notify_url, body, self.world.now_ms()))

    def refunded(self, refund: RefundRecord) -> Notice | None:
        """REFUND.SUCCESS, .CLOSED or .ABNORMAL; nobody is told without a notify_url."""
        if not refund.notify_url:
            return None
        event = f"REFUND.{refund.state}"
        body = notice_body(
            self.world,
            event=event,
            kind="refund",
            summary={"SUCCESS": "退款成功", "CLOSED": "退款关闭", "ABNORMAL": "退款异常"}[refund.state],
            content=returns.notice_view(self.world, refund),
        )
        return self._begin(Notice(refund.refund_no, event, refund.notify_url, body, self.world.now_ms()))

    def _begin(self, notice: Notice) -> Notice:
        self.kept.append(notice)
        planned = self.faults.next_notice()
        if planned is None:
            self._deliver(notice)
            self._release()
            return notice
        kind, seconds = planned
        self.world.note(f"notice {notice.about}", ok=False, detail=f"on request: {kind}")
        match kind:
            case NoticeFault.DROP:
                notice.attempts.append(0)
                self._next_time(notice)
            case NoticeFault.DOUBLE:
                self._deliver(notice)
                self._deliver(notice)
            case NoticeFault.DELAY:
                self._later(seconds, lambda: self._deliver(notice))
            case NoticeFault.REORDER:
                self._held.append(notice)
                self._later(seconds, self._release)
        return notice

    def _release(self) -> None:
        """What was held back goes after the one that came later."""
        held, self._held = self._held, []
        for notice in held:
            self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(notice))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _attempt(self, notice: Notice) -> None:
        status = await self._post(notice.url, notice.body, signature_headers(self.world, notice.body))
        notice.attempts.append(status)
        self.world.note(f"notice {notice.about} {notice.event}", ok=status in TAKEN, detail=f"answered {status}")
        if status in TAKEN:
            notice.taken = True
        elif not notice.taken:
            self._next_time(notice)

    def _next_time(self, notice: Notice) -> None:
        """The n-th failure waits for the n-th pause; after the last the query is all that is left."""
        if len(notice.attempts) > len(SCHEDULE_S):
            notice.given_up = True
            return
        self._later(SCHEDULE_S[len(notice.attempts) - 1], lambda: self._repeat(notice))

    def _repeat(self, notice: Notice) -> None:
        if not notice.taken:
            self._deliver(notice)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.agenda.put(self.world.now_ms() + int(seconds * 1000 / self.world.speed), act)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return await self.send(url, body, {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0", **headers})

    async def probe(self, notice: Notice, variant: str) -> int:
        """Send a variant once, outside of the schedule; the status it met. `again` is a faithful repetition."""
        body, late_s = notice.body, STALE_S if variant == "stale" else 0
        headers = signature_headers(self.world, body, late_s=late_s)
        match variant:
            case "tampered":
                body = body.replace(b'"id": "', b'"id": "0', 1)
            case "signtest":
                headers["Wechatpay-Signature"] = PROBE + headers["Wechatpay-Signature"][len(PROBE) :]
            case "unknown_serial":
                headers["Wechatpay-Serial"] = "7" * 40
            case "other_merchant":
                body = self._of_another_merchant(notice)
                headers = signature_headers(self.world, body)
        status = await self._post(notice.url, body, headers)
        self.world.note(f"probe {variant} {notice.about}", ok=True, detail=f"answered {status}")
        return status

    def _of_another_merchant(self, notice: Notice) -> bytes:
        """Correctly signed and sealed, but about another merchant's payment: as if two shared a key."""
        order = self.world.orders.get(notice.about)
        content = payments.view(self.world, order) if order else {"out_trade_no": notice.about}
        content = content | {"mchid": "1999999999"}
        return notice_body(self.world, event=notice.event, kind="transaction", summary="支付成功", content=content)

    async def idle(self) -> None:
        """Return when no delivery is under way."""
        while self._running:
            await asyncio.gather(*list(self._running), return_exceptions=True)

    async def stop(self) -> None:
        """Deliver nothing more."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*list(self._running), return_exceptions=True)
