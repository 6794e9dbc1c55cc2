"""Stations, sessions and orders over the API: who may do what, and what they are told."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from chargecloud.device.commands import Reboot, StopCharging
from chargecloud.device.events import StopClass
from chargecloud.features.operators.messages import Role
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.framestore import first_id
from chargecloud.infra.sql.outbox import outbox
from tests.support.api import Api, Caller
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, record, sample

KEY = {"Idempotency-Key": "0123456789abcdef"}
WISH = {"charge_point_code": CODE, "connector_no": 1}


@pytest.fixture
async def driver(api: Api, world: World) -> Caller:
    """A driver with 50 yuan and a token."""
    caller = await api.driver()
    async with world.database.unit() as uow:
        await wallet.top_up(uow, TopUp(driver_id=caller.id, transfer_id="t", amount_fen=5_000, source="counter"))
    await world.pump()
    return caller


async def placed(world: World, driver: Caller, **wish: Any) -> dict[str, Any]:
    answer = await driver.post("/orders", WISH | wish, 202, **KEY)
    await world.pump()
    order: dict[str, Any] = answer["orders"][0]
    return order


async def settled(world: World, driver: Caller) -> dict[str, Any]:
    order = await placed(world, driver)
    await world.say(answered(order["session_no"]))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order["session_no"], KWH), record(order["session_no"], (0, 0, KWH, 0)))
    return order


async def test_a_driver_places_follows_and_reads_the_bill(world: World, driver: Caller) -> None:
    order = await placed(world, driver)
    assert order["state"] == "placed" and order["hold_fen"] == 5_000 and order["limit"] == {"kind": "none", "value": 0}
    again = await driver.post("/orders", WISH, 202, **KEY)
    assert [entry["order_no"] for entry in again["orders"]] == [order["order_no"]]
    await world.say(answered(order["session_no"]))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order["session_no"], KWH))
    session = await driver.get(f"/sessions/{order['session_no']}")
    assert session["state"] == "charging" and session["energy_mwh"] == KWH and session["amount_yuan"] == "1.1000"
    stopped = await driver.post(f"/orders/{order['order_no']}/stop", status=202)
    assert stopped["hold_open"] is True
    await world.pump()
    assert len(world.asked(StopCharging)) == 1
    await world.say(record(order["session_no"], (0, 0, KWH, 0)))
    detail = await driver.get(f"/orders/{order['order_no']}")
    assert detail["state"] == "settled" and detail["total_fen"] == 110
    assert detail["bill"] == [
        {
            "band": "flat",
            "energy_mwh": KWH,
            "energy_yuan_per_kwh": "0.70000",
            "service_yuan_per_kwh": "0.40000",
            "energy_fee_yuan": "0.7000",
            "service_fee_yuan": "0.4000",
        }
    ]
    assert detail["settlement"]["verdict"] == "bill" and detail["settlement"]["comparison"]["split"] == "record"
    kinds = [event["kind"] for event in detail["timeline"]]
    assert kinds == ["placed", "started", "stop_requested", "settled"]
    curve = await driver.get(f"/sessions/{order['session_no']}/samples")
    assert [point["energy_mwh"] for point in curve["items"]] == [KWH]


async def test_a_start_that_could_not_leave_is_refused_with_a_hint(world: World, driver: Caller) -> None:
    first = await driver.post("/orders", WISH, 202, **KEY)
    world.clock.advance(11_000)  # nobody has pumped: the start command still waits for the relay
    other = {"Idempotency-Key": "another-wish"}
    problem = await driver.post("/orders", WISH | {"connector_no": 2}, 503, **other)
    assert problem["code"] == "commands_stuck" and "稍后" in problem["detail"]
    again = await driver.post("/orders", WISH, 202, **KEY)
    assert again["orders"][0]["order_no"] == first["orders"][0]["order_no"], "what was placed before is told again"
    async with world.database.unit() as uow:
        await uow.connection.execute(update(outbox).where(outbox.c.expires_at_ms > 0).values(key="another"))
        await uow.connection.execute(delete(outbox).where(outbox.c.expires_at_ms == 0))
    problem = await driver.post("/orders", WISH | {"connector_no": 2}, 422, **other)
    assert problem["code"] == "balance_low", "only another charge point's command waits; the first order has the money"


@pytest.mark.parametrize(
    "wish",
    [
        {"connector_no": -1},
        {"connector_no": 17},
        {"connector_no": "1"},
        {"charge_point_code": "1"},
        {"price": 1},
        {"qr_code": "abc"},
        {"limit": {"kind": "wishes", "value": 1}},
        {"limit": {"kind": "money", "value": -1}},
    ],
)
async def test_a_malformed_wish_is_refused_with_its_fields(driver: Caller, wish: dict[str, Any]) -> None:
    problem = await driver.post("/orders", WISH | wish, 422, **KEY)
    assert problem["code"] == "invalid_request" and problem["errors"]


async def test_a_charge_point_that_cannot_choose_wants_a_connector(driver: Caller) -> None:
    problem = await driver.post("/orders", WISH | {"connector_no": 0}, 422, **KEY)
    assert problem["code"] == "connector_required"


async def test_a_wish_without_a_key_is_refused(driver: Caller) -> None:
    assert (await driver.post("/orders", WISH, 422))["code"] == "invalid_request"


async def test_a_dispatcher_starts_for_a_driver_who_called(world: World, driver: Caller, api: Api) -> None:
    """Once, on the driver's wallet, and it is written down who did it."""
    dispatcher = await api.staff(Role.DISPATCHER)
    path = f"/drivers/{driver.id}/orders"
    placed = (await dispatcher.post(path, WISH, 202, **KEY))["orders"][0]
    again = (await dispatcher.post(path, WISH, 202, **KEY))["orders"][0]
    assert placed["order_no"] == again["order_no"] and placed["driver_id"] == driver.id
    assert [order["order_no"] for order in (await driver.get("/orders"))["items"]] == [placed["order_no"]]
    assert placed["hold_fen"] == 5_000
    administrator = await api.staff()
    written = (await administrator.get("/audit-log?action=orders.place"))["items"]
    assert [entry["object"] for entry in written] == [f"order:{placed['order_no']}"], "a repetition is no second act"
    assert written[0]["actor_name"].startswith("dispatcher")


