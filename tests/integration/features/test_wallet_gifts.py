"""Gifts in the ledger: spent after cash, never paid out, and never more than there is, also under load."""

import asyncio

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.wallet import service
from chargecloud.features.wallet.messages import Account, Balance, Capture, Freeze, Hold, PayIn, PayOut
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Refused


@pytest.fixture
async def driver_id(database: Database) -> int:
    async with database.unit() as uow:
        return (await drivers.create_driver(uow, NewDriver(name="李雷", operator_id=1))).driver_id


def capture(hold_id: str, energy: int, service_fee: int) -> Capture:
    return Capture(
        hold_id=hold_id,
        transfer_id=f"{hold_id}:capture",
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


async def test_cash_is_spent_before_gifts_and_gifts_are_never_paid_out(database: Database, driver_id: int) -> None:
    async with database.unit() as uow:
        paid = PayIn(driver_id=driver_id, transfer_id="p1", amount_fen=10_000, gift_fen=2_000, gift_from=1)
        await service.pay_in(uow, paid)
        assert (await service.pay_in(uow, paid)).repeated
        await service.hold(uow, Hold(hold_id="o1", driver_id=driver_id, amount_fen=11_000))
        hold = await service.find_hold(uow, "o1")
    assert hold and (hold.amount_fen, hold.gift_fen) == (11_000, 1_000)
    now = await balance(database, driver_id)
    assert (now.available_fen, now.gift_fen, now.refundable_fen) == (1_000, 1_000, 0)
    async with database.unit() as uow:
        await service.capture(uow, capture("o1", 5_000, 1_000))
    now = await balance(database, driver_id)
    assert (now.refundable_fen, now.gift_fen) == (4_000, 2_000)
    async with database.unit() as uow:
        with pytest.raises(Refused):
            await service.freeze(uow, Freeze(hold_id="r1", driver_id=driver_id, cash_fen=4_001))
        await service.freeze(uow, Freeze(hold_id="r1", driver_id=driver_id, cash_fen=4_000, gift_fen=800))
        out = await service.pay_out(uow, PayOut(hold_id="r1", transfer_id="r1:out", amount_fen=4_000, gift_from=1))
    assert {p.account: p.amount_fen for p in out.postings} == {
        Account.DRIVER_HELD: -4_800, Account.TOP_UP_CLEARING: 4_000, Account.GIFTS: 800
    }  # fmt: skip
    now = await balance(database, driver_id)
    assert (now.cash_fen, now.gift_fen, now.available_fen) == (0, 1_200, 1_200)
    await proven(database)


async def test_gifts_count_for_holds_that_come_together(database: Database, driver_id: int) -> None:
    """Abuse A14 once more: the way that looks at the wallet lets no more through than the short one."""
    async with database.unit() as uow:
        await service.pay_in(uow, PayIn(driver_id=driver_id, transfer_id="p1", amount_fen=5_000, gift_fen=5_000))

    async def place(number: int) -> bool:
        try:
            async with database.unit() as uow:
                await service.hold(uow, Hold(hold_id=f"o{number}", driver_id=driver_id, amount_fen=900))
        except Refused:
            return False
        return True

    placed = await asyncio.gather(*(place(number) for number in range(100)))
    now = await balance(database, driver_id)
    assert sum(placed) == 11 and (now.held_fen, now.available_fen, now.refundable_fen) == (9_900, 100, 0)
    await proven(database)
