"""WeChat is told of every payment that was delivered, once, whatever is in the way; the money never waits for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from chargecloud.features.payments import service_delivery
from chargecloud.features.payments.service_delivery import GIVE_UP_MS, PATIENCE, SETTLES_MS, WINDOW_MS, Counter
from chargecloud.features.payments.sql import payment_events
from chargecloud.features.payments.sql_cases import cases
from chargecloud.infra.wechat.app import AppOptions, Shipped, WechatApp
from tests.integration.features.test_wechat_money import Shop, opened_shop
from tests.support.fake_wechat import BASE


@pytest.fixture
async def shop(tmp_path: Path, database_template: Path) -> AsyncIterator[Shop]:
    async with opened_shop(tmp_path / "shop.db", database_template) as made:
        made.side.on.fake.world.managed = True
        yield made


def counter(shop: Shop) -> Counter:
    on = shop.side.on
    options = AppOptions(appid=on.fake.world.keys.appid, secret=on.fake.world.keys.app_secret, base_url=BASE)
    return Counter(WechatApp(options, on.http, on.clock), on.merchant.mchid)


async def bought(shop: Shop, number: int = 1) -> str:
    """Paid, credited, and long enough ago for WeChat to know."""
    payment_no = await shop.announce(10_000, key=f"payment-{number:04}")
    await shop.side.pay(payment_no)
    caught = shop.side.on.merchantside.caught[-1]
    assert await shop.deliver(caught.body, caught.headers) == 204
    return payment_no


async def settle(shop: Shop) -> None:
    await shop.side.on.pass_s(SETTLES_MS // 1000 + 1)


async def noted(shop: Shop, payment_no: str) -> list[str]:
    statement = select(payment_events.c.kind).where(payment_events.c.payment_no == payment_no)
    async with shop.database.read() as connection:
        return [row.kind for row in await connection.execute(statement) if row.kind.startswith("delivery")]


def shipments(shop: Shop) -> dict[str, int]:
    return {number: order.shipped for number, order in shop.side.on.fake.world.orders.items()}


async def test_a_payment_is_told_once_and_not_before_wechat_knows_it(shop: Shop) -> None:
    payment_no, desk = await bought(shop), counter(shop)
    assert await service_delivery.tell(shop.database, desk) == 0
    await settle(shop)
    assert await service_delivery.tell(shop.database, desk) == 1
    assert await service_delivery.tell(shop.database, desk) == 0
    assert shipments(shop) == {payment_no: 1}
    assert await noted(shop, payment_no) == ["delivery_told"]


async def test_what_was_not_paid_is_not_told(shop: Shop) -> None:
    await shop.announce(10_000, key="payment-0009")
    await settle(shop)
    assert await service_delivery.tell(shop.database, counter(shop)) == 0


async def test_a_mini_program_that_is_not_held_to_it_tells_nothing(shop: Shop) -> None:
    payment_no = await bought(shop)
    shop.side.on.fake.world.managed = False
    await settle(shop)
    assert await service_delivery.tell(shop.database, counter(shop)) == 0
    shop.side.on.fake.world.managed = True
    assert await service_delivery.tell(shop.database, counter(shop)) == 1
    assert shipments(shop) == {payment_no: 1}


async def test_what_wechat_cannot_take_yet_waits_and_the_money_is_there(shop: Shop) -> None:
    payment_no, desk = await bought(shop), counter(shop)
    await settle(shop)
    orders = shop.side.on.fake.world.orders
    unknown = orders.pop(payment_no)
    assert await service_delivery.tell(shop.database, desk) == 0
    assert await shop.cash() == 10_000
    assert await noted(shop, payment_no) == []
    orders[payment_no] = unknown
    assert await service_delivery.tell(shop.database, desk) == 1


async def test_where_wechat_is_away_it_is_not_asked_for_every_payment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(PATIENCE + 3):
        await bought(shop, number)
    await settle(shop)
    shop.side.on.fake.world.orders.clear()
    desk, asked = counter(shop), list[str]()
    tell_shipped = desk.app.tell_shipped

    async def told(shipped: Shipped) -> None:
        asked.append(shipped.payment_no)
        await tell_shipped(shipped)

    monkeypatch.setattr(desk.app, "tell_shipped", told)
    assert await service_delivery.tell(shop.database, desk) == 0
    assert len(asked) == PATIENCE


async def test_a_kill_between_telling_and_noting_is_harmless(shop: Shop) -> None:
    payment_no, desk = await bought(shop), counter(shop)
    await settle(shop)
    waiting = shop.side.on.fake.world.orders[payment_no]
    waiting.shipped = 1  # told by a life that ended before it wrote that down
    assert await service_delivery.tell(shop.database, desk) == 1
    waiting.shipped = 2
    assert await service_delivery.tell(shop.database, desk) == 0
    assert await noted(shop, payment_no) == ["delivery_told"]


async def test_what_wechat_refuses_is_a_case_for_people_and_stops_no_other(shop: Shop) -> None:
    refused, taken = await bought(shop, 1), await bought(shop, 2)
    shop.side.on.fake.world.orders[refused].openid = "somebody-else"
    await settle(shop)
    assert await service_delivery.tell(shop.database, counter(shop)) == 1
    assert shipments(shop)[taken] == 1
    assert await noted(shop, refused) == ["delivery_refused"]
    async with shop.database.read() as connection:
        found = (await connection.execute(select(cases.c.kind, cases.c.number))).all()
    assert [tuple(row) for row in found] == [("delivery_refused", refused)]
    assert await shop.cash() == 20_000


async def test_what_wechat_does_not_take_for_days_is_a_case(shop: Shop) -> None:
    payment_no, desk = await bought(shop), counter(shop)
    await settle(shop)
    shop.side.on.fake.world.orders.pop(payment_no)
    assert await service_delivery.tell(shop.database, desk) == 0
    assert await noted(shop, payment_no) == []
    await shop.side.on.pass_s(GIVE_UP_MS // 1000 + 1)
    assert await service_delivery.tell(shop.database, desk) == 0
    assert await noted(shop, payment_no) == ["delivery_refused"]
    async with shop.database.read() as connection:
        found = (await connection.execute(select(cases.c.kind, cases.c.number))).all()
    assert [tuple(row) for row in found] == [("delivery_refused", payment_no)]


async def test_what_is_too_old_is_left_to_people(shop: Shop) -> None:
    await bought(shop)
    await shop.side.on.pass_s(WINDOW_MS // 1000 + 1)
    assert await service_delivery.tell(shop.database, counter(shop)) == 0
