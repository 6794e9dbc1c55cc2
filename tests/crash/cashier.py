"""`python -m tests.crash.cashier DIRECTORY`: payments and refunds until all are over, in a process that may be killed.

The provider's memory is a file beside the database, written with each request as a provider would; its clock is in it,
so that hours pass in moments. What was not acknowledged is sent again. Started again, it goes on where it was killed.
"""

import asyncio
import os
import pickle
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.operators import service as operators
from chargecloud.features.payments import service, service_desk, service_refund, views
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.contract import ProviderSilent, RefundState
from chargecloud.features.payments.messages import Payment, PaymentState, RefundKind, Standing
from chargecloud.features.payments.model import CREDITED
from chargecloud.features.payments.service import NewPayment
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.features.payments.views import PaymentFilter, RefundFilter
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.main import schema
from tests.crash import oracle
from tests.support.till import Fault, Till, TillChannel

PAYMENTS = 16
AMOUNT_FEN = 1_000
STEP_MS, LONG_MS = 7_000, 300_000
"""While something goes wrong, and when all that is left has to come to its end."""
LONGEST_STEPS = 1_000


class RememberingTill(Till):
    """A till whose memory outlives us."""

    def __init__(self, path: Path) -> None:
        self.hands = ManualClock()
        super().__init__(self.hands)
        self.path = path
        self.acknowledged: set[str] = set()

    @classmethod
    def opened(cls, path: Path) -> "RememberingTill":
        if not path.exists():
            return cls(path)
        found: RememberingTill = pickle.loads(path.read_bytes())
        return found

    def reach(self, operation: str, number: str, request: Any) -> Any:
        try:
            return super().reach(operation, number, request)
        finally:
            self.save()

    def save(self) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(self))
        os.replace(fresh, self.path)


class Cashier:
    """Everything that happens, a step at a time."""

    def __init__(self, database: Database, till: RememberingTill, dice: random.Random) -> None:
        self.database, self.till, self.dice = database, till, dice
        self.channel = TillChannel(till)
        self.desk = Desk(database, Channels(self.channel))

    async def live(self) -> None:
        """Until every payment is credited and every refund has ended."""
        driver_id = await self.driver()
        for _ in range(LONGEST_STEPS):
            payments = await self.payments(driver_id)
            if len(payments) < PAYMENTS:
                await self.announce(driver_id, len(payments))
            for payment in payments:
                self.pay(payment)
                await self.ask_for_a_refund(payment)
            await self.deliver()
            await service_desk.look(self.desk)
            await service_desk.give_back(self.desk)
            self.finish()
            over = (*CREDITED, PaymentState.CLOSED)
            everybody = len(payments) == PAYMENTS and all(payment.state in over for payment in payments)
            if not everybody:
                self.trouble()
            self.till.hands.advance(LONG_MS if everybody else STEP_MS)
            self.till.save()
            if len(payments) == PAYMENTS and await self.over(driver_id):
                return
        raise SystemExit("it did not come to an end")

    async def driver(self) -> int:
        async with self.database.unit() as uow:
            await operators.require_default_operator(uow)
            found = (await uow.connection.exec_driver_sql("SELECT id FROM drivers")).scalar()
            if found is not None:
                return int(found)
            return (await drivers.create_driver(uow, NewDriver(name="李雷", operator_id=1))).driver_id

    async def payments(self, driver_id: int) -> list[Payment]:
        async with self.database.read() as connection:
            return await views.payments_of(
                connection, PaymentFilter(driver_id=driver_id), before_no=None, limit=PAYMENTS + 1
            )

    async def announce(self, driver_id: int, number: int) -> None:
        new = NewPayment(
            driver_id=driver_id, channel="till", amount_fen=AMOUNT_FEN, payer_id="me", request_key=f"payment-{number}"
        )
        try:
            async with self.database.unit() as uow:
                payment = await service.create(uow, new)
            await service_desk.charge(self.desk, payment)
        except ProviderSilent:
            pass  # asked again under the same key
        except ChargeCloudError as error:
            if error.code not in ("payments_waiting", "payment_day_limit"):
                raise

    def pay(self, payment: Payment) -> None:
        sale = self.till.sales.get(payment.payment_no)
        if sale is not None and sale.paid_at_ms is None and sale.state.value == "unpaid" and self.dice.random() < 0.4:
            self.till.pay(payment.payment_no)
            self.till.save()

    async def ask_for_a_refund(self, payment: Payment) -> None:
        if payment.state not in CREDITED or payment.refunds or self.dice.random() > 0.4:
            return
        back = PayBack(kind=RefundKind.STAFF, amount_fen=self.dice.randint(1, AMOUNT_FEN), reason="误充", by="staff:1")
        async with self.database.unit() as uow:
            await service_refund.refund_payment(uow, await service.payment_of(uow, payment.payment_no), back)

    async def deliver(self) -> None:
        """What was not acknowledged comes again, sealed anew as time goes by."""
        for raw in list(self.till.sent):
            notice = self.channel.read_notice(raw_now(raw))
            if notice.notice_id in self.till.acknowledged and self.dice.random() > 0.03:
                continue
            outcome = await service_desk.take_notice(self.desk, self.channel, raw_now(raw))
            if outcome.taken:
                self.till.acknowledged.add(notice.notice_id)
                self.till.save()

    def finish(self) -> None:
        for number, repaid in self.till.repayments.items():
            if repaid.state is RefundState.PROCESSING and self.dice.random() < 0.3:
                self.till.finish_refund(number, self.dice.choice([RefundState.SUCCEEDED] * 3 + [RefundState.CLOSED]))

    def trouble(self) -> None:
        for operation in ("charge", "refund", "query_refund"):
            if not self.till.faults[operation] and self.dice.random() < 0.3:
                self.till.faults[operation].append(
                    self.dice.choice([Fault.LOST, Fault.UNHEARD, Fault.BUSY, Fault.LATE])
                )
        if self.dice.random() < 0.2:
            self.till.late()

    async def over(self, driver_id: int) -> bool:
        async with self.database.read() as connection:
            refunds = await views.refunds_of(
                connection, RefundFilter(driver_id=driver_id), before_no=None, limit=PAYMENTS + 1
            )
        payments = await self.payments(driver_id)
        settled = all(payment.state in CREDITED or payment.state.value == "closed" for payment in payments)
        ended = all(each.refund.standing is not Standing.OPEN for each in refunds)
        return settled and ended and len(refunds) >= PAYMENTS // 3