async def test_who_may_not_write_orders_or_has_another_operator_starts_nothing(driver: Caller, api: Api) -> None:
    path = f"/drivers/{driver.id}/orders"
    for role in (Role.DEMO, Role.AUDITOR, Role.OPERATIONS, Role.MAINTENANCE):
        assert (await (await api.staff(role)).post(path, WISH, 403, **KEY))["code"] == "permission_missing"
    assert (await driver.post(path, WISH, 403, **KEY))["code"] == "staff_only"
    stranger = await api.staff(Role.DISPATCHER, operator="另一家")
    assert (await stranger.post(path, WISH, 404, **KEY))["code"] == "driver_unknown"
    assert (await driver.get("/orders"))["items"] == []


async def test_a_connector_is_named_by_its_sticker(world: World, driver: Caller, api: Api) -> None:
    staff = await api.staff()
    shown = await staff.get(f"/charge-points/{CODE}")
    sticker = shown["connectors"][1]["qr_code"]
    found = await driver.get(f"/connectors/{sticker}")
    assert found["code"] == CODE and [entry["connector_no"] for entry in found["connectors"]] == [2]
    answer = await driver.post("/orders", {"qr_code": f"https://example.com/q/{sticker}"}, 202, **KEY)
    assert answer["orders"][0]["connector_no"] == 2


async def test_a_driver_sees_only_what_is_its_own(world: World, driver: Caller, api: Api) -> None:
    """A16."""
    order = await settled(world, driver)
    other = await api.driver("韩梅梅")
    for path in (f"/orders/{order['order_no']}", f"/sessions/{order['session_no']}"):
        assert (await other.get(path, 404))["code"].endswith("_unknown")
    assert (await other.post(f"/orders/{order['order_no']}/stop", status=404))["code"] == "order_unknown"
    assert (await other.get("/orders"))["items"] == []
    assert [entry["order_no"] for entry in (await driver.get("/orders"))["items"]] == [order["order_no"]]
    for path in (f"/sessions/{order['session_no']}/records", "/sessions", "/charge-points"):
        await driver.get(path, 403)
    await api.nobody().get("/orders", 401)


