"""E-bikes charge: the real process and its gateway, a board's bytes on a real socket, the public API, every mode."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chargecloud.infra import telemetry
from chargecloud.kernel.ids import new_id
from chargecloud.main.cli import app
from chargecloud.protocols.dny.frames import commands as down_frames
from tests.e2e.rig import Person, RealPlatform
from tests.support import dny

WITHIN_S = 20
BY_HOUR = {"basis": "time", "tiers": [{"fen_per_hour": 600}]}
BY_ENERGY = {"basis": "energy", "energy_yuan_per_kwh": "6.00000", "service_yuan_per_kwh": "4.00000"}
PER_USE = {"basis": "per_use", "per_use_fen": 150}
IN_TIERS = {"basis": "time", "tiers": [{"max_power_w": 200, "fen_per_hour": 600}, {"fen_per_hour": 1_200}]}
CHARGES: list[tuple[str, dict[str, Any], dict[str, Any] | None, dict[str, int], int, int]] = [
    ("minutes", BY_HOUR, {"kind": "minutes", "value": 30}, {"duration_s": 60, "energy_001kwh": 0}, 300, 10),
    ("money", BY_HOUR, {"kind": "money", "value": 200}, {"duration_s": 120, "energy_001kwh": 1}, 200, 20),
    ("until full", BY_HOUR, None, {"duration_s": 180, "energy_001kwh": 1}, 500, 30),
    ("energy", BY_ENERGY, {"kind": "energy", "value": 1_000_000}, {"duration_s": 60, "energy_001kwh": 5}, 1_000, 50),
    ("per use", PER_USE, None, {"duration_s": 60, "energy_001kwh": 1}, 150, 150),
    ("tiers", IN_TIERS, {"kind": "money", "value": 200},
     {"duration_s": 60, "energy_001kwh": 1, "second_max_power_dw": 2_500}, 200, 20),
]  # fmt: skip
"""Name, plan, wish, record, fen that are held, fen it costs."""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealPlatform]:
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)
    running = RealPlatform(tmp_path)
    listener = f'[{{"protocol":"dny","host":"127.0.0.1","port":{running.listener_port}}}]'
    running.configure(CHARGECLOUD_LISTENERS=listener)
    yield running
    running.kill()


class Board:
    """A board on a socket: it answers starts and knows which order runs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.started: asyncio.Queue[down_frames.ChargeControl] = asyncio.Queue()
        self.confirmed: asyncio.Queue[int] = asyncio.Queue()

    async def run(self) -> None:
        """Read frames until the end."""
        self.writer.write(dny.ICCID + dny.register(message_id=1))
        while head := await self.reader.read(5):
            head += await self.reader.readexactly(5 - len(head))
            raw = head + await self.reader.readexactly(head[3] | head[4] << 8)
            message_id = raw[9] | raw[10] << 8
            if raw[11] == 0x20:
                self.writer.write(dny.heartbeat(states=b"\x02\x02"))
            elif raw[11] == 0x03:
                self.confirmed.put_nowait(message_id)
            elif raw[11] == 0x82:
                frame = dny.down(raw)
                assert isinstance(frame, down_frames.ChargeControl)
                self.writer.write(dny.control_reply(frame.order_no.hex(), message_id=message_id, port=frame.port_no))
                self.started.put_nowait(frame)


def administrator(platform: RealPlatform) -> Person:
    made = CliRunner(env=platform.settings).invoke(app, ["staff", "add", "boss"], input="a long enough secret\n")
    assert made.exit_code == 0, made.output
    platform.start()
    nobody = Person(platform.base, "none")
    signed_in = nobody.call("POST", "/staff/sign-in", 200, username="boss", password="a long enough secret")
    return Person(platform.base, signed_in["token"])


