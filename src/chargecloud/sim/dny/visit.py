"""Plays a scenario at one port. It is called when something happens there, so ten thousand of them cost nothing."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from chargecloud.sim.dny.board import VirtualBoard
from chargecloud.sim.dny.ebike import ChargerFault, random_charger
from chargecloud.sim.dny.modem import VirtualModem
from chargecloud.sim.dny.timetable import Entry
from chargecloud.sim.scenario import Scenario, Step, Verb, Way

START_WITHIN_S = 90.0
PAUSE_S = 5.0
FIRST_S = 30.0


@dataclass(frozen=True, slots=True)
class Rider:
    """Who comes: the dice, how fast they live, the card they hold, how many of their chargers are dangerous."""

    rng: random.Random
    speed: float = 1.0
    card: str = ""
    faulty: float = 0.0


class PortVisit:
    """Runs scenario after scenario: `rounds` gives the next one, or None when it is over."""

    __slots__ = (
        "_board", "_cut_link", "_fault", "_left", "_modem", "_port", "_rider", "_rounds", "_steps", "_waits",
        "given_up", "over",
    )  # fmt: skip

    def __init__(  # the port, who comes to it and what may be cut
        self,
        modem: VirtualModem,
        board: VirtualBoard,
        connector_no: int,
        rider: Rider,
        rounds: Callable[[], Scenario | None],
        *,
        cut_link: Callable[[float], None],
    ) -> None:
        self._modem = modem
        self._board = board
        self._port = board.port(connector_no)
        self._port.changed = self._changed
        self._rider = rider
        self._rounds = rounds
        self._cut_link = cut_link
        self._steps: list[Step] = []
        self._fault: ChargerFault | None = None
        self._waits: Entry | None = None
        self._left = False
        """A charge has begun that this step waits for the end of."""
        self.over = False
        self.given_up = 0
        """Rounds that ended early because no charge came about."""

    def arrive(self, now: float) -> None:
        """The first round begins a little later, when the board has had time to introduce itself."""
        self._after(now + FIRST_S * self._rider.rng.uniform(0.2, 1.0), self._next)

    def deadline(self) -> float:
        """Nothing is ever asked of it."""
        return float("inf")

    def tick(self, now: float) -> None:
        """Nothing."""

    def _after(self, when: float, then: Callable[[float], None]) -> None:
        self._waits = self._modem.timetable.at(when, then, instead_of=self._waits)

    def _next(self, now: float) -> None:
        """The step is done; begin the next one that takes time."""
        while not self.over:
            if not self._steps:
                scenario = self._rounds()
                if scenario is None:
                    self.over = True
                    return
                self._steps = list(scenario)
            if self._takes_time(self._steps.pop(0), now):
                return
            if not self._steps:
                self._after(now + max(0.25, PAUSE_S / self._rider.speed), self._next)
                return

    def _takes_time(self, step: Step, now: float) -> bool:
        """Begin a step; whether the next one has to wait."""
        board, number, rider = self._board, self._port.connector_no, self._rider
        match step.verb:
            case Verb.PLUG:
                fault, self._fault = self._fault or self._dice_fault(), None
                board.plug(number, random_charger(rider.rng, speed=rider.speed, fault=fault), now)
            case Verb.UNPLUG:
                board.unplug(number, now)
            case Verb.CARD:
                board.swipe(number, step.word or rider.card, now)
            case Verb.FAULT:
                self._break(step.word, now)
            case Verb.REPAIR:
                board.repair(number, now)
            case Verb.REBOOT:
                self._modem.reboot(now, lose_memory=step.word == "lose")
            case Verb.OFFLINE:
                self._cut_link(step.seconds / rider.speed)
            case Verb.WAIT:
                self._after(now + step.seconds / rider.speed, self._next)
                return True
            case Verb.REMOTE:
                return self._port.session is None and self._await_start(now, step.seconds, then_charge=False)
            case Verb.CHARGE | Verb.FULL:
                return self._charge(step, now)
        return False

    def _charge(self, step: Step, now: float) -> bool:
        if self._port.session is None:
            self._steps.insert(0, step)
            return self._await_start(now, START_WITHIN_S, then_charge=True)
        self._left = True
        if step.verb is Verb.CHARGE:
            self._after(now + step.seconds / self._rider.speed, self._next_after_charge)
        elif self._waits is not None:
            self._waits.drop()
        return True

    def _await_start(self, now: float, seconds: float, *, then_charge: bool) -> bool:
        self._left = False
        self._after(now + seconds, self._give_up)
        return True

    def _changed(self, now: float) -> None:
        """A charge began or ended here, or a card was refused."""
        if self.over or self._waits is None:
            return
        begun = self._port.session is not None
        if self._waits.action == self._give_up and begun:
            self._after(now, self._next)
        elif self._left and not begun:
            self._next_after_charge(now)

    def _next_after_charge(self, now: float) -> None:
        self._left = False
        self._after(now + 0.01, self._next)

    def _give_up(self, now: float) -> None:
        """No charge came about: the rider leaves, and the round is over."""
        self.given_up += 1
        self._board.unplug(self._port.connector_no, now)
        self._steps.clear()
        self._after(now + max(0.25, PAUSE_S / self._rider.speed), self._next)

    def _break(self, word: str, now: float) -> None:
        """A charger's fault is for the next one that is plugged in; smoke and port states are for now."""
        if word in {fault.value for fault in ChargerFault} and word != ChargerFault.SMOKE:
            self._fault = ChargerFault(word)
        else:
            self._board.break_down(self._port.connector_no, word, now)

    def _dice_fault(self) -> ChargerFault | None:
        rng = self._rider.rng
        return rng.choice(list(ChargerFault)) if rng.random() < self._rider.faulty else None


def life(rng: random.Random, way: Way) -> Scenario:
    """One visit: come home, plug in, start somehow, charge until full or for some hours, leave."""
    starts = {Way.REMOTE: Step(Verb.REMOTE, 600), Way.CARD: Step(Verb.CARD)}
    chosen = rng.choices([Way.REMOTE, Way.CARD], [7, 3])[0] if way is Way.MIXED else way
    stay = Step(Verb.FULL) if rng.random() < 0.6 else Step(Verb.CHARGE, rng.uniform(600, 10_800))
    return (
        Step(Verb.WAIT, rng.expovariate(1 / 1_800)), Step(Verb.PLUG), starts[chosen], stay,
        Step(Verb.WAIT, rng.uniform(20, 3_600)), Step(Verb.UNPLUG),
    )  # fmt: skip
