"""The ledger against a real database: refusals, repeats, concurrency, random histories, and its own proof."""

import asyncio
import random

import pytest
from sqlalchemy import text, update

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.wallet import service, sql
from chargecloud.features.wallet.messages import (
    Account,
    Adjustment,
    Balance,
    Capture,
    Correction,
    Freeze,
    Hold,
    HoldState,
    PayIn,
    PayOut,
    Release,
    TopUp,
)
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError, Conflict, Invalid, NotFound, Refused
from tests.support.statements import counted


@pytest.fixture
async def driver_id(database: Database) -> int:
    async with database.unit() as uow:
        return (await drivers.create_driver(uow, NewDriver(name="李雷", operator_id=1))).driver_id


@pytest.fixture
async def rich(database: Database, driver_id: int) -> int:
    """A driver with 100 yuan."""
    async with database.unit() as uow:
        await service.top_up(uow, top_up(driver_id, 10_000, "start"))
    return driver_id


def top_up(driver_id: int, amount_fen: int, transfer_id: str) -> TopUp:
    return TopUp(driver_id=driver_id, transfer_id=transfer_id, amount_fen=amount_fen, source="counter")


def capture(hold_id: str, energy: int, service_fee: int, transfer_id: str = "") -> Capture:
    return Capture(
        hold_id=hold_id,
        transfer_id=transfer_id or f"{hold_id}:capture",
        energy_fee_fen=energy,
        service_fee_fen=service_fee,
        operator_id=1,
    )


async def balance(database: Database, driver_id: int) -> Balance:
    async with database.unit() as uow:
        return await service.balance(uow, driver_id)


async def proven(database: Database) -> None:
    async with database.read() as connection:
        report = await service.audit(connection)
    assert report.ok, report.problems


async def test_a_charge_from_top_up_to_capture(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=5_000))
    assert await balance(database, rich) == Balance(
        driver_id=rich, cash_fen=10_000, held_fen=5_000, available_fen=5_000, arrears_fen=0
    )
    async with database.unit() as uow:
        done = await service.capture(uow, capture("o1", 1_234, 500))
        hold = await service.find_hold(uow, "o1")
    assert {p.account: p.amount_fen for p in done.postings} == {
        Account.DRIVER_HELD: -5_000,
        Account.DRIVER_CASH: 3_266,
        Account.ENERGY_REVENUE: 1_234,
        Account.SERVICE_REVENUE: 500,
    }
    assert hold and hold.state is HoldState.CAPTURED and hold.closing_transfer_id == "o1:capture"
    assert (await balance(database, rich)).cash_fen == 8_266
    await proven(database)


async def test_a_driver_without_any_money_is_refused_politely(database: Database, driver_id: int) -> None:
    with pytest.raises(Refused) as refused:
        async with database.unit() as uow:
            await service.hold(uow, Hold(hold_id="o1", driver_id=driver_id, amount_fen=100))
    assert refused.value.code == "balance_low"
    assert refused.value.facts == {"available_fen": 0, "needed_fen": 100}
    assert (await balance(database, driver_id)).available_fen == 0


async def test_a_refused_hold_leaves_nothing_behind_in_a_unit_that_goes_on(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        with pytest.raises(Refused):
            await service.hold(uow, Hold(hold_id="big", driver_id=rich, amount_fen=10_001))
        await service.hold(uow, Hold(hold_id="small", driver_id=rich, amount_fen=9_000))
    async with database.unit() as uow:
        assert await service.find_hold(uow, "big") is None
    assert (await balance(database, rich)).held_fen == 9_000
    await proven(database)


async def test_arrears_block_the_next_hold_until_they_are_paid(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=10_000))
        await service.capture(uow, capture("o1", 9_000, 2_500))
    assert (await balance(database, rich)).arrears_fen == 1_500
    with pytest.raises(Refused) as refused:
        async with database.unit() as uow:
            await service.hold(uow, Hold(hold_id="o2", driver_id=rich, amount_fen=100))
    assert refused.value.code == "arrears"
    async with database.unit() as uow:
        await service.top_up(uow, top_up(rich, 2_000, "pay"))
        await service.hold(uow, Hold(hold_id="o2", driver_id=rich, amount_fen=500))
    await proven(database)


