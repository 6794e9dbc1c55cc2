"""The kinds of charge points that can be simulated, as a table: what they are made of, and what they can be told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from chargecloud.sim import control
from chargecloud.sim.actor import Actor, play
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.control import Controls
from chargecloud.sim.dny import population as boards
from chargecloud.sim.options import SimOptions


class Moment(NamedTuple):
    """When a simulation begins."""

    now: float
    """Monotonic seconds."""
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One protocol's charge points."""

    specs: Callable[[SimOptions], Iterable[Any]]
    """What the options ask for, one for each link."""
    actor: Callable[[SimOptions, Any, Moment], Actor[Any]]
    """One of them with its drivers."""
    codes: Callable[[Actor[Any]], tuple[str, ...]]
    """The charge point codes behind a link."""
    controls: Controls


def _car_actor(options: SimOptions, spec: ChargePointSpec, moment: Moment) -> Actor[VirtualChargePoint]:
    point = VirtualChargePoint(spec, seed=options.seed, now=moment.now, wall_ms=moment.wall_ms, faults=options.faults)
    actor = Actor(point, now=moment.now, seed=options.seed, faults=options.faults)
    if options.scenario:
        play(
            actor, options.scenario, seed=options.seed, repeat=options.repeat, speed=options.speed, cards=options.cards
        )
    return actor


KINDS = {
    "ykc16": Kind(SimOptions.specs, _car_actor, lambda actor: (actor.code,), control.CAR_CONTROLS),
    "dny": Kind(
        boards.specs,
        lambda options, spec, moment: boards.actor(options, spec, now=moment.now, wall_ms=moment.wall_ms),
        lambda actor: actor.point.codes,
        boards.CONTROLS,
    ),
}
