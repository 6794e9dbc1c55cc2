"""Giving much money away takes two people: asked by one, decided by another, carried out once or not at all."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import update

from chargecloud.features.operators import jobs, sql_sign_in
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.model import secret_hash
from chargecloud.features.operators.sql import sessions
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.kernel.ids import new_secret
from tests.support.api import Api, Caller
from tests.support.world import KWH, MINUTE_MS, World, answered, record, sample

REASON = {"reason": "车主投诉"}
DAY_MS = 86_400_000


async def charged(
    world: World, driver_id: int, kwh: int, recorded: int | None = None, *, connector_no: int = 1
) -> Order:
    """A charge of so many kWh at 1.10 yuan; its record may say something else."""
    order = await world.place(driver_id=driver_id, connector_no=connector_no)
    at = {"connector_no": connector_no}
    await world.say(answered(order.session_no, **at))
    for minute in range(1, kwh // 2 + 1):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * 2 * KWH, **at))
    await world.say(record(order.session_no, (0, 0, (recorded or kwh) * KWH, 0), **at))
    await world.say(sample(**at))
    await _awake(world)
    return await world.order(order.order_no)


async def _awake(world: World) -> None:
    """Everybody who is signed in was at it while the charge went on."""
    async with world.database.unit() as uow:
        await uow.connection.execute(update(sessions).values(seen_at_ms=uow.now_ms))


@pytest.fixture
async def rich(world: World) -> int:
    """A driver with 1,000 yuan."""
    return await world.driver(100_000)


@pytest.fixture
async def anna(api: Api) -> Caller:
    """Of finance: may ask and approve."""
    return await api.staff(Role.FINANCE)


@pytest.fixture
async def bert(api: Api) -> Caller:
    """Likewise."""
    return await api.staff(Role.FINANCE)


async def refund(who: Caller, order: Order, amount_fen: int, status: int = 200) -> Any:
    return await who.post(f"/orders/{order.order_no}/refunds", {"amount_fen": amount_fen, **REASON}, status)


async def asked(who: Caller, order: Order, amount_fen: int) -> int:
    """Ask for a refund above the limit: the request's number."""
    answer = await refund(who, order, amount_fen, 202)
    number: int = answer["approval_id"]
    return number


async def decide(who: Caller, approval_id: int, verb: str = "approve", status: int = 200) -> Any:
    return await who.post(f"/approvals/{approval_id}/{verb}", {"note": "核对无误"}, status)


async def actions(api: Api) -> list[str]:
    boss = await api.staff(Role.AUDITOR)
    return [entry["action"] for entry in (await boss.get("/audit-log", limit=200))["items"]]


async def test_a_small_refund_is_done_at_once(api: Api, world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 10)
    assert (order.state, order.energy_fee_fen, order.service_fee_fen) == (OrderState.SETTLED, 700, 400)
    after = await refund(anna, order, 500)
    assert (after["total_fen"], after["energy_fee_fen"], after["service_fee_fen"]) == (600, 600, 0)
    assert after["state"] == "settled" and "refunded" in after["flags"]
    [correction] = after["corrections"]
    assert (correction["kind"], correction["standing"], correction["change_fen"]) == ("refund", "posted", -500)
    assert after["timeline"][-1]["kind"] == "refunded" and after["timeline"][-1]["detail"]["amount_fen"] == 500
    assert (await world.balance(rich)).cash_fen == 100_000 - 600
    [line] = (await anna.get(f"/drivers/{rich}/wallet/journal", purpose="correction"))["items"]
    assert line["available_change_fen"] == 500 and line["memo"] == order.order_no
    assert "orders.refund" in await actions(api)
    await world.proven()


async def test_much_money_waits_for_a_second_person(
    api: Api, world: World, rich: int, anna: Caller, bert: Caller
) -> None:
    order = await charged(world, rich, 60)
    number = await asked(anna, order, 6_000)
    assert (await world.order(order.order_no)).total_fen == order.total_fen == 6_600
    assert (await world.balance(rich)).cash_fen == 100_000 - 6_600
    [waiting] = (await bert.get("/approvals", state="waiting"))["items"]
    assert (waiting["id"], waiting["amount_fen"], waiting["requested_by"]) == (number, 6_000, anna.id)
    assert (await bert.get("/statistics/workbench"))["to_do"]["approvals_waiting"] == 1
    await decide(bert, number)
    found = await world.order(order.order_no)
    assert (found.total_fen, found.state) == (600, OrderState.SETTLED)
    assert (await world.balance(rich)).cash_fen == 100_000 - 600
    done = await bert.get(f"/approvals/{number}")
    assert (done["state"], done["decided_name"], done["note"]) == ("approved", "finance 2", "核对无误")
    assert (await bert.get("/statistics/workbench"))["to_do"]["approvals_waiting"] == 0
    assert (await decide(anna, number, status=409))["code"] == "approval_decided"
    assert (await decide(bert, number, status=409))["code"] == "approval_decided"
    assert {"approvals.request", "approvals.approved", "orders.refund"} <= set(await actions(api))
    await world.proven()


