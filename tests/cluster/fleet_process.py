"""A process of its own with the virtual charge points; obeys `wind_down` and `stop` on its standard input.

Every second it writes how things stand as a JSON line. After `wind_down` no new driver comes, charges are stopped at
the charge point, and records go on being repeated until they are confirmed.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from chargecloud.main import process
from chargecloud.sim.actor import own_card, rounds_of
from chargecloud.sim.connector import Phase
from chargecloud.sim.options import SimOptions
from chargecloud.sim.runner import Runner
from chargecloud.sim.scenario import Scenario, parse_scenario
from chargecloud.sim.visit import Driver, Visit

NOBODY = parse_scenario("wait:24h")
"""Nobody comes, and the charge points stay connected: the platform may still want to know what became of a start."""


class Closing:
    """Whether drivers still come."""

    def __init__(self) -> None:
        self.closed = False


def invite(runner: Runner, options: SimOptions, scenario: str, closing: Closing) -> None:
    """Drivers at every connector, until it closes."""
    for actor in runner.actors.values():
        for connector in actor.point.connectors:
            rng = random.Random(f"{options.seed}/{actor.code}/{connector.number}/drivers")
            card = rng.choice(options.cards) if options.cards else own_card(actor.code, connector.number)
            following = rounds_of(scenario, rng, repeat=0)

            def rounds(more: Callable[[], Scenario | None] = following) -> Scenario | None:
                return NOBODY if closing.closed else more()

            driver = Driver(rng, options.speed, card)
            actor.visits.append(Visit(actor.point, connector.number, driver, rounds, cut_link=actor.cut_link))


def standing(runners: dict[str, Runner]) -> dict[str, object]:
    """All groups in one line."""
    under_way = sum(
        connector.phase not in (Phase.IDLE, Phase.WAITING_FOR_PLUG) or connector.session is not None
        for runner in runners.values()
        for actor in runner.actors.values()
        for connector in actor.point.connectors
    )
    return {"under_way": under_way, **{name: asdict(runner.summary()) for name, runner in runners.items()}}


async def main(plan: dict[str, Any], status: TextIO, stop: asyncio.Event) -> int:
    closing, over = Closing(), asyncio.Event()
    runners: dict[str, Runner] = {}
    for name, group in plan["groups"].items():
        scenario = group.pop("scenario")
        cards = tuple(group.pop("cards", ()))
        skip, count = group.pop("skip", 0), group.pop("count")
        common = {"cards": cards, "port": plan["port"], "progress_s": 0, "settle_s": 0, **group}
        options = SimOptions(scenario="", count=skip + count, **common)
        specs = options.specs()[skip:]  # as they were enrolled: the model goes by the place in the whole row
        runners[name] = Runner(options, specs=specs, tell=lambda _line: None)
        invite(runners[name], options, scenario, closing)
    tasks = [asyncio.create_task(runner.run(over)) for runner in runners.values()]
    orders = asyncio.create_task(_obey(closing, over))
    while not (over.is_set() or stop.is_set()):
        if closing.closed:
            _end_charges(runners)
        status.write(json.dumps(standing(runners)) + "\n")
        await asyncio.sleep(1)
    over.set()
    await asyncio.gather(*tasks)
    status.write(json.dumps(standing(runners)) + "\n")
    orders.cancel()
    return 0


def _end_charges(runners: dict[str, Runner]) -> None:
    """The drivers of long charges press stop."""
    for runner in runners.values():
        for actor in runner.actors.values():
            for connector in actor.point.connectors:
                if connector.phase is Phase.CHARGING:
                    runner.execute(f"stop {actor.code} {connector.number}")


async def _obey(closing: Closing, over: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).strip():
        closing.closed |= line == b"wind_down"
        if line == b"stop":
            break
    over.set()


if __name__ == "__main__":
    wanted = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with open(wanted["status"], "a", buffering=1, encoding="utf-8") as file:
        raise SystemExit(process.run(lambda stop: main(wanted, file, stop)))
