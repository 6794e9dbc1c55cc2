"""A reconciliation day: every planted difference is found, nothing else is; people close what they have decided."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.payments import service_cases, service_reconcile, views
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.payments.messages import Case, CaseKind, PaymentState, RefundKind
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.features.payments.views import CaseFilter
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock, local_time
from tests.support.api import Api
from tests.support.cashdesk import CashDesk
from tests.support.till import Fault

HOUR_MS = 3_600_000
EACH = 5


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    wide = replace(database.options.payments, day_max_fen=10**9, refunds_a_day=10**6, max_waiting=10**6)
    database.options = replace(database.options, payments=wide)
    return CashDesk.over(database, clock)


async def cases(desk: CashDesk, **wanted: Any) -> list[Case]:
    async with desk.database.read() as connection:
        return await views.cases_list(connection, CaseFilter(**wanted), before_id=None, limit=2_000)


class Plants:
    """Thirty differences of six kinds, and what is expected of each."""

    def __init__(self, desk: CashDesk, payments: list[str], refunds: list[str], seed: int) -> None:
        dice = random.Random(seed)
        self.desk, self.till = desk, desk.till
        self.payments = dice.sample(payments, 4 * EACH)
        self.refunds = dice.sample([each for each in refunds if self._paid_by(each) not in self.payments], 2 * EACH)
        self.expected: set[tuple[CaseKind, str]] = set()

    def _paid_by(self, part_no: str) -> str:
        return self.till.repayments[part_no].request.payment_no

    def expect(self, kind: CaseKind, number: str) -> None:
        self.expected.add((kind, number))

    def plant(self) -> None:
        """At the provider: what it bills changes, our books stay as they are."""
        kinds = [self.unknown, self.missing, self.amount, self.transaction]
        for number, payment_no in enumerate(self.payments):
            kinds[number % 4](payment_no, number)
        for number, part_no in enumerate(self.refunds):
            (self.refund_missing, self.refund_amount)[number % 2](part_no)

    def unknown(self, payment_no: str, number: int) -> None:
        sale = self.till.sales[payment_no]
        stranger = f"P9999{number:019d}"
        self.till.sales[stranger] = replace(sale, transaction_id=f"999{number}", refunds=[])
        self.expect(CaseKind.PAYMENT_UNKNOWN, stranger)

    def missing(self, payment_no: str, _: int) -> None:
        self.till.sales[payment_no].paid_at_ms = None
        self.expect(CaseKind.PAYMENT_MISSING, payment_no)

    def amount(self, payment_no: str, _: int) -> None:
        self.till.sales[payment_no].paid_fen += 1
        self.expect(CaseKind.PAYMENT_AMOUNT, payment_no)

    def transaction(self, payment_no: str, number: int) -> None:
        self.till.sales[payment_no].transaction_id = f"other{number}"
        self.expect(CaseKind.PAYMENT_TRANSACTION, payment_no)

    def refund_missing(self, part_no: str) -> None:
        del self.till.repayments[part_no]
        self.expect(CaseKind.REFUND_MISSING, part_no)

    def refund_amount(self, part_no: str) -> None:
        found = self.till.repayments[part_no]
        found.request = msgspec.structs.replace(found.request, amount_fen=found.request.amount_fen + 1)
        self.expect(CaseKind.REFUND_AMOUNT, part_no)


async def a_day_of_trade(desk: CashDesk, count: int) -> date:
    """So many payments over a day, a part of them refunded, some never paid."""
    day = local_time(desk.clock.now_ms()).date()
    drivers = [await desk.driver(f"d{number}") for number in range(10)]
    desk.till.refund_at_once = RefundState.SUCCEEDED
    for number in range(count):
        desk.clock.advance(40_000)
        payment = await desk.announce(drivers[number % 10], 1_000 + number % 100)
        if number % 50 == 49:
            continue
        desk.till.pay(payment.payment_no)
        await desk.deliver()
        if number % 5 == 0:
            back = PayBack(kind=RefundKind.STAFF, amount_fen=100 + number % 7, reason="误充", by="staff:1")
            await desk.refund_payment(payment.payment_no, back)
    await desk.run(minutes=3, step_s=20)
    assert local_time(desk.clock.now_ms()).date() == day
    return day


@pytest.mark.parametrize("payments", [200, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_thirty_planted_differences_of_six_kinds_are_found(desk: CashDesk, payments: int) -> None:
    day = await a_day_of_trade(desk, payments)
    paid = [number for number, sale in desk.till.sales.items() if sale.paid_at_ms is not None]
    plants = Plants(desk, paid, list(desk.till.repayments), seed=5)
    plants.plant()
    assert len(plants.expected) == 30 and len({kind for kind, _ in plants.expected}) == 6
    desk.clock.advance(26 * HOUR_MS)
    assert await service_reconcile.reconcile(desk.desk) == 1
    found = await cases(desk)
    assert {(case.kind, case.number) for case in found} == plants.expected
    assert len(found) == 30 and {case.day for case in found} == {day.isoformat()}
    assert all("provider" in case.facts for case in found)


async def test_a_day_without_differences_has_none_and_is_compared_once(desk: CashDesk) -> None:
    day = await a_day_of_trade(desk, 60)
    await desk.run(minutes=20, step_s=60)
    desk.clock.advance(8 * HOUR_MS)
    assert await service_reconcile.reconcile(desk.desk) == 0, "the bill is made after ten"
    while local_time(desk.clock.now_ms()).hour < 10 or local_time(desk.clock.now_ms()).date() == day:
        desk.clock.advance(HOUR_MS)
    desk.till.faults["statement"].extend([Fault.LOST, Fault.BUSY])
    assert [await service_reconcile.reconcile(desk.desk) for _ in range(4)] == [0, 0, 1, 0]
    assert await cases(desk) == []
    async with desk.database.unit() as uow:
        compared = await service_cases.compared(uow, "till", day)
    assert compared.differences == 0 and compared.lines == 59 + 12
    assert compared.bill_paid_fen == compared.our_paid_fen > 0
    assert compared.bill_refunded_fen == compared.our_refunded_fen > 0
    payment_no, part_no = next(iter(desk.till.sales)), next(iter(desk.till.repayments))
    desk.till.sales[payment_no].paid_at_ms = None
    del desk.till.repayments[part_no]
    found = await service_reconcile.reconcile_day(desk.desk, desk.channel, day)
    assert {(each.kind, each.number) for each in found} == {
        (CaseKind.PAYMENT_MISSING, payment_no),
        (CaseKind.REFUND_MISSING, part_no),
    }, "a bill that was made anew counts as it is now"


async def test_days_that_were_missed_are_made_up_for(desk: CashDesk) -> None:
    first = await a_day_of_trade(desk, 3)
    desk.clock.advance(9 * 24 * HOUR_MS + 4 * HOUR_MS)
    assert [await service_reconcile.reconcile(desk.desk) for _ in range(3)] == [7, 2, 0]
    async with desk.database.unit() as uow:
        for number in range(9):
            await service_cases.compared(uow, "till", first + timedelta(days=number))


async def test_a_payment_that_was_paid_without_our_knowing_is_credited_by_its_bill(desk: CashDesk) -> None:
    """Neither notice nor query got through, and it was closed here: the bill knows."""
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id, 5_000)
    await desk.run(minutes=16, step_s=30)
    sale = desk.till.sales[payment.payment_no]
    sale.state = type(sale.state)("unpaid")
    desk.till.pay(payment.payment_no)
    desk.till.sent.clear()
    desk.clock.advance(26 * HOUR_MS)
    await service_reconcile.reconcile(desk.desk)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.PAID
    assert {(case.kind, case.number) for case in await cases(desk)} == {
        (CaseKind.PAYMENT_STATE, payment.payment_no),
        (CaseKind.PAID_LATE, payment.payment_no),
    }
    assert (await desk.balance(driver_id)).cash_fen == 5_000


async def test_finance_closes_cases_with_a_reason_and_signs_the_day(desk: CashDesk, database: Database) -> None:
    day = await a_day_of_trade(desk, 5)
    payment_no = next(iter(desk.till.sales))
    desk.till.sales[payment_no].paid_fen += 5
    desk.clock.advance(26 * HOUR_MS)
    async with Api.over(database, desk.clock, state={"channels": desk.channels}) as api:
        finance, theirs = await api.staff(Role.FINANCE), await api.staff(operator="别家")
        path = f"/reconciliation/days/till/{day}"
        assert (await finance.post(f"{path}/signing", {}, 404))["code"] == "day_not_compared"
        ran = await finance.post(f"{path}/run", {}, 200)
        assert (ran["differences"], ran["runs"]) == (1, 1)
        assert (await finance.post(f"{path}/run", {}, 200))["runs"] == 2
        (case,) = (await finance.get("/payment-cases", state="open", day=day.isoformat()))["items"]
        assert (case["kind"], case["number"]) == ("payment_amount", payment_no)
        assert case["facts"]["bill_fen"] == case["facts"]["our_fen"] + 5
        assert (await finance.post(f"{path}/signing", {}, 422))["code"] == "cases_open"
        closing = f"/payment-cases/{case['id']}/closing"
        await theirs.post(closing, {"reason": "x"}, 404)
        await (await api.staff(Role.AUDITOR)).post(closing, {"reason": "x"}, 403)
        closed = await finance.post(closing, {"reason": "渠道手续费"}, 200)
        assert (closed["state"], closed["reason"]) == ("closed", "渠道手续费")
        assert (await finance.post(closing, {"reason": "x"}, 422))["code"] == "case_closed"
        signed = await finance.post(f"{path}/signing", {"note": "已核对"}, 200)
        assert signed["signed_by"] == f"staff:{finance.id}" and signed["signed_at"]
        assert (await finance.post(f"{path}/signing", {}, 422))["code"] == "day_signed"
        assert (await finance.post(f"{path}/run", {}, 422))["code"] == "day_signed"
        assert [each["day"] for each in (await finance.get("/reconciliation/days"))["items"]] == [day.isoformat()]
        assert (await theirs.get("/reconciliation/days", 403))["code"] == "not_the_merchant"
        assert (await theirs.get("/payment-cases"))["items"] == []
        today = local_time(desk.clock.now_ms()).date()
        for wrong, status, code in (
            (f"till/{today}", 503, "statement_not_ready"),
            ("till/2026-02-30", 400, "invalid_day"),
            (f"cash/{day}", 404, "channel_unknown"),
        ):
            assert (await finance.post(f"/reconciliation/days/{wrong}/run", {}, status))["code"] == code
