"""Where one can charge, as drivers see it, and a driver's own cards and vehicles."""

from typing import Any

import httpx
import pytest

from chargecloud.device.capability import Capability
from chargecloud.device.events import CameOnline
from chargecloud.features.drivers import service as drivers
from chargecloud.features.stations import service as stations
from chargecloud.features.stations import service_assets, sql
from chargecloud.features.stations.model import UNASSIGNED
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.features.tariffs import http_places
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice, Basis, PowerTier, TariffKind, TwoWheelPlan
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from tests.support.api import Api

CAR, BOARD = "32010600000001", "05A1C3F0"
VIN = "LSVAX60E0K2012345"


async def station(database: Database, name: str, *, operator_id: int = 1) -> int:
    async with database.unit() as uow:
        new = NewStation(name=name, address=f"{name}路 1 号", latitude_udeg=30_000_000, longitude_udeg=120_000_000)
        return (await service_assets.create_station(uow, operator_id, new)).id


async def point(database: Database, station_id: int, code: str, connectors: int, *, counts: bool = False) -> None:
    """A charge point that is online; `counts`: it takes limits and holds no prices."""
    async with database.unit() as uow:
        new = NewChargePoint(
            code=code,
            station_id=station_id,
            name="一号",
            power_type="dc",
            connector_count=connectors,
            rated_power_w=60_000,
        )
        await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
        wanted = Capability.CHARGE_LIMITS if counts else Capability.TARIFF
        await sql.set_charge_point(uow, code, capabilities=wanted.value)
        online = CameOnline(charge_point_code=code, gateway_id="g", epoch=1)
        await stations.came_online(uow, online)


async def price(database: Database, station_id: int, kind: TariffKind) -> None:
    async with database.unit() as uow:
        tariff_id = await tariffs.create_tariff(uow, operator_id=1, name=f"{station_id}{kind.value}", kind=kind)
        if kind is TariffKind.TWO_WHEEL:
            plan = TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(None, 60),), full_hold_fen=500)
            new = tariffs.NewVersion(tariff_id=tariff_id, plan=plan)
        else:
            bands = (BandPrice(120_000, 40_000), BandPrice(100_000, 40_000), BandPrice(80_000, 40_000), None)
            new = tariffs.NewVersion(tariff_id=tariff_id, bands=bands, half_hours=(2,) * 48)
        await tariffs.create_version(uow, new)
        await tariffs.assign(uow, tariffs.NewAssignment(station_id=station_id, tariff_id=tariff_id))


@pytest.fixture
async def both(database: Database) -> int:
    """A station with a charge point for cars and a board for e-bikes, both with a price."""
    station_id = await station(database, "江边")
    await point(database, station_id, CAR, 2)
    await point(database, station_id, BOARD, 3, counts=True)
    await price(database, station_id, TariffKind.TIME_OF_USE)
    await price(database, station_id, TariffKind.TWO_WHEEL)
    return station_id


