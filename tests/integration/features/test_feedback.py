"""Feedback from the driver's phone to the staff's answer, and back."""

from itertools import count
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from chargecloud.features.feedback import http, jobs
from chargecloud.features.feedback.model import KEEP_MS, MAX_REPLIES
from chargecloud.features.operators.messages import Role
from chargecloud.features.orders.sql import orders
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.reach import EVERYWHERE
from tests.support.api import Api, Caller
from tests.support.belongings import blank

CODE = "32010200000001"
ORDER = "2026010100000000000001"
FAULT = {
    "kind": "fault",
    "charge_point_code": CODE,
    "connector_no": 1,
    "text": "枪头插不进去",
    "contact": "13800001234",
}
HOUR_MS = 3_600_000
NUMBERS = count()


@pytest.fixture
async def driver(api: Api) -> Caller:
    """Somebody with an order at a charge point."""
    made = await api.driver()
    async with api.database.unit() as uow:
        station = await service_assets.create_station(uow, 1, NewStation(name="测试站"))
        new = NewChargePoint(code=CODE, station_id=station.id, name="", power_type="dc", connector_count=2)
        await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
        row = blank(
            orders, order_no=ORDER, session_no="s1", driver_id=made.id, operator_id=1, station_id=station.id,
            charge_point_code=CODE, connector_no=2, state="settled", flags="[]", method="app", limit_kind="none",
        )  # fmt: skip
        await uow.connection.execute(insert(orders).values(row))
    return made


async def send(driver: Caller, body: dict[str, Any], status: int = 201, key: str = "") -> Any:
    """Under a new key unless one is given."""
    key = key or f"feedback-{next(NUMBERS):08d}"
    return await driver.post("/driver/feedback", body, status, **{"Idempotency-Key": key})


async def test_from_the_phone_to_the_answer(api: Api, driver: Caller) -> None:
    told: list[tuple[str, Any]] = []
    api.database._broadcast = lambda topic, patch: told.append((topic, msgspec.json.decode(patch)))
    sent = await send(driver, FAULT)
    assert (sent["state"], sent["replies"], sent["unread"], sent["answers"]) == ("open", 0, False, [])
    assert told == [("feedback:1", {"open": 1})]
    staff = await api.staff(Role.OPERATIONS)
    (listed,) = (await staff.get("/feedback", state="open", kind="fault", charge_point_code=CODE))["items"]
    assert listed["station_id"] and listed["driver_id"] == driver.id and "contact" not in listed
    told.clear()
    path = f"/feedback/{sent['id']}"
    answered = await staff.post(f"{path}/replies", {"text": "已派人检修"})
    assert (answered["state"], answered["contact"]) == ("answered", "13800001234")
    assert [(each["by"], each["text"]) for each in answered["answers"]] == [(f"staff:{staff.id}", "已派人检修")]
    topics = [(topic, patch.get("cmd"), patch) for topic, patch in told]
    assert [(topic, cmd) for topic, cmd, _ in topics] == [
        (f"driver:{driver.id}", "notice"), (f"driver:{driver.id}", None), ("feedback:1", None),
    ]  # fmt: skip
    assert topics[0][2]["msg"]["kind"] == "feedback_answered" and topics[1][2] == {"feedback": {"unread": 1}}
    (mine,) = (await driver.get("/driver/feedback"))["items"]
    assert (mine["unread"], mine["replies"]) == (True, 1)
    async with api.database.read() as connection:
        assert await http.driver_part(connection, driver.id) == {"unread": 1}
        assert await http.has_feedback(connection, driver.id) and not await http.has_feedback(connection, 999)
    detail = await driver.get(f"/driver{path}")
    assert [each["text"] for each in detail["answers"]] == ["已派人检修"] and "by" not in detail["answers"][0]
    for _ in range(2):
        await driver.call("PUT", f"/driver{path}/seen", 204)
    assert told[-1] == (f"driver:{driver.id}", {"feedback": {"unread": 0}})
    closed = await staff.post(f"{path}/closing", {"text": "已修好，谢谢"}, 200)
    assert (closed["state"], closed["closed_by"], closed["replies"]) == ("closed", f"staff:{staff.id}", 2)
    for act, body in (("closing", {}), ("replies", {"text": "再说一句"})):
        assert (await staff.post(f"{path}/{act}", body, 422))["code"] == "feedback_state"
    again = await staff.post(f"{path}/reopening", {"reason": "又坏了"}, 200)
    assert (again["state"], again["closed_at"], again["closed_by"]) == ("open", None, "")
    log = await (await api.staff()).get("/audit-log", object=f"feedback:{sent['id']}")
    assert [entry["action"] for entry in log["items"]] == ["feedback.reopen", "feedback.close", "feedback.reply"]


