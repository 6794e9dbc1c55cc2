"""Figures of the workbench: what is counted, on which day, for whom, and that late words change old days."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from chargecloud.device.events import StartRefusal
from chargecloud.features.operators.messages import Role
from chargecloud.features.orders import service as orders
from chargecloud.features.sessions.messages import StopReason
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewStation
from chargecloud.features.statistics import jobs, sql
from chargecloud.features.statistics.inbox import SUBSCRIPTIONS
from tests.support.api import Api
from tests.support.world import KWH, MINUTE_MS, World, answered, record, sample

DAY_MS = 86_400_000
NO_RATIO = {"numerator": 0, "denominator": 0}


@dataclass
class Desk:
    """Somebody of operations, who signs in each time: in between, hours and days go by."""

    api: Api

    async def get(self, path: str, status: int = 200, **params: object) -> Any:
        return await (await self.api.staff(Role.OPERATIONS)).get(f"/statistics/{path}", status, **params)


@pytest.fixture
async def desk(api: Api, world: World) -> Desk:
    """The world's late words reach the statistics."""
    world.listen(SUBSCRIPTIONS)
    return Desk(api)


async def charge(world: World, kwh: int = 2, *, settled: bool = True) -> str:
    """A charge of half a kilowatt-hour a minute at night's price; gives its order's number."""
    order = await world.place()
    await world.say(answered(order.session_no))
    for minute in range(1, 2 * kwh + 1):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2))
    if settled:
        await world.say(record(order.session_no, (0, 0, kwh * KWH, 0)), sample())
    return order.order_no


async def failed_start(world: World, refusal: StartRefusal) -> None:
    order = await world.place()
    await world.say(answered(order.session_no, refusal))
    if refusal is StartRefusal.NOT_PLUGGED:
        world.clock.advance(160_000)
        await world.sweep()
        await world.say(sample())


async def test_an_empty_operator_has_zeros(desk: Desk) -> None:
    shown = await desk.get("workbench")
    assert shown["today"]["orders"] == shown["week_ago"]["energy_mwh"] == 0
    assert shown["today"]["start_success"] == NO_RATIO
    assert shown["live"]["connectors"] == {
        "available": 4,
        "occupied": 0,
        "charging": 0,
        "faulted": 0,
        "offline": 0,
        "disabled": 0,
    }
    assert [day["orders"] for day in (await desk.get("trend"))["days"]] == [0] * 7
    assert (await desk.get("load"))["points"] == []


async def test_today_against_yesterday_to_the_same_hour(world: World, desk: Desk) -> None:
    await charge(world, 2)
    world.clock.advance(3 * 3_600_000)
    await charge(world, 3)
    world.clock.advance(DAY_MS - 2 * 3_600_000)
    shown = await desk.get("workbench")
    assert (shown["today"]["orders"], shown["today"]["energy_mwh"]) == (0, 0)
    assert (shown["yesterday"]["orders"], shown["yesterday"]["energy_mwh"]) == (1, 2 * KWH)
    assert (shown["yesterday"]["energy_fee_fen"], shown["yesterday"]["service_fee_fen"]) == (140, 80)
    assert (shown["yesterday"]["day"], shown["today"]["day"]) == ("2026-01-01", "2026-01-02")
    assert shown["yesterday"]["active_drivers"] == 1
    world.clock.advance(6 * DAY_MS)
    assert (await desk.get("workbench"))["week_ago"]["orders"] == 1
    world.clock.advance(2 * 3_600_000)
    assert (await desk.get("workbench"))["week_ago"]["energy_mwh"] == 5 * KWH


