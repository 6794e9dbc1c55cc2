"""Monthly cards and packs: sold, used, counted, given back; and cards at the board."""

import asyncio
from typing import Any

import pytest

from chargecloud.device.commands import AnswerBalance, AnswerStart, ReplyRefusal
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard
from chargecloud.features.orders import sql_passes
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, Refused, Unavailable
from tests.support import dny
from tests.support.api import Api
from tests.support.board_world import BY_HOUR, PLUGGED, BoardWorld

OVERLOAD = 0x06
MONTH = {"name": "月卡", "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2026-02-01T00:00:00+08:00"}
KEY = {"Idempotency-Key": "sale-0001"}


@pytest.fixture
async def street(database: Database, clock: ManualClock, api: Api) -> BoardWorld:
    made = BoardWorld(database, clock, api=api)
    await made.build(BY_HOUR)
    return made


async def sold(street: BoardWorld, **changes: Any) -> Any:
    body = {"driver_id": street.rider.id, **MONTH, **changes}
    street.sales += 1
    return await street.staff.post("/passes", body, **{"Idempotency-Key": f"sold-{street.sales:04d}"})


async def charged(street: BoardWorld, found: Any, **ending: Any) -> Any:
    order = await street.start(pass_id=found["id"])
    await street.pass_time(300)
    await street.settle(order, **{"duration_s": 300, "energy_001kwh": 5, "stop_reason": 1} | ending)
    return await street.detail(order)


async def test_a_month_pays_its_charges_and_no_money_moves(street: BoardWorld) -> None:
    found = await sold(street, price_fen=1_500, max_per_day=2, max_s_per_session=7_200)
    assert await street.money() == (500, 0)
    order = await street.start(pass_id=found["id"])
    start = street.controls()[-1]
    assert (start.rate_mode, start.amount, start.max_duration_s) == (1, 0, 7_200)
    await street.pass_time(300)
    await street.report(order, duration_s=300)
    await street.settle(order, duration_s=360, energy_001kwh=5)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"], detail["pass_id"], detail["energy_mwh"]) == (
        "settled", 0, found["id"], 50_000,
    )  # fmt: skip
    assert detail["usage_bill"][0]["kind"] == "pass" and await street.money() == (500, 0)
    await charged(street, found)
    refused = await street.start(422, pass_id=found["id"])
    assert refused["code"] == "pass_day_used_up"
    await street.pass_time(86_400)
    await charged(street, found)
    await street.proven()


async def test_a_use_is_given_back_when_the_charge_failed(street: BoardWorld) -> None:
    found = await sold(street, uses=1, max_per_day=1)
    assert (await charged(street, found, stop_reason=OVERLOAD))["flags"] == ["by_fault"]
    street.result = 1
    order = await street.start(pass_id=found["id"])
    assert (await street.detail(order))["state"] == "failed_no_energy"
    street.result = 0
    assert (await charged(street, found))["state"] == "settled"
    (shown,) = (await street.rider.get("/passes"))["items"]
    assert shown["uses_left"] == 0
    assert (await street.start(422, pass_id=found["id"]))["code"] == "pass_day_used_up"


async def test_a_use_is_given_back_when_a_late_record_says_that_the_board_failed(street: BoardWorld) -> None:
    found = await sold(street, uses=1)
    order = await street.start(pass_id=found["id"])
    await street.pass_time(1_800)
    await street.report(order, duration_s=1_800, energy_001kwh=20)
    street.states[0] = PLUGGED
    await street.pass_time(2_400)
    detail = await street.detail(order)
    assert detail["state"] == "settled" and "estimated" in detail["flags"]
    assert (await street.rider.get("/passes"))["items"][0]["uses_left"] == 0
    for message_id in (40, 41):
        await street.settle(order, duration_s=1_900, energy_001kwh=21, stop_reason=OVERLOAD, message_id=message_id)
    detail = await street.detail(order)
    assert detail["state"] == "settled" and {"by_fault", "late_record"} <= set(detail["flags"])
    assert (await street.rider.get("/passes"))["items"][0]["uses_left"] == 1


async def test_a_pack_ends_with_its_last_use(street: BoardWorld) -> None:
    found = await sold(street, uses=2)
    await charged(street, found)
    await charged(street, found)
    assert (await street.start(422, pass_id=found["id"]))["code"] == "pass_used_up"


