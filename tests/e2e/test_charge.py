"""A car charges: the real process, real sockets, a virtual charge point, the public API; and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chargecloud.infra import telemetry
from chargecloud.kernel.ids import new_id
from chargecloud.main.cli import app
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.options import SimOptions
from chargecloud.sim.runner import Runner
from tests.e2e.rig import Person, RealPlatform, until

CODE = "32010000000017"
WIRE_STEP_MWH = 100
TRACE = "a-phone.started-this"
PRICE = {"energy_yuan_per_kwh": "1.03507", "service_yuan_per_kwh": "0.45013"}

ONE_TRACE = [
    ("http.request", "placeOrder"),
    ("gateway.command", "StartCharging"),
    ("gateway.event", "StartAnswered"),
    ("event.handled", "StartAnswered"),
    ("gateway.event", "CommandEnded"),
    ("gateway.event", "RecordUploaded"),
    ("event.handled", "RecordUploaded"),
    ("gateway.command", "ConfirmRecord"),
    ("event.handled", "SessionRecorded"),
]
"""From the phone to the charge point and back to the settled order, under the phone's own id."""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealPlatform]:
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)  # of this process, whose streams come and go
    running = RealPlatform(tmp_path)
    yield running
    running.kill()


@asynccontextmanager
async def virtual_charge_point(port: int) -> AsyncIterator[Runner]:
    """One DC charge point with a car plugged into connector 1 once it is online."""
    stop = asyncio.Event()
    options = SimOptions(port=port, scenario="", speed=20, reconnect_s=0.5, jitter_s=0, progress_s=0)
    runner = Runner(options, specs=[ChargePointSpec(code=CODE, rated_power_w=120_000)])
    running = asyncio.create_task(runner.run(stop))
    try:
        yield runner
    finally:
        stop.set()
        await running


def administrator(platform: RealPlatform) -> Person:
    """The first account, made on the command line before the platform has ever run."""
    made = CliRunner(env=platform.settings).invoke(app, ["staff", "add", "boss"], input="a long enough secret\n")
    assert made.exit_code == 0, made.output
    platform.start()
    nobody = Person(platform.base, "none")
    signed_in = nobody.call("POST", "/staff/sign-in", 200, username="boss", password="a long enough secret")
    return Person(platform.base, signed_in["token"])


def prepare(boss: Person) -> Person:
    """A station with a charge point and one price for the whole day; a driver with 50 yuan."""
    station = boss.call("POST", "/stations", 201, name="测试站")
    where = {"station_id": station["id"], "code": CODE, "name": "1 号桩", "power_type": "dc", "connector_count": 2}
    boss.call("POST", "/charge-points", 201, **where, rated_power_w=120_000)
    version = {"bands": {"flat": PRICE}, "half_hours": ["flat"] * 48}
    tariff = boss.call("POST", "/tariffs", 201, name="一口价", version=version)
    boss.call("POST", f"/stations/{station['id']}/tariffs", 201, tariff_id=tariff["tariff"]["id"])
    driver = boss.call("POST", "/drivers", 201, name="测试车主", phone="13800000001")
    boss.call("POST", f"/drivers/{driver['id']}/top-ups", 201, key=new_id(), amount_fen=5_000, reason="测试")
    issued = boss.call("POST", f"/drivers/{driver['id']}/tokens", 201)
    return Person(boss.base, issued["token"])


async def charge(boss: Person, driver: Person, runner: Runner) -> dict[str, Any]:
    """Plug, order, watch, stop, bill."""
    async with boss.watching(f"charge_point:{CODE}") as states:
        await until(states, lambda state: bool(state.get("online")), 30)
        assert runner.execute(f"plug {CODE} 1")["ok"]
        await until(states, lambda state: state["connectors"]["1"]["state"] == "occupied", 30)
    key, where = new_id(), {"charge_point_code": CODE, "connector_no": 1}
    order = driver.call("POST", "/orders", 202, key=key, trace=TRACE, **where)["orders"][0]
    again = driver.call("POST", "/orders", 202, key=key, **where)["orders"][0]
    assert (again["order_no"], order["hold_fen"]) == (order["order_no"], 5_000)
    async with driver.watching(f"session:{order['session_no']}") as states:
        await until(states, lambda state: state["state"] == "charging", 30)
        await asyncio.sleep(3)
        driver.call("POST", f"/orders/{order['order_no']}/stop", 202)
        await until(states, lambda state: state.get("order_state") == "settled", 30)
    detail: dict[str, Any] = driver.call("GET", f"/orders/{order['order_no']}", 200)
    return detail


def expected_fen(energy_mwh: int) -> int:
    """The price by decimal arithmetic that shares nothing with the product: each fee to hao, the sum to fen."""
    kwh = Decimal(energy_mwh) / 1_000_000
    fees = [(kwh * Decimal(price)).quantize(Decimal("0.0001"), ROUND_HALF_UP) for price in PRICE.values()]
    return int(sum(fees).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)


async def test_a_charge_is_settled_to_the_fen_and_survives_a_restart(platform: RealPlatform) -> None:
    boss = await asyncio.to_thread(administrator, platform)
    driver = prepare(boss)
    async with virtual_charge_point(platform.listener_port) as runner:
        order = await charge(boss, driver, runner)
        truth = runner.actors[CODE].point.truth.sessions[0]
        assert order["energy_mwh"] > 0
        assert abs(order["energy_mwh"] - truth.energy_mwh) < WIRE_STEP_MWH
        assert order["total_fen"] == expected_fen(order["energy_mwh"])
        wallet = driver.call("GET", "/wallet", 200)
        assert (wallet["cash_fen"], wallet["held_fen"]) == (5_000 - order["total_fen"], 0)
        await asyncio.sleep(1.5)  # the frame log writes once a second
        frames = boss.call("GET", f"/charge-points/{CODE}/frames", 200, limit=500)["items"]
        await asyncio.to_thread(platform.stop)
    lines = platform.traced(TRACE)
    await asyncio.to_thread(platform.start)
    assert driver.call("GET", f"/orders/{order['order_no']}", 200) == order
    assert driver.call("GET", "/wallet", 200) == wallet
    kept = boss.call("GET", f"/charge-points/{CODE}/frames", 200, limit=500)["items"]
    assert [frame for frame in kept if frame in frames] == frames
    names = {unit["name"] for frame in frames for unit in frame["decoded"]}
    assert {"login_request", "remote_start", "transaction_record", "transaction_record_confirm"} <= names
    followed = [(line["event"], line.get("body") or line.get("command") or line.get("operation")) for line in lines]
    assert [each for each in ONE_TRACE if each not in followed] == []
    assert followed[:2] == ONE_TRACE[:2]