async def test_starts_with_and_without_what_drivers_cause(world: World, desk: Desk) -> None:
    await charge(world, 1)
    await failed_start(world, StartRefusal.FAULTED)
    await failed_start(world, StartRefusal.NOT_PLUGGED)
    pending = await world.place()
    today = (await desk.get("workbench"))["today"]
    assert today["start_success"] == {"numerator": 1, "denominator": 3}
    assert today["start_success_by_device"] == {"numerator": 1, "denominator": 2}
    async with world.database.unit() as uow:
        await orders.stop(uow, await orders.order(uow, pending.order_no), StopReason.DRIVER)
    await world.pump()
    world.clock.advance(95_000)
    await world.sweep()
    await world.say(sample())
    today = (await desk.get("workbench"))["today"]
    assert today["start_success"] == {"numerator": 1, "denominator": 4}
    assert today["start_success_by_device"] == {"numerator": 1, "denominator": 2}
    assert today["orders"] == 1


async def test_what_goes_on_now(world: World, desk: Desk) -> None:
    await charge(world, 2, settled=False)
    live = (await desk.get("workbench"))["live"]
    assert (live["charging"], live["power_w"], live["energy_mwh"]) == (1, 40_000, 2 * KWH)
    assert live["connectors"]["charging"] == 1 and live["connectors"]["available"] == 3
    world.clock.advance(11 * MINUTE_MS)
    assert (await desk.get("workbench"))["live"]["power_w"] == 0


async def test_people_find_their_work(world: World, desk: Desk) -> None:
    order_no = await charge(world, 2, settled=False)
    order = await world.order(order_no)
    await world.say(record(order.session_no, (0, 0, 400 * KWH, 0)))
    shown = await desk.get("workbench")
    assert shown["to_do"] == {
        "orders_disputed": 1,
        "payment_cases_open": 0,
        "refunds_waiting": 0,
        "feedback_open": 0,
        "approvals_waiting": 0,
    }
    assert shown["today"]["abnormal"] == {"numerator": 1, "denominator": 1}
    assert [entry["level"] for entry in shown["alarms"]] == ["notice", "warning", "critical"]


