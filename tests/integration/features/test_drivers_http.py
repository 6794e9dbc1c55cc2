"""Drivers, cards, vehicles and tokens over HTTP, and as charge points meet them."""

import hashlib

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.jobs import forget_tokens
from chargecloud.features.operators.messages import Role
from chargecloud.infra.sql.engine import Database
from tests.support.api import Api, Caller

DAY_MS = 86_400_000
VIN = "LSVAU2180N2183294"


async def test_a_driver_is_created_found_changed_and_frozen(api: Api) -> None:
    staff = await api.staff()
    made = await staff.post("/drivers", {"name": " 韩梅梅 ", "phone": "138 0000 1234"})
    assert (made["name"], made["phone_masked"], made["operator_id"]) == ("韩梅梅", "138****1234", 1)
    for query in ({"name": "梅"}, {"phone": "13800001234"}, {"frozen": False}):
        assert [one["id"] for one in (await staff.get("/drivers", **query))["items"]] == [made["id"]]
    assert (await staff.get("/drivers", phone="13800001235"))["items"] == []
    changed = await staff.patch(f"/drivers/{made['id']}", {"phone": "13900005678"})
    assert (changed["name"], changed["phone_masked"]) == ("韩梅梅", "139****5678")
    frozen = await staff.put(f"/drivers/{made['id']}/freeze", {"frozen": True, "reason": "报失"})
    assert frozen["frozen"] and frozen["frozen_reason"] == "报失"
    thawed = await staff.put(f"/drivers/{made['id']}/freeze", {"frozen": False, "reason": "找到了"})
    assert not thawed["frozen"] and thawed["frozen_reason"] == ""
    log = (await staff.get("/audit-log", object=f"driver:{made['id']}"))["items"]
    assert [entry["action"] for entry in log] == ["driver.unfreeze", "driver.freeze", "driver.change", "driver.create"]


async def test_a_phone_belongs_to_one_driver_and_is_shown_for_a_reason(api: Api) -> None:
    staff = await api.staff()
    made = await staff.post("/drivers", {"name": "韩梅梅", "phone": "13800001234"})
    assert (await staff.post("/drivers", {"name": "李雷", "phone": "138-0000-1234"}, 409))["code"] == "phone_taken"
    await staff.patch(f"/drivers/{made['id']}", {"phone": "13800001234"})
    shown = await staff.post(f"/drivers/{made['id']}/phone-reveals", {"reason": "车主来电核对"}, 200)
    assert shown == {"phone": "13800001234"}
    log = (await staff.get("/audit-log", action="driver.reveal_phone"))["items"]
    assert log[0]["facts"] == {"reason": "车主来电核对"}
    await staff.post(f"/drivers/{made['id']}/phone-reveals", {"reason": ""}, 422)
    await staff.patch(f"/drivers/{made['id']}", {"phone": ""})
    await staff.post("/drivers", {"name": "李雷", "phone": "13800001234"})


async def test_drivers_come_in_pages(api: Api) -> None:
    staff = await api.staff()
    for number in range(5):
        await staff.post("/drivers", {"name": f"d{number}"})
    first = await staff.get("/drivers", limit=2)
    second = await staff.get("/drivers", limit=2, before=first["next"])
    third = await staff.get("/drivers", limit=2, before=second["next"])
    names = [one["name"] for page in (first, second, third) for one in page["items"]]
    assert names == ["d4", "d3", "d2", "d1", "d0"] and third["next"] is None
    assert (await staff.get("/drivers", 400, before="nonsense"))["code"] == "invalid_cursor"


@pytest.fixture
async def driver(api: Api) -> Caller:
    return await api.driver()