async def test_whoever_asked_does_not_approve_from_any_browser(api: Api, world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 60)
    number = await asked(anna, order, 6_000)
    token = new_secret()
    async with api.database.unit() as uow:
        await sql_sign_in.add_session(uow, anna.id, token_hash=secret_hash(token), source="10.0.0.9", agent="elsewhere")
    for browser in (anna, Caller(api.client, anna.id, token)):
        assert (await decide(browser, number, status=403))["code"] == "approval_by_requester"
    dispatcher = await api.staff(Role.DISPATCHER)
    assert (await decide(dispatcher, number, status=403))["code"] == "permission_missing"
    stranger = await api.staff(Role.ADMINISTRATOR, operator="乙方")
    assert (await decide(stranger, number, status=404))["code"] == "approval_unknown"
    assert (await world.order(order.order_no)).total_fen == 6_600
    await decide(anna, number, "reject")
    assert (await world.order(order.order_no)).total_fen == 6_600


async def test_a_refund_cannot_be_cut_into_small_ones(world: World, rich: int, anna: Caller, bert: Caller) -> None:
    order = await charged(world, rich, 60)
    await refund(anna, order, 3_000)
    await refund(bert, order, 2_000)
    number = await asked(anna, order, 1)
    await decide(bert, number)
    assert (await world.order(order.order_no)).total_fen == 1_599


async def test_an_order_that_changed_meanwhile_is_left_alone(
    api: Api, world: World, rich: int, anna: Caller, bert: Caller
) -> None:
    order = await charged(world, rich, 60)
    number = await asked(anna, order, 6_000)
    await refund(bert, order, 100)
    answer = await decide(bert, number, status=409)
    assert answer["code"] == "approval_outdated" and order.order_no in answer["detail"]
    assert (await world.order(order.order_no)).total_fen == 6_500
    assert (await anna.get(f"/approvals/{number}"))["state"] == "outdated"
    assert "approvals.outdated" in await actions(api)
    await decide(bert, await asked(anna, order, 6_500))
    assert (await world.order(order.order_no)).total_fen == 0
    await world.proven()


async def test_a_request_nobody_decides_expires_and_one_waits_at_a_time(
    world: World, rich: int, anna: Caller, bert: Caller
) -> None:
    order = await charged(world, rich, 60)
    number = await asked(anna, order, 6_000)
    assert (await refund(bert, order, 5_500, 409))["code"] == "approval_waiting"
    world.clock.advance(3 * DAY_MS)
    anna, bert = await _again(world, anna), await _again(world, bert)
    assert (await decide(bert, number, status=422))["code"] == "approval_expired"
    second = await asked(anna, order, 6_000)
    assert (await anna.get(f"/approvals/{number}"))["state"] == "expired"
    world.clock.advance(3 * DAY_MS)
    await jobs.expire_approvals(world.database)
    anna = await _again(world, anna)
    assert (await anna.get(f"/approvals/{second}"))["state"] == "expired"
    assert (await anna.get("/approvals", state="waiting"))["items"] == []
    assert (await world.order(order.order_no)).total_fen == 6_600


async def _again(world: World, who: Caller) -> Caller:
    """The same person, signed in anew."""
    token = new_secret()
    async with world.database.unit() as uow:
        await sql_sign_in.add_session(uow, who.id, token_hash=secret_hash(token), source="127.0.0.1", agent="test")
    return Caller(who.client, who.id, token)


@pytest.mark.parametrize(
    ("action", "total_fen", "state"), [("waive", 0, "closed_by_operator"), ("keep", 6_600, "settled")]
)
async def test_decisions_about_disputes_that_give_much_away(
    world: World, rich: int, anna: Caller, bert: Caller, action: str, total_fen: int, state: str
) -> None:
    """The record says 120 kWh, our samples 60: waiving gives 132 yuan away, keeping what was charged 66."""
    order = await charged(world, rich, 60, 120)
    assert (order.state, order.total_fen) == (OrderState.DISPUTED, 6_600)
    path = f"/orders/{order.order_no}/resolution"
    answer = await anna.post(path, {"action": action, **REASON}, 202)
    assert answer["amount_fen"] == 13_200 - total_fen
    await decide(bert, answer["approval_id"])
    found = await anna.get(f"/orders/{order.order_no}")
    assert (found["total_fen"], found["state"]) == (total_fen, state)
    assert (await world.balance(rich)).cash_fen == 100_000 - total_fen
    await world.proven()


async def test_what_gives_nothing_away_needs_nobody(world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 60, 120)
    found = await anna.post(f"/orders/{order.order_no}/resolution", {"action": "accept", **REASON}, 200)
    assert (found["total_fen"], found["state"]) == (13_200, "settled")
    await world.proven()