async def test_starts_are_limited_a_minute(driver: Caller) -> None:
    for number in range(6):
        await driver.post("/orders", WISH | {"connector_no": 9}, 404, **{"Idempotency-Key": f"key-number-{number}"})
    problem = await driver.post("/orders", WISH, 429, **KEY)
    assert problem["code"] == "too_many_starts"


async def test_another_operators_staff_sees_nothing(world: World, driver: Caller, api: Api) -> None:
    """A18."""
    order = await settled(world, driver)
    stranger = await api.staff(operator="别家")
    for path in ("/orders", "/sessions", "/stations", "/charge-points"):
        assert (await stranger.get(path))["items"] == []
    paths = (
        f"/orders/{order['order_no']}",
        f"/sessions/{order['session_no']}",
        f"/sessions/{order['session_no']}/records",
        f"/stations/{world.station_id}",
        f"/charge-points/{CODE}",
        f"/charge-points/{CODE}/commands",
    )
    for path in paths:
        await stranger.get(path, 404)
    await stranger.post(f"/charge-points/{CODE}/commands", {"kind": "reboot"}, 404)
    await stranger.patch(f"/stations/{world.station_id}", {"name": "x"}, 404)
    await stranger.delete(f"/charge-points/{CODE}", 404)
    await stranger.post(f"/orders/{order['order_no']}/closing", {"reason": "x"}, 404)


async def test_an_auditor_reads_and_changes_nothing(world: World, driver: Caller, api: Api) -> None:
    order = await settled(world, driver)
    auditor = await api.staff(Role.AUDITOR)
    records = await auditor.get(f"/sessions/{order['session_no']}/records")
    assert records["items"][0]["standing"] == "first" and records["items"][0]["body"]["energy_mwh"] == KWH
    await auditor.post(f"/orders/{order['order_no']}/stop", status=403)
    await auditor.post(f"/charge-points/{CODE}/commands", {"kind": "reboot"}, 403)
    await auditor.post("/stations", {"name": "x"}, 403)


async def test_orders_are_filtered_and_paged(world: World, driver: Caller, api: Api) -> None:
    first = await settled(world, driver)
    world.clock.advance(MINUTE_MS)
    await world.say(sample())
    second = await driver.post("/orders", WISH, 202, **{"Idempotency-Key": "another-key"})
    staff = await api.staff()
    newest, oldest = second["orders"][0]["order_no"], first["order_no"]
    page = await staff.get("/orders", limit=1)
    assert [entry["order_no"] for entry in page["items"]] == [newest]
    page = await staff.get("/orders", limit=1, before=page["next"])
    assert [entry["order_no"] for entry in page["items"]] == [oldest] and page["next"] is None
    cases = {
        oldest: {"state": "settled"},
        newest: {"state": "placed", "station_id": world.station_id},
    }
    for number, wanted in cases.items():
        assert [entry["order_no"] for entry in (await staff.get("/orders", **wanted))["items"]] == [number]
    assert len((await staff.get("/orders", driver_id=driver.id, charge_point_code=CODE))["items"]) == 2
    moment = second["orders"][0]["placed_at"]
    assert [entry["order_no"] for entry in (await staff.get("/orders", since=moment))["items"]] == [newest]
    assert [entry["order_no"] for entry in (await staff.get("/orders", until=moment))["items"]] == [oldest]
    await staff.get("/orders", 422, state="unheard")