@pytest.mark.parametrize("apart", [True, False], ids=["in two units", "in one unit"])
async def test_every_transfer_may_be_repeated(database: Database, rich: int, apart: bool) -> None:
    hold = Hold(hold_id="o1", driver_id=rich, amount_fen=5_000)
    steps = [
        lambda uow: service.top_up(uow, top_up(rich, 700, "t1")),
        lambda uow: service.hold(uow, hold),
        lambda uow: service.capture(uow, capture("o1", 100, 50)),
    ]
    for step in steps:
        async with database.unit() as uow:
            first = await step(uow)
            if not apart:
                second = await step(uow)
        if apart:
            async with database.unit() as uow:
                second = await step(uow)
        assert second.repeated and not first.repeated
        assert second.postings == first.postings
    assert (await balance(database, rich)).cash_fen == 10_000 + 700 - 150
    await proven(database)


async def test_the_same_id_with_other_content_is_a_conflict(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=5_000))
        await service.capture(uow, capture("o1", 100, 50))
    differing = [
        lambda uow: service.top_up(uow, top_up(rich, 1, "start")),
        lambda uow: service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=4_999)),
        lambda uow: service.capture(uow, capture("o1", 100, 51)),
        lambda uow: service.capture(uow, capture("o1", 100, 50, "another id")),
        lambda uow: service.release(uow, Release(hold_id="o1")),
    ]
    codes = []
    for step in differing:
        with pytest.raises(Conflict) as conflict:
            async with database.unit() as uow:
                await step(uow)
        codes.append(conflict.value.code)
    assert codes == ["transfer_differs"] * 3 + ["hold_captured"] * 2
    await proven(database)


async def test_release_is_harmless_twice_and_ends_the_hold(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=5_000))
        await service.release(uow, Release(hold_id="o1", reason="refused by the charge point"))
        again = await service.release(uow, Release(hold_id="o1", reason="swept"))
    assert again.repeated
    with pytest.raises(Conflict) as conflict:
        async with database.unit() as uow:
            await service.capture(uow, capture("o1", 1, 1))
    assert conflict.value.code == "hold_released"
    assert (await balance(database, rich)).available_fen == 10_000
    await proven(database)


async def test_unknown_holds_and_drivers_are_named(database: Database, driver_id: int) -> None:
    for step in (
        lambda uow: service.capture(uow, capture("nothing", 1, 1)),
        lambda uow: service.release(uow, Release(hold_id="nothing")),
        lambda uow: service.top_up(uow, top_up(driver_id + 1, 100, "t")),
    ):
        with pytest.raises(NotFound):
            async with database.unit() as uow:
                await step(uow)


async def test_corrections_move_fees_after_settlement(database: Database, rich: int) -> None:
    def correction(transfer_id: str, energy: int, service_fee: int) -> Correction:
        return Correction(
            transfer_id=transfer_id,
            driver_id=rich,
            operator_id=1,
            energy_fee_fen=energy,
            service_fee_fen=service_fee,
            memo="order 1",
        )

    async with database.unit() as uow:
        await service.correct(uow, correction("c1", 9_000, 2_000))
        await service.correct(uow, correction("c2", -500, -700))
    assert await balance(database, rich) == Balance(
        driver_id=rich, cash_fen=200, held_fen=0, available_fen=200, arrears_fen=0
    )
    with pytest.raises(Invalid):
        async with database.unit() as uow:
            await service.correct(uow, correction("c3", 0, 0))
    await proven(database)


async def test_two_hundred_holds_at_once_never_exceed_the_wallet(database: Database, rich: int) -> None:
    """Abuse A14: one balance, many connectors."""

    async def place(number: int) -> bool:
        try:
            async with database.unit() as uow:
                await service.hold(uow, Hold(hold_id=f"o{number}", driver_id=rich, amount_fen=900))
        except Refused:
            return False
        return True

    placed = await asyncio.gather(*(place(number) for number in range(200)))
    assert sum(placed) == 11
    assert await balance(database, rich) == Balance(
        driver_id=rich, cash_fen=10_000, held_fen=9_900, available_fen=100, arrears_fen=0
    )
    await proven(database)


