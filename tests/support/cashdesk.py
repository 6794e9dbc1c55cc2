"""Payments under test: a till for a provider, and the ways through service, jobs and API that money takes."""

from dataclasses import dataclass, field

from sqlalchemy import insert

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.drivers.sql import identities
from chargecloud.features.payments import service, service_desk, service_refund, views
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.contract import NoticeOutcome, RawNotice, RefundState
from chargecloud.features.payments.messages import Payment, Purpose, Refund
from chargecloud.features.payments.service import NewPayment
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.features.payments.views import RefundFilter, RefundWithParts
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Balance
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.till import Till, TillChannel

PAYER = "payer-1"


@dataclass
class CashDesk:
    """A database with a till beside it."""

    database: Database
    clock: ManualClock
    till: Till
    channel: TillChannel
    channels: Channels
    desk: Desk
    handled: int = 0
    keys: int = 0
    numbers: list[str] = field(default_factory=list)

    @classmethod
    def over(cls, database: Database, clock: ManualClock) -> "CashDesk":
        till = Till(clock)
        channel = TillChannel(till)
        channels = Channels(channel)
        return cls(database, clock, till, channel, channels, Desk(database, channels))

    async def driver(self, name: str = "李雷") -> int:
        async with self.database.unit() as uow:
            return (await drivers.create_driver(uow, NewDriver(name=name, operator_id=1))).driver_id

    async def introduce(self, driver_id: int) -> None:
        """The driver has signed in through the till and its double."""
        for name in ("till", "wechat"):
            row = {
                "driver_id": driver_id, "channel": name, "appid": "app", "openid": f"{PAYER}-{driver_id}",
                "unionid": None, "created_at_ms": self.clock.now_ms(),
            }  # fmt: skip
            async with self.database.unit() as uow:
                await uow.connection.execute(insert(identities).values(row))

    async def announce(
        self,
        driver_id: int,
        amount_fen: int | None = 10_000,
        *,
        purpose: Purpose = Purpose.TOP_UP,
        plan_id: int | None = None,
        key: str = "",
        place: str = "",
    ) -> Payment:
        """A payment that waits to be paid."""
        self.keys += 1
        new = NewPayment(
            driver_id=driver_id,
            channel=self.channel.name,
            purpose=purpose,
            plan_id=plan_id,
            amount_fen=None if plan_id else amount_fen,
            payer_id=PAYER,
            place=place,
            request_key=key or f"key-{self.keys}",
        )
        async with self.database.unit() as uow:
            payment = await service.create(uow, new)
        return await service_desk.charge(self.desk, payment)

    async def top_up(
        self,
        driver_id: int,
        amount_fen: int = 10_000,
        *,
        plan_id: int | None = None,
        purpose: Purpose = Purpose.TOP_UP,
        place: str = "",
    ) -> Payment:
        """A payment that was paid, with its notice delivered."""
        payment = await self.announce(driver_id, amount_fen, plan_id=plan_id, purpose=purpose, place=place)
        self.till.pay(payment.payment_no)
        await self.deliver()
        return await self.payment(payment.payment_no)

    async def deliver(self) -> list[NoticeOutcome]:
        """Every notice that was not delivered yet."""
        fresh, self.handled = self.till.sent[self.handled :], len(self.till.sent)
        return [await self.hear(raw) for raw in fresh]

    async def hear(self, raw: RawNotice) -> NoticeOutcome:
        return await service_desk.take_notice(self.desk, self.channel, raw)

    async def payment(self, payment_no: str) -> Payment:
        async with self.database.unit() as uow:
            return await service.payment_of(uow, payment_no)

    async def refund(self, driver_id: int, amount_fen: int | None = None) -> Refund:
        async with self.database.unit() as uow:
            return await service_refund.refund_wallet(uow, driver_id, amount_fen)

    async def refund_payment(self, payment_no: str, back: PayBack) -> Refund:
        async with self.database.unit() as uow:
            return await service_refund.refund_payment(uow, await service.payment_of(uow, payment_no), back)

    async def refunds(self, driver_id: int) -> list[RefundWithParts]:
        async with self.database.read() as connection:
            return await views.refunds_of(connection, RefundFilter(driver_id=driver_id), before_no=None, limit=500)

    async def found(self, refund_no: str) -> RefundWithParts:
        async with self.database.read() as connection:
            found = await views.refund(connection, refund_no)
        assert found is not None
        return found

    async def run(self, *, minutes: int = 0, seconds: int = 0, step_s: int = 1) -> None:
        """The jobs for so long, and notices as they come."""
        for _ in range(0, minutes * 60 + seconds, step_s):
            self.clock.advance(step_s * 1000)
            await service_desk.look(self.desk)
            await service_desk.give_back(self.desk)
            await self.deliver()

    async def settle(self, *, state: RefundState = RefundState.SUCCEEDED) -> None:
        """The provider finishes every refund it knows of."""
        for number in list(self.till.repayments):
            self.till.finish_refund(number, state)
        await self.deliver()

    async def balance(self, driver_id: int) -> Balance:
        async with self.database.unit() as uow:
            return await wallet.balance(uow, driver_id)

    async def proven(self) -> None:
        """The ledger proves itself, and payments and refunds agree with it and with the till."""
        async with self.database.read() as connection:
            report = await wallet.audit(connection)
        assert report.ok, report.problems