async def test_orders_are_found_by_number_session_and_method(world: World, driver: Caller, api: Api) -> None:
    first = await settled(world, driver)
    world.clock.advance(24 * 60 * MINUTE_MS)
    await world.say(sample())
    second = await driver.post("/orders", WISH, 202, **{"Idempotency-Key": "another-key"})
    staff = await api.staff()
    newest, oldest = second["orders"][0]["order_no"], first["order_no"]
    cases: list[tuple[dict[str, object], list[str]]] = [
        ({"number": oldest}, [oldest]),
        ({"number": oldest[:8]}, [oldest]),
        ({"number": newest[:6]}, [newest, oldest]),
        ({"number": "1999"}, []),
        ({"session_no": first["session_no"]}, [oldest]),
        ({"session_no": first["session_no"], "state": "placed"}, []),
        ({"method": "app"}, [newest, oldest]),
        ({"method": "vin"}, []),
        ({"method": "app", "state": "settled", "station_id": world.station_id}, [oldest]),
        ({"number": newest[:6], "method": "app", "state": "settled", "driver_id": driver.id}, [oldest]),
    ]
    for wanted, numbers in cases:
        assert [entry["order_no"] for entry in (await staff.get("/orders", **wanted))["items"]] == numbers, wanted
    page = await staff.get("/orders", method="app", number=newest[:6], limit=1)
    page = await staff.get("/orders", method="app", number=newest[:6], limit=1, before=page["next"])
    assert [entry["order_no"] for entry in page["items"]] == [oldest] and page["next"] is None
    for wrong in ({"number": "2026x"}, {"method": "wish"}, {"session_no": "a b"}):
        await staff.get("/orders", 422, **wrong)


async def test_a_dispute_is_found_by_its_flag_and_ended(world: World, driver: Caller, api: Api) -> None:
    order = await placed(world, driver)
    await world.say(answered(order["session_no"]))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order["session_no"], KWH), record(order["session_no"]))
    staff = await api.staff(Role.FINANCE)
    (found,) = (await staff.get("/orders", flag="below_samples"))["items"]
    assert found["state"] == "disputed" and found["total_fen"] == 110
    assert (await staff.get("/orders", flag="clock"))["items"] == []
    await staff.post(f"/orders/{order['order_no']}/resolution", {"action": "keep"}, 422)
    kept = await staff.post(
        f"/orders/{order['order_no']}/resolution", {"action": "keep", "reason": "以采样为准"}, status=200
    )
    assert kept["state"] == "settled" and kept["timeline"][-1]["kind"] == "resolved"
    again = await staff.post(f"/orders/{order['order_no']}/resolution", {"action": "keep", "reason": "x"}, 422)
    assert again["code"] == "order_not_disputed"


async def test_stations_and_charge_points_are_entered_changed_and_removed(api: Api, world: World) -> None:
    staff = await api.staff()
    station = await staff.post(
        "/stations", {"name": "东站", "latitude_udeg": 31_230_000, "longitude_udeg": 121_470_000}
    )
    assert station["charge_points"] == 0
    changed = await staff.patch(f"/stations/{station['id']}", {"address": "1 号", "latitude_udeg": None})
    assert changed["address"] == "1 号" and changed["latitude_udeg"] is None
    await staff.patch(f"/stations/{station['id']}", {"name": None}, 400)
    new = {"code": "10000000000001", "station_id": station["id"], "name": "1 号桩", "power_type": "ac"}
    await staff.post("/charge-points", new | {"connector_count": 17}, 422)
    made = await staff.post("/charge-points", new | {"connector_count": 2})
    assert [entry["state"] for entry in made["connectors"]] == ["offline", "offline"]
    await staff.post("/charge-points", new | {"connector_count": 2}, 409)
    changed = await staff.patch("/charge-points/10000000000001", {"rated_power_w": 7_000, "enabled": False})
    assert changed["rated_power_w"] == 7_000 and changed["enabled"] is False
    listed = await staff.get("/charge-points", station_id=station["id"], enabled="false")
    assert [entry["code"] for entry in listed["items"]] == ["10000000000001"]
    assert len((await staff.get("/charge-points", online="true", code="3201"))["items"]) == 2
    page = await staff.get("/charge-points", limit=2)
    rest = await staff.get("/charge-points", limit=2, before=page["next"])
    assert len(page["items"]) == 2 and len(rest["items"]) == 1
    old = made["connectors"][0]["qr_code"]
    renewed = await staff.post("/charge-points/10000000000001/connectors/1/qr-code", status=200)
    assert renewed["qr_code"] != old
    await staff.delete(f"/stations/{station['id']}", 409)
    await staff.delete("/charge-points/10000000000001")
    await staff.delete(f"/stations/{station['id']}")
    names = [entry["name"] for entry in (await staff.get("/stations", name="测试"))["items"]]
    assert names == ["测试站"]


