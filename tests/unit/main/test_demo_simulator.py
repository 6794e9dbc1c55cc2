"""The demo's simulations behind one face."""

from typing import Any

from chargecloud.kernel.clock import ManualClock
from chargecloud.main.demo_boards import boards_simulation
from chargecloud.main.demo_fleet import Life, simulations
from chargecloud.main.demo_simulator import DemoSimulator
from chargecloud.sim.runner import Runner

WALL_MS = 1_767_240_000_000


def made() -> DemoSimulator:
    simulator, clock = DemoSimulator(), ManualClock(WALL_MS)
    for options, specs in simulations(1, only=frozenset({Life.VISITORS, Life.REGULARS})):
        simulator.add(Runner(options, specs=specs, clock=clock, tell=str))
    options, modems = boards_simulation(2)
    simulator.add(Runner(options, specs=modems, clock=clock, tell=str))
    return simulator


def test_cars_and_boards_are_told_alike() -> None:
    points: list[dict[str, Any]] = made().points()
    codes = [str(point["code"]) for point in points]
    assert len(set(codes)) == len(codes) > 10
    assert {point["protocol"] for point in points} == {"ykc16", "dny"}
    for point in points:
        assert {"plug", "unplug", "card", "fault", "repair", "offline", "online"} <= set(point["acts"])
        assert point["connectors"] and point["faults"]
    assert all(point["tariff_no"] is None for point in points), "none has been told one yet"


def test_a_line_reaches_the_charge_point_it_names() -> None:
    simulator = made()
    board = next(point for point in simulator.points() if point["protocol"] == "dny")
    assert simulator.execute(f"fault {board['code']} 1 9") == {"ok": True, "done": True}
    after: dict[str, Any] = next(point for point in simulator.points() if point["code"] == board["code"])
    first = after["connectors"][0]
    assert (first["faulted"], first["state"]) == (True, "9")
    assert simulator.execute(f"repair {board['code']} 1")["done"]
    assert "no charge point" in str(simulator.execute("plug 99999999999999 1")["error"])
