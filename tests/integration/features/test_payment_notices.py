"""Notices of payments: counted by what came of each, and forgotten in time, which no money is."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from chargecloud.features.payments import jobs
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.jobs import KEEP_NOTICES_MS, forget_notices
from chargecloud.features.payments.sql import notices, payment_events
from chargecloud.infra import telemetry
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api
from tests.support.cashdesk import CashDesk

PATH = "/api/v1/payments/notices/till"


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    return CashDesk.over(database, clock)


@pytest.fixture
async def shop(database: Database, clock: ManualClock, desk: CashDesk) -> AsyncIterator[Api]:
    async with Api.over(database, clock, state={"channels": Channels(desk.channel)}) as made:
        yield made


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(notices))).scalar_one())


async def logged(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(payment_events.c.kind).order_by(payment_events.c.id))).scalars())


def counted(verdict: str) -> float:
    return (
        telemetry.registry.get_sample_value(
            "chargecloud_payment_notices_total", {"channel": "till", "verdict": verdict}
        )
        or 0.0
    )


async def test_notices_are_counted_by_what_came_of_each(shop: Api, desk: CashDesk) -> None:
    payment = await desk.announce(await desk.driver(), 10_000)
    desk.till.pay(payment.payment_no)
    (raw,) = desk.till.sent
    forged = dict(raw.headers) | {"x-till-signature": "0" * 64}
    before = {verdict: counted(verdict) for verdict in ("credited", "repeated", "notice_signature")}
    statuses = []
    for headers, body in (
        (dict(raw.headers), raw.body),
        (dict(raw.headers), raw.body),
        (dict(raw.headers), raw.body),
        (forged, raw.body),
    ):
        statuses.append((await shop.client.post(PATH, content=body, headers=headers)).status_code)
    assert statuses == [204, 204, 204, 401]
    grown = {verdict: counted(verdict) - was for verdict, was in before.items()}
    assert grown == {"credited": 1, "repeated": 2, "notice_signature": 1}


async def test_notices_are_forgotten_after_ninety_days_and_money_is_not(
    shop: Api, desk: CashDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FORGOTTEN_AT_ONCE", 2)
    driver_id = await desk.driver()
    old = [await desk.top_up(driver_id, 1_000) for _ in range(5)]
    desk.clock.advance(KEEP_NOTICES_MS)
    young = await desk.top_up(driver_id, 1_000)
    told = await logged(desk.database)
    await forget_notices(desk.database)
    assert await count(desk.database) == 6, "to the millisecond they are not old enough"
    desk.clock.advance(1)
    await forget_notices(desk.database)
    assert await count(desk.database) == 1
    for payment in (*old, young):
        assert await desk.payment(payment.payment_no) == payment
    assert await logged(desk.database) == told
    assert (await desk.balance(driver_id)).cash_fen == 6_000
