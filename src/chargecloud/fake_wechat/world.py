"""The state of the stand-in: people, orders, refunds, and the log of every check. In memory; a restart forgets it."""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from chargecloud.fake_wechat.clock import MovableClock
from chargecloud.fake_wechat.keys import Keys
from chargecloud.kernel.clock import rfc3339

PREPAY_FOR_MS = 2 * 3_600_000
ORDER_FOR_MS = 7 * 86_400_000
CODE_FOR_MS = 5 * 60_000
TOKEN_FOR_S = 7_200
MAX_LOG = 2_000


@dataclass(slots=True)
class Person:
    """Somebody with WeChat on the phone. An openid differs from mini program to mini program."""

    name: str
    phone: str
    balance_fen: int = 1_000_000
    blocked: bool = False
    messages_allowed: dict[str, int] = field(default_factory=dict)
    """Template to how many messages may still be sent; a tap on 允许 adds one."""
    sign_ins: deque[int] = field(default_factory=deque)

    def openid(self, appid: str) -> str:
        """28 characters, always the same for this person and mini program."""
        return "o" + hashlib.sha256(f"{appid}/{self.name}".encode()).hexdigest()[:27]

    @property
    def unionid(self) -> str:
        """The same in all mini programs of one operator."""
        return "u" + hashlib.sha256(self.name.encode()).hexdigest()[:27]


@dataclass(slots=True)
class Code:
    """A login code or a phone code: good once, for five minutes."""

    person: Person
    appid: str
    expires_at_ms: int
    taken: bool = False


@dataclass(slots=True)
class RefundRecord:
    """PROCESSING, then SUCCESS, CLOSED or ABNORMAL."""

    refund_no: str
    refund_id: str
    order: "Order"
    amount_fen: int
    notify_url: str
    fingerprint: bytes
    created_at_ms: int
    state: str = "PROCESSING"
    ended_at_ms: int | None = None


@dataclass(slots=True)
class Order:
    """NOTPAY, then SUCCESS or CLOSED; REFUND after the first refund, even of a part."""

    payment_no: str
    appid: str
    openid: str
    amount_fen: int
    description: str
    attach: str
    notify_url: str
    fingerprint: bytes
    created_at_ms: int
    expires_at_ms: int
    prepay_id: str
    prepaid_at_ms: int
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at_ms: int | None = None
    shipped: int = 0
    refunds: list[RefundRecord] = field(default_factory=list)

    @property
    def rest_fen(self) -> int:
        """What can still be refunded; a refund that was closed gave its part free."""
        return self.amount_fen - sum(refund.amount_fen for refund in self.refunds if refund.state != "CLOSED")


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the log."""

    at_ms: int
    what: str
    ok: bool
    detail: str

    def view(self) -> dict[str, object]:
        """For the control API."""
        return {"at": rfc3339(self.at_ms), "what": self.what, "ok": self.ok, "detail": self.detail}


@dataclass(slots=True)
class World:
    """Everything."""

    keys: Keys
    clock: MovableClock
    base_url: str = "http://127.0.0.1:9780"
    mode: str = "public_key"
    """`public_key`: new merchants; `certificate`: older ones; `mixed`: one who is moving, signed either way."""
    speed: float = 1.0
    """Waits of the schedule of notices, and of refunds, are divided by it."""
    refund_after_s: float | None = 3.0
    """None: refunds stay in progress until the control API ends them."""
    merchant_fen: int | None = None
    """What refunds can be paid from; None: always enough."""
    bills_at_once: bool = False
    managed: bool = True
    """Whether the mini program has to upload shipping information."""
    people: dict[str, Person] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    phone_codes: dict[str, Code] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, RefundRecord] = field(default_factory=dict)
    log: deque[Checked] = field(default_factory=lambda: deque(maxlen=MAX_LOG))
    serial: int = 0

    def now_ms(self) -> int:
        """The business' time."""
        return self.clock.now_ms()

    def number(self) -> int:
        """The next of a sequence."""
        self.serial += 1
        return self.serial

    def note(self, what: str, *, ok: bool, detail: str = "") -> None:
        """One check, passed or not."""
        self.log.append(Checked(self.now_ms(), what, ok, detail))

    def person(self, name: str) -> Person:
        """Somebody by name; made when there is nobody yet, with a phone number of the series kept for tests."""
        known = self.people.get(name)
        if known is None:
            known = self.people[name] = Person(name=name, phone=f"1700000{len(self.people) + 1:04d}")
        return known

    def by_openid(self, appid: str, openid: str) -> Person | None:
        """Whose openid it is in this mini program."""
        return next((person for person in self.people.values() if person.openid(appid) == openid), None)

    def by_prepay(self, prepay_id: str) -> Order | None:
        """The order a prepay_id stands for."""
        return next((order for order in self.orders.values() if order.prepay_id == prepay_id), None)

    def paid(self) -> Iterator[Order]:
        """Orders somebody has paid, in the order of payment."""
        paid = [order for order in self.orders.values() if order.paid_at_ms is not None]
        return iter(sorted(paid, key=lambda order: order.paid_at_ms or 0))
