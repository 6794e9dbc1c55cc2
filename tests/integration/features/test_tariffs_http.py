"""Tariffs over HTTP: versions, assignments, quotes, and who may."""

from typing import Any

import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewStation
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import rfc3339
from tests.support.api import Api, Caller

DAY_MS = 86_400_000
PRICE = {"energy_yuan_per_kwh": "0.80000", "service_yuan_per_kwh": "0.4"}
NIGHT = {"energy_yuan_per_kwh": "0.3", "service_yuan_per_kwh": "0.4"}
DAY = ["valley"] * 16 + ["flat"] * 32


def version(**changes: object) -> dict[str, Any]:
    return {"bands": {"flat": PRICE, "valley": NIGHT}, "half_hours": DAY, **changes}


@pytest.fixture
async def staff(api: Api) -> Caller:
    return await api.staff()


@pytest.fixture
async def station_id(database: Database) -> int:
    async with database.unit() as uow:
        return (await service_assets.create_station(uow, 1, NewStation(name="测试站"))).id


async def test_a_tariff_is_written_shown_and_renamed(api: Api, staff: Caller) -> None:
    made = await staff.post("/tariffs", {"name": "平谷电价", "version": version()})
    tariff = made["tariff"]
    first = made["versions"][0]
    assert (first["version_no"], first["tariff_no"], first["state"]) == (1, "0001", "active")
    assert first["bands"]["flat"] == {"energy_yuan_per_kwh": "0.80000", "service_yuan_per_kwh": "0.40000"}
    assert first["bands"]["sharp"] == {"energy_yuan_per_kwh": "0.00000", "service_yuan_per_kwh": "0.00000"}
    assert first["half_hours"] == DAY
    assert (await staff.post("/tariffs", {"name": "平谷电价"}, 409))["code"] == "tariff_name_taken"
    renamed = await staff.patch(f"/tariffs/{tariff['id']}", {"name": "工商业平谷"})
    assert renamed["tariff"]["name"] == "工商业平谷" and renamed["versions"] == made["versions"]
    assert [one["id"] for one in (await staff.get("/tariffs", name="平谷"))["items"]] == [tariff["id"]]
    await staff.patch(f"/tariffs/{tariff['id']}", {"name": "Night 平谷"})
    assert [one["name"] for one in (await staff.get("/tariffs", name="nIGHT"))["items"]] == ["Night 平谷"]
    log = (await staff.get("/audit-log", object=f"tariff:{tariff['id']}"))["items"]
    assert [entry["action"] for entry in log] == ["tariff.rename"] * 2 + ["tariff.create_version", "tariff.create"]


async def test_versions_wait_begin_and_expire(api: Api, staff: Caller) -> None:
    tariff_id = (await staff.post("/tariffs", {"name": "t", "version": version()}))["tariff"]["id"]
    path = f"/tariffs/{tariff_id}/versions"
    now_ms = api.clock.now_ms()
    past = version(effective_from=rfc3339(now_ms - DAY_MS))
    assert (await staff.post(path, past, 400))["code"] == "effective_in_the_past"
    later = await staff.post(path, version(effective_from=rfc3339(now_ms + DAY_MS)))
    assert later["tariff_no"] == "0002"
    same = version(effective_from=rfc3339(now_ms + DAY_MS))
    assert (await staff.post(path, same, 422))["code"] == "effective_taken"
    cancelled = await staff.post(path, version(effective_from=rfc3339(now_ms + 2 * DAY_MS)))
    await staff.delete(f"{path}/{cancelled['id']}")
    assert (await staff.delete(f"{path}/{cancelled['id']}", 422))["code"] == "not_pending"
    states = [one["state"] for one in (await staff.get(f"/tariffs/{tariff_id}"))["versions"]]
    assert states == ["cancelled", "pending", "active"]
    api.clock.advance(DAY_MS)
    staff = await api.staff()
    states = [one["state"] for one in (await staff.get(f"/tariffs/{tariff_id}"))["versions"]]
    assert states == ["cancelled", "active", "expired"]
    assert (await staff.delete(f"{path}/{later['id']}", 422))["code"] == "not_pending"
    assert (await staff.delete(f"/tariffs/{tariff_id}/versions/999", 404))["code"] == "tariff_version_unknown"


