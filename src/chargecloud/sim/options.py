"""What `chargecloud sim` can be told; one dataclass, validated, with the readers of its text forms."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chargecloud.device.events import PowerType
from chargecloud.sim.board import CODE_DIGITS, ChargePointSpec
from chargecloud.sim.charge_point import default_spec
from chargecloud.sim.dny.temper import BOARD_FAULTS, MAX_DEVICE_NO, MAX_SLAVES, TYPE_CODES
from chargecloud.sim.dny.temper import TEMPERS as BOARD_TEMPERS
from chargecloud.sim.faults import NO_FAULTS, Faults
from chargecloud.sim.scenario import Verb, Way, parse_life, parse_scenario
from chargecloud.sim.temper import TEMPERS

DEFAULT_PORTS = {"ykc16": 8768, "dny": 7054}
PROTOCOLS = tuple(DEFAULT_PORTS)
MIXED = "mixed"
MAX_COUNT = 50_000
MAX_SOURCES = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOptions:
    """Options of a run; every field is one command-line option of the same name with dashes.

    protocol        vendor protocol the charge points speak; some of the options are for one of them only
    count           how many charge points, or modems with boards
    host, port      where the platform listens (`--address host:port`)
    code_prefix     first digits of the charge point codes; the rest is a number with leading zeros, 14 digits in all
    first_code      number of the first charge point
    temper          firmware temper: standard, ykc16, openuc, thrifty (dny: standard, f640, old, cabinet), or mixed (in
                    turn)
    power           dc, ac or mixed
    slaves          dny: so many boards behind each host; 0: stand-alone boards
    ports           dny: sockets of a board, 2, 10, 12 or 16; 0: ten, twelve and sixteen in turn
    faulty          dny: part of the chargers that is dangerous (too much power, no taper, rise after full, heat, smoke)
    scenario        steps at every connector such as plug,card,charge:20m,unplug; or life, life:remote, life:card,
                    life:vin for a random drivers' life; empty: nobody comes, the control line plugs and unplugs
    repeat          how often the scenario is played; 0 is for ever
    cards           physical card numbers (hex) the drivers hold; empty: one of its own for every connector
    speed           batteries and drivers run so many times faster; meter, tariff and protocol timing stay real
    faults          what goes wrong (`--fault name=value`, see `faults.Faults`)
    seed            the same seed gives the same charge points, cars, drivers and faults
    ramp_per_s      at most so many new connections a second
    duration_s      end after so long; 0 is until stopped or until every scenario is over
    settle_s        how long to wait at the end for confirmations of records that are on their way
    reconnect_s     pause before a lost connection is tried again, doubled up to three times while it fails
    jitter_s        random addition to that pause
    sources         connect from 127.0.0.1 … 127.0.0.n in turn; 0 leaves the choice to the system
    control_port    loopback port of the control line; 0 is none
    ledger          file that gets a JSON line for every confirmed record at once, and for every session at the end
    progress_s      seconds between two lines on standard error; 0 is none
    """

    protocol: str = "ykc16"
    count: int = 10
    host: str = "127.0.0.1"
    port: int = 8768
    code_prefix: str = "32010600"
    first_code: int = 1
    temper: str = MIXED
    power: str = MIXED
    slaves: int = 0
    ports: int = 0
    faulty: float = 0
    scenario: str = "life"
    repeat: int = 0
    cards: tuple[str, ...] = ()
    speed: float = 1
    faults: Faults = field(default=NO_FAULTS)
    seed: int = 1
    ramp_per_s: float = 50
    duration_s: float = 0
    settle_s: float = 5
    reconnect_s: float = 10
    jitter_s: float = 10
    sources: int = 0
    control_port: int = 0
    ledger: str = ""
    progress_s: float = 10

    def __post_init__(self) -> None:
        """Refuse what cannot work, naming the option and what it may be."""
        _within("count", self.count, 1, MAX_COUNT)
        _within("port", self.port, 1, 65_535)
        _within("control-port", self.control_port, 0, 65_535)
        _within("sources", self.sources, 0, MAX_SOURCES)
        _within("repeat", self.repeat, 0, 1_000_000)
        _within("speed", self.speed, 0.1, 10_000)
        _within("ramp-per-s", self.ramp_per_s, 0.1, 100_000)
        for name in ("duration_s", "settle_s", "reconnect_s", "jitter_s", "progress_s"):
            _within(name.replace("_", "-"), getattr(self, name), 0, 31_536_000)
        _one_of("protocol", self.protocol, PROTOCOLS)
        _one_of("power", self.power, (MIXED, *PowerType))
        _within("faulty", self.faulty, 0, 1)
        _CHECKS[self.protocol](self)

    def code(self, index: int) -> str:
        """The code of the charge point number `index` from 0."""
        digits = CODE_DIGITS - len(self.code_prefix)
        number = f"{self.first_code + index:0{max(1, digits)}d}"
        code = self.code_prefix + number
        if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
            raise ValueError(
                f"code-prefix {self.code_prefix!r} and number {self.first_code + index} do not make"
                f" {CODE_DIGITS} digits; shorten the prefix or lower first-code and count"
            )
        return code

    def specs(self) -> tuple[ChargePointSpec, ...]:
        """The charge points of this run."""
        return tuple(self._spec(index) for index in range(self.count))

    def _spec(self, index: int) -> ChargePointSpec:
        tempers = list(TEMPERS.values()) if self.temper == MIXED else [TEMPERS[self.temper]]
        power = None if self.power == MIXED else PowerType(self.power)
        return default_spec(
            self.code(index), index, temper=tempers[(index + index // 4) % len(tempers)], power_type=power
        )


UNKNOWN_TO_BOARDS = {
    Verb.VIN: "an e-bike has no vehicle number",
    Verb.STOP: "a board has no stop button; swipe the card again, or unplug",
}
CARD_DIGITS = 8
"""Of a card at a board; cars' charge points read sixteen."""


