"""Plays a scenario at one connector: the driver, as far as the charge point notices one."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from chargecloud.sim.car import random_car
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.connector import Phase
from chargecloud.sim.scenario import Scenario, Step, Verb

LOOK_EVERY_S = 5
SHORTEST_LOOK_S = 0.25
"""Drivers look every 5 s of their own time, but not more often than four times a real second."""
_ROUNDING_S = 1e-6
START_WITHIN_S = 90
"""A charge that was asked for and does not begin within this time is given up (文档 §8.5)."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Who comes: the dice for car and mood, how fast they live, the card they hold."""

    rng: random.Random
    speed: float = 1
    card: str = ""


class Visit:
    """Runs scenario after scenario: `rounds` gives the next one, or None when it is over.

    The first driver comes when the charge point is through with its first opening.
    """

    def __init__(
        self,
        point: VirtualChargePoint,
        connector_no: int,
        driver: Driver,
        rounds: Callable[[], Scenario | None],
        *,
        cut_link: Callable[[float], None],
    ) -> None:
        self._point = point
        self._connector = point.board.connector(connector_no)
        self._rounds = rounds
        self._driver = driver
        self._cut_link = cut_link
        self._steps: list[Step] = []
        self._begun_at = math.nan
        self._charging_since = math.nan
        self._look_at = 0.0
        self._open = False
        self._pause_s = max(SHORTEST_LOOK_S, LOOK_EVERY_S / driver.speed)
        self.over = False
        self.given_up = 0
        """Rounds that ended early because no charge came about."""

    def deadline(self) -> float:
        """When to look again; infinity when it is over."""
        return math.inf if self.over else self._look_at

    def tick(self, now: float) -> None:
        """Do the steps that are due."""
        self._open = self._open or self._point.board.ready
        if not self._open:
            self._look_at = now + self._pause_s
        while not self.over and now >= self._look_at:
            if not self._steps and not self._next_round():
                return
            step = self._steps[0]
            if math.isnan(self._begun_at):
                self._begun_at, self._charging_since = now, math.nan
                self._begin(step, now)
            if not self._done(step, now):
                self._look_at = self._next_look(step, now)
                return
            self._begun_at = math.nan
            if self._steps:
                self._steps.pop(0)
            if not self._steps:
                self._look_at = now + self._pause_s

    def _next_look(self, step: Step, now: float) -> float:
        """Waiting ends on time; everything else is noticed by looking."""
        since = self._begun_at if step.verb is Verb.WAIT else self._charging_since
        ends_at = since + step.seconds / self._driver.speed
        if step.verb is Verb.WAIT:
            return ends_at
        return min(ends_at, now + self._pause_s) if step.verb is Verb.CHARGE and ends_at > now else now + self._pause_s

    def _next_round(self) -> bool:
        scenario = self._rounds()
        if scenario is None:
            self.over = True
            return False
        self._steps = list(scenario)
        return True

    def _begin(self, step: Step, now: float) -> None:
        point, number = self._point, self._connector.number
        match step.verb:
            case Verb.PLUG:
                point.plug(number, random_car(self._driver.rng, speed=self._driver.speed), now)
            case Verb.UNPLUG:
                point.unplug(number, now)
            case Verb.CARD:
                point.swipe(number, step.word or self._driver.card, now)
            case Verb.VIN:
                point.present_vin(number, now)
            case Verb.STOP:
                point.press_stop(number, now)
            case Verb.FAULT:
                point.break_down(number, step.word, now)
            case Verb.REPAIR:
                point.repair(number, now)
            case Verb.REBOOT:
                point.reboot(now, lose_memory=step.word == "lose")
            case Verb.OFFLINE:
                self._cut_link(step.seconds / self._driver.speed)

    def _done(self, step: Step, now: float) -> bool:
        spent = (now - self._begun_at) * self._driver.speed + _ROUNDING_S
        match step.verb:
            case Verb.WAIT:
                return spent >= step.seconds
            case Verb.REMOTE:
                waited = now - self._begun_at >= step.seconds
                return self._connector.phase is not Phase.IDLE or (waited and self._give_up(now))
            case Verb.CHARGE | Verb.FULL:
                return self._charged(step, now)
        return True

    def _charged(self, step: Step, now: float) -> bool:
        phase = self._connector.phase
        if math.isnan(self._charging_since):
            if phase is Phase.CHARGING:
                self._charging_since = now
            hopeless = phase in (Phase.IDLE, Phase.WAITING_FOR_PLUG) or now - self._begun_at > START_WITHIN_S
            return hopeless and self._give_up(now)
        if phase is not Phase.CHARGING:
            return self._connector.session is None
        return (
            step.verb is Verb.CHARGE and (now - self._charging_since) * self._driver.speed + _ROUNDING_S >= step.seconds
        )

    def _give_up(self, now: float) -> bool:
        """No charge came about: the driver leaves, and the round is over."""
        self.given_up += 1
        self._point.unplug(self._connector.number, now)
        self._steps.clear()
        return True