async def test_only_so_many_versions_wait(api: Api, staff: Caller) -> None:
    tariff_id = (await staff.post("/tariffs", {"name": "t", "version": version()}))["tariff"]["id"]
    for day in range(1, 6):
        moment = rfc3339(api.clock.now_ms() + day * DAY_MS)
        await staff.post(f"/tariffs/{tariff_id}/versions", version(effective_from=moment))
    sixth = version(effective_from=rfc3339(api.clock.now_ms() + 6 * DAY_MS))
    assert (await staff.post(f"/tariffs/{tariff_id}/versions", sixth, 422))["code"] == "too_many_pending"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (version(half_hours=DAY[:47]), 422, "invalid_request"),
        (version(half_hours=["noon", *DAY[1:]]), 422, "invalid_request"),
        (version(half_hours=["peak", *DAY[1:]]), 400, "price_missing"),
        (
            version(bands={"flat": PRICE, "valley": {**NIGHT, "energy_yuan_per_kwh": "0.300001"}}),
            422,
            "invalid_request",
        ),
        (version(bands={"flat": PRICE, "valley": {**NIGHT, "energy_yuan_per_kwh": 0.3}}), 422, "invalid_request"),
        (version(bands={"flat": PRICE, "valley": {**NIGHT, "energy_yuan_per_kwh": "-1"}}), 422, "invalid_request"),
        (version(bands={"flat": PRICE, "valley": {**NIGHT, "energy_yuan_per_kwh": "999"}}), 400, "invalid_price"),
        (version(effective_from="2026-01-01 08:00"), 422, "invalid_request"),
        (version(effective_from=1_767_225_600), 422, "invalid_request"),
        (version(tariff_no="0007"), 422, "invalid_request"),
    ],
)
async def test_a_version_that_cannot_be_is_named(
    api: Api, staff: Caller, body: dict[str, Any], status: int, code: str
) -> None:
    problem = await staff.post("/tariffs", {"name": "t", "version": body}, status)
    assert problem["code"] == code
    assert (await staff.get("/tariffs"))["items"] == []


async def test_a_quote_prices_half_hours(api: Api, staff: Caller) -> None:
    made = await staff.post("/tariffs", {"name": "t", "version": version(effective_from="2025-01-01T00:00:00+08:00")})
    segments = [
        {"start": "2026-01-01T07:30:00+08:00", "energy_mwh": 1_234_500},
        {"start": "2026-01-01T00:00:00Z", "energy_mwh": 2_000_000},
    ]
    bill = await staff.post(f"/tariffs/{made['tariff']['id']}/quotes", {"segments": segments}, 200)
    assert [line["band"] for line in bill["lines"]] == ["flat", "valley"]
    assert bill["lines"][1]["energy_fee_yuan"] == "0.3704" and bill["lines"][1]["service_fee_yuan"] == "0.4938"
    assert (bill["total_yuan"], bill["total_fen"], bill["rounding_yuan"]) == ("3.2642", 326, "-0.0042")
    by_version = {"segments": segments, "version_id": made["versions"][0]["id"]}
    assert await staff.post(f"/tariffs/{made['tariff']['id']}/quotes", by_version, 200) == bill
    early = [{"start": "2024-12-31T23:59:59+08:00", "energy_mwh": 1}]
    problem = await staff.post(f"/tariffs/{made['tariff']['id']}/quotes", {"segments": early}, 404)
    assert problem["code"] == "tariff_version_unknown"
    await staff.post(f"/tariffs/{made['tariff']['id']}/quotes", {"segments": []}, 422)


async def test_a_station_uses_a_tariff_from_a_moment_on(api: Api, staff: Caller, station_id: int) -> None:
    path = f"/stations/{station_id}/tariffs"
    first = (await staff.post("/tariffs", {"name": "a", "version": version()}))["tariff"]["id"]
    empty = (await staff.post("/tariffs", {"name": "b"}))["tariff"]["id"]
    assert (await staff.get(f"/stations/{station_id}/tariff", 422))["code"] == "no_tariff"
    assert (await staff.post(path, {"tariff_id": empty}, 422))["code"] == "tariff_without_version"
    assert (await staff.post(path, {"tariff_id": 999}, 404))["code"] == "tariff_unknown"
    assert (await staff.post(path, {"tariff_id": first}))["state"] == "active"
    driver = await api.driver()
    assert (await driver.get(f"/stations/{station_id}/tariff"))["tariff_id"] == first
    other = (await staff.post("/tariffs", {"name": "c", "version": version()}))["tariff"]["id"]
    tomorrow = rfc3339(api.clock.now_ms() + DAY_MS)
    waiting = await staff.post(path, {"tariff_id": other, "effective_from": tomorrow})
    assert waiting["state"] == "pending"
    assert (await driver.get(f"/stations/{station_id}/tariff"))["tariff_id"] == first
    api.clock.advance(DAY_MS)
    staff = await api.staff()
    assert (await driver.get(f"/stations/{station_id}/tariff"))["tariff_id"] == other
    assert [one["state"] for one in (await staff.get(path))["items"]] == ["active", "expired"]
    assert (await staff.delete(f"{path}/{waiting['id']}", 422))["code"] == "not_pending"
    again = await staff.post(path, {"tariff_id": first, "effective_from": rfc3339(api.clock.now_ms() + DAY_MS)})
    await staff.delete(f"{path}/{again['id']}")
    assert (await staff.delete(f"{path}/999", 404))["code"] == "assignment_unknown"


