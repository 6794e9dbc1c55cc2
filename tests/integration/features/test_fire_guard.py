"""The fire guard: a dangerous port is cut off once, a fire cuts off every port, and people are told why."""

import pytest

from chargecloud.device.commands import StopCharging
from chargecloud.device.events import HubSampled
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.protocols.dny.frames import uplinks
from tests.support import dny
from tests.support.api import Api
from tests.support.board_world import BY_HOUR, BoardWorld

SMOKE, WATER = 4, 2


@pytest.fixture
async def street(database: Database, clock: ManualClock, api: Api) -> BoardWorld:
    made = BoardWorld(database, clock, api=api)
    await made.build(BY_HOUR | {"min_charge_fen": 50})
    return made


def alarm(kind: int) -> bytes:
    """0x42."""
    return dny.up(uplinks.Alarm(alarm_type=kind, port_no=0, trigger_bits=None))


async def test_a_hot_port_is_cut_off_once_and_pays_what_was_delivered(street: BoardWorld) -> None:
    order = await street.start(limit={"kind": "minutes", "value": 240})
    await street.pass_time(60)
    await street.report(order, duration_s=60, port_temp_raw=65 + 74)
    assert not street.asked(StopCharging)
    await street.pass_time(240)
    await street.report(order, duration_s=300, port_temp_raw=65 + 80)
    await street.report(order, duration_s=301, port_temp_raw=65 + 81)
    (stop,) = street.asked(StopCharging)
    assert (stop.session_no, stop.connector_no) == (order["session_no"], 1)
    (found,) = (await street.staff.get("/alarms"))["items"]
    assert (found["kind"], found["level"], found["times"], found["connector_no"]) == (
        "port_over_temp",
        "critical",
        1,
        1,
    )
    assert found["facts"] == {
        "temp_c": 80, "max_temp_c": 75, "order_no": order["order_no"], "session_no": order["session_no"],
    }  # fmt: skip
    await street.settle(order, duration_s=302, energy_001kwh=3, stop_reason=7)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"]) == ("settled", 5) and "by_fault" in detail["flags"]


async def test_a_station_sets_its_own_thresholds(street: BoardWorld) -> None:
    path = f"/stations/{street.station_id}/fire-guard"
    usual = await street.staff.get(path)
    assert (usual["enabled"], usual["max_power_w"]) == (True, 1_000)
    await street.staff.put(path, {"max_power_w": 250})
    order = await street.start(limit={"kind": "minutes", "value": 240})
    await street.report(order, duration_s=60, avg_power_dw=2_500)
    assert not street.asked(StopCharging)
    await street.report(order, duration_s=360, avg_power_dw=2_510)
    assert len(street.asked(StopCharging)) == 1
    (found,) = (await street.staff.get("/alarms"))["items"]
    assert (found["kind"], found["facts"]["power_w"], found["facts"]["max_power_w"]) == ("port_over_power", 251, 250)
    assert (await street.staff.put(path, {"max_power_w": 1}, 422))["code"] == "invalid_request"
    assert (await street.rider.put(path, {}, 403))["code"]
    stranger = await street.api.staff(operator="别家")
    assert (await stranger.get(path, 404))["code"] == "station_unknown"


async def test_a_guard_that_is_off_cuts_nothing_off_but_a_fire_does(street: BoardWorld) -> None:
    await street.staff.put(f"/stations/{street.station_id}/fire-guard", {"enabled": False})
    first = await street.start(limit={"kind": "minutes", "value": 60})
    second = await street.start(connector_no=2, limit={"kind": "minutes", "value": 60})
    await street.report(first, duration_s=60, port_temp_raw=65 + 99)
    assert not street.asked(StopCharging)
    await street.board(alarm(SMOKE))
    await street.board(alarm(SMOKE))
    stops = street.asked(StopCharging)
    assert sorted(stop.session_no for stop in stops) == sorted([first["session_no"], second["session_no"]])
    (found,) = (await street.staff.get("/alarms"))["items"]
    assert (found["kind"], found["times"], found["facts"]["hazard"]) == ("fire", 2, "smoke")


async def test_water_is_told_and_nothing_is_cut_off(street: BoardWorld) -> None:
    await street.start(limit={"kind": "minutes", "value": 60})
    await street.board(alarm(WATER))
    (found,) = (await street.staff.get("/alarms"))["items"]
    assert (found["kind"], found["subject"], found["level"]) == ("hazard", "water", "warning")
    assert not street.asked(StopCharging)


async def test_a_record_that_names_fire_cuts_off_the_others(street: BoardWorld) -> None:
    first = await street.start(limit={"kind": "minutes", "value": 60})
    second = await street.start(connector_no=2, limit={"kind": "minutes", "value": 60})
    await street.settle(first, duration_s=2, energy_001kwh=0, stop_reason=0x11)
    assert [stop.session_no for stop in street.asked(StopCharging)] == [second["session_no"]]
    kinds = {found["kind"] for found in (await street.staff.get("/alarms"))["items"]}
    assert "fire" in kinds


async def test_a_hub_that_sees_smoke_cuts_off(street: BoardWorld) -> None:
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.say(
        HubSampled(
            charge_point_code=dny.CODE, hub_code="09D62684", voltage_mv=0, current_ma=0, energy_mwh=0,
            meter_current_ma=0, meter_energy_mwh=0, leakage_ma=0, temp_c=None, smoke=True, breaker_closed=True,
        )
    )  # fmt: skip
    assert [stop.session_no for stop in street.asked(StopCharging)] == [order["session_no"]]
