"""What the parts of one virtual charge point share."""

import random
from dataclasses import dataclass, field

from chargecloud.device.events import PowerType
from chargecloud.protocols.wire.schema import Frame
from chargecloud.sim.agenda import Agenda
from chargecloud.sim.car import Limits
from chargecloud.sim.connector import VirtualConnector
from chargecloud.sim.faults import Mischief
from chargecloud.sim.line import Line
from chargecloud.sim.local_clock import LocalClock
from chargecloud.sim.memory import Memory
from chargecloud.sim.temper import STANDARD, Temper
from chargecloud.sim.truth import CommandSeen, SessionTruth, Truth

CODE_DIGITS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointSpec:
    """What one virtual charge point is."""

    code: str
    """14 digits."""
    power_type: PowerType = PowerType.DC
    connector_count: int = 2
    rated_power_w: int = 120_000
    """DC: shared by the connectors that charge. AC: for each connector."""
    max_voltage_mv: int = 1_000_000
    min_voltage_mv: int = 200_000
    max_current_ma: int = 250_000
    temper: Temper = STANDARD
    skew_ms: int = 0
    drift_ppm: int = 0
    keeps_own_clock: bool = False
    """Answers 0x56 with its own time and does not set its clock: a wrong clock stays wrong."""

    def __post_init__(self) -> None:
        """Refuse what cannot go onto the wire."""
        if len(self.code) != CODE_DIGITS or not (self.code.isascii() and self.code.isdigit()):
            raise ValueError(f"charge point code {self.code!r} does not have {CODE_DIGITS} digits")
        if not 1 <= self.connector_count <= 99:
            raise ValueError(f"{self.connector_count} connectors: a charge point has 1 to 99")


@dataclass(slots=True)
class Board:
    """State and tools of one charge point; its parts hold no state of their own that another part needs."""

    spec: ChargePointSpec
    rng: random.Random
    clock: LocalClock
    mischief: Mischief
    connectors: tuple[VirtualConnector, ...]
    truth: Truth
    line: Line
    memory: Memory = field(default_factory=Memory)
    agenda: Agenda = field(default_factory=Agenda)
    online: bool = False
    """Logged in."""
    ready: bool = False
    """Through with the opening; samples flow."""
    closing: bool = False
    """Wants its connection closed."""

    @property
    def code(self) -> str:
        """The charge point code."""
        return self.spec.code

    @property
    def temper(self) -> Temper:
        """The firmware's habits."""
        return self.spec.temper

    def send(self, frame: Frame, reply_to: bytes | None = None) -> None:
        """Send if logged in; without a login nothing but 0x01 is ever sent."""
        if self.online:
            self.line.send(frame, reply_to)

    def connector(self, number: int) -> VirtualConnector:
        """The connector of that number."""
        if not 1 <= number <= len(self.connectors):
            raise ValueError(f"charge point {self.code} has connectors 1 to {len(self.connectors)}, not {number}")
        return self.connectors[number - 1]

    def addressed(self, gun_no: str) -> VirtualConnector | None:
        """The connector a frame means, None for one that does not exist."""
        number = int(gun_no) if gun_no.isdecimal() else 0
        return self.connectors[number - 1] if 1 <= number <= len(self.connectors) else None

    def limits(self) -> Limits:
        """What each connector can give now."""
        power_w = self.spec.rated_power_w * self.memory.power_limit_pct // 100
        if self.spec.power_type is PowerType.DC:
            power_w //= max(1, sum(connector.flowing for connector in self.connectors))
        return Limits(power_w, self.spec.max_voltage_mv, self.spec.max_current_ma)

    def busy(self) -> bool:
        """Whether any connector executes a start."""
        return any(connector.session is not None for connector in self.connectors)

    def session_truth(self, connector_no: int, session_no: str, now: float) -> SessionTruth:
        """A new entry of the ledger."""
        entry = SessionTruth(self.code, connector_no, session_no, self.clock.true_ms(now))
        self.truth.began(entry)
        return entry

    def saw(self, frame: Frame, now: float, *, ignored: bool) -> None:
        """Note a platform command."""
        gun_no = getattr(frame, "gun_no", "00")
        connector_no = int(gun_no) if str(gun_no).isdecimal() else 0
        session_no = str(getattr(frame, "trade_no", ""))
        self.truth.commands.append(CommandSeen(self.clock.true_ms(now), frame.code, connector_no, session_no, ignored))