def prepare(boss: Person, base: str) -> tuple[int, Person, int]:
    """A station with a board; a rider with 50 yuan."""
    station = boss.call("POST", "/stations", 201, name="两轮站")
    board = {"station_id": station["id"], "code": dny.CODE, "name": "1 号板", "power_type": "ac"}
    boss.call("POST", "/charge-points", 201, **board, connector_count=2, rated_power_w=2_000)
    driver = boss.call("POST", "/drivers", 201, name="骑手", phone="13800000001")
    boss.call("POST", f"/drivers/{driver['id']}/top-ups", 201, key=new_id(), amount_fen=5_000, reason="测试")
    token = boss.call("POST", f"/drivers/{driver['id']}/tokens", 201)["token"]
    return station["id"], Person(base, token), driver["id"]


async def wait_for(look: Any, wanted: Any) -> Any:
    """What it looks like once it is as wanted."""
    return await asyncio.to_thread(_polled, look, wanted)


def _polled(look: Any, wanted: Any) -> Any:
    give_up_at = time.monotonic() + WITHIN_S
    while not wanted(found := look()):
        assert time.monotonic() < give_up_at, found
        time.sleep(0.1)
    return found


@pytest.mark.slow
async def test_every_mode_from_start_to_refund(platform: RealPlatform) -> None:
    boss = await asyncio.to_thread(administrator, platform)
    station_id, rider, _ = await asyncio.to_thread(prepare, boss, platform.base)
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.listener_port)
    board = Board(reader, writer)
    running = asyncio.create_task(board.run())
    try:
        path = f"/charge-points/{dny.CODE}"
        await wait_for(lambda: boss.call("GET", path, 200), lambda found: found["online"])
        left_fen = 5_000
        for number, charge in enumerate(CHARGES):
            left_fen -= await _charge(board, boss, rider, station_id, number, charge)
            wallet = await asyncio.to_thread(rider.call, "GET", "/wallet", 200)
            assert (wallet["available_fen"], wallet["held_fen"]) == (left_fen, 0), charge[0]
    finally:
        writer.close()
        running.cancel()
    await asyncio.to_thread(platform.stop)


async def _charge(
    board: Board, boss: Person, rider: Person, station_id: int, number: int, charge: tuple[Any, ...]
) -> int:
    """One charge, and what it cost."""
    name, plan, wish, record, held_fen, cost_fen = charge
    tariff = await asyncio.to_thread(
        boss.call, "POST", "/two-wheel-tariffs", 201, name=f"{name} {number}", version={"plan": plan}
    )
    path = f"/stations/{station_id}/tariffs"
    await asyncio.to_thread(boss.call, "POST", path, 201, tariff_id=tariff["tariff"]["id"])
    body = {"charge_point_code": dny.CODE, "connector_no": 1, **({"limit": wish} if wish else {})}
    placed = await asyncio.to_thread(lambda: rider.call("POST", "/orders", 202, key=new_id(), **body))
    order = placed["orders"][0]
    assert order["hold_fen"] == held_fen, name
    frame = await asyncio.wait_for(board.started.get(), WITHIN_S)
    assert frame.order_no.hex().upper() == order["session_no"]
    look = f"/orders/{order['order_no']}"
    board.writer.write(dny.progress(order["session_no"], duration_s=10, energy_001kwh=0))
    await wait_for(lambda: rider.call("GET", look, 200), lambda found: found["state"] == "charging")
    told = dny.settlement(order=frame.order_no, timestamp=0, max_power_dw=2_500, message_id=50 + number, **record)
    board.writer.write(told + told)
    assert await asyncio.wait_for(board.confirmed.get(), WITHIN_S) == 50 + number
    found = await wait_for(lambda: rider.call("GET", look, 200), lambda found: found["refund_fen"] is not None)
    assert (found["state"], found["total_fen"], found["refund_fen"]) == ("settled", cost_fen, held_fen - cost_fen), name
    board.writer.write(dny.heartbeat(states=b"\x02\x02"))
    return cost_fen
