"""Refunds: frozen at once, never more than was paid, each in one end state, whatever the provider does (A14, A23)."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chargecloud.features.payments import service, service_desk, service_refund
from chargecloud.features.payments.channels.contract import RawNotice, RefundRequest, RefundState
from chargecloud.features.payments.messages import PartState, PaymentState, RefundKind, Standing
from chargecloud.features.payments.model import PART_FINAL
from chargecloud.features.payments.service import NewPlan
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Capture, Hold, Release, TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import ChargeCloudError, Refused, TooMany
from tests.support.cashdesk import CashDesk
from tests.support.till import Fault, Repayment

DAY_MS = 86_400_000


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    often = replace(database.options.payments, refunds_a_day=10_000, day_max_fen=10_000_000)
    database.options = replace(database.options, payments=often)
    return CashDesk.over(database, clock)


@pytest.fixture
async def driver_id(desk: CashDesk) -> int:
    return await desk.driver()


def staff(amount_fen: int) -> PayBack:
    return PayBack(kind=RefundKind.STAFF, amount_fen=amount_fen, reason="误充", by="staff:1")


async def spend(desk: CashDesk, driver_id: int, amount_fen: int, name: str = "o1") -> None:
    async with desk.database.unit() as uow:
        await wallet.hold(uow, Hold(hold_id=name, driver_id=driver_id, amount_fen=amount_fen))
        capture = Capture(
            hold_id=name, transfer_id=f"{name}:capture", energy_fee_fen=amount_fen, service_fee_fen=0, operator_id=1
        )
        await wallet.capture(uow, capture)


async def test_a_refund_is_frozen_at_once_and_paid_out_when_the_provider_says_so(
    desk: CashDesk, driver_id: int
) -> None:
    payment = await desk.top_up(driver_id)
    await spend(desk, driver_id, 3_000)
    refund = await desk.refund(driver_id)
    assert (refund.amount_fen, refund.standing) == (7_000, Standing.OPEN)
    balance = await desk.balance(driver_id)
    assert (balance.available_fen, balance.held_fen, balance.cash_fen) == (0, 7_000, 7_000)
    await desk.run(seconds=1)
    (part,) = (await desk.found(refund.refund_no)).parts
    assert part.state is PartState.PROCESSING
    await desk.settle()
    done = await desk.found(refund.refund_no)
    assert (done.refund.standing, done.parts[0].state) == (Standing.DONE, PartState.SUCCEEDED)
    balance = await desk.balance(driver_id)
    assert (balance.cash_fen, balance.held_fen) == (0, 0)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.PART_REFUNDED
    await desk.proven()


async def test_the_newest_top_ups_give_back_first_and_old_ones_nothing(desk: CashDesk, driver_id: int) -> None:
    too_old = await desk.top_up(driver_id, 1_000)
    desk.clock.advance(366 * DAY_MS)
    older = await desk.top_up(driver_id, 2_000)
    desk.clock.advance(1_000)
    newer = await desk.top_up(driver_id, 3_000)
    with pytest.raises(Refused) as refused:
        await desk.refund(driver_id, 5_001)
    assert refused.value.facts["refundable_fen"] == 5_000
    refund = await desk.refund(driver_id, 4_000)
    parts = (await desk.found(refund.refund_no)).parts
    assert [(part.payment_no, part.amount_fen) for part in parts] == [
        (newer.payment_no, 3_000),
        (older.payment_no, 1_000),
    ]
    assert (await desk.payment(too_old.payment_no)).returned_fen == 0


async def test_cash_of_the_counter_and_gifts_are_not_paid_out(desk: CashDesk, driver_id: int) -> None:
    async with desk.database.unit() as uow:
        plan = NewPlan(operator_id=1, name="充100送20", amount_fen=10_000, gift_fen=2_000, by="staff:1")
        plan_id = await service.add_plan(uow, plan)
        counter = TopUp(driver_id=driver_id, transfer_id="counter", amount_fen=5_000, source="counter")
        await wallet.top_up(uow, counter)
    with pytest.raises(Refused):
        await desk.refund(driver_id)
    await desk.top_up(driver_id, plan_id=plan_id)
    refund = await desk.refund(driver_id, 5_000)
    assert (refund.amount_fen, refund.gift_fen) == (5_000, 1_000), "half of the cash takes half of the gift back"
    await desk.run(seconds=1)
    await desk.settle()
    balance = await desk.balance(driver_id)
    assert (balance.refundable_fen, balance.gift_fen) == (10_000, 1_000)
    async with desk.database.unit() as uow:
        assert await service_refund.quote(uow, driver_id) == 5_000
    await desk.proven()


async def test_a_spent_gift_is_taken_from_the_cash(desk: CashDesk, driver_id: int) -> None:
    """Abuse A17: hold all the cash, spend the gift, have the cash back."""
    async with desk.database.unit() as uow:
        plan = NewPlan(operator_id=1, name="充100送20", amount_fen=10_000, gift_fen=2_000, by="staff:1")
        plan_id = await service.add_plan(uow, plan)
    await desk.top_up(driver_id, plan_id=plan_id)
    async with desk.database.unit() as uow:
        await wallet.hold(uow, Hold(hold_id="all", driver_id=driver_id, amount_fen=10_000))
    await spend(desk, driver_id, 2_000)
    async with desk.database.unit() as uow:
        await wallet.release(uow, Release(hold_id="all"))
    refund = await desk.refund(driver_id)
    await desk.run(seconds=1)
    await desk.settle()
    balance = await desk.balance(driver_id)
    kept_fen = 10_000 - refund.amount_fen
    assert balance.available_fen == 0 and 2_000 <= kept_fen + kept_fen // 5 <= 2_002


async def test_a_refund_the_provider_closes_gives_the_money_back_to_the_wallet(desk: CashDesk, driver_id: int) -> None:
    payment = await desk.top_up(driver_id)
    refund = await desk.refund(driver_id, 4_000)
    await desk.run(seconds=1)
    await desk.settle(state=RefundState.CLOSED)
    assert (await desk.found(refund.refund_no)).refund.standing is Standing.FAILED
    assert (await desk.balance(driver_id)).available_fen == 10_000
    after = await desk.payment(payment.payment_no)
    assert (after.state, after.returned_fen) == (PaymentState.PAID, 0)
    await desk.proven()


@pytest.mark.parametrize("paid_out", [True, False])
async def test_an_abnormal_refund_stays_frozen_until_people_decide(
    desk: CashDesk, driver_id: int, paid_out: bool
) -> None:
    await desk.top_up(driver_id)
    refund = await desk.refund(driver_id, 4_000)
    await desk.run(seconds=1)
    await desk.settle(state=RefundState.ABNORMAL)
    (part,) = (await desk.found(refund.refund_no)).parts
    assert part.state is PartState.ABNORMAL and (await desk.balance(driver_id)).held_fen == 4_000
    async with desk.database.unit() as uow:
        await service_refund.decide(uow, part.part_no, paid_out=paid_out, by="staff:1", reason="银行卡已注销")
        with pytest.raises(Refused):
            await service_refund.decide(uow, part.part_no, paid_out=paid_out, by="staff:1", reason="再来一次")
    done = (await desk.found(refund.refund_no)).refund
    assert done.standing is (Standing.DONE if paid_out else Standing.FAILED)
    assert (await desk.balance(driver_id)).available_fen == (6_000 if paid_out else 10_000)
    await desk.proven()


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNHEARD, Fault.BUSY, Fault.LATE, Fault.POOR])
async def test_an_error_is_no_failure_and_the_number_stays_the_same(
    desk: CashDesk, driver_id: int, fault: Fault
) -> None:
    await desk.top_up(driver_id)
    refund = await desk.refund(driver_id, 4_000)
    desk.till.faults["refund"].extend([fault] * 3)
    desk.till.refund_at_once = RefundState.SUCCEEDED
    await desk.run(minutes=3)
    desk.till.late()
    await desk.run(minutes=10, step_s=5)
    done = await desk.found(refund.refund_no)
    assert done.refund.standing is Standing.DONE
    assert list(desk.till.repayments) == [f"{refund.refund_no}-1"]
    assert sum(operation == "refund" for operation, _ in desk.till.calls) <= 4
    assert (await desk.balance(driver_id)).cash_fen == 6_000


async def test_what_the_provider_refuses_for_good_goes_back_once_it_has_been_asked(
    desk: CashDesk, driver_id: int
) -> None:
    payment = await desk.top_up(driver_id)
    used_up(desk, payment.payment_no)
    refund = await desk.refund(driver_id, 4_000)
    await desk.run(seconds=1)
    done = await desk.found(refund.refund_no)
    assert done.refund.standing is Standing.FAILED and "退款次数过多" in done.parts[0].error
    assert desk.till.calls[-1] == ("query_refund", done.parts[0].part_no)
    assert (await desk.balance(driver_id)).available_fen == 10_000


def used_up(desk: CashDesk, payment_no: str) -> None:
    """The provider will refund nothing more of this payment."""
    request = RefundRequest(
        refund_no="gone", payment_no=payment_no, transaction_id="", amount_fen=1, total_fen=10_000, reason=""
    )
    desk.till.repayments["gone"] = Repayment(request, "1", RefundState.CLOSED)
    desk.till.sales[payment_no].refunds += ["gone"] * 50


async def test_nothing_is_given_up_while_a_request_may_still_be_on_its_way(desk: CashDesk, driver_id: int) -> None:
    """The first request times out, later ones are refused: the first may yet be carried out."""
    payment = await desk.top_up(driver_id)
    desk.till.faults["refund"].append(Fault.LATE)
    refund = await desk.refund(driver_id, 4_000)
    await desk.run(seconds=1)
    used_up(desk, payment.payment_no)
    await desk.run(minutes=9, step_s=5)
    assert (await desk.found(refund.refund_no)).parts[0].state is PartState.REQUESTED
    del desk.till.sales[payment.payment_no].refunds[:]
    desk.till.refund_at_once = RefundState.SUCCEEDED
    assert desk.till.late() == 1
    await desk.run(minutes=30, step_s=10)
    assert (await desk.found(refund.refund_no)).refund.standing is Standing.DONE


async def test_refunds_a_day_are_counted(desk: CashDesk, driver_id: int) -> None:
    few = replace(desk.database.options.payments, refunds_a_day=2)
    desk.database.options = replace(desk.database.options, payments=few)
    await desk.top_up(driver_id)
    for _ in range(2):
        await desk.refund(driver_id, 100)
    with pytest.raises(TooMany):
        await desk.refund(driver_id, 100)
    desk.clock.advance(DAY_MS + 1)
    await desk.refund(driver_id, 100)


async def test_debts_come_before_refunds(desk: CashDesk, driver_id: int) -> None:
    await desk.top_up(driver_id, 1_000)
    async with desk.database.unit() as uow:
        await wallet.hold(uow, Hold(hold_id="o1", driver_id=driver_id, amount_fen=1_000))
        capture = Capture(hold_id="o1", transfer_id="o1:c", energy_fee_fen=1_500, service_fee_fen=0, operator_id=1)
        await wallet.capture(uow, capture)
    with pytest.raises(Refused) as refused:
        await desk.refund(driver_id, 100)
    assert refused.value.code == "arrears"


async def test_two_hundred_starts_and_fifty_refunds_on_one_wallet_of_a_hundred_yuan(
    desk: CashDesk, driver_id: int
) -> None:
    """Abuse A14: money leaves by two doors at once; sums are exact, nothing is ever negative."""
    await desk.top_up(driver_id, 10_000)

    async def start(number: int) -> int:
        async with desk.database.unit() as uow:
            await wallet.hold(uow, Hold(hold_id=f"o{number}", driver_id=driver_id, amount_fen=700))
        return 700

    async def refund(_: int) -> int:
        return (await desk.refund(driver_id, 300)).amount_fen

    async def never_negative(over: asyncio.Event) -> None:
        while not over.is_set():
            seen = await desk.balance(driver_id)
            assert min(seen.available_fen, seen.held_fen, seen.refundable_fen) >= 0
            assert seen.cash_fen == 10_000
            await asyncio.sleep(0.005)

    wanted: list[tuple[Callable[[int], Awaitable[int]], int]] = [(start, n) for n in range(200)]
    wanted += [(refund, n) for n in range(50)]
    random.Random(7).shuffle(wanted)
    over = asyncio.Event()
    watching = asyncio.create_task(never_negative(over))
    outcomes = await asyncio.gather(*(act(number) for act, number in wanted), return_exceptions=True)
    over.set()
    await watching
    gone = [outcome for outcome in outcomes if isinstance(outcome, int)]
    for outcome in outcomes:
        assert isinstance(outcome, int | Refused), outcome
    balance = await desk.balance(driver_id)
    assert sum(gone) == balance.held_fen and balance.held_fen + balance.available_fen == 10_000
    assert 0 <= balance.available_fen < 300 and 300 in gone and 700 in gone
    await desk.run(minutes=60, step_s=20)
    await desk.settle()
    balance = await desk.balance(driver_id)
    assert balance.held_fen == 700 * gone.count(700)
    assert balance.cash_fen == 10_000 - 300 * gone.count(300)
    await desk.proven()


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_hundred_refunds_of_one_payment_and_a_provider_gone_wild(
    desk: CashDesk, driver_id: int, seed: int
) -> None:
    """Abuse A23: it times out, repeats, refuses, answers late. Σ refunds ≤ paid, each part in exactly one end state."""
    dice = random.Random(seed)
    payment = await desk.top_up(driver_id, 10_000)

    async def refund(_: int) -> int:
        return (await desk.refund_payment(payment.payment_no, staff(dice.randint(100, 900)))).amount_fen

    outcomes = await asyncio.gather(*(refund(number) for number in range(100)), return_exceptions=True)
    given = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert all(isinstance(outcome, int | ChargeCloudError) for outcome in outcomes)
    assert 9_000 < sum(given) <= 10_000
    ends: dict[str, PartState] = {}
    for turn in range(1_500):
        for operation in ("refund", "query_refund"):
            if turn < 600 and not desk.till.faults[operation] and dice.random() < 0.5:
                desk.till.faults[operation].append(dice.choice([*Fault]))
        for number in list(desk.till.repayments):
            if dice.random() < 0.2:
                desk.till.finish_refund(number, dice.choice([RefundState.SUCCEEDED] * 4 + [RefundState.CLOSED]))
        if dice.random() < 0.1:
            desk.till.late()
        if desk.till.sent and dice.random() < 0.3:
            await desk.hear(replace_time(desk, dice.choice(desk.till.sent)))
        parts = [part for found in await desk.refunds(driver_id) for part in found.parts] if turn % 10 == 0 else []
        for part in parts:
            assert ends.get(part.part_no, part.state) is part.state, "an end state is the end"
            if part.state in PART_FINAL:
                ends[part.part_no] = part.state
        if turn > 200 and len(ends) == len(given):
            break
        for job in (service_desk.give_back, service_desk.give_back):
            await job(desk.desk)
        desk.clock.advance(dice.choice([500, 5_000, 30_000]))
    assert len(ends) == len(given)
    await agrees(desk, driver_id, payment.payment_no)


def replace_time(desk: CashDesk, raw: RawNotice) -> RawNotice:
    """The same words, sealed again now, under the same id: a repetition hours later."""
    words = json.loads(raw.body)
    return desk.till.sealed(words, notice_id=words["id"])


async def agrees(desk: CashDesk, driver_id: int, payment_no: str) -> None:
    """Our books, the ledger and the provider say the same."""
    at_provider = {
        number: found.request.amount_fen
        for number, found in desk.till.repayments.items()
        if found.state is RefundState.SUCCEEDED
    }
    parts = [part for found in await desk.refunds(driver_id) for part in found.parts]
    ours = {part.part_no: part.amount_fen for part in parts if part.state is PartState.SUCCEEDED}
    assert ours == at_provider and sum(ours.values()) <= 10_000
    payment = await desk.payment(payment_no)
    assert payment.refunded_fen == payment.returned_fen == sum(ours.values())
    balance = await desk.balance(driver_id)
    assert (balance.held_fen, balance.cash_fen) == (0, 10_000 - sum(ours.values()))
    assert {found.refund.standing for found in await desk.refunds(driver_id)} <= {Standing.DONE, Standing.FAILED}
    await desk.proven()