async def look(api: Api, path: str, status: int = 200, **params: Any) -> Any:
    """Somebody without an account."""
    answer = await api.client.get(f"/api/v1/driver{path}", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_anybody_finds_stations_with_price_now_and_free_connectors(api: Api, both: int) -> None:
    (shown,) = (await look(api, "/stations"))["items"]
    assert (shown["id"], shown["name"], shown["latitude_udeg"]) == (both, "江边", 30_000_000)
    assert (shown["cars"]["connectors"], shown["cars"]["available"], shown["cars"]["max_power_w"]) == (2, 2, 60_000)
    assert shown["ebikes"]["connectors"] == 3
    assert shown["car_price"] == {
        "band": "flat", "energy_yuan_per_kwh": "0.80000", "service_yuan_per_kwh": "0.40000",
    }  # fmt: skip
    assert shown["ebike_plan"]["tiers"] == [{"max_power_w": None, "fen_per_hour": 60}]


async def test_a_kind_without_a_price_is_not_offered(api: Api, database: Database) -> None:
    station_id = await station(database, "新站")
    await point(database, station_id, CAR, 1)
    (shown,) = (await look(api, "/stations"))["items"]
    assert (shown["cars"], shown["car_price"], shown["ebikes"]) == (None, None, None)
    detail = await look(api, f"/stations/{station_id}")
    assert (detail["car_tariff"], detail["ebike_plan"]) == (None, None)
    assert [one["code"] for one in detail["charge_points"]] == [CAR]


async def test_one_station_has_price_lists_and_every_connector(api: Api, database: Database, both: int) -> None:
    async with database.unit() as uow:
        await sql.set_charge_point(uow, CAR, in_service=False)
    detail = await look(api, f"/stations/{both}")
    by_code = {one["code"]: one for one in detail["charge_points"]}
    assert (by_code[CAR]["kind"], by_code[BOARD]["kind"], by_code[CAR]["in_service"]) == ("car", "ebike", False)
    assert [one["state"] for one in by_code[BOARD]["connectors"]] == ["available"] * 3
    assert set(by_code[CAR]["connectors"][0]) == {"connector_no", "state", "plugged", "since"}, (
        "no QR codes, no sessions"
    )
    assert detail["car_tariff"]["half_hours"] == ["flat"] * 48
    assert await look(api, f"/charge-points/{BOARD}") == detail


async def test_what_is_not_there_is_told(api: Api, both: int) -> None:
    assert (await look(api, "/stations/99", 404))["code"] == "station_unknown"
    assert (await look(api, "/charge-points/32010600000009", 404))["code"] == "charge_point_unknown"
    assert (await look(api, "/charge-points/12", 422))["code"] == "invalid_request"
    answer = await api.client.get("/api/v1/driver/stations", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401, "a token that opens nothing is not the same as none"


async def test_disabled_charge_points_and_the_unassigned_are_not_shown(api: Api, database: Database, both: int) -> None:
    nowhere = await station(database, UNASSIGNED)
    await point(database, nowhere, "32010600000007", 1)
    async with database.unit() as uow:
        await sql.set_charge_point(uow, CAR, enabled=False)
    (shown,) = (await look(api, "/stations"))["items"]
    assert (shown["id"], shown["cars"]) == (both, None)
    assert (await look(api, f"/charge-points/{CAR}", 404))["code"] == "charge_point_unknown"


async def test_stations_come_in_pages_and_by_name(api: Api, database: Database) -> None:
    ids = [await station(database, name) for name in ("东站", "西站", "南门")]
    first = await look(api, "/stations", limit=2)
    rest = await look(api, "/stations", limit=2, before=first["next"])
    assert [one["id"] for one in first["items"] + rest["items"]] == ids and rest["next"] is None
    assert [one["name"] for one in (await look(api, "/stations", name="站"))["items"]] == ["东站", "西站"]
    assert (await look(api, "/stations", name="100%"))["items"] == []


async def test_a_driver_of_one_operator_sees_that_operators_stations(api: Api, database: Database) -> None:
    theirs, others = await station(database, "自家"), await station(database, "别家", operator_id=2)
    own = await api.driver()
    anywhere = await api.driver("韩梅梅", operator_id=None)
    assert [one["id"] for one in (await own.get("/driver/stations"))["items"]] == [theirs]
    assert [one["id"] for one in (await anywhere.get("/driver/stations"))["items"]] == [theirs, others]
    assert (await own.get(f"/driver/stations/{others}", 404))["code"] == "station_unknown"


async def test_who_asks_too_often_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_places, "LOOKS_A_MINUTE", 2)
    await look(api, "/stations")
    await look(api, "/stations")
    answer: httpx.Response = await api.client.get("/api/v1/driver/stations")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_looks")
    assert answer.headers["retry-after"]


async def test_my_vehicles_are_mine_alone(api: Api) -> None:
    one, other = await api.driver(), await api.driver("韩梅梅")
    added = await one.post("/driver/vehicles", {"vin": VIN, "label": "浙A12345"})
    assert VIN not in str(added) and added["label"] == "浙A12345"
    assert (await one.get("/driver/vehicles"))["items"] == [added]
    assert (await other.get("/driver/vehicles"))["items"] == []
    assert (await other.post("/driver/vehicles", {"vin": VIN}, 409))["code"] == "vin_taken"
    assert (await other.call("DELETE", f"/driver/vehicles/{added['id']}", 404))["code"] == "vehicle_unknown"
    assert (await one.post("/driver/vehicles", {"vin": "I" * 17}, 400))["code"] == "invalid_vin"
    await one.delete(f"/driver/vehicles/{added['id']}")
    assert (await one.get("/driver/vehicles"))["items"] == []


async def test_vehicles_cannot_be_tried_out_one_after_the_other(api: Api) -> None:
    one = await api.driver()
    for number in range(10):
        await one.post("/driver/vehicles", {"vin": f"LSVAX60E0K20{number:05d}"})
    assert (await one.post("/driver/vehicles", {"vin": VIN}, 429))["code"] == "too_many_vehicles"


async def test_a_lost_card_is_frozen_at_once_and_not_thawed_by_its_holder(api: Api, database: Database) -> None:
    one, other = await api.driver(), await api.driver("韩梅梅")
    async with database.unit() as uow:
        card = await drivers.add_card(
            uow, drivers.NewCard(driver_id=one.id, card_id="00AABBCC", card_label="8800000001")
        )
    (shown,) = (await one.get("/driver/cards"))["items"]
    assert shown == {"id": card.card_pk, "card_label": "8800000001", "frozen": False}, "what the chip says stays here"
    assert (await other.post(f"/driver/cards/{card.card_pk}/loss", {}, 404))["code"] == "card_unknown"
    assert (await one.post(f"/driver/cards/{card.card_pk}/loss", {}, 200))["frozen"] is True
    assert (await one.get("/driver/cards"))["items"][0]["frozen"] is True


async def test_staff_have_no_things_of_a_driver(api: Api) -> None:
    staff = await api.staff()
    assert (await staff.get("/driver/cards", 403))["code"] == "drivers_only"