async def test_holds_and_withdrawals_at_once_never_exceed_the_wallet(database: Database, rich: int) -> None:
    """Abuse A14: money leaves by two doors at the same time; what is held cannot leave by the other."""

    async def place(number: int) -> int:
        async with database.unit() as uow:
            await service.hold(uow, Hold(hold_id=f"o{number}", driver_id=rich, amount_fen=700))
        return 700

    async def take(number: int) -> int:
        command = Adjustment(
            transfer_id=f"t{number}",
            driver_id=rich,
            operator_id=1,
            amount_fen=-300,
            reason="paid out",
            actor="staff:1",
        )
        async with database.unit() as uow:
            await service.adjust(uow, command)
        return 300

    outcomes = await asyncio.gather(
        *(take(n // 4) if n % 4 == 3 else place(n) for n in range(200)), return_exceptions=True
    )
    gone = [outcome for outcome in outcomes if isinstance(outcome, int)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, int)]
    assert all(isinstance(outcome, Refused) and outcome.code == "balance_low" for outcome in refused)
    now = await balance(database, rich)
    assert sum(gone) + now.available_fen == 10_000 and 0 <= now.available_fen < 300
    assert now.held_fen == 700 * gone.count(700) and now.cash_fen == 10_000 - 300 * gone.count(300)
    await proven(database)


async def test_a_hold_and_a_capture_cost_five_statements_each(database: Database, rich: int) -> None:
    async with database.unit() as uow:
        with counted() as statements:
            await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=5_000))
        assert len(statements) <= 5, statements
        with counted() as statements:
            await service.capture(uow, capture("o1", 1_234, 500))
        assert len(statements) <= 5, statements


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE wallets SET cash_fen = cash_fen + 1", "cash"),
        ("UPDATE wallets SET gift_fen = gift_fen + 1", "gifts"),
        ("UPDATE wallets SET held_fen = held_fen + 1, cash_fen = cash_fen - 1", "open holds say"),
        ("UPDATE wallet_postings SET amount_fen = amount_fen + 1 WHERE line_no = 1", "instead of 0"),
        ("DELETE FROM wallet_postings WHERE transfer_id = 'o1'", "fewer than two lines"),
        ("UPDATE wallet_holds SET state = 'released'", "closing transfer"),
    ],
)
async def test_the_proof_notices_damage(database: Database, rich: int, damage: str, says: str) -> None:
    async with database.unit() as uow:
        await service.hold(uow, Hold(hold_id="o1", driver_id=rich, amount_fen=5_000))
    await proven(database)
    async with database.unit() as uow:
        await unlocked(uow)
        await uow.connection.execute(text(damage))
    async with database.read() as connection:
        report = await service.audit(connection)
    assert any(says in problem for problem in report.problems), report.problems


async def unlocked(uow: UnitOfWork) -> None:
    """Take away what keeps the ledger append-only."""
    names = await uow.connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    for name in names.scalars().all():
        await uow.connection.execute(text(f"DROP TRIGGER {name}"))


async def test_the_database_itself_refuses_negative_balances(database: Database, rich: int) -> None:
    for column in ("cash_fen", "held_fen", "arrears_fen", "gift_fen"):
        with pytest.raises(ChargeCloudError):
            async with database.unit() as uow:
                await uow.connection.execute(update(sql.wallets).values({column: -1}))


@pytest.mark.parametrize("table", ["wallet_postings", "wallet_transfers"])
async def test_transfers_and_postings_are_only_ever_added(database: Database, rich: int, table: str) -> None:
    for statement in (f"UPDATE {table} SET at_ms = 0", f"DELETE FROM {table}"):
        with pytest.raises(ChargeCloudError):
            async with database.unit() as uow:
                await uow.connection.execute(text(statement))


