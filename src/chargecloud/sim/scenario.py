"""What happens at one connector: steps as data, read from text such as `plug,card,charge:20m,unplug`."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from chargecloud.sim.asking import card_bytes
from chargecloud.sim.durations import parse_duration
from chargecloud.sim.stops import FAULTS

DEFAULT_CHARGE_S = 1_200
DEFAULT_REMOTE_S = 600
DEFAULT_WAIT_S = 60
DEFAULT_OFFLINE_S = 300


class Verb(StrEnum):
    """What a step does."""

    PLUG = "plug"
    """A car drives up and plugs in."""
    UNPLUG = "unplug"
    CARD = "card"
    """Hold a card to the reader: start, or stop what it started. `card:0102030405060708` names the card."""
    VIN = "vin"
    """Ask to charge by VIN."""
    REMOTE = "remote"
    """Wait until somebody starts remotely; `remote:5m` at most so long, whatever the speed, then the driver leaves."""
    CHARGE = "charge"
    """Charge for so long, or until the charge ends by itself."""
    FULL = "full"
    """Charge until it ends by itself."""
    STOP = "stop"
    """Press stop on the screen."""
    FAULT = "fault"
    """Something breaks; `fault:door` names it."""
    REPAIR = "repair"
    WAIT = "wait"
    REBOOT = "reboot"
    """Power cycle; `reboot:lose` loses the memory as well."""
    OFFLINE = "offline"
    """The link is cut for so long; the scenario goes on meanwhile."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario."""

    verb: Verb
    seconds: float = 0
    """Of the driver's time, which runs faster by the speed; of `remote` real time, for somebody real is waited for."""
    word: str = ""


Scenario = tuple[Step, ...]

_DEFAULT_S = {
    Verb.CHARGE: DEFAULT_CHARGE_S,
    Verb.REMOTE: DEFAULT_REMOTE_S,
    Verb.WAIT: DEFAULT_WAIT_S,
    Verb.OFFLINE: DEFAULT_OFFLINE_S,
}
_WITHOUT_ARGUMENT = {Verb.PLUG, Verb.UNPLUG, Verb.VIN, Verb.FULL, Verb.STOP, Verb.REPAIR}


def parse_scenario(text: str, *, faults: Collection[str] = FAULTS) -> Scenario:
    """Read steps separated by commas; ValueError names the step and what is allowed."""
    steps = tuple(_step(part.strip(), faults) for part in text.split(",") if part.strip())
    if not steps:
        raise ValueError("the scenario is empty; write steps such as plug,card,charge:20m,unplug")
    return steps


def _step(text: str, faults: Collection[str]) -> Step:
    name, colon, argument = text.partition(":")
    try:
        verb = Verb(name)
    except ValueError:
        raise ValueError(f"unknown step {name!r}; known are {', '.join(Verb)}") from None
    if verb in _WITHOUT_ARGUMENT and colon:
        raise ValueError(f"step {text!r}: {name} takes no argument")
    if verb in _DEFAULT_S:
        return Step(verb, parse_duration(argument) if colon else _DEFAULT_S[verb])
    return Step(verb, word=_word(verb, argument, faults))


def _word(verb: Verb, argument: str, faults: Collection[str]) -> str:
    if verb is Verb.CARD and argument:
        card_bytes(argument)
    if verb is Verb.FAULT:
        argument = argument or next(iter(faults))
        if argument not in faults:
            raise ValueError(f"unknown fault {argument!r}; known are {', '.join(faults)}")
    if verb is Verb.REBOOT and argument not in ("", "lose"):
        raise ValueError(f"step reboot:{argument}: write reboot or reboot:lose")
    return argument


class Way(StrEnum):
    """How the drivers of a random life start their charges."""

    MIXED = "mixed"
    REMOTE = "remote"
    CARD = "card"
    VIN = "vin"


LIFE = "life"


def parse_life(text: str) -> Way | None:
    """`life` or `life:card` names a random drivers' life; None for a scenario of steps."""
    name, _, way = text.partition(":")
    if name != LIFE:
        return None
    try:
        return Way(way or Way.MIXED)
    except ValueError:
        raise ValueError(f"unknown life {way!r}; known are {', '.join(Way)}") from None


def random_life(rng: random.Random, way: Way) -> Scenario:
    """One visit: arrive, plug, start somehow, charge, leave."""
    arrive = Step(Verb.WAIT, rng.expovariate(1 / 900))
    starts = {Way.REMOTE: Step(Verb.REMOTE, DEFAULT_REMOTE_S), Way.CARD: Step(Verb.CARD), Way.VIN: Step(Verb.VIN)}
    chosen = rng.choices([Way.REMOTE, Way.CARD, Way.VIN], [5, 3, 2])[0] if way is Way.MIXED else way
    stay = Step(Verb.FULL) if rng.random() < 0.4 else Step(Verb.CHARGE, rng.uniform(600, 3600))
    leave = [Step(Verb.STOP)] if rng.random() < 0.7 else []
    return (arrive, Step(Verb.PLUG), starts[chosen], stay, *leave, Step(Verb.WAIT, rng.uniform(20, 300)), _UNPLUG)


_UNPLUG = Step(Verb.UNPLUG)
