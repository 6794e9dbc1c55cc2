"""The demo's virtual charge points as the tools know them: all of its simulations behind one face."""

from typing import Any, cast

from chargecloud.sim.control import AT_POINT, Answer
from chargecloud.sim.runner import Runner

OFFERED = ("plug", "unplug", "card", "stop", "fault", "repair", *AT_POINT)
"""What the page can let happen; the control line knows more."""


class DemoSimulator:
    """Several simulations; each charge point belongs to one of them."""

    def __init__(self) -> None:
        self._runners: list[Runner] = []

    def add(self, runner: Runner) -> None:
        """One more simulation."""
        self._runners.append(runner)

    def points(self) -> list[dict[str, object]]:
        """Every virtual charge point, those of one simulation together."""
        return [_point(runner, told) for runner in self._runners for told in _described(runner)]

    def execute(self, line: str) -> dict[str, object]:
        """Do a line at whoever has the charge point it names."""
        code = line.split()[1]
        for runner in self._runners:
            if code in runner.actors:
                return runner.execute(line)
        return {"ok": False, "error": f"no charge point {code!r} here"}


def _described(runner: Runner) -> list[Answer]:
    actors = dict.fromkeys(runner.actors.values())
    return [told for actor in actors for told in runner.controls.describe(actor)]


def _point(runner: Runner, told: Answer) -> dict[str, object]:
    known = {*runner.controls.at_connector, *AT_POINT}
    connectors = cast(list[dict[str, Any]], told["connectors"])
    return {
        "code": told["charge_point_code"],
        "protocol": runner.protocol,
        "temper": told["temper"],
        "online": told["online"],
        "records_waiting": told["records_waiting"],
        "tariff_no": told.get("tariff_no"),
        "acts": [act for act in OFFERED if act in known],
        "faults": list(runner.controls.faults),
        "connectors": [_connector(connector) for connector in connectors],
    }


def _connector(told: dict[str, Any]) -> dict[str, object]:
    """Cars have phases, boards numbered states."""
    return {
        "connector_no": told["connector_no"],
        "state": str(told.get("phase", told.get("state"))),
        "plugged": told["plugged"],
        "faulted": told["faulted"],
        "soc_pct": told.get("soc_pct"),
        "power_w": told["power_w"],
        "session_no": told["session_no"],
    }
