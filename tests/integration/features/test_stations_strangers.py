"""Charge points that called and that nobody has entered: noted within bounds, seen by the platform alone, admitted."""

import pytest

from chargecloud.device.events import Booted, PowerType
from chargecloud.features.operators.messages import Role
from chargecloud.features.stations import jobs, service_strangers
from chargecloud.infra.sql.uow import Options
from tests.support.api import Api
from tests.support.world import World

MINUTE_MS = 60_000


def booted(code: str, *, source: str = "203.0.113.7", firmware: str = "V1") -> Booted:
    return Booted(
        charge_point_code=code,
        protocol="ykc16",
        power_type=PowerType.DC,
        connector_count=2,
        protocol_version="1.6",
        firmware_version=firmware,
        network_type=0,
        sim_iccid="8986000000",
        carrier_no=0,
        link_id="link",
        source=source,
    )


def code(number: int) -> str:
    return f"320199{number:08d}"


async def test_a_stranger_is_noted_and_admitted_into_a_station(api: Api, world: World) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await world.say(booted(code(1)))
    world.clock.advance(MINUTE_MS // 2)
    await world.say(booted(code(1), firmware="V2"))
    world.clock.advance(MINUTE_MS)
    await world.say(booted(code(1), firmware="V3"))
    (seen,) = (await boss.get("/unknown-charge-points"))["items"]
    assert (seen["code"], seen["times"], seen["firmware_version"], seen["source"]) == (code(1), 2, "V3", "203.0.113.7")
    station = await boss.post("/stations", {"name": "新站"})
    body = {"station_id": station["id"], "name": "新桩", "rated_power_w": 60_000}
    made = await boss.post(f"/unknown-charge-points/{code(1)}/admission", body)
    assert (made["power_type"], made["connector_count"], made["enabled"], made["name"]) == ("dc", 2, True, "新桩")
    assert (await boss.get("/unknown-charge-points"))["items"] == []
    await boss.post(f"/unknown-charge-points/{code(1)}/admission", body, 404)
    await world.say(booted(code(1)))
    assert (await boss.get(f"/charge-points/{code(1)}"))["firmware_version"] == "V1"
    assert (await boss.get("/unknown-charge-points"))["items"] == []


async def test_whoever_is_entered_or_disabled_is_no_stranger(api: Api, world: World) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await world.say(booted(code(1)), booted(code(2)))
    station = await boss.post("/stations", {"name": "站"})
    point = {"code": code(1), "station_id": station["id"], "name": "桩", "power_type": "dc", "connector_count": 1}
    await boss.post("/charge-points", point | {"enabled": False})
    world.clock.advance(MINUTE_MS)
    await world.say(booted(code(1)))
    assert [each["code"] for each in (await boss.get("/unknown-charge-points"))["items"]] == [code(2)]
    world.database.options = Options(enrolment_open=True)
    await world.say(booted(code(3)))
    assert len((await boss.get("/unknown-charge-points"))["items"]) == 1, "admitted, so no stranger"


async def test_ignored_ones_are_put_aside(api: Api, world: World) -> None:
    boss = await api.staff(Role.OPERATIONS)
    await world.say(booted(code(1)), booted(code(2)))
    put = await boss.put(f"/unknown-charge-points/{code(1)}/ignored", {"ignored": True})
    assert put["ignored"]
    world.clock.advance(MINUTE_MS)
    await world.say(booted(code(1)))
    assert [each["code"] for each in (await boss.get("/unknown-charge-points", ignored=False))["items"]] == [code(2)]
    (aside,) = (await boss.get("/unknown-charge-points", ignored=True))["items"]
    assert aside["times"] == 2
    await boss.put(f"/unknown-charge-points/{code(9)}/ignored", {"ignored": True}, 404)


async def test_other_operators_see_and_take_nothing(api: Api, world: World) -> None:
    other = await api.staff(operator="乙方")
    await world.say(booted(code(1)))
    station = await other.post("/stations", {"name": "乙方站"})
    for refused in (
        await other.get("/unknown-charge-points", 403),
        await other.post(f"/unknown-charge-points/{code(1)}/admission", {"station_id": station["id"]}, 403),
        await other.put(f"/unknown-charge-points/{code(1)}/ignored", {"ignored": True}, 403),
    ):
        assert refused["code"] == "platform_only"
    mine = await api.staff()
    await mine.post(f"/unknown-charge-points/{code(1)}/admission", {"station_id": station["id"]}, 404)
    assert len((await mine.get("/unknown-charge-points"))["items"]) == 1


async def test_a_flood_displaces_itself(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_strangers, "PER_SOURCE", 5)
    monkeypatch.setattr(service_strangers, "IN_ALL", 12)
    for _ in range(2):
        await world.say(booted(code(1)))
        world.clock.advance(MINUTE_MS)
    for number in range(100, 120):
        world.clock.advance(1000)
        await world.say(booted(code(number), source="198.51.100.1"))
    boss = await api.staff()
    kept = [each["code"] for each in (await boss.get("/unknown-charge-points"))["items"]]
    assert kept == [*(code(number) for number in (119, 118, 117, 116, 115)), code(1)]
    for number in range(200, 260):
        world.clock.advance(1000)
        await world.say(booted(code(number), source=f"192.0.2.{number % 200}"))
    boss = await api.staff_again(boss)
    kept = [each["code"] for each in (await boss.get("/unknown-charge-points"))["items"]]
    assert len(kept) == 12 and code(1) in kept, "one that keeps calling outlives those made up once"


async def test_who_gave_up_calling_is_forgotten(api: Api, world: World) -> None:
    await world.say(booted(code(1)))
    world.clock.advance(service_strangers.KEPT_MS + 1)
    await world.say(booted(code(2)))
    await jobs.prune_strangers(world.database)
    boss = await api.staff()
    assert [each["code"] for each in (await boss.get("/unknown-charge-points"))["items"]] == [code(2)]