def raw_now(raw: Any) -> Any:
    """As if it had just been sent: the provider seals a repetition anew."""
    return msgspec.structs.replace(raw, received_ms=int(raw.headers["x-till-timestamp"]) * 1000)


async def run(directory: Path) -> None:
    url = f"sqlite:///{directory / 'chargecloud.db'}"
    if not (directory / "chargecloud.db").exists():
        schema.upgrade(url)
    till = RememberingTill.opened(directory / "till.pickle")
    database = Database(url, till.clock)
    await database.start()
    try:
        await Cashier(database, till, random.Random(len(till.calls))).live()
    finally:
        await database.stop()


def faults(directory: Path) -> Iterator[str]:
    """I5, I6, and the ledger: our database beside the provider's memory."""
    till = RememberingTill.opened(directory / "till.pickle")
    with closing(sqlite3.connect(directory / "chargecloud.db")) as connection:
        connection.row_factory = sqlite3.Row
        yield from oracle._sums(connection)
        yield from oracle._balances(connection)
        yield from oracle._holds(connection)
        credits = (
            "SELECT transfer_id, COUNT(*) AS n FROM wallet_transfers WHERE purpose = 'top_up' GROUP BY transfer_id"
        )
        credited = {row["transfer_id"].removeprefix("pay:"): row["n"] for row in connection.execute(credits)}
        paid = {number for number, sale in till.sales.items() if sale.paid_at_ms is not None}
        for number in paid ^ credited.keys():
            yield f"I5: {number} is paid ({number in paid}) and credited ({number in credited})"
        for number, times in credited.items():
            if times != 1:
                yield f"I5: {number} is credited {times} times"
        ours = dict(
            connection.execute("SELECT part_no, amount_fen FROM refund_parts WHERE state = 'succeeded'").fetchall()
        )
        theirs = {
            number: repaid.request.amount_fen
            for number, repaid in till.repayments.items()
            if repaid.state is RefundState.SUCCEEDED
        }
        if ours != theirs:
            yield f"I6: refunds differ: {sorted(ours.items() ^ theirs.items())}"
        for row in connection.execute("SELECT payment_no FROM payments WHERE refunded_fen > paid_fen"):
            yield f"I6: {row[0]} gave back more than was paid"
        for row in connection.execute(
            "SELECT part_no, state FROM refund_parts WHERE state NOT IN ('succeeded', 'closed')"
        ):
            yield f"I6: {row[0]} has not ended: {row[1]}"


if __name__ == "__main__":
    from tests.crash import cashier  # what is pickled has to be found under its own name again

    asyncio.run(cashier.run(Path(sys.argv[1])))