async def test_a_card_is_found_however_it_is_read(api: Api, database: Database, driver: Caller) -> None:
    staff = await api.staff()
    body = {"card_id": "D14B0A54", "card_label": "1000000573", "password": "123456"}
    card = await staff.post(f"/drivers/{driver.id}/cards", body)
    assert card["card_id"] == "00000000D14B0A54" and card["has_password"] and "123456" not in str(card)
    async with database.unit() as uow:
        for read in ("00000000D14B0A54", "D14B0A5400000000", "540A4BD100000000"):
            found = await drivers.driver_for_card(uow, read)
            assert found and found.driver.driver_id == driver.id and found.card_label == "1000000573"
        for unknown in ("0000000000000000", "00000000D14B0A55", "nonsense"):
            assert await drivers.driver_for_card(uow, unknown) is None
    assert found
    md5 = hashlib.md5(b"123456").hexdigest()
    assert drivers.check_card_password(found, md5)
    assert drivers.check_card_password(found, md5[8:24].encode().hex())
    assert not drivers.check_card_password(found, "")
    assert [one["id"] for one in (await staff.get("/drivers", card="1000000573"))["items"]] == [driver.id]
    assert [one["id"] for one in (await staff.get("/drivers", card="540A4BD1"))["items"]] == [driver.id]


async def test_cards_are_frozen_changed_and_taken_back(api: Api, database: Database, driver: Caller) -> None:
    staff = await api.staff()
    path = f"/drivers/{driver.id}/cards"
    card = await staff.post(path, {"card_id": "D14B0A54", "card_label": "1000000573", "password": "123456"})
    await staff.patch(f"{path}/{card['id']}", {"frozen": True, "password": ""}, 204)
    shown = (await staff.get(path))["items"][0]
    assert shown["frozen"] and not shown["has_password"]
    async with database.unit() as uow:
        found = await drivers.driver_for_card(uow, "D14B0A54")
    assert found and found.frozen and drivers.check_card_password(found, "")
    await staff.delete(f"{path}/{card['id']}")
    assert (await staff.delete(f"{path}/{card['id']}", 404))["code"] == "card_unknown"
    await staff.post(path, {"card_id": "D14B0A54", "card_label": "1000000573"})


async def test_numbers_of_cards_and_vehicles_belong_to_one_driver(api: Api, driver: Caller) -> None:
    staff, other = await api.staff(), await api.driver("韩梅梅")
    await staff.post(f"/drivers/{driver.id}/cards", {"card_id": "D14B0A54", "card_label": "1000000573"})
    backwards = {"card_id": "540A4BD1", "card_label": "2"}
    assert (await staff.post(f"/drivers/{other.id}/cards", backwards, 409))["code"] == "card_id_taken"
    same_label = {"card_id": "11", "card_label": "1000000573"}
    assert (await staff.post(f"/drivers/{other.id}/cards", same_label, 409))["code"] == "card_label_taken"
    await staff.post(f"/drivers/{driver.id}/vehicles", {"vin": VIN})
    assert (await staff.post(f"/drivers/{other.id}/vehicles", {"vin": VIN.lower()}, 409))["code"] == "vin_taken"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"card_id": "0000", "card_label": "1"}, "invalid_card_id"),
        ({"card_id": "XY", "card_label": "1"}, "invalid_card_id"),
        ({"card_id": "11", "card_label": "1a"}, "invalid_card_label"),
        ({"card_id": "11", "card_label": "1", "password": "12"}, "invalid_password"),
    ],
)
async def test_cards_that_cannot_be_are_refused(api: Api, driver: Caller, body: dict[str, str], code: str) -> None:
    staff = await api.staff()
    assert (await staff.post(f"/drivers/{driver.id}/cards", body, 400))["code"] == code


async def test_a_vehicle_finds_its_driver(api: Api, database: Database, driver: Caller) -> None:
    staff = await api.staff()
    made = await staff.post(f"/drivers/{driver.id}/vehicles", {"vin": VIN, "label": "出租车"})
    assert made["vin_masked"] == "LSV**********3294" and VIN not in str(made)
    async with database.unit() as uow:
        found = await drivers.driver_for_vin(uow, VIN)
        assert found and found.driver_id == driver.id
        for unknown in ("", VIN[::-1], "'; DROP TABLE--01"):
            assert await drivers.driver_for_vin(uow, unknown) is None
    assert [one["id"] for one in (await staff.get("/drivers", vin=VIN))["items"]] == [driver.id]
    bad = {"vin": "LSVAU2180N218329O"}
    assert (await staff.post(f"/drivers/{driver.id}/vehicles", bad, 400))["code"] == "invalid_vin"
    await staff.delete(f"/drivers/{driver.id}/vehicles/{made['id']}")
    assert (await staff.get(f"/drivers/{driver.id}/vehicles"))["items"] == []
    await staff.delete(f"/drivers/{driver.id}/vehicles/{made['id']}", 404)


