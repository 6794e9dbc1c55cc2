"""A connector: the cable, the car on it, the energy that flows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from chargecloud.device.events import PowerType
from chargecloud.kernel.energy import MWH_PER_WIRE_UNIT
from chargecloud.sim.car import NO_DRAW, Car, Draw, Limits
from chargecloud.sim.meter import Meter
from chargecloud.sim.stops import Fault, Stop
from chargecloud.sim.tariff import BANDS, HALF_HOUR_MS, HeldTariff
from chargecloud.sim.truth import SessionTruth

NO_CARD = bytes(8)
LONGEST_STEP_MS = 10_000
SHORTEST_STEP_MS = 200


class Phase(StrEnum):
    """Where a connector is between arriving and leaving."""

    IDLE = "idle"
    WAITING_FOR_PLUG = "waiting_for_plug"
    """Started remotely without a cable; 60 s to plug in."""
    ASKING = "asking"
    """0x31 or 0xA1 is out."""
    STARTING = "starting"
    CHARGING = "charging"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Order:
    """What a start is made of, whoever asked for it."""

    session_no: str
    mark: int
    """0x3B trade_mark."""
    card: bytes = NO_CARD
    balance_fen: int = 0


@dataclass(slots=True)
class Session:
    """A start that is being executed."""

    order: Order
    tariff: HeldTariff
    truth: SessionTruth
    started_ms: int
    """By the charge point's clock."""
    meter_start: int
    car: Car | None
    """What was plugged in when it began; stays here when the driver drives away."""
    balance_fen: int
    units: list[int] = field(default_factory=lambda: [0] * BANDS)
    """Meter pulses of each band."""
    flowing_since: float | None = None
    flowed_s: float = 0
    stop: Stop | None = None
    ended_ms: int = 0
    meter_end: int = 0

    def charged_minutes(self, now: float) -> int:
        """Minutes with current, until now or until it stopped."""
        return min(0xFFFF, int(self.flowed_for(now) / 60))

    def flowed_for(self, now: float) -> float:
        """The same in seconds."""
        return self.flowed_s if self.flowing_since is None else self.flowed_s + now - self.flowing_since


class VirtualConnector:
    """One connector. Energy is computed on a grid of steps that begins with the current, so it does not depend on
    when anybody looks, and is split where the local clock enters another half hour."""

    __slots__ = (
        "_at_ms",
        "_feed",
        "_local_ms",
        "_step_end_ms",
        "asked",
        "car",
        "draw",
        "fault",
        "last",
        "lock_lowered",
        "meter",
        "number",
        "phase",
        "power_type",
        "session",
    )

    def __init__(self, number: int, power_type: PowerType, local_ms: Callable[[float], int], meter: Meter) -> None:
        self.number = number
        self.power_type = power_type
        self.meter = meter
        self.car: Car | None = None
        self.phase = Phase.IDLE
        self.session: Session | None = None
        self.last: Session | None = None
        """The session before, for firmware whose idle samples still show it."""
        self.asked: object = None
        """The request that waits for the platform's answer."""
        self.fault: Fault | None = None
        self.draw: Draw = NO_DRAW
        self.lock_lowered = False
        self._local_ms = local_ms
        self._feed: tuple[Session, Car] | None = None
        """While the contactor is closed: what is charged, and for which session."""
        self._at_ms = 0
        self._step_end_ms = 0

    @property
    def plugged(self) -> bool:
        """Whether a car hangs on the cable."""
        return self.car is not None

    @property
    def flowing(self) -> bool:
        """Whether the contactor is closed."""
        return self._feed is not None

    @property
    def next_step_s(self) -> float:
        """When the draw has to be looked at again, in monotonic seconds."""
        return self._step_end_ms / 1000

    def close_contactor(self, now: float) -> None:
        """Current may flow from now on."""
        if self.session is None or self.session.car is None:
            raise RuntimeError(f"connector {self.number}: no session or no car to charge")
        self._feed = (self.session, self.session.car)
        self.session.flowing_since = now
        self.session.car.sharing += 1
        self._at_ms = self._step_end_ms = round(now * 1000)

    def open_contactor(self, now: float, limits: Limits) -> None:
        """No current from now on."""
        if self._feed is None:
            return
        self.advance(now, limits)
        session, car = self._feed
        session.flowed_s = session.flowed_for(now)
        session.flowing_since = None
        car.sharing -= 1
        self.draw = NO_DRAW
        self._feed = None

    def advance(self, now: float, limits: Limits) -> None:
        """Let the energy flow that has flowed since the last call; limits count from the next step on."""
        now_ms = round(now * 1000)
        if self._feed is None:
            return
        session, car = self._feed
        while self._at_ms < now_ms:
            if self._at_ms >= self._step_end_ms:
                self._look(car, limits)
            local = self._local_ms(self._at_ms / 1000)
            until = min(now_ms, self._step_end_ms, self._at_ms + HALF_HOUR_MS - local % HALF_HOUR_MS)
            self._flow(session, car, local, until - self._at_ms)
            self._at_ms = until
        if self._at_ms >= self._step_end_ms:
            self._look(car, limits)

    def look_again(self, now: float, limits: Limits) -> None:
        """Something that limits the current has changed: do not wait for the end of the step."""
        self.advance(now, limits)
        if self._feed is not None:
            self._look(self._feed[1], limits)

    def _look(self, car: Car, limits: Limits) -> None:
        self.draw = car.draw(self.power_type, limits)
        step_ms = min(LONGEST_STEP_MS, max(SHORTEST_STEP_MS, int(LONGEST_STEP_MS / car.speed)))
        self._step_end_ms = self._at_ms + step_ms

    def _flow(self, session: Session, car: Car, local_ms: int, milliseconds: int) -> None:
        units = self.meter.flow(self.draw.power_w, milliseconds)
        session.units[session.tariff.band_at(local_ms)] += units
        session.truth.energy_mwh += units * MWH_PER_WIRE_UNIT
        car.take(self.draw, self.draw.power_w * milliseconds // 3600, milliseconds)
