"""The control line."""

import asyncio
import json

import pytest

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim import control
from chargecloud.sim.actor import Actor
from tests.unit.sim.bench import CODE, TRADE_NO, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench().ready()


def say(bench: Bench, line: str) -> control.Answer:
    actor = Actor(bench.point, now=bench.now, seed=1)
    answer = control.execute({actor.code: actor}, line, bench.now)
    bench.pump()
    return answer


def test_a_visit_by_hand(bench: Bench) -> None:
    assert say(bench, f"plug {CODE} 1") == {"ok": True, "done": True}
    assert say(bench, f"plug {CODE} 1") == {"ok": True, "done": False}
    bench.start()
    bench.pass_time(30)
    state = say(bench, f"state {CODE}")["charge_points"]
    assert isinstance(state, list)
    connector = state[0]["connectors"][0]
    assert (connector["phase"], connector["session_no"]) == ("charging", TRADE_NO)
    assert connector["energy_mwh"] > 0 < connector["power_w"]
    assert say(bench, f"stop {CODE} 1")["done"]
    bench.pass_time(10)
    assert say(bench, f"unplug {CODE} 1")["done"]


def test_the_other_commands(bench: Bench) -> None:
    say(bench, f"plug {CODE} 2")
    assert say(bench, f"vin {CODE} 2")["done"]
    assert say(bench, f"card {CODE} 1")["done"] is False
    assert say(bench, f"fault {CODE} 2 door")["done"]
    assert say(bench, f"repair {CODE} 2")["done"]
    assert say(bench, f"offline {CODE} 30")["done"]
    assert say(bench, f"online {CODE}")["done"] is False, "an actor of its own for each line: nothing was cut"
    assert say(bench, f"reboot {CODE}")["done"]
    assert len(say(bench, "state")["charge_points"]) == 1  # type: ignore[arg-type]
    assert "plug CODE N" in str(say(bench, "help")["help"])


def test_parallel_charging_by_hand(bench: Bench) -> None:
    assert say(bench, f"parallel {CODE} 1 0A0B")["done"]
    requests = bench.all(frames.ParallelStartRequest)
    assert [request.gun_no for request in requests] == ["01", "02"]
    first, second = bench.point.connectors
    assert first.car is second.car is not None


def test_two_cars_cannot_charge_in_parallel(bench: Bench) -> None:
    say(bench, f"plug {CODE} 2")
    assert say(bench, f"parallel {CODE} 1")["done"] is False
    assert "has connectors 1 to 2, not 3" in str(say(bench, f"parallel {CODE} 2")["error"])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "unknown command ''"),
        ("fly 1", "unknown command 'fly'"),
        ("plug", "which charge point?"),
        ("plug 99", "no charge point '99' here"),
        (f"plug {CODE}", "a number is missing"),
        (f"plug {CODE} 7", "has connectors 1 to 2, not 7"),
        (f"fault {CODE} 1 flood", "unknown fault 'flood'"),
        (f"card {CODE} 1 XY", "write up to 16 hex digits"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(bench: Bench, line: str, complaint: str) -> None:
    answer = say(bench, line)
    assert answer["ok"] is False
    assert complaint in str(answer["error"])


async def test_lines_over_a_socket() -> None:
    async with control.serving(0, lambda line: {"ok": True, "echo": line.strip()}) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"one\ntwo\n")
        assert [json.loads(await reader.readline())["echo"] for _ in range(2)] == ["one", "two"]
        writer.write(b"x" * 3_000 + b"\n")
        assert json.loads(await reader.readline())["ok"] is False
        writer.close()