async def test_a_token_slides_and_dies(api: Api, database: Database, driver: Caller) -> None:
    assert (await driver.get("/driver"))["name"] == "李雷"
    for _ in range(4):
        api.clock.advance(6 * DAY_MS)
        await driver.get("/driver")
    api.clock.advance(7 * DAY_MS)
    await driver.get("/driver", 401)
    await forget_tokens(database)
    assert (await (await api.staff()).get(f"/drivers/{driver.id}/tokens"))["items"] == []


async def test_tokens_are_issued_listed_and_revoked(api: Api, driver: Caller) -> None:
    staff = await api.staff()
    issued = await staff.post(f"/drivers/{driver.id}/tokens", {"label": "测试机"})
    phone = Caller(api.client, driver.id, issued["token"])
    listed = (await phone.get("/driver/tokens"))["items"]
    assert [one["label"] for one in listed] == ["测试机", ""] and issued["token"] not in str(listed)
    await staff.delete(f"/drivers/{driver.id}/tokens/{issued['id']}")
    await phone.get("/driver", 401)
    mine = (await driver.get("/driver/tokens"))["items"]
    await driver.delete(f"/driver/tokens/{mine[0]['id']}")
    await driver.get("/driver", 401)


async def test_drivers_see_only_their_own_tokens(api: Api, driver: Caller) -> None:
    other = await api.driver("韩梅梅")
    mine = (await driver.get("/driver/tokens"))["items"]
    await other.delete(f"/driver/tokens/{mine[0]['id']}", 404)
    await driver.get("/driver")


async def test_another_operator_does_not_see_our_drivers(api: Api, driver: Caller) -> None:
    theirs = await api.staff(operator="别家")
    assert (await theirs.get("/drivers"))["items"] == []
    card = {"card_id": "11", "card_label": "1"}
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("PUT", "/freeze", {"frozen": True, "reason": "x"}),
        ("POST", "/phone-reveals", {"reason": "x"}),
        ("GET", "/tokens", None),
        ("POST", "/tokens", {}),
        ("GET", "/cards", None),
        ("POST", "/cards", card),
        ("PATCH", "/cards/1", {"frozen": True}),
        ("DELETE", "/cards/1", None),
        ("GET", "/vehicles", None),
        ("POST", "/vehicles", {"vin": VIN}),
        ("DELETE", "/vehicles/1", None),
        ("DELETE", "/tokens/1", None),
    ):
        more = {} if body is None else {"json": body}
        assert (await theirs.call(method, f"/drivers/{driver.id}{path}", 404, **more))["code"] == "driver_unknown"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DEMO, Role.DISPATCHER, Role.FINANCE])
async def test_readers_do_not_write(api: Api, driver: Caller, role: Role) -> None:
    reader = await api.staff(role)
    await reader.get(f"/drivers/{driver.id}")
    await reader.post("/drivers", {"name": "x"}, 403)
    await reader.post(f"/drivers/{driver.id}/tokens", {}, 403)
    await reader.post(f"/drivers/{driver.id}/phone-reveals", {"reason": "x"}, 403)


async def test_what_a_client_has_no_say_in_is_refused(api: Api) -> None:
    staff = await api.staff()
    problem = await staff.post("/drivers", {"name": "x", "operator_id": 2}, 422)
    assert problem["code"] == "invalid_request" and "operator_id" in str(problem)
    await staff.post("/drivers", {"name": 5}, 422)
    assert (await staff.post("/drivers", {"name": "  "}, 400))["code"] == "invalid_name"
    assert (await staff.get("/drivers/999", 404))["code"] == "driver_unknown"
