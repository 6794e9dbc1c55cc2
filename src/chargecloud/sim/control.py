"""The control line: plug, unplug and break things at a running simulation. One command a line, one JSON object back."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any

from chargecloud.sim.actor import Actor, own_card
from chargecloud.sim.car import Car, random_car
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.connector import VirtualConnector
from chargecloud.sim.stops import FAULTS

MAX_LINE = 1_024
TOO_LONG = "\n"
HELP = (
    "plug CODE N | unplug CODE N | card CODE N [HEX] | vin CODE N | stop CODE N | fault CODE N [KIND] | "
    "repair CODE N | parallel CODE N [HEX] | reboot CODE [lose] | offline CODE SECONDS | online CODE | "
    "state [CODE] | help"
)
AT_POINT = ("reboot", "offline", "online")
"""What happens to a charge point and not to one of its connectors."""
Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Target:
    """One connector a command is for."""

    actor: Actor[Any]
    code: str
    connector_no: int
    extra: str
    speed: float


Act = Callable[[Target, float], bool]


@dataclass(frozen=True, slots=True)
class Controls:
    """What one kind of charge point can be told, and how it describes itself."""

    at_connector: Mapping[str, Act]
    describe: Callable[[Actor[Any]], list[Answer]]
    faults: tuple[str, ...]
    """What may break at a connector, by name."""


def _point(target: Target) -> VirtualChargePoint:
    point: VirtualChargePoint = target.actor.point
    return point


def _plug(target: Target, now: float) -> bool:
    return _point(target).plug(target.connector_no, _car(target, now), now)


def _car(target: Target, now: float) -> Car:
    rng = random.Random(f"{target.actor.code}/{target.connector_no}/{now}")
    return random_car(rng, speed=target.speed)


def _card(target: Target, now: float) -> bool:
    card = target.extra or own_card(target.actor.code, target.connector_no)
    return _point(target).swipe(target.connector_no, card, now)


def _parallel(target: Target, now: float) -> bool:
    """One car on this connector and the next, started with one card."""
    point, first = _point(target), target.connector_no
    point.board.connector(first + 1)
    car = point.board.connector(first).car or _car(target, now)
    for number in (first, first + 1):
        point.plug(number, car, now)
    if point.board.connector(first + 1).car is not car:
        return False
    card = target.extra or own_card(target.actor.code, first)
    return point.swipe_parallel(first, first + 1, card, now)


def _fault(target: Target, now: float) -> bool:
    _point(target).break_down(target.connector_no, target.extra or "emergency_stop", now)
    return True


def _repair(target: Target, now: float) -> bool:
    _point(target).repair(target.connector_no, now)
    return True


_AT_CONNECTOR: dict[str, Act] = {
    "plug": _plug,
    "unplug": lambda target, now: _point(target).unplug(target.connector_no, now),
    "card": _card,
    "vin": lambda target, now: _point(target).present_vin(target.connector_no, now),
    "stop": lambda target, now: _point(target).press_stop(target.connector_no, now),
    "fault": _fault,
    "repair": _repair,
    "parallel": _parallel,
}


def execute(
    actors: Mapping[str, Actor[Any]], line: str, now: float, *, speed: float = 1, controls: Controls | None = None
) -> Answer:
    """Do what a line says; never raises, the answer's `error` says what is wrong with the line."""
    verb, *words = line.split() or [""]
    chosen_controls = controls or CAR_CONTROLS
    try:
        if verb == "help":
            return {"ok": True, "help": HELP}
        if verb == "state":
            chosen = [_actor(actors, words[0])] if words else list(dict.fromkeys(actors.values()))
            described = [one for actor in chosen for one in chosen_controls.describe(actor)]
            return {"ok": True, "charge_points": described}
        return _command(actors, verb, words, now, speed=speed, acts=chosen_controls.at_connector)
    except ValueError as error:
        return {"ok": False, "error": str(error)}


def describe(actor: Actor[Any]) -> Answer:
    """One charge point as the state command shows it."""
    point = actor.point
    return {
        "charge_point_code": actor.code,
        "temper": point.board.temper.name,
        "power_type": point.board.spec.power_type.value,
        "online": point.online,
        "records_waiting": len(point.board.memory.records),
        "tariff_no": point.board.memory.tariff.number if point.board.memory.tariff else None,
        "connectors": [_connector(connector) for connector in point.connectors],
    }


def _connector(connector: VirtualConnector) -> Answer:
    session = connector.session
    return {
        "connector_no": connector.number,
        "phase": connector.phase.value,
        "plugged": connector.plugged,
        "faulted": connector.fault is not None,
        "soc_pct": connector.car.soc_pct if connector.car else None,
        "power_w": connector.draw.power_w,
        "session_no": session.order.session_no if session else "",
        "energy_mwh": session.truth.energy_mwh if session else 0,
    }


def _command(  # a line and what it is about
    actors: Mapping[str, Actor[Any]],
    verb: str,
    words: list[str],
    now: float,
    *,
    speed: float,
    acts: Mapping[str, Act],
) -> Answer:
    if verb not in acts and verb not in AT_POINT:
        raise ValueError(f"unknown command {verb!r}; known are {HELP}")
    if not words:
        raise ValueError(f"{verb}: which charge point? Write {HELP}")
    actor, rest = _actor(actors, words[0]), words[1:]
    if verb == "reboot":
        actor.point.reboot(now, lose_memory=rest == ["lose"])
        return {"ok": True, "done": True}
    if verb == "online":
        actor.tick(now)
        return {"ok": True, "done": actor.restore_link()}
    number = rest[0] if rest else ""
    if not number.isdecimal():
        raise ValueError(f"{verb} {actor.code}: a number is missing; write {HELP}")
    if verb == "offline":
        actor.tick(now)
        actor.cut_link(int(number))
        return {"ok": True, "done": True}
    target = Target(actor, words[0], int(number), rest[1] if len(rest) > 1 else "", speed)
    return {"ok": True, "done": acts[verb](target, now)}


def _actor(actors: Mapping[str, Actor[Any]], code: str) -> Actor[Any]:
    if code not in actors:
        raise ValueError(f"no charge point {code!r} here; `state` lists them")
    return actors[code]


CAR_CONTROLS = Controls(_AT_CONNECTOR, lambda actor: [describe(actor)], tuple(FAULTS))


@asynccontextmanager
async def serving(port: int, answer: Callable[[str], Answer]) -> AsyncIterator[int]:
    """Listen on the loopback interface; yields the port (port 0 lets the system choose)."""
    writers: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with closing(writer), suppress(ConnectionError):  # whoever asked may be gone before the answer
            while line := await _read_line(reader):
                reply = answer(line) if line != TOO_LONG else {"ok": False, "error": f"a line has {MAX_LINE} bytes"}
                writer.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        writers.discard(writer)

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=MAX_LINE)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def _read_line(reader: asyncio.StreamReader) -> str:
    """The next line, empty at the end, TOO_LONG for one without an end in sight (which is skipped)."""
    try:
        return (await reader.readuntil(b"\n")).decode("utf-8", "replace")
    except asyncio.LimitOverrunError as error:
        await reader.readexactly(max(1, error.consumed))
        return TOO_LONG
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""
