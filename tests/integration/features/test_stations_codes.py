"""Codes on stickers and screens: where they lead, what charge points are told, what is printed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from chargecloud.device.commands import AnswerBoot, SetQrPrefix
from chargecloud.features.operators.messages import Role
from chargecloud.features.stations import service
from chargecloud.features.stations.http_codes import CODES_A_MINUTE
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Refused
from tests.support.api import Api, Caller
from tests.support.world import CODE, World, booted

BASE = "https://charge.example/q/"


@pytest.fixture
async def driver(world: World, api: Api) -> Caller:
    return await api.driver()


def addressed(database: Database, **more: Any) -> None:
    database.options = replace(database.options, qr_prefix=BASE, **more)


async def boot(world: World) -> AnswerBoot:
    """The answer to a charge point that introduces itself."""
    world.commands.clear()
    await world.say(booted(CODE))
    return next(each for each in world.commands if isinstance(each, AnswerBoot))


async def sticker_of(api: Api, connector_no: int) -> str:
    staff = await api.staff()
    at = await staff.get(f"/charge-points/{CODE}")
    return str(at["connectors"][connector_no - 1]["qr_code"])


async def test_a_sticker_leads_to_its_connector(driver: Caller, api: Api) -> None:
    alias = await sticker_of(api, 2)
    for text in (BASE + alias, alias, f"https%3A%2F%2Fcharge.example%2Fq%2F{alias}"):
        found = await driver.get("/driver/codes", text=text)
        assert (found["named_by"], found["charge_point_code"], found["connector_no"]) == ("sticker", CODE, 2)
        assert found["station"]["name"] == "测试站" and found["online"]
        assert [each["connector_no"] for each in found["connectors"]] == [2]
    assert "sim_iccid" not in found and "source" not in found


async def test_a_number_that_was_typed_asks_which_connector(driver: Caller) -> None:
    found = await driver.get("/driver/codes", text=CODE)
    assert (found["named_by"], found["connector_no"]) == ("number", None)
    assert [each["connector_no"] for each in found["connectors"]] == [1, 2]
    assert (await driver.get("/driver/codes", text=f"{CODE}02"))["connector_no"] == 2
    await driver.get("/driver/codes", 404, text=f"{CODE}09")


async def test_a_screen_shows_an_alias_of_the_charge_point(world: World, driver: Caller, database: Database) -> None:
    addressed(database)
    told = await boot(world)
    assert told.qr_prefix.startswith(BASE) and len(told.qr_prefix) == len(BASE) + 8
    assert (await boot(world)).qr_prefix == told.qr_prefix
    found = await driver.get("/driver/codes", text=f"{told.qr_prefix}{CODE}01")
    assert (found["named_by"], found["connector_no"]) == ("screen", 1)
    forged = f"{BASE}{'2' * 8}{CODE}01"
    assert (await driver.get("/driver/codes", 404, text=forged))["code"] == "qr_code_unknown"


async def test_without_an_address_screens_are_told_nothing(world: World) -> None:
    assert (await boot(world)).qr_prefix == ""


async def test_codes_of_others_are_read_as_configured(driver: Caller, database: Database) -> None:
    pattern = r"^https://old\.example/c\?p=(?P<code>\d{14})&g=(?P<connector>\d)$"
    addressed(database, other_codes=((pattern, 0),))
    found = await driver.get("/driver/codes", text=f"https://old.example/c?p={CODE}&g=1")
    assert (found["named_by"], found["connector_no"]) == ("other", 2)


@pytest.mark.parametrize("text", ["hello", "https://example.com/", "wxp://x"])
async def test_what_is_no_code_says_so(driver: Caller, text: str) -> None:
    assert (await driver.get("/driver/codes", 400, text=text))["code"] == "qr_code"


async def test_who_tries_numbers_has_to_wait(driver: Caller, api: Api) -> None:
    """A03."""
    for number in range(CODES_A_MINUTE):
        await driver.get("/driver/codes", 404, text=f"{number:014d}")
    assert (await driver.get("/driver/codes", 429, text=CODE))["code"] == "too_many_codes"
    await api.nobody().get("/driver/codes", 401, text=CODE)


async def test_an_order_by_code_needs_to_know_the_connector(world: World, database: Database) -> None:
    async with database.unit() as uow:
        assert await service.find_by_qr(uow, f"{CODE}02") == (CODE, 2)
        with pytest.raises(Refused) as caught:
            await service.find_by_qr(uow, CODE)
    assert caught.value.code == "connector_required"


async def test_staff_push_our_address_to_a_screen(world: World, api: Api, database: Database) -> None:
    staff = await api.staff()
    body = {"kind": "set_qr_prefix"}
    refused = await staff.post(f"/charge-points/{CODE}/commands", body, 422)
    assert (refused["code"], refused["facts"]) == ("qr_prefix_missing", {"setting": "qr.prefix"})
    addressed(database)
    asked = await staff.post(f"/charge-points/{CODE}/commands", body, 202)
    await world.pump()
    (command,) = [each for each in world.commands if isinstance(each, SetQrPrefix)]
    assert command.prefix == asked["body"]["prefix"] and command.prefix.startswith(BASE)
    given = await staff.post(f"/charge-points/{CODE}/commands", {**body, "prefix": "https://x.example/"}, 202)
    assert given["body"]["prefix"] == "https://x.example/"


async def test_stickers_are_printed_for_a_station_and_a_charge_point(
    world: World, api: Api, database: Database
) -> None:
    staff = await api.staff(Role.MAINTENANCE)
    refused = await staff.get(f"/charge-points/{CODE}/stickers", 422)
    assert refused["code"] == "qr_prefix_missing"
    addressed(database)
    for path in (f"/charge-points/{CODE}/stickers", f"/stations/{world.station_id}/stickers"):
        answer = await api.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {staff.token}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    stranger = await api.staff(operator="别的运营商")
    await stranger.get(f"/stations/{world.station_id}/stickers", 404)
    await stranger.get(f"/charge-points/{CODE}/stickers", 404)
    await (await api.driver()).get(f"/charge-points/{CODE}/stickers", 403)


@pytest.fixture
async def open_api(database: Database, clock: ManualClock) -> AsyncIterator[Api]:
    async with Api.over(database, clock, state={"check_files": {"AbC123.txt": "proof"}}) as made:
        yield made


async def test_the_page_behind_a_sticker_is_the_app_and_nothing_is_looked_up(open_api: Api) -> None:
    answer = await open_api.client.get("/q/abcdefgh23?from=print")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/m/#/?q=http%3A%2F%2F127.0.0.1%2Fq%2Fabcdefgh23%3Ffrom%3Dprint"
    deep = await open_api.client.get("/q/abcdefgh/40AACE04/02")
    assert deep.headers["location"].endswith("abcdefgh%2F40AACE04%2F02")


async def test_wechat_finds_its_check_files(open_api: Api) -> None:
    answer = await open_api.client.get("/q/AbC123.txt")
    assert (answer.status_code, answer.text) == (200, "proof")


async def test_a_station_counts_all_that_are_online(world: World, api: Api) -> None:
    del world  # furnishes two charge points, both online
    (station,) = (await (await api.staff()).get("/stations"))["items"]
    assert (station["charge_points"], station["online"]) == (2, 2)