async def test_commands_are_asked_and_logged(api: Api, world: World) -> None:
    staff = await api.staff(Role.MAINTENANCE)
    asked = await staff.post(f"/charge-points/{CODE}/commands", {"kind": "reboot", "when_idle": False}, 202)
    await world.pump()
    (reboot,) = world.asked(Reboot)
    assert not reboot.when_idle and reboot.command_id == asked["command_id"] and asked["outcome"] is None
    log = await staff.get(f"/charge-points/{CODE}/commands")
    assert log["items"][0]["requested_by"].startswith("staff:")
    problem = await staff.post(f"/charge-points/{CODE}/commands", {"kind": "explode"}, 422)
    assert problem["code"] == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "sync_clock"},
        {"kind": "set_work_parameters", "in_service": True, "power_limit_pct": 80},
        {"kind": "read_sample", "connector_no": 1},
        {"kind": "move_lock", "connector_no": 1, "up": True},
        {"kind": "set_qr_prefix", "prefix": "https://example.com/q/"},
        {"kind": "store_cards", "cards": [{"card_label": "573", "card_id": "00000000d14b0a54"}]},
        {"kind": "remove_cards", "card_ids": ["00000000D14B0A54"]},
        {"kind": "query_cards", "card_ids": ["00000000D14B0A54"]},
        {"kind": "update_balance", "connector_no": 1, "balance_fen": 100},
        {
            "kind": "update_firmware", "is_dc": True, "power_kw": 120, "host": "10.0.0.1", "port": 21,
            "username": "u", "password": "p", "path": "/fw.bin",
        },
    ],
    ids=lambda body: body["kind"],
)  # fmt: skip
async def test_every_kind_of_command_can_be_asked(api: Api, world: World, body: dict[str, Any]) -> None:
    staff = await api.staff()
    await staff.post(f"/charge-points/{CODE}/commands", body, 202)
    await world.pump()
    assert len(world.commands) == 1


async def test_orders_are_found_by_how_they_ended(world: World, driver: Caller, api: Api) -> None:
    staff = await api.staff()
    order = await settled(world, driver)
    aborted = await world.place(connector_no=2)
    why = {"stop_class": StopClass.ABORTED, "stop_reason": "aborted_emergency_stop" + "x" * 40}
    ended = record(aborted.session_no, (0, 0, KWH, 0), connector_no=2, **why)
    await world.say(
        answered(aborted.session_no, connector_no=2), sample(aborted.session_no, KWH, connector_no=2), ended
    )
    for wanted, number in (("completed", order["order_no"]), ("aborted", aborted.order_no)):
        (found,) = (await staff.get("/orders", stop_class=wanted))["items"]
        assert (found["order_no"], found["stop_class"]) == (number, wanted)
    assert (await staff.get("/orders", stop_class="unknown"))["items"] == []
    (found,) = (await staff.get("/orders", stop_reason=why["stop_reason"][:48]))["items"]
    assert (found["order_no"], found["stop_reason"]) == (aborted.order_no, why["stop_reason"][:48]), "cut to its column"
    assert (await staff.get("/orders", stop_reason="aborted"))["items"] == [], "the whole word"


async def test_frames_are_asked_for_up_to_a_moment(api: Api, world: World) -> None:
    asked: list[int | None] = []

    async def read(_code: str, before_id: int | None, _limit: int) -> list[object]:
        asked.append(before_id)
        return []

    api.app.state.frame_reader = read
    staff = await api.staff()
    for query in ({}, {"until": "1970-01-01T08:00:01+08:00"}, {"until": "1970-01-01T08:00:01+08:00", "before_id": 7}):
        await staff.get(f"/charge-points/{CODE}/frames", **query)
    assert asked == [None, first_id(1_000), 7]