async def test_a_dispute_is_about_ones_own_order_and_takes_its_place(api: Api, driver: Caller) -> None:
    dispute = {"kind": "dispute", "order_no": ORDER, "text": "多收了钱"}
    sent = await send(driver, dispute)
    assert (sent["charge_point_code"], sent["connector_no"], sent["order_no"]) == (CODE, 2, ORDER)
    other = await api.driver("韩梅梅")
    assert (await send(other, dispute, 404))["code"] == "order_unknown"
    assert (await send(driver, {"kind": "dispute", "text": "多收了钱"}, 400))["code"] == "feedback_reference"
    for place in ({"charge_point_code": "99999999999999"}, {"charge_point_code": CODE, "connector_no": 9}):
        await send(driver, {"kind": "fault", "text": "坏了", **place}, 404)
    for text, status in (("", 422), ("   ", 400), ("长" * 501, 422)):
        await send(driver, {"kind": "suggestion", "text": text}, status)


async def test_it_goes_to_whoever_runs_the_station(api: Api, driver: Caller) -> None:
    theirs = await api.driver("别家的车主", operator_id=None)
    sent = await send(theirs, FAULT)
    stranger = await api.staff(operator="别家")
    assert (await stranger.get("/feedback"))["items"] == []
    for method, act, body in (("GET", "", None), ("POST", "/replies", {"text": "x"}), ("POST", "/closing", {})):
        await stranger.call(method, f"/feedback/{sent['id']}{act}", 404, json=body)
    await driver.call("GET", f"/driver/feedback/{sent['id']}", 404)
    await driver.call("PUT", f"/driver/feedback/{sent['id']}/seen", 404)
    assert (await driver.get("/driver/feedback"))["items"] == []


async def test_whoever_only_reads_sees_a_part_of_the_contact(api: Api, driver: Caller) -> None:
    sent = await send(driver, FAULT)
    auditor = await api.staff(Role.AUDITOR)
    assert (await auditor.get(f"/feedback/{sent['id']}"))["contact"] == "138****34"
    await auditor.post(f"/feedback/{sent['id']}/replies", {"text": "x"}, 403)


async def test_a_repeated_request_is_one_and_an_hour_has_five(api: Api, driver: Caller) -> None:
    first = await send(driver, FAULT, key="the-same-key")
    assert await send(driver, FAULT, key="the-same-key") == first
    for number in range(3):
        await send(driver, {"kind": "suggestion", "text": f"建议 {number}"}, key=f"key-{number:08d}")
    refused = await send(driver, {"kind": "suggestion", "text": "太多"}, 429, key="one-too-many")
    assert refused["code"] == "feedback_too_often"
    assert len((await driver.get("/driver/feedback"))["items"]) == 4


async def test_lists_are_filtered_and_paged_and_counted(api: Api, driver: Caller) -> None:
    await send(driver, FAULT)
    await send(driver, {"kind": "dispute", "order_no": ORDER, "text": "多收了钱"})
    suggestion = await send(driver, {"kind": "suggestion", "text": "多装几把枪"})
    staff = await api.staff()
    assert (await staff.get("/statistics/workbench"))["to_do"]["feedback_open"] == 3
    await staff.post(f"/feedback/{suggestion['id']}/closing", {}, 200)
    assert (await staff.get("/statistics/workbench"))["to_do"]["feedback_open"] == 2
    for wanted, found in (
        ({}, 3), ({"state": "closed"}, 1), ({"kind": "dispute"}, 1), ({"order_no": ORDER}, 1), ({"station_id": 1}, 2),
        ({"station_id": 2}, 0), ({"driver_id": driver.id}, 3), ({"charge_point_code": CODE}, 2),
    ):  # fmt: skip
        assert len((await staff.get("/feedback", **wanted))["items"]) == found, wanted
    first = await staff.get("/feedback", limit=2)
    rest = await staff.get("/feedback", limit=2, before=first["next"])
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None


async def test_answers_are_bounded(api: Api, driver: Caller) -> None:
    sent = await send(driver, FAULT)
    staff = await api.staff()
    for number in range(MAX_REPLIES):
        await staff.post(f"/feedback/{sent['id']}/replies", {"text": f"{number}"})
    assert (await staff.post(f"/feedback/{sent['id']}/replies", {"text": "x"}, 422))["code"] == "feedback_replies"


async def test_watchers_see_how_much_waits(api: Api, driver: Caller) -> None:
    await send(driver, FAULT)
    take = http.LIVE_TOPICS[0].snapshot
    ours = Principal("staff", 1, "x", 1, frozenset({"feedback.read"}))
    async with api.database.read() as connection:
        assert await take(connection, ours, "1") == {"open": 1}
        blind = Principal("staff", 1, "x", 1, frozenset())
        for who, which in ((ours, "2"), (ours, "x"), (blind, "1"), (Principal("driver", 1, "x", 1), "1")):
            assert await take(connection, who, which) is None


async def test_what_was_closed_three_years_ago_is_forgotten(api: Api, driver: Caller) -> None:
    kept = await send(driver, FAULT)
    old = await send(driver, {"kind": "suggestion", "text": "多装几把枪"})
    staff = await api.staff()
    await staff.post(f"/feedback/{old['id']}/closing", {"text": "谢谢"}, 200)
    api.clock.advance(KEEP_MS)
    await jobs.forget_old(api.database)
    assert len((await (await api.staff()).get("/feedback"))["items"]) == 2
    api.clock.advance(HOUR_MS)
    await jobs.forget_old(api.database)
    assert [each["id"] for each in (await (await api.staff()).get("/feedback"))["items"]] == [kept["id"]]