async def test_a_tariff_knows_the_stations_that_use_it(api: Api, staff: Caller) -> None:
    near, far = [(await staff.post("/stations", {"name": name, "address": "x"}))["id"] for name in ("近", "远")]
    first, other = [
        (await staff.post("/tariffs", {"name": name, "version": version()}))["tariff"]["id"] for name in "ab"
    ]
    plan = {"plan": {"basis": "time", "tiers": [{"max_power_w": None, "fen_per_hour": 60}]}}
    bikes = (await staff.post("/two-wheel-tariffs", {"name": "c", "version": plan}))["tariff"]["id"]
    for station, tariff in ((near, first), (far, first)):
        await staff.post(f"/stations/{station}/tariffs", {"tariff_id": tariff})
    api.clock.advance(1000)
    await staff.post(f"/stations/{near}/tariffs", {"tariff_id": other})
    await staff.post(f"/stations/{far}/tariffs", {"tariff_id": bikes})

    async def standing(path: str) -> list[tuple[int, str, str]]:
        return [(one["station_id"], one["kind"], one["state"]) for one in (await staff.get(path))["items"]]

    # A plan for e-bikes takes nothing from the cars' tariff, another tariff for cars does.
    assert await standing(f"/stations/{far}/tariffs") == [
        (far, "two_wheel", "active"),
        (far, "time_of_use", "active"),
    ]
    assert await standing(f"/tariffs/{first}/assignments") == [
        (far, "time_of_use", "active"),
        (near, "time_of_use", "expired"),
    ]
    assert await standing(f"/tariffs/{bikes}/assignments") == [(far, "two_wheel", "active")]
    page = await staff.get(f"/tariffs/{first}/assignments", limit=1)
    assert [one["station_id"] for one in page["items"]] == [far]
    rest = await staff.get(f"/tariffs/{first}/assignments", limit=1, before=page["next"])
    assert ([one["station_id"] for one in rest["items"]], rest["next"]) == ([near], None)
    assert (await staff.get("/tariffs/999/assignments", 404))["code"] == "tariff_unknown"


async def test_another_operator_is_another_world(api: Api, staff: Caller, station_id: int) -> None:
    made = await staff.post("/tariffs", {"name": "t", "version": version()})
    tariff_id = made["tariff"]["id"]
    theirs = await api.staff(operator="别家")
    assert (await theirs.get("/tariffs"))["items"] == []
    for method, path, body in (
        ("GET", f"/tariffs/{tariff_id}", None),
        ("PATCH", f"/tariffs/{tariff_id}", {"name": "x"}),
        ("POST", f"/tariffs/{tariff_id}/versions", version()),
        ("DELETE", f"/tariffs/{tariff_id}/versions/{made['versions'][0]['id']}", None),
        ("POST", f"/tariffs/{tariff_id}/quotes", {"segments": [{"start": "2026-01-01T00:00:00Z", "energy_mwh": 1}]}),
        ("GET", f"/tariffs/{tariff_id}/assignments", None),
        ("GET", f"/stations/{station_id}/tariffs", None),
        ("POST", f"/stations/{station_id}/tariffs", {"tariff_id": tariff_id}),
        ("DELETE", f"/stations/{station_id}/tariffs/1", None),
        ("POST", f"/stations/{station_id}/tariff-pushes", {}),
        ("GET", f"/stations/{station_id}/tariff-pushes", None),
    ):
        more = {} if body is None else {"json": body}
        await theirs.call(method, path, 404, **more)
    await theirs.post("/tariffs", {"name": "t"})


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DEMO, Role.MAINTENANCE, Role.DISPATCHER])
async def test_readers_do_not_write(api: Api, staff: Caller, station_id: int, role: Role) -> None:
    reader = await api.staff(role)
    assert (await reader.get("/tariffs"))["items"] == []
    await reader.post("/tariffs", {"name": "t"}, 403)
    await reader.post(f"/stations/{station_id}/tariffs", {"tariff_id": 1}, 403)
    if role in (Role.AUDITOR, Role.DEMO):
        await reader.post(f"/stations/{station_id}/tariff-pushes", {}, 403)