async def test_a_pass_is_its_owners_and_counts_where_and_while_it_says(street: BoardWorld) -> None:
    other = await street.api.driver("别人")
    theirs = await sold(street, driver_id=other.id)
    assert (await street.start(404, pass_id=theirs["id"]))["code"] == "pass_unknown"
    station = await street.staff.post("/stations", {"name": "别处"})
    elsewhere = await sold(street, station_id=station["id"])
    assert (await street.start(422, pass_id=elsewhere["id"]))["code"] == "pass_not_here"
    later = await sold(street, valid_from="2026-01-20T00:00:00+08:00")
    assert (await street.start(422, pass_id=later["id"]))["code"] == "pass_not_valid"
    mine = await sold(street)
    await street.staff.delete(f"/passes/{mine['id']}")
    assert (await street.staff.delete(f"/passes/{mine['id']}", 422))["code"] == "pass_ended"
    assert (await street.start(422, pass_id=mine["id"]))["code"] == "pass_not_valid"
    assert {each["id"] for each in (await street.rider.get("/passes"))["items"]} == {
        elsewhere["id"], later["id"], mine["id"],
    }  # fmt: skip


async def test_a_sale_is_paid_once_and_only_by_who_has_the_money(street: BoardWorld) -> None:
    body = {"driver_id": street.rider.id, **MONTH, "price_fen": 1_200}
    first = await street.staff.post("/passes", body, **KEY)
    assert (await street.staff.post("/passes", body, **KEY))["id"] == first["id"]
    assert await street.money() == (800, 0)
    reused = await street.staff.post("/passes", body | {"price_fen": 1}, 409, **KEY)
    assert reused["code"] == "idempotency_key_reused"
    poor = await street.staff.post("/passes", body, 422, **{"Idempotency-Key": "sale-0002"})
    assert poor["code"] == "balance_low" and len((await street.rider.get("/passes"))["items"]) == 1
    wrong = await street.staff.post(
        "/passes", body | {"valid_until": MONTH["valid_from"]}, 400, **{"Idempotency-Key": "sale-0003"}
    )
    assert wrong["code"] == "pass_validity"
    assert (await street.rider.post("/passes", body, 403, **KEY))["code"]
    await street.proven()


async def _with_card(street: BoardWorld) -> None:
    async with street.database.unit() as uow:
        card = NewCard(driver_id=street.rider.id, card_label="10001", card_id=dny.CARD.hex().upper().rjust(16, "0"))
        await drivers.add_card(uow, card)


async def test_a_card_at_the_board_starts_by_pass_and_else_by_money(street: BoardWorld) -> None:
    await _with_card(street)
    found = await sold(street, max_per_day=1)
    for pass_id, mode, state in ((found["id"], 1, "settled"), (None, 0, "settled")):
        await street.board(dny.swipe(port=0))
        await street.pass_time(2)
        answer = street.asked(AnswerStart)[-1]
        assert answer.accepted and street.controls()[-1].rate_mode == mode
        (order, *_) = (await street.rider.get("/orders"))["items"]
        assert order["pass_id"] == pass_id
        await street.pass_time(300)
        await street.settle(order, duration_s=300, energy_001kwh=5)
        assert (await street.detail(order))["state"] == state
    assert await street.money() == (1_995, 0)


async def test_a_card_that_asks_hears_its_balance(street: BoardWorld) -> None:
    await street.board(dny.swipe(port=0xFF))
    assert street.asked(AnswerBalance)[-1].refusal is ReplyRefusal.UNKNOWN_ACCOUNT
    await _with_card(street)
    await street.pass_time(20)
    await street.board(dny.swipe(port=0xFF, message_id=9))
    answer = street.asked(AnswerBalance)[-1]
    assert (answer.refusal, answer.balance_fen) == (ReplyRefusal.NONE, 2_000)


@pytest.mark.parametrize("limits", [{"uses": 3}, {"max_per_day": 3}], ids=["pack", "day"])
async def test_of_many_uses_at_once_only_those_left_count(street: BoardWorld, limits: dict[str, int]) -> None:
    found = await sold(street, **limits)

    async def use() -> bool:
        for _ in range(20):
            try:
                async with street.database.unit() as uow:
                    day = await sql_passes.count_day(uow, found["id"], max_per_day=limits.get("max_per_day", 0))
                    if not day or ("uses" in limits and not await sql_passes.count_use(uow, found["id"])):
                        raise Refused("used up", "used_up")
                    return True
            except Refused:
                return False
            except (Conflict, Unavailable):  # lost a race for the row; a request is repeated
                await asyncio.sleep(0.01)
        raise AssertionError("lost twenty races in a row")

    assert sorted(await asyncio.gather(*(use() for _ in range(12)))) == [False] * 9 + [True] * 3
    async with street.database.read() as connection:
        day = sql_passes.day_of(street.clock.now_ms())
        assert await sql_passes.uses_on(connection, found["id"], day) == 3
