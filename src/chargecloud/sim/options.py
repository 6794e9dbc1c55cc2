"""What `chargecloud sim` can be told; one dataclass, validated, with the readers of its text forms."""

from dataclasses import dataclass, field

from chargecloud.device.events import PowerType
from chargecloud.sim.board import CODE_DIGITS, ChargePointSpec
from chargecloud.sim.charge_point import default_spec
from chargecloud.sim.faults import NO_FAULTS, Faults
from chargecloud.sim.scenario import parse_life, parse_scenario
from chargecloud.sim.temper import TEMPERS

PROTOCOLS = ("ykc16",)
MIXED = "mixed"
DEFAULT_PORTS = {"ykc16": 8768}
MAX_COUNT = 50_000
MAX_SOURCES = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOptions:
    """Options of a run; every field is one command-line option of the same name with dashes.

    protocol        vendor protocol the charge points speak
    count           how many charge points
    host, port      where the platform listens (`--address host:port`)
    code_prefix     first digits of the charge point codes; the rest is a number with leading zeros, 14 digits in all
    first_code      number of the first charge point
    temper          firmware temper: standard, ykc16, openuc, thrifty, or mixed (in turn)
    power           dc, ac or mixed
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
        _one_of("temper", self.temper, (MIXED, *TEMPERS))
        _one_of("power", self.power, (MIXED, *PowerType))
        if self.scenario and parse_life(self.scenario) is None:
            parse_scenario(self.scenario)
        self.code(self.count - 1)

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