class History:
    """A seeded random history of several drivers, with a slow model of what must come of it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = seed * 100
        self.worth: dict[int, int] = {}
        self.open: dict[str, tuple[int, int]] = {}
        self.frozen: dict[str, tuple[int, int, int]] = {}

    def next_id(self) -> str:
        self.count += 1
        return f"r{self.count}"

    async def step(self, uow: UnitOfWork, driver_ids: list[int]) -> None:
        driver_id = self.random.choice(driver_ids)
        await self.random.choice(
            [
                self.top_up,
                self.pay_in,
                self.hold,
                self.hold,
                self.freeze,
                self.close,
                self.close,
                self.correct,
                self.adjust,
            ]
        )(uow, driver_id)

    def move(self, driver_id: int, change_fen: int) -> None:
        self.worth[driver_id] = self.worth.get(driver_id, 0) + change_fen

    async def top_up(self, uow: UnitOfWork, driver_id: int) -> None:
        amount = self.random.randint(1, 20_000)
        command = top_up(driver_id, amount, self.next_id())
        for _ in range(self.random.choice([1, 1, 2])):
            await service.top_up(uow, command)
        self.move(driver_id, amount)

    async def hold(self, uow: UnitOfWork, driver_id: int) -> None:
        command = Hold(hold_id=self.next_id(), driver_id=driver_id, amount_fen=self.random.randint(1, 15_000))
        before = await service.balance(uow, driver_id)
        try:
            await service.hold(uow, command)
        except Refused:
            assert before.available_fen < command.amount_fen or before.arrears_fen > 0
        else:
            self.open[command.hold_id] = (driver_id, command.amount_fen)

    async def pay_in(self, uow: UnitOfWork, driver_id: int) -> None:
        amount, gift = self.random.randint(1, 10_000), self.random.randint(0, 3_000)
        command = PayIn(driver_id=driver_id, transfer_id=self.next_id(), amount_fen=amount, gift_fen=gift, gift_from=1)
        for _ in range(self.random.choice([1, 1, 2])):
            await service.pay_in(uow, command)
        self.move(driver_id, amount + gift)

    async def freeze(self, uow: UnitOfWork, driver_id: int) -> None:
        before = await service.balance(uow, driver_id)
        command = Freeze(
            hold_id=self.next_id(),
            driver_id=driver_id,
            cash_fen=self.random.randint(1, 6_000),
            gift_fen=self.random.randint(0, 500),
        )
        try:
            await service.freeze(uow, command)
        except Refused:
            assert before.refundable_fen < command.cash_fen or before.gift_fen < command.gift_fen
        else:
            self.frozen[command.hold_id] = (driver_id, command.cash_fen, command.gift_fen)

    async def pay_out(self, uow: UnitOfWork) -> None:
        hold_id, (driver_id, cash, gift) = self.frozen.popitem()
        if self.random.random() < 0.4:
            await service.release(uow, Release(hold_id=hold_id))
            return
        command = PayOut(
            hold_id=hold_id, transfer_id=f"{hold_id}:out", amount_fen=self.random.randint(1, cash), gift_from=1
        )
        for _ in range(self.random.choice([1, 1, 2])):
            await service.pay_out(uow, command)
        self.move(driver_id, -cash - gift)

    async def close(self, uow: UnitOfWork, _: int) -> None:
        if self.frozen and self.random.random() < 0.5:
            await self.pay_out(uow)
            return
        if not self.open:
            return
        hold_id = self.random.choice(sorted(self.open))
        driver_id, _amount = self.open.pop(hold_id)
        if self.random.random() < 0.4:
            await service.release(uow, Release(hold_id=hold_id))
            return
        command = capture(hold_id, self.random.randint(0, 12_000), self.random.randint(0, 8_000))
        for _ in range(self.random.choice([1, 1, 2])):
            await service.capture(uow, command)
        self.move(driver_id, -command.energy_fee_fen - command.service_fee_fen)

    async def correct(self, uow: UnitOfWork, driver_id: int) -> None:
        energy, service_fee = self.random.randint(-500, 500), self.random.randint(1, 500)
        await service.correct(
            uow,
            Correction(
                transfer_id=self.next_id(),
                driver_id=driver_id,
                operator_id=1,
                energy_fee_fen=energy,
                service_fee_fen=service_fee,
                memo="late record",
            ),
        )
        self.move(driver_id, -energy - service_fee)

    async def adjust(self, uow: UnitOfWork, driver_id: int) -> None:
        amount = self.random.choice([-1, 1]) * self.random.randint(1, 3_000)
        command = Adjustment(
            transfer_id=self.next_id(),
            driver_id=driver_id,
            operator_id=1,
            amount_fen=amount,
            reason="test",
            actor="staff:1",
        )
        try:
            await service.adjust(uow, command)
        except Refused:
            return
        self.move(driver_id, amount)


@pytest.mark.parametrize("histories", [200, pytest.param(2_000, marks=pytest.mark.slow)])
async def test_random_histories_keep_every_invariant(database: Database, histories: int) -> None:
    """I1 and I2, and against a model of its own: worth of each driver, open holds of each driver."""
    async with database.unit() as uow:
        everybody = [
            (await drivers.create_driver(uow, NewDriver(name=f"d{n}", operator_id=1))).driver_id for n in range(50)
        ]
    for seed in range(histories):
        async with database.unit() as uow:
            await one_history(uow, seed, everybody[seed % 49 : seed % 49 + 2])
        if seed % 100 == 99:
            await proven(database)


async def one_history(uow: UnitOfWork, seed: int, driver_ids: list[int]) -> None:
    """Eight steps; then every driver has what the model says, and nothing is below zero."""
    history = History(seed)
    before = {one: await service.balance(uow, one) for one in driver_ids}
    for _ in range(8):
        await history.step(uow, driver_ids)
    for one in driver_ids:
        now = await service.balance(uow, one)
        assert worth(now) - worth(before[one]) == history.worth.get(one, 0), seed
        held = sum(amount for owner, amount in history.open.values() if owner == one)
        held += sum(cash + gift for owner, cash, gift in history.frozen.values() if owner == one)
        assert now.held_fen - before[one].held_fen == held, seed
        assert min(now.refundable_fen, now.gift_fen, now.held_fen, now.arrears_fen) >= 0, seed


def worth(balance: Balance) -> int:
    """All a driver has, less what the driver owes."""
    return balance.cash_fen + balance.gift_fen - balance.arrears_fen
