"""Connectors as things one owns: how they are described, and what being out of use keeps from beginning there."""

from typing import Any

import pytest

from chargecloud.device.commands import AnswerStart, ReplyRefusal
from chargecloud.device.events import ConnectorStatus, StartMethod, StartRequested
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard
from chargecloud.features.operators.messages import Role
from chargecloud.features.stations import service
from chargecloud.infra.sql.reach import Reach
from chargecloud.kernel.errors import Refused
from tests.support.api import Api, Caller
from tests.support.world import CODE, World, booted, sample

PATH = f"/charge-points/{CODE}/connectors/1"
OFF = {"enabled": False, "disabled_reason": "枪线破损"}
CARD = "00000000D14B0A54"


@pytest.fixture
async def boss(world: World, api: Api) -> Caller:
    return await api.staff()


async def shown(caller: Caller, connector_no: int = 1) -> dict[str, Any]:
    at = await caller.get(f"/charge-points/{CODE}")
    return next(each for each in at["connectors"] if each["connector_no"] == connector_no)


async def counted(world: World) -> dict[str, int]:
    async with world.database.read() as connection:
        counts = await service.connector_counts(connection, Reach(1, None))
    return {state.value: count for state, count in counts.items() if count}


async def test_it_is_described_and_whoever_did_it_stands_in_the_audit_log(boss: Caller) -> None:
    body = {"name": "A-01", "parking_bay": "B2-117", "rated_power_w": 60_000}
    changed = await boss.patch(PATH, body)
    assert {name: changed[name] for name in body} == body and changed["enabled"] and not changed["retired"]
    assert (await shown(boss))["name"] == "A-01"
    assert (await boss.patch(PATH, {"name": None}, 400))["code"] == "field_null"
    assert (await boss.patch(PATH, {"enabled": False}, 400))["code"] == "disabled_reason_missing"
    await boss.patch(f"/charge-points/{CODE}/connectors/9", body, 404)
    (line,) = (await boss.get("/audit-log", object=f"connector:{CODE}/1"))["items"]
    assert line["action"] == "connectors.change"


async def test_nothing_begins_where_it_is_out_of_use(world: World, api: Api, boss: Caller) -> None:
    driver = await api.driver()
    before = await counted(world)
    async with world.database.unit() as uow:
        await drivers.add_card(uow, NewCard(driver_id=world.driver_id, card_id=CARD, card_label="573"))
    await boss.patch(PATH, OFF)
    assert (await shown(boss))["state"] == "disabled"
    with pytest.raises(Refused) as refused:
        await world.place()
    assert refused.value.code == "connector_disabled"
    await world.say(
        StartRequested(
            charge_point_code=CODE,
            request_id="q1",
            connector_no=1,
            method=StartMethod.CARD,
            card_id=CARD,
            password_hash="",
            vin="",
        )
    )
    (answer,) = world.asked(AnswerStart)
    assert not answer.accepted and answer.refusal is ReplyRefusal.OUT_OF_SERVICE
    assert await counted(world) == before | {"available": before["available"] - 1, "disabled": 1}
    (place,) = (await driver.get("/driver/stations"))["items"]
    assert place["cars"]["connectors"] - place["cars"]["available"] == 1
    scanned = await driver.get(f"/connectors/{(await shown(boss))['qr_code']}")
    assert scanned["connectors"][0]["state"] == "disabled" and scanned["connectors"][0]["disabled_reason"] == ""
    await boss.patch(PATH, {"enabled": True})
    assert (await shown(boss))["disabled_reason"] == ""
    await world.place()


async def test_what_runs_while_it_is_taken_out_of_use_goes_on(world: World, boss: Caller) -> None:
    order = await world.place()
    await world.say(sample(order.session_no, 1000))
    assert (await boss.patch(PATH, OFF))["state"] == "charging"
    await world.say(sample(order.session_no, 2000))
    assert (await world.session(order.session_no)).energy_mwh == 2000
    await world.say(sample(status=ConnectorStatus.AVAILABLE, plugged=False))
    assert (await shown(boss))["state"] == "disabled"


async def test_one_that_was_removed_is_counted_nowhere(world: World, api: Api, boss: Caller) -> None:
    driver = await api.driver()
    all_of_them = sum((await counted(world)).values())
    await boss.patch(PATH, {"retired": True})
    with pytest.raises(Refused) as refused:
        await world.place()
    assert refused.value.code == "connector_retired"
    assert sum((await counted(world)).values()) == all_of_them - 1
    (place,) = (await driver.get("/driver/stations"))["items"]
    assert place["cars"]["connectors"] == all_of_them - 1


async def test_a_charge_point_that_chooses_has_to_have_one_in_use(world: World, boss: Caller) -> None:
    await world.say(booted(CODE, capabilities=("chooses_connector",)))
    at = await boss.get(f"/charge-points/{CODE}")
    for each in at["connectors"]:
        async with world.database.unit() as uow:
            assert (await service.connector(uow, CODE, 0)).connector_no == 0, "another is in use"
        await boss.patch(f"/charge-points/{CODE}/connectors/{each['connector_no']}", OFF)
    async with world.database.unit() as uow:
        with pytest.raises(Refused) as refused:
            await service.connector(uow, CODE, 0)
    assert refused.value.code == "connector_disabled"


async def test_only_who_may_change_the_charge_point_changes_its_connectors(api: Api, boss: Caller) -> None:
    other = await boss.post("/stations", {"name": "别站"})
    limited = await api.staff(Role.OPERATIONS)
    await boss.patch(f"/staff/{limited.id}", {"station_ids": [other["id"]]})
    await limited.patch(PATH, OFF, 404)
    await (await api.staff(operator="别家")).patch(PATH, OFF, 404)
    await (await api.staff(Role.FINANCE)).patch(PATH, OFF, 403)
    assert (await shown(boss))["enabled"]
