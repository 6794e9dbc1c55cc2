"""The tools over HTTP: frames that are read, how the process does, virtual charge points."""

from dataclasses import replace
from pathlib import Path

import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewStation
from chargecloud.infra.processes import SILENT_AFTER_MS, Presence
from chargecloud.infra.sql.engine import Database
from chargecloud.main.tools_decoding import MOST_CHARACTERS
from chargecloud.main.tools_health import HealthOut
from chargecloud.main.tools_port import Tools
from chargecloud.main.tools_simulator import LONGEST_CUT_S
from tests.support.api import Api

LOGIN = "6822010000013201060001923600021056012E312E3530000100000000000000000000040EAB"
CODE = "32010600019236"


async def test_frames_are_read_and_nothing_is_kept(api: Api) -> None:
    staff = await api.staff(Role.DEMO)
    names = [one["name"] for one in (await staff.get("/tools/protocols"))["items"]]
    assert {"ykc16", "dny"} <= set(names)
    found = await staff.post("/tools/decodings", {"hex": f"FF {LOGIN}"}, 200)
    assert (found["protocol"], found["guessed"]) == ("ykc16", True)
    assert [unit["verdict"] for unit in found["units"]] == ["garbage", "decode"]
    assert found["units"][1]["lines"][0]["label"] == "桩编码"
    assert (await staff.get("/audit-log"))["items"] == []


async def test_what_cannot_be_read_is_named(api: Api) -> None:
    staff = await api.staff()
    assert (await staff.post("/tools/decodings", {"hex": "你好"}, 400))["code"] == "no_bytes"
    assert (await staff.post("/tools/decodings", {"hex": LOGIN, "protocol": "ocpp"}, 400))["code"] == "protocol_unknown"
    await staff.post("/tools/decodings", {"hex": "00" * (MOST_CHARACTERS // 2 + 1)}, 422)
    await staff.post("/tools/decodings", {"hex": "00" * (MOST_CHARACTERS // 2)}, 200)


async def test_the_process_tells_how_it_does(api: Api, tmp_path: Path) -> None:
    api.app.state.tools = Tools(version="9.9", role="up", started_at_ms=api.clock.now_ms(), data_dir=tmp_path)
    found = await (await api.staff(Role.MAINTENANCE)).get("/tools/health")
    assert set(found) == set(HealthOut.model_fields)
    assert (found["version"], found["role"], found["ready"]) == ("9.9", "up", True)
    assert {check["name"]: check["ok"] for check in found["checks"]}["database"]
    assert found["waiting"] == {"outbox_rows": 0, "outbox_oldest_ms": 0, "dead_messages": 0}
    assert 0 < found["disk"]["free_bytes"] <= found["disk"]["total_bytes"]


async def test_every_process_is_listed_and_who_fell_silent_is_marked(api: Api) -> None:
    staff = await api.staff(Role.MAINTENANCE)
    assert (await staff.get("/tools/health"))["processes"] == []
    await Presence(api.database, role="worker", name="one-1", version="1.0").tell()
    api.clock.advance(SILENT_AFTER_MS + 1)
    await Presence(api.database, role="worker", name="one-2", version="1.1").tell()
    listed = (await staff.get("/tools/health"))["processes"]
    assert [(one["role"], one["name"], one["version"], one["silent"]) for one in listed] == [
        ("worker", "one-1", "1.0", True),
        ("worker", "one-2", "1.1", False),
    ]


async def test_a_part_that_does_not_answer_is_named(api: Api) -> None:
    async def down() -> None:
        raise TimeoutError

    api.app.state.checks = {**api.app.state.checks, "cache": down}
    found = await (await api.staff()).get("/tools/health")
    assert not found["ready"]
    assert [check["name"] for check in found["checks"] if not check["ok"]] == ["cache"]


class Played:
    """Says yes, and remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def points(self) -> list[dict[str, object]]:
        connector = {
            "connector_no": 1, "state": "idle", "plugged": False, "faulted": False, "soc_pct": None, "power_w": 0,
            "session_no": "",
        }  # fmt: skip
        return [
            {
                "code": CODE,
                "protocol": "ykc16",
                "temper": "standard",
                "online": True,
                "records_waiting": 0,
                "tariff_no": "0001",
                "acts": ["plug"],
                "faults": ["door"],
                "connectors": [connector],
            }
        ]

    def execute(self, line: str) -> dict[str, object]:
        self.lines.append(line)
        return {"ok": False, "error": "no"} if "door" in line else {"ok": True, "done": True}


@pytest.fixture
async def charge_point(api: Api, database: Database) -> str:
    staff = await api.staff()
    async with database.unit() as uow:
        station_id = (await service_assets.create_station(uow, 1, NewStation(name="测试站"))).id
    point = {"code": CODE, "station_id": station_id, "name": "桩", "power_type": "dc", "connector_count": 1}
    await staff.post("/charge-points", point)
    return CODE


async def test_virtual_charge_points_are_told_what_happens(api: Api, charge_point: str) -> None:
    played = Played()
    api.app.state.tools = replace(Tools(), simulator=played)
    staff = await api.staff(Role.OPERATIONS)
    found = await staff.get("/tools/virtual-charge-points")
    assert (found["attached"], found["items"][0]["tariff_no"]) == (True, "0001")
    path = f"/tools/virtual-charge-points/{charge_point}/acts"
    for body, line in (
        ({"act": "plug", "connector_no": 2}, f"plug {CODE} 2"),
        ({"act": "offline", "seconds": 30}, f"offline {CODE} 30"),
        ({"act": "online"}, f"online {CODE}"),
        ({"act": "fault", "fault": "meter"}, f"fault {CODE} 1 meter"),
    ):
        assert await staff.post(path, body, 200) == {"done": True}
        assert played.lines[-1] == line
    assert (await staff.post(path, {"act": "fault", "fault": "door"}, 400))["code"] == "virtual_act_refused"
    boss = await api.staff()
    entries = (await boss.get("/audit-log", action="virtual_charge_point.act"))["items"]
    assert len(entries) == 4 and entries[0]["object"] == f"charge_point:{CODE}"
    await staff.post(path, {"act": "explode"}, 422)
    await staff.post(path, {"act": "offline", "seconds": LONGEST_CUT_S + 1}, 422)
    await staff.post(path, {"act": "fault", "fault": "door\nstop"}, 422)


async def test_without_a_simulator_nothing_can_happen(api: Api, charge_point: str) -> None:
    staff = await api.staff()
    assert await staff.get("/tools/virtual-charge-points") == {"attached": False, "items": []}
    path = f"/tools/virtual-charge-points/{charge_point}/acts"
    assert (await staff.post(path, {"act": "plug"}, 404))["code"] == "no_simulator"


async def test_the_demo_account_only_looks_and_strangers_see_nothing(api: Api, charge_point: str) -> None:
    api.app.state.tools = replace(Tools(), simulator=Played())
    path = f"/tools/virtual-charge-points/{charge_point}/acts"
    demo = await api.staff(Role.DEMO)
    assert (await demo.get("/tools/virtual-charge-points"))["attached"]
    assert (await demo.post(path, {"act": "plug"}, 403))["code"] == "permission_missing"
    theirs = await api.staff(operator="别家")
    assert (await theirs.post(path, {"act": "plug"}, 404))["code"] == "charge_point_unknown"