async def test_what_cannot_be_refunded_is_said_and_asks_nobody(world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 60, 120)
    assert (await refund(anna, order, 6_000, 422))["code"] == "order_not_settled"
    settled = await charged(world, rich, 10, connector_no=2)
    assert (await refund(anna, settled, 1_101, 422))["code"] == "order_refund_too_much"
    blank = await anna.post(f"/orders/{settled.order_no}/refunds", {"amount_fen": 1, "reason": " "}, 400)
    assert blank["code"] == "reason_missing"
    assert (await anna.get("/approvals"))["items"] == []


async def test_a_late_record_does_not_take_a_refund_away_again(world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 10)
    await refund(anna, order, 500)
    await world.say(record(order.session_no, (0, 0, 10 * KWH, 0), meter_start_mwh=1, meter_end_mwh=10 * KWH + 1))
    found = await world.order(order.order_no)
    assert (found.state, found.total_fen) == (OrderState.DISPUTED, 600)
    await world.proven()


async def test_drivers_are_not_told_of_requests_nor_of_reasons(api: Api, world: World, anna: Caller) -> None:
    driver = await api.driver()
    await anna.post(
        f"/drivers/{driver.id}/top-ups", {"amount_fen": 20_000, **REASON}, **{"Idempotency-Key": "cash-0001"}
    )
    order = await charged(world, driver.id, 60)
    await refund(anna, order, 100)
    await asked(anna, order, 6_000)
    seen = await driver.get(f"/orders/{order.order_no}")
    assert "approval_asked" not in [event["kind"] for event in seen["timeline"]]
    assert [(one["kind"], one["reason"]) for one in seen["corrections"]] == [("refund", "")]
    staff = await anna.get(f"/orders/{order.order_no}")
    assert staff["timeline"][-1]["kind"] == "approval_asked" and staff["corrections"][0]["reason"] == "车主投诉"


async def test_kinds_of_trouble_are_counted(world: World, rich: int, anna: Caller) -> None:
    assert await anna.get("/orders/anomalies") == {"orders": 0, "kinds": []}
    first = await charged(world, rich, 10, 14)
    await charged(world, rich, 10, connector_no=2)
    found = await anna.get("/orders/anomalies")
    assert found["orders"] == 1 and {"flag": "over_bound", "orders": 1} in found["kinds"]
    listed = (await anna.get("/orders", state="disputed", flag="over_bound"))["items"]
    assert [order["order_no"] for order in listed] == [first.order_no]


async def test_two_approvals_at_once_are_one(api: Api, world: World, rich: int, anna: Caller) -> None:
    order = await charged(world, rich, 60)
    number = await asked(anna, order, 6_000)
    seconds = [await api.staff(Role.FINANCE) for _ in range(6)]
    answers = await asyncio.gather(
        *(
            who.client.post(
                f"/api/v1/approvals/{number}/approve", json={}, headers={"Authorization": f"Bearer {who.token}"}
            )
            for who in seconds
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert (await world.order(order.order_no)).total_fen == 600
    assert (await world.balance(rich)).cash_fen == 100_000 - 600
    await world.proven()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_money_is_never_made_or_lost(world: World, rich: int, anna: Caller, bert: Caller, seed: int) -> None:
    """Random refunds, decisions and approvals: the ledger sums to zero, and what is only asked for moves nothing."""
    dice = random.Random(seed)
    orders = [await charged(world, rich, 60), await charged(world, rich, 20), await charged(world, rich, 40, 70)]
    people = (anna, bert)
    given = before = sum([order.total_fen for order in orders])
    for _ in range(40):
        order, who = dice.choice(orders), dice.choice(people)
        waiting = (await who.get("/approvals", state="waiting"))["items"]
        if waiting and dice.random() < 0.5:
            verb = dice.choice(("approve", "approve", "reject"))
            number = dice.choice(waiting)["id"]
            answer = await who.client.post(
                f"/api/v1/approvals/{number}/{verb}", json={}, headers={"Authorization": f"Bearer {who.token}"}
            )
            assert answer.status_code in (200, 403, 409), answer.text
        else:
            path, body = (
                (f"/orders/{order.order_no}/refunds", {"amount_fen": dice.choice((1, 900, 4_000, 5_001, 6_000))})
                if dice.random() < 0.8
                else (f"/orders/{order.order_no}/resolution", {"action": dice.choice(("keep", "waive", "accept"))})
            )
            answer = await who.client.post(
                f"/api/v1{path}", json=body | REASON, headers={"Authorization": f"Bearer {who.token}"}
            )
            assert answer.status_code in (200, 202, 409, 422), answer.text
        now = sum([(await world.order(each.order_no)).total_fen for each in orders])
        assert (await world.balance(rich)).cash_fen == 100_000 - now
        if answer.status_code != 200:
            assert now == given, "what was refused or only asked for moves nothing"
        given = now
        await world.proven()
    assert given < before, "something was given back"