async def test_days_that_are_over_come_from_the_table_and_late_records_change_them(world: World, desk: Desk) -> None:
    order = await world.order(await charge(world, 2, settled=False))
    for _ in range(30):
        world.clock.advance(3_600_000)
        await world.sweep()
    settled_on = (await world.order(order.order_no)).settled_at_ms
    assert settled_on is not None
    world.clock.advance(2 * DAY_MS)
    before = (await desk.get("trend"))["days"]
    assert [day["counted"] for day in before] == [False] * 5 + [True] * 2
    await jobs.count_days(world.database)
    days = {day["day"]: day for day in (await desk.get("trend"))["days"]}
    assert days["2026-01-02"]["energy_mwh"] == 2 * KWH and days["2026-01-02"]["counted"]
    assert sum(day["orders"] for day in days.values()) == 1
    await world.say(record(order.session_no, (0, 0, 2 * KWH + KWH // 10, 0)))
    stale = {day["day"]: day for day in (await desk.get("trend"))["days"]}
    assert stale["2026-01-02"]["energy_mwh"] == 2 * KWH
    await jobs.count_days(world.database)
    days = {day["day"]: day for day in (await desk.get("trend"))["days"]}
    assert days["2026-01-02"]["energy_mwh"] == 2 * KWH + KWH // 10
    assert days["2026-01-02"]["abnormal"] == {"numerator": 1, "denominator": 1}


async def test_counting_again_changes_nothing(world: World, desk: Desk) -> None:
    await charge(world, 2)
    world.clock.advance(3 * DAY_MS)
    await jobs.count_days(world.database)
    first = await desk.get("trend")
    async with world.database.unit() as uow:
        for day in ("2026-01-01", "2026-01-02", "2025-12-31"):
            await sql.note_change(uow, 1, day)
    await jobs.count_days(world.database)
    await jobs.count_days(world.database)
    assert await desk.get("trend") == first
    async with world.database.read() as connection:
        assert await sql.due_days(connection, 10) == []
        assert (await connection.execute(select(func.count()).select_from(sql.station_days))).scalar_one() == 2


async def test_a_change_while_a_day_is_counted_is_not_lost(world: World, desk: Desk) -> None:
    await charge(world, 2)
    world.clock.advance(2 * DAY_MS)
    await jobs.count_days(world.database)
    async with world.database.unit() as uow:
        await sql.note_change(uow, 1, "2026-01-01")
    async with world.database.read() as connection:
        (due,) = await sql.due_days(connection, 10)
    async with world.database.unit() as uow:
        await sql.note_change(uow, 1, "2026-01-01")
    async with world.database.unit() as uow:
        await sql.write_day(uow, due, {})
    async with world.database.read() as connection:
        assert [again.day for again in await sql.due_days(connection, 10)] == ["2026-01-01"]


async def test_the_day_that_just_ended_is_not_counted_before_its_starts_are_known(world: World, desk: Desk) -> None:
    await charge(world, 2)
    world.clock.advance(15 * 3_600_000 + 50 * MINUTE_MS)
    await jobs.count_days(world.database)
    days = (await desk.get("trend"))["days"]
    assert days[-2]["day"] == "2026-01-01" and days[-2]["energy_mwh"] == 2 * KWH, "counted as it is asked for"
    async with world.database.read() as connection:
        assert await sql.last_day(connection, 1) == "2025-12-31"


async def test_ranking(world: World, desk: Desk) -> None:
    await charge(world, 2)
    world.clock.advance(DAY_MS)
    await jobs.count_days(world.database)
    await charge(world, 1)
    async with world.database.unit() as uow:
        for name in ("空站", "又一空站"):
            await service_assets.create_station(uow, 1, NewStation(name=name))
    shown = await desk.get("ranking", by="revenue", limit=1)
    assert shown["stations"] == 3
    assert [(each["name"], each["energy_mwh"], each["orders"]) for each in shown["top"]] == [("测试站", 3 * KWH, 2)]
    assert [(each["name"], each["orders"]) for each in shown["bottom"]] == [("又一空站", 0)]
    whole = await desk.get("ranking", days=30, by="orders")
    assert len(whole["top"]) == 3 and whole["bottom"] == []


async def test_the_load_of_a_day(world: World, desk: Desk) -> None:
    await jobs.note_load(world.database)
    await charge(world, 3, settled=False)
    await jobs.note_load(world.database)
    await jobs.note_load(world.database)
    shown = await desk.get("load")
    assert shown["day"] == "2026-01-01"
    assert [(point["power_w"], point["charging"]) for point in shown["points"]] == [(0, 0), (40_000, 1)]
    assert [p["power_w"] for p in (await desk.get("load", station_id=world.station_id))["points"]] == [40_000]
    assert (await desk.get("load", day="2025-12-31"))["points"] == []
    assert (await desk.get("load", 400, day="2026-02-30"))["code"] == "invalid_day"
    world.clock.advance(91 * DAY_MS)
    await jobs.note_load(world.database)
    assert (await desk.get("load", day="2026-01-01"))["points"] == []


async def test_an_operator_sees_nothing_of_others(api: Api, world: World, desk: Desk) -> None:
    await charge(world, 2)
    await charge(world, 1, settled=False)
    await jobs.note_load(world.database)
    world.clock.advance(DAY_MS)
    await jobs.count_days(world.database)
    stranger = await api.staff(Role.ADMINISTRATOR, operator="别的运营商")
    shown = await stranger.get("/statistics/workbench")
    assert shown["yesterday"]["orders"] == 0 and set(shown["live"]["connectors"].values()) == {0}
    trend = await stranger.get("/statistics/trend", station_id=world.station_id)
    assert sum(day["orders"] for day in trend["days"]) == 0
    assert (await stranger.get("/statistics/ranking"))["stations"] == 0
    assert (await stranger.get("/statistics/load", day="2026-01-01", station_id=world.station_id))["points"] == []
    own = await desk.get("trend", station_id=world.station_id)
    assert sum(day["orders"] for day in own["days"]) == 1


async def test_who_may_see_figures(api: Api) -> None:
    mechanic = await api.staff(Role.MAINTENANCE)
    assert (await mechanic.get("/statistics/workbench", 403))["facts"] == {"permission": "statistics.read"}
    driver = await api.driver()
    await driver.get("/statistics/trend", 403)
    await api.nobody().get("/statistics/ranking", 401)
