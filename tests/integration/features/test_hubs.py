"""Hubs make themselves known through the charge points behind them; people see, name and retire them."""

import msgspec
import pytest

from chargecloud.device.events import HubReported, HubSampled
from chargecloud.features.stations import service_hubs
from tests.support.api import Api, Caller
from tests.support.world import World

HUB, OTHER_HUB = "09D62684", "09D62685"
BOARDS = ("32099900000011", "32099900000012", "32099900000013")
REPORT = HubReported(
    charge_point_code=BOARDS[0],
    charge_point_codes=BOARDS[:2],
    hub_code=HUB,
    firmware_version="1.01",
    hub_type=0x50,
    modem_type=6,
    signal_raw=31,
    sim_iccid="89860413161892009275",
    imei="860000000000001",
    modem_version="M1",
    clock_skew_ms=-500,
)
SAMPLE = HubSampled(
    charge_point_code=BOARDS[0],
    hub_code=HUB,
    voltage_mv=221_300,
    current_ma=4_200,
    energy_mwh=7_000_000_000,
    meter_current_ma=0,
    meter_energy_mwh=0,
    leakage_ma=3,
    temp_c=None,
    smoke=False,
    breaker_closed=True,
)


def told(event: HubReported, **changes: object) -> HubReported:
    return msgspec.structs.replace(event, **changes)


async def stand(boss: Caller, *codes: str, station: str = "车棚") -> int:
    """Boards at a new station; its id."""
    made: int = (await boss.post("/stations", {"name": station}))["id"]
    for code in codes:
        point = {"code": code, "station_id": made, "name": code, "power_type": "ac", "connector_count": 2}
        await boss.post("/charge-points", point)
    return made


@pytest.fixture
async def boss(api: Api) -> Caller:
    return await api.staff()


async def test_a_hub_is_known_once_it_has_spoken(boss: Caller, world: World) -> None:
    station = await stand(boss, *BOARDS)
    assert (await boss.get("/hubs"))["items"] == []
    await world.say(REPORT)
    (listed,) = (await boss.get("/hubs"))["items"]
    assert (listed["hub_code"], listed["station_id"], listed["station_name"]) == (HUB, station, "车棚")
    assert (listed["charge_points"], listed["online"], listed["signal_raw"]) == (2, 0, 31)
    assert (listed["sampled_at"], listed["voltage_mv"], listed["clock_skew_ms"]) == (None, None, -500)
    detail = await boss.get(f"/hubs/{HUB}")
    assert [each["code"] for each in detail["behind"]] == list(BOARDS[:2])
    shown = {code: (await boss.get(f"/charge-points/{code}"))["hub_code"] for code in BOARDS}
    assert shown == {BOARDS[0]: HUB, BOARDS[1]: HUB, BOARDS[2]: None}


async def test_a_board_that_appears_behind_another_hub_has_moved(boss: Caller, world: World) -> None:
    await stand(boss, *BOARDS)
    await world.say(REPORT)
    await world.say(told(REPORT, charge_point_code=BOARDS[1], charge_point_codes=BOARDS[1:], hub_code=OTHER_HUB))
    behind = {one["hub_code"]: one["charge_points"] for one in (await boss.get("/hubs"))["items"]}
    assert behind == {HUB: 1, OTHER_HUB: 2}


async def test_a_gateway_of_before_names_one_board(boss: Caller, world: World) -> None:
    await stand(boss, *BOARDS)
    await world.say(told(REPORT, charge_point_codes=()))
    assert [each["code"] for each in (await boss.get(f"/hubs/{HUB}"))["behind"]] == [BOARDS[0]]


async def test_measured_values_are_kept_once_a_minute_and_at_once_when_smoke_comes(boss: Caller, world: World) -> None:
    await stand(boss, *BOARDS)
    await world.say(SAMPLE)
    assert (await boss.get("/hubs"))["items"] == []  # a hub is told of by its report
    await world.say(REPORT)
    await world.say(SAMPLE)
    await world.say(msgspec.structs.replace(SAMPLE, voltage_mv=1))
    assert (await boss.get(f"/hubs/{HUB}"))["voltage_mv"] == 221_300
    world.clock.advance(60_000)
    await world.say(msgspec.structs.replace(SAMPLE, voltage_mv=2))
    await world.say(msgspec.structs.replace(SAMPLE, voltage_mv=3, smoke=True))
    detail = await boss.get(f"/hubs/{HUB}")
    assert (detail["voltage_mv"], detail["smoke"], detail["breaker_closed"]) == (3, True, True)


async def test_a_board_nobody_has_entered_makes_no_hub(boss: Caller, world: World) -> None:
    await world.say(told(REPORT, charge_point_code="32099900009999", charge_point_codes=("32099900009999",)))
    assert (await boss.get("/hubs"))["items"] == []


