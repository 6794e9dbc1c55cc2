"""Who is at the far end of a link, with drivers and misfortunes; without a socket, for city tests and the runner."""

import random
from collections.abc import Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar

from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.faults import NO_FAULTS, Accidents, Faults, FaultyLink
from chargecloud.sim.scenario import Scenario, Way, parse_life, parse_scenario, random_life
from chargecloud.sim.stops import FAULTS
from chargecloud.sim.truth import Standing, Truth
from chargecloud.sim.visit import Driver, Visit


class Point(Protocol):
    """One end of a link, whatever it speaks; `VirtualChargePoint` says what each member means."""

    truth: Truth

    @property
    def code(self) -> str: ...
    @property
    def linked(self) -> bool: ...
    @property
    def online(self) -> bool: ...
    @property
    def closing(self) -> bool: ...
    @property
    def unsettled(self) -> bool: ...
    def wants_link(self, now: float) -> bool: ...
    def link_wanted_at(self) -> float: ...
    def connected(self, now: float) -> None: ...
    def disconnected(self, now: float) -> None: ...
    def receive(self, data: bytes, now: float) -> None: ...
    def tick(self, now: float) -> None: ...
    def deadline(self) -> float: ...
    def take_output(self) -> list[bytes]: ...
    def reboot(self, now: float, *, lose_memory: bool = False) -> None: ...
    def standing(self) -> Standing: ...


class Visitor(Protocol):
    """A driver who comes to a connector, round after round."""

    given_up: int

    @property
    def over(self) -> bool: ...
    def deadline(self) -> float: ...
    def tick(self, now: float) -> None: ...


P = TypeVar("P", bound=Point)


class Actor(Generic[P]):
    """What is on the charge point's side of a connection. The peer drives it like a `VirtualChargePoint`."""

    def __init__(self, point: P, *, now: float, seed: int, faults: Faults = NO_FAULTS) -> None:
        name = f"{seed}/{point.code}"
        self.point = point
        self.visits: list[Visitor] = []
        """Those who have to be asked again and again."""
        self.guests: list[Visitor] = []
        """Those who are called when something happens; only whether they are through is asked."""
        self._link = FaultyLink(faults, random.Random(f"{name}/link"))
        self._accidents = Accidents(faults, random.Random(f"{name}/accidents"), now)
        self._now = now
        self._away_until = now
        self.half_open = False
        """The link that is to be closed shall not be closed: it just falls silent."""

    @property
    def code(self) -> str:
        """The charge point code."""
        return self.point.code

    @property
    def now(self) -> float:
        """When it was last driven, monotonic seconds."""
        return self._now

    @property
    def closing(self) -> bool:
        """The link is to be closed: by the charge point, or because it broke."""
        return self.point.closing or (self.point.linked and self._now < self._away_until)

    @property
    def over(self) -> bool:
        """Every driver has gone, and no record waits any more."""
        return all(visit.over for visit in (*self.visits, *self.guests)) and not self.point.unsettled

    def wants_link(self, now: float) -> bool:
        """Whether it would connect now."""
        return now >= self._away_until and self.point.wants_link(now)

    def link_wanted_at(self) -> float:
        """From when on it wants a link."""
        return max(self._away_until, self.point.link_wanted_at())

    def cut_link(self, seconds: float, *, half_open: bool = False) -> None:
        """The link breaks and stays away for so long."""
        self.half_open = half_open and self.point.linked
        self._away_until = max(self._away_until, self._now + seconds)

    def restore_link(self) -> bool:
        """A cut link may come back now; whether one was cut."""
        was_away = self._away_until > self._now
        self._away_until = min(self._away_until, self._now)
        return was_away

    def connected(self, now: float) -> None:
        """A link is there."""
        self._now = now
        self.point.connected(now)

    def disconnected(self, now: float) -> None:
        """The link is gone."""
        self._now = now
        self.half_open = False
        self._link.drop()
        self.point.disconnected(now)

    def receive(self, data: bytes, now: float) -> None:
        """Bytes from the platform."""
        self._now = now
        self.point.receive(data, now)

    def tick(self, now: float) -> None:
        """Accidents, drivers, charge point: whatever is due."""
        self._now = now
        accident = self._accidents.due(now)
        if accident and accident.reboot:
            self.point.reboot(now, lose_memory=accident.lose_memory)
        elif accident:
            self.cut_link(accident.offline_s, half_open=accident.half_open)
        for visit in self.visits:
            visit.tick(now)
        self.point.tick(now)

    def deadline(self) -> float:
        """When `tick` or `take_writes` next has something; infinity when never."""
        visits = min((visit.deadline() for visit in self.visits), default=float("inf"))
        return min(self.point.deadline(), self._link.deadline(), self._accidents.deadline(), visits)

    def take_writes(self, now: float) -> list[bytes]:
        """What goes onto the wire now, damaged as the faults want it."""
        held = self._link.due(now)
        return held + self._link.send(self.point.take_output(), now)


def play(  # each is an option of the simulator
    actor: Actor[VirtualChargePoint],
    text: str,
    *,
    seed: int,
    repeat: int = 1,
    speed: float = 1,
    cards: Sequence[str] = (),
) -> None:
    """Let drivers come to every connector: a scenario `repeat` times (0: for ever), or a random life."""
    for connector in actor.point.connectors:
        rng = random.Random(f"{seed}/{actor.code}/{connector.number}/drivers")
        card = rng.choice(list(cards)) if cards else own_card(actor.code, connector.number)
        driver = Driver(rng, speed, card)
        rounds = rounds_of(text, rng, repeat=repeat)
        actor.visits.append(Visit(actor.point, connector.number, driver, rounds, cut_link=actor.cut_link))


def rounds_of(
    text: str,
    rng: random.Random,
    *,
    repeat: int,
    life: Callable[[random.Random, Way], Scenario] = random_life,
    faults: Collection[str] = FAULTS,
) -> Callable[[], Scenario | None]:
    """A source of rounds that ends after `repeat` of them, or never for 0."""
    way = parse_life(text)
    steps = () if way else parse_scenario(text, faults=faults)
    left = repeat if repeat > 0 else -1

    def following() -> Scenario | None:
        nonlocal left
        if left == 0:
            return None
        left -= 1
        return life(rng, way) if isinstance(way, Way) else steps

    return following


def own_card(code: str, connector_no: int) -> str:
    """The card number a driver without a given card holds: made of charge point and connector."""
    return f"{int(code) % 0xFFFFFF * 16 + connector_no % 16 + 1:016X}"
