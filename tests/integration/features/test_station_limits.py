"""Staff who are limited to some stations: how it is set, that it holds at once, and what is added up within it."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chargecloud.features.exports.jobs import Exporter
from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.messages import STATION_BOUND, Role
from chargecloud.features.operators.service import resolve_session
from chargecloud.infra.http.app import API
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.inward import Inward
from chargecloud.main import accounts
from chargecloud.main.features import LIVE_TOPICS
from tests.support.api import Api, Caller
from tests.support.belongings import Belongings, furnish

TOPICS = {topic.prefix: topic for topic in LIVE_TOPICS}
NEW = {"display_name": "小红", "password": "a long enough secret"}
DAY_MS = 86_400_000


@pytest.fixture
async def boss(api: Api) -> Caller:
    return await api.staff()


@pytest.fixture
async def near(api: Api, boss: Caller) -> Belongings:
    return await furnish(boss, api.database, operator_id=1, number=1, mark="近站")


@pytest.fixture
async def far(api: Api, boss: Caller) -> Belongings:
    return await furnish(boss, api.database, operator_id=1, number=2, mark="远站")


def ids(*places: Belongings) -> list[int]:
    return [place.ids["station_id"] for place in places]


async def limit(boss: Caller, who: Caller, station_ids: list[int] | None, status: int = 200) -> Any:
    return await boss.patch(f"/staff/{who.id}", {"station_ids": station_ids}, status)


async def named(caller: Caller, path: str = "/stations") -> list[str]:
    return [each["name"] for each in (await caller.get(path))["items"]]


async def test_a_limit_counts_from_the_next_request_on(
    api: Api, boss: Caller, near: Belongings, far: Belongings
) -> None:
    keeper = await api.staff(Role.OPERATIONS)
    assert len(await named(keeper)) == 2
    assert (await limit(boss, keeper, ids(near)))["station_ids"] == ids(near)
    assert await named(keeper) == ["近站站"]
    me = await keeper.get("/staff/me")
    assert me["staff"]["station_ids"] == ids(near)
    assert set(me["permissions"]) < STATION_BOUND and "drivers.read" not in me["permissions"]
    await keeper.get(f"/charge-points/{far.ids['code']}", 404)
    await limit(boss, keeper, ids(near, far))
    assert len(await named(keeper)) == 2
    await boss.patch(f"/staff/{keeper.id}", {"display_name": "改名"})
    assert (await boss.get(f"/staff/{keeper.id}"))["station_ids"] == ids(near, far), "what is left out stays"
    assert (await limit(boss, keeper, None))["station_ids"] is None
    assert "drivers.read" in (await keeper.get("/staff/me"))["permissions"]
    log = (await boss.get("/audit-log", object=f"staff:{keeper.id}"))["items"]
    assert [each["facts"]["after"]["station_ids"] for each in log] == [[], ids(near, far), ids(near, far), ids(near)]


async def test_somebody_may_begin_with_a_limit(boss: Caller, near: Belongings) -> None:
    body = {**NEW, "username": "xiaohong", "role": "maintenance", "station_ids": ids(near)}
    made = await boss.post("/staff", body)
    assert made["station_ids"] == ids(near)
    assert (await boss.get("/staff"))["items"][0]["station_ids"] == ids(near)
    log = (await boss.get("/audit-log", object=f"staff:{made['id']}"))["items"]
    assert log[0]["facts"]["station_ids"] == ids(near)


async def test_wrong_limits_are_refused(api: Api, boss: Caller, near: Belongings) -> None:
    stranger = await api.staff(operator="乙方")
    theirs = (await stranger.post("/stations", {"name": "乙站"}))["id"]
    keeper = await api.staff(Role.DISPATCHER)
    for unknown in (theirs, 999_999):
        refused = await limit(boss, keeper, [*ids(near), unknown], 404)
        assert refused["code"] == "station_unknown" and str(unknown) in refused["detail"]
        body = {**NEW, "username": "xiaohong", "role": "dispatcher", "station_ids": [unknown]}
        assert (await boss.post("/staff", body, 404))["code"] == "station_unknown"
    await limit(boss, keeper, [], 422)
    await limit(boss, keeper, list(range(1, 202)), 422)
    assert (await boss.get(f"/staff/{keeper.id}"))["station_ids"] is None, "nothing was changed"


async def test_administrators_are_never_limited(api: Api, boss: Caller, near: Belongings) -> None:
    """So nobody can lose the last one who may manage staff, and who is limited cannot widen anything."""
    other = await api.staff()
    assert (await limit(boss, other, ids(near), 422))["code"] == "administrator_limited"
    assert (await limit(boss, boss, ids(near), 422))["code"] == "administrator_limited"
    body = {**NEW, "username": "xiaohong", "role": "administrator", "station_ids": ids(near)}
    assert (await boss.post("/staff", body, 422))["code"] == "administrator_limited"
    keeper = await api.staff(Role.DISPATCHER, stations=frozenset(ids(near)))
    refused = await boss.patch(f"/staff/{keeper.id}", {"role": "administrator"}, 422)
    assert refused["code"] == "administrator_limited"
    risen = await boss.patch(f"/staff/{keeper.id}", {"role": "administrator", "station_ids": None})
    assert (risen["role"], risen["station_ids"]) == ("administrator", None)


async def test_a_removal_never_widens_a_limit(api: Api, boss: Caller, far: Belongings) -> None:
    """Whose last station is removed may see nothing, not everything; an id that comes again is not theirs either."""
    empty = (await boss.post("/stations", {"name": "空站"}))["id"]
    keeper = await api.staff(Role.OPERATIONS, stations=frozenset({empty}))
    assert await named(keeper) == ["空站"]
    await boss.delete(f"/stations/{empty}")
    for path in ("/stations", "/charge-points", "/orders", "/sessions", "/alarms", "/feedback", "/records/misplaced"):
        assert (await keeper.get(path))["items"] == [], path
    assert (await boss.get(f"/staff/{keeper.id}"))["station_ids"] == []
    assert (await keeper.get("/staff/me"))["staff"]["station_ids"] == []
    assert (await keeper.get("/statistics/workbench"))["live"]["connectors"]["offline"] == 0
    again = (await boss.post("/stations", {"name": "新站"}))["id"]
    assert await named(keeper) == [] and again


async def test_a_charge_point_that_moves_changes_hands(
    api: Api, boss: Caller, near: Belongings, far: Belongings
) -> None:
    keeper = await api.staff(Role.OPERATIONS, stations=frozenset(ids(near)))
    code = far.ids["code"]
    await keeper.get(f"/charge-points/{code}", 404)
    await boss.patch(f"/charge-points/{code}", {"station_id": near.ids["station_id"]})
    await keeper.get(f"/charge-points/{code}")
    await boss.patch(f"/charge-points/{code}", {"station_id": far.ids["station_id"]})
    await keeper.get(f"/charge-points/{code}", 404)


async def principal(api: Api, caller: Caller) -> Principal:
    async with api.database.read() as connection:
        found = await resolve_session(connection, caller.token, api.clock.now_ms(), second_factor_roles=frozenset())
    assert found is not None
    return found


async def test_live_topics_keep_to_the_stations(api: Api, boss: Caller, near: Belongings, far: Belongings) -> None:
    keeper = await api.staff(Role.DISPATCHER, stations=frozenset(ids(near)))
    whole = await api.staff(Role.DISPATCHER)

    async def watched(caller: Caller, place: Belongings) -> dict[str, bool]:
        who = await principal(api, caller)
        keys = {
            "station": "station_id",
            "charge_point": "code",
            "session": "session_no",
            "order": "order_no",
        }
        async with api.database.read() as connection:
            return {
                topic: await TOPICS[topic].snapshot(connection, who, str(place.ids[key])) is not None
                for topic, key in keys.items()
            } | {
                topic: await TOPICS[topic].snapshot(connection, who, "1") is not None
                for topic in ("alarms", "money-alarms", "feedback")
            }

    own = {"station": True, "charge_point": True, "session": True, "order": True}
    of_operator = {"alarms": False, "money-alarms": False, "feedback": False}
    assert await watched(keeper, near) == own | of_operator
    assert set((await watched(keeper, far)).values()) == {False}
    assert set((await watched(whole, far)).values()) == {True}


async def test_a_change_of_the_limit_ends_what_is_watched(api: Api, boss: Caller, near: Belongings) -> None:
    """The live socket asks once a minute whether it is still the same person with the same rights."""
    keeper = await api.staff(Role.DISPATCHER)
    before = await principal(api, keeper)
    await limit(boss, keeper, ids(near))
    assert await principal(api, keeper) != before


def exporter(api: Api, folder: Path) -> Exporter:
    inward = Inward(api.app)

    async def read(who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        return await inward.get(who, f"{API}{path}", query)

    return Exporter(read, folder / "exports")


async def test_exports_keep_to_the_stations(
    api: Api, boss: Caller, near: Belongings, far: Belongings, tmp_path: Path
) -> None:
    """A file that was made before the limit shows more than the limit: it is not given away any more."""
    keeper = await api.staff(Role.OPERATIONS)
    maker = exporter(api, tmp_path)

    async def file(name: str) -> tuple[int, str, str]:
        made = await keeper.post("/exports", {"list": name, "format": "csv"}, 202)
        while (await keeper.get(f"/exports/{made['id']}"))["state"] != "done":  # others' come first
            await maker.run(api.database)
        return (made["id"], *await again(made["id"]))

    async def again(export_id: int) -> tuple[str, str]:
        headers = {"Authorization": f"Bearer {keeper.token}"}
        response = await keeper.client.get(f"{API}/exports/{export_id}/file", headers=headers)
        return str(response.status_code), response.content.decode()

    old, status, text = await file("orders")
    assert status == "200" and far.ids["order_no"] in text
    api.clock.advance(1_000)
    await limit(boss, keeper, ids(near))
    status, text = await again(old)
    assert status == "422" and "export_before_limits" in text
    api.clock.advance(1_000)
    for name in ("orders", "stations", "alarms"):
        _, status, text = await file(name)
        assert status == "200" and not [mark for mark in far.marks if mark in text], name
        assert [mark for mark in near.marks if mark in text], name
    assert (await keeper.post("/exports", {"list": "payments", "format": "csv"}, 403))["code"] == "permission_missing"


async def test_an_export_that_waits_is_made_within_the_limit_of_now(
    api: Api, boss: Caller, near: Belongings, far: Belongings, tmp_path: Path
) -> None:
    keeper = await api.staff(Role.OPERATIONS)
    made = await keeper.post("/exports", {"list": "orders", "format": "csv"}, 202)
    await limit(boss, keeper, ids(near))
    maker = exporter(api, tmp_path)
    for _ in (near, far, keeper):  # others' come first
        await maker.run(api.database)
    done = await keeper.get(f"/exports/{made['id']}")
    assert (done["state"], done["rows"]) == ("done", 1)


async def test_figures_are_of_their_stations_alone(api: Api, boss: Caller, near: Belongings, far: Belongings) -> None:
    keeper = await api.staff(Role.OPERATIONS, stations=frozenset(ids(near)))
    whole = await api.staff(Role.OPERATIONS)
    of_all, of_one = await whole.get("/statistics/workbench"), await keeper.get("/statistics/workbench")
    assert (of_all["to_do"]["orders_disputed"], of_one["to_do"]["orders_disputed"]) == (2, 1)
    assert (of_all["to_do"]["feedback_open"], of_one["to_do"]["feedback_open"]) == (2, 1)
    assert (of_all["to_do"]["payment_cases_open"], of_one["to_do"]["payment_cases_open"]) == (2, 0)
    assert (of_all["to_do"]["approvals_waiting"], of_one["to_do"]["approvals_waiting"]) == (2, 0)
    assert [sum(level["open"] for level in shown["alarms"]) for shown in (of_all, of_one)] == [2, 1]
    assert [sum(shown["live"]["connectors"].values()) for shown in (of_all, of_one)] == [2, 1]
    ranked = await keeper.get("/statistics/ranking")
    assert [each["name"] for each in ranked["top"]] == ["近站站"] and ranked["stations"] == 1
    anomalies = await keeper.get("/orders/anomalies")
    assert anomalies["orders"] == 1


async def test_trends_and_loads_add_up_their_stations(
    api: Api, boss: Caller, near: Belongings, far: Belongings
) -> None:
    third = (await boss.post("/stations", {"name": "第三站"}))["id"]
    day = "2025-12-31"
    async with api.database.unit() as uow:
        start_ms = uow.now_ms - DAY_MS
        await uow.connection.exec_driver_sql(
            "INSERT INTO statistics_days (operator_id, day, changes, counted_at_ms) VALUES (1, '2025-12-30', 0, 1), "
            f"(1, '{day}', 0, 1)"
        )
        for station, orders, power_w in ((0, 7, 70), (ids(near)[0], 1, 10), (ids(far)[0], 2, 20), (third, 4, 40)):
            await uow.connection.exec_driver_sql(
                "INSERT INTO station_days (operator_id, day, station_id, orders, abnormal_orders, energy_mwh, "
                "energy_fee_fen, service_fee_fen, active_drivers, starts, starts_succeeded, starts_ended_by_driver) "
                f"VALUES (1, '{day}', {station}, {orders}, 0, {orders}, 0, 0, 1, 0, 0, 0)"
            )
            await uow.connection.exec_driver_sql(
                "INSERT INTO station_load (operator_id, station_id, at_ms, power_w, charging) "
                f"VALUES (1, {station}, {start_ms}, {power_w}, 1)"
            )

    async def seen(*stations: int, **query: object) -> tuple[int, int]:
        caller = await api.staff(Role.OPERATIONS, stations=frozenset(stations) if stations else None)
        days = (await caller.get("/statistics/trend", **query))["days"]
        points = (await caller.get("/statistics/load", day=day, **query))["points"]
        orders = next(each["orders"] for each in days if each["day"] == day)
        return orders, sum(point["power_w"] for point in points)

    assert await seen() == (7, 70)
    assert await seen(*ids(near)) == (1, 10)
    assert await seen(*ids(near, far)) == (3, 30)
    assert await seen(*ids(near, far), station_id=ids(far)[0]) == (2, 20)
    assert await seen(*ids(near, far), station_id=third) == (0, 0), "a station out of reach is like one that is not"
    assert await seen(station_id=third) == (4, 40)


HEAD = "站名,桩编号,桩名,类型,枪数,单枪额定功率kW\n"


async def test_imports_enter_at_their_stations_alone(api: Api, near: Belongings, far: Belongings) -> None:
    keeper = await api.staff(Role.OPERATIONS, stations=frozenset(ids(near)))
    lines = [
        f"{name},3201060000000{number},桩,直流,1,60" for number, name in enumerate(("近站站", "远站站", "全新站"), 1)
    ]
    table = {"content": base64.b64encode((HEAD + "\n".join(lines)).encode()).decode()}
    checked = await keeper.post("/station-imports/check", table, 200)
    assert [(each["line"], each["code"]) for each in checked["problems"]] == [
        (3, "import_station_limited"),
        (4, "import_station_limited"),
    ]
    assert (checked["good"], checked["new_stations"]) == (1, [])
    once = {"Idempotency-Key": "import-limited"}
    await keeper.post("/station-imports", table, 422, **once)
    once = {"Idempotency-Key": "import-limited-2"}
    assert (await keeper.post("/station-imports", {**table, "only_good": True}, **once))["charge_points"] == 1
    assert (await keeper.get("/charge-points/32010600000001"))["station_id"] == ids(near)[0]


async def test_drivers_are_of_no_station(api: Api, near: Belongings) -> None:
    """Neither starting for a driver nor giving an order to one is for who may not see drivers."""
    keeper = await api.staff(Role.DISPATCHER, stations=frozenset(ids(near)))
    once = {"Idempotency-Key": "start-limited"}
    placed = await keeper.post(
        f"/drivers/{near.ids['driver_id']}/orders", {"qr_code": near.ids["qr_text"]}, 403, **once
    )
    assert placed["code"] == "station_limited"
    body = {"action": "waive", "reason": "x", "driver_id": near.ids["driver_id"]}
    assigned = await keeper.post(f"/orders/{near.ids['order_no']}/resolution", body, 403)
    assert assigned["code"] == "station_limited"


async def test_the_command_line_limits_by_number_or_name(api: Api, boss: Caller, near: Belongings) -> None:
    async def add(username: str, role: Role, *stations: str) -> Any:
        return await accounts.create(
            api.database, username=username, name=username, role=role, password=NEW["password"], stations=stations
        )

    member = await add("xiaohong", Role.MAINTENANCE, str(ids(near)[0]))
    assert list(member.station_ids) == ids(near) and "limited to 1 station(s)" in accounts.line(member)
    assert (await add("xiaoming", Role.MAINTENANCE, "近站站")).station_ids == tuple(ids(near))
    with pytest.raises(Exception, match="没有这样的充电站"):
        await add("nobody", Role.MAINTENANCE, "不存在")
    with pytest.raises(Exception, match="管理员"):
        await add("nobody", Role.ADMINISTRATOR, "近站站")
    async with api.database.read() as connection:
        assert not await sql_staff.username_taken(connection, "nobody"), "all or nothing"