def _check_cars(options: SimOptions) -> None:
    if options.scenario and parse_life(options.scenario) is None:
        parse_scenario(options.scenario)
    _one_of("temper", options.temper, (MIXED, *TEMPERS))
    if options.slaves or options.ports or options.faulty:
        raise ValueError("slaves, ports and faulty are for boards (protocol dny)")
    options.code(options.count - 1)


def _check_boards(options: SimOptions) -> None:
    _one_of("temper", options.temper, (MIXED, *BOARD_TEMPERS))
    _within("slaves", options.slaves, 0, MAX_SLAVES)
    if options.ports not in (0, *TYPE_CODES):
        raise ValueError(f"ports {options.ports}: must be one of {', '.join(map(str, TYPE_CODES))}, or 0 for a mixture")
    _within("first-code", options.first_code, 1, MAX_DEVICE_NO - options.count * (options.slaves + 1))
    for card in options.cards:
        _board_card(card)
    way = parse_life(options.scenario)
    if way is Way.VIN:
        raise ValueError(f"life:vin: {UNKNOWN_TO_BOARDS[Verb.VIN]}")
    for step in () if way or not options.scenario else parse_scenario(options.scenario, faults=BOARD_FAULTS):
        if step.verb in UNKNOWN_TO_BOARDS:
            raise ValueError(f"step {step.verb.value!r}: {UNKNOWN_TO_BOARDS[step.verb]}")
        if step.verb is Verb.CARD and step.word:
            _board_card(step.word)


def _board_card(card: str) -> None:
    if len(card) != CARD_DIGITS or not set(card.upper()) <= set("0123456789ABCDEF"):
        raise ValueError(f"card {card!r}: a board reads cards of {CARD_DIGITS} hex digits")


_CHECKS: dict[str, Callable[[SimOptions], None]] = {"ykc16": _check_cars, "dny": _check_boards}


def parse_address(text: str, protocol: str = "ykc16") -> tuple[str, int]:
    """`host:port` or `host`; ValueError says how to write it."""
    host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
    if not colon:
        port = str(DEFAULT_PORTS[protocol])
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"address {text!r}: write host:port, such as 127.0.0.1:8768")
    return host, int(port)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} {value}: must be from {low} to {high}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r}: must be one of {', '.join(allowed)}")