async def test_people_name_and_retire_it(boss: Caller, world: World) -> None:
    station = await stand(boss, *BOARDS)
    await world.say(REPORT)
    changed = await boss.patch(f"/hubs/{HUB}", {"name": "东侧主机", "note": "钥匙在物业", "retired": True})
    assert (changed["name"], changed["note"], changed["retired"]) == ("东侧主机", "钥匙在物业", True)
    await world.say(REPORT)
    assert (await boss.get("/hubs", retired="false"))["items"] == []
    (listed,) = (await boss.get("/hubs", retired="true", station_id=station, hub_code="09d6"))["items"]
    assert listed["name"] == "东侧主机"
    assert (await boss.patch(f"/hubs/{HUB}", {"name": None}, 400))["code"] == "field_null"
    assert (await boss.patch(f"/hubs/{HUB}", {"name": "长" * 101}, 422))["code"] == "invalid_request"
    assert (await boss.patch("/hubs/09999999", {"name": "x"}, 404))["code"] == "hub_unknown"
    (written,) = [line for line in (await boss.get("/audit-log"))["items"] if line["action"] == "hubs.change"]
    assert written["object"] == f"hub:{HUB}"


async def test_pages(boss: Caller, world: World) -> None:
    await stand(boss, *BOARDS)
    for number in range(5):
        await world.say(told(REPORT, hub_code=f"0000000{number}"))
    seen, query = [], {"limit": 2}
    while True:
        page = await boss.get("/hubs", **query)
        seen += [each["hub_code"] for each in page["items"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == [f"0000000{number}" for number in range(5)]
    assert (await boss.get("/hubs", 400, before="nonsense"))["code"] == "invalid_cursor"


async def test_a_station_has_room_for_so_many(boss: Caller, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_hubs, "PER_STATION", 2)
    await stand(boss, *BOARDS)
    for number in range(4):
        await world.say(told(REPORT, hub_code=f"0000000{number}"))
    assert len((await boss.get("/hubs"))["items"]) == 2


async def test_a_hub_is_not_taken_by_naming_it(api: Api, boss: Caller, world: World) -> None:
    """A hub's code is only said on the line: it stays with whoever has charge points behind it."""
    await stand(boss, BOARDS[0])
    rival = await api.staff(operator="别家")
    await stand(rival, BOARDS[2])
    await world.say(told(REPORT, charge_point_codes=BOARDS[:1]))
    await boss.patch(f"/hubs/{HUB}", {"name": "我们的"})
    claim = told(REPORT, charge_point_code=BOARDS[2], charge_point_codes=BOARDS[2:], firmware_version="stolen")
    await world.say(claim)
    assert (await boss.get(f"/hubs/{HUB}"))["firmware_version"] == "1.01"
    assert (await rival.get("/hubs"))["items"] == []
    await world.say(told(REPORT, charge_point_codes=BOARDS[:1], hub_code=OTHER_HUB))  # ours have moved away
    await world.say(claim)
    (theirs,) = (await rival.get("/hubs"))["items"]
    assert (theirs["hub_code"], theirs["name"], theirs["charge_points"]) == (HUB, "", 1)
    assert [each["hub_code"] for each in (await boss.get("/hubs"))["items"]] == [OTHER_HUB]


async def test_a_hub_that_fell_silent_may_be_somebody_elses(api: Api, boss: Caller, world: World) -> None:
    """The boards of before stand in its list for ever, and are no reason for ever."""
    await stand(boss, BOARDS[0])
    rival = await api.staff(operator="别家")
    await stand(rival, BOARDS[2])
    await world.say(told(REPORT, charge_point_codes=BOARDS[:1]))
    claim = told(REPORT, charge_point_code=BOARDS[2], charge_point_codes=BOARDS[2:])
    world.clock.advance(service_hubs.SILENT_MS - 1)
    await world.say(claim)
    assert (await (await api.staff_again(rival)).get("/hubs"))["items"] == []
    world.clock.advance(1)
    await world.say(claim)
    (theirs,) = (await (await api.staff_again(rival)).get("/hubs"))["items"]
    assert (theirs["hub_code"], theirs["charge_points"]) == (HUB, 1)


async def test_a_report_that_says_nothing_new_is_written_once_a_minute(boss: Caller, world: World) -> None:
    await stand(boss, *BOARDS)
    await world.say(REPORT)
    first = (await boss.get(f"/hubs/{HUB}"))["seen_at"]
    world.clock.advance(service_hubs.SAMPLED_EVERY_MS - 1)
    await world.say(told(REPORT, charge_point_codes=BOARDS))
    same = await boss.get(f"/hubs/{HUB}")
    assert (same["seen_at"], same["charge_points"]) == (first, 3)
    await world.say(told(REPORT, signal_raw=9))
    assert (await boss.get(f"/hubs/{HUB}"))["signal_raw"] == 9
    world.clock.advance(service_hubs.SAMPLED_EVERY_MS)
    await world.say(told(REPORT, signal_raw=9))
    assert (await boss.get(f"/hubs/{HUB}"))["seen_at"] > first
