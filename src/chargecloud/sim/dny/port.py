"""A socket of a board: the charger in it, the order that runs there, what has flowed, and when it will end."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from chargecloud.protocols.dny.frames.commands import SetMaxTimePower, SetParamsA
from chargecloud.sim.dny.ebike import NEVER, Charger
from chargecloud.sim.dny.timetable import Entry
from chargecloud.sim.truth import SessionTruth

JOULES_A_STEP = 36_000
"""0.01 kWh."""
JOULES_A_MWH = 3.6
WORD_MAX = 0xFFFF
OVERLOAD_CONFIRM_S = 5.0
FULL_JUDGE_MIN = 60


class State(IntEnum):
    """Port states of the heartbeat that a board arrives at by itself; others are faults."""

    IDLE = 0
    CHARGING = 1
    PLUGGED = 2
    FULL = 3
    FLOATING = 5


class Stop(IntEnum):
    """Stop reasons of the settlement, as numbered in the vendor's table."""

    FULL = 0x01
    MAX_TIME = 0x02
    TIME = 0x03
    ENERGY = 0x04
    UNPLUGGED = 0x05
    OVERLOAD = 0x06
    SERVER = 0x07
    CARD = 0x16
    FIRE_SYSTEM = 0x18


class Mode(IntEnum):
    """What an order's amount counts."""

    TIME = 0
    MONTHLY = 1
    ENERGY = 2
    PER_USE = 3


@dataclass(slots=True)
class Terms:
    """What a start asked for; 0 leaves it to the board."""

    mode: int = Mode.TIME
    amount: int = 0
    """Seconds or steps of 0.01 kWh; 0 until full."""
    max_duration_s: int = 0
    overload_dw: int = 0
    force_full_stop: bool = False
    extra_float_s: int = 0
    full_power_w: int = 0
    full_judge_min: int = FULL_JUDGE_MIN

    @property
    def stops_when_full(self) -> bool:
        """Monthly and per-use orders always do, others without an amount, or when told to."""
        return self.force_full_stop or self.amount == 0 or self.mode in (Mode.MONTHLY, Mode.PER_USE)


@dataclass(slots=True)
class Session:
    """An order that runs. Times are seconds of current, so a power cut does not count."""

    order_no: bytes
    start_mode: int
    card: bytes
    message_id: int
    """Of the start, to know its repeat."""
    terms: Terms
    charger: Charger
    truth: SessionTruth
    used_s: float
    """The battery's time when it began."""
    flowing_since: float | None = None
    flowed_s: float = 0.0
    reported_s: float = 0.0
    """How much of it the last progress told."""
    float_from_s: float = NEVER
    end_s: float = NEVER
    end_reason: int = Stop.MAX_TIME
    ends: Entry | None = None
    progress: Entry | None = None
    floats: Entry | None = None

    def flow_s(self, now: float) -> float:
        """Seconds of current until now, never beyond the planned end."""
        flowing = now - self.flowing_since if self.flowing_since is not None else 0.0
        return min(self.flowed_s + flowing, self.end_s)

    def energy_j(self, flow_s: float) -> float:
        """What has flowed by then."""
        curve, speed = self.charger.curve, self.charger.speed
        return (curve.energy_j(self.used_s + flow_s * speed) - curve.energy_j(self.used_s)) / speed

    def power_w(self, flow_s: float) -> float:
        """Watts at that moment."""
        return self.charger.curve.power_w(self._battery_s(flow_s))

    def highest_w(self, from_s: float, until_s: float) -> float:
        """The highest power between two moments."""
        return self.charger.curve.highest_w(self._battery_s(from_s), self._battery_s(until_s))

    def lowest_w(self, from_s: float, until_s: float) -> float:
        """The lowest power between two moments."""
        return self.charger.curve.lowest_w(self._battery_s(from_s), self._battery_s(until_s))

    def average_w(self, from_s: float, until_s: float) -> float:
        """The average between two moments."""
        if until_s <= from_s:
            return self.power_w(until_s)
        return (self.energy_j(until_s) - self.energy_j(from_s)) / (until_s - from_s)

    def plan(self, charging: SetParamsA, limits: SetMaxTimePower) -> None:
        """Find out when it will float and when and why it will end, as if nothing else happened."""
        curve, terms = self.charger.curve, self.terms
        peak_w = curve.highest_w(self.used_s, self.used_s)
        float_w = peak_w * charging.float_percent / 100
        confirm_s = charging.float_confirm_s * self.charger.speed
        self.float_from_s = self._flow_at(curve.stays_below(float_w, self.used_s, confirm_s))
        ends = [self._by_amount(), self._by_power(limits)]
        timed = terms.mode == Mode.TIME and terms.amount
        if not timed:
            ends.append((float(terms.max_duration_s or limits.max_duration_s), Stop.MAX_TIME))
        if terms.stops_when_full:
            ends.append((self.float_from_s + charging.float_duration_s + terms.extra_float_s, Stop.FULL))
        if 0 < terms.full_power_w < 0xFF:
            judged_s = terms.full_judge_min * 60 * self.charger.speed
            ends.append((self._flow_at(curve.stays_below(terms.full_power_w, self.used_s, judged_s)), Stop.FULL))
        self.end_s, self.end_reason = min((end for end in ends if end[0] > 0), default=(NEVER, Stop.MAX_TIME))

    def _by_amount(self) -> tuple[float, int]:
        terms = self.terms
        if not terms.amount:
            return NEVER, Stop.MAX_TIME
        if terms.mode == Mode.ENERGY:
            wanted_j = terms.amount * JOULES_A_STEP * self.charger.speed + self.charger.curve.energy_j(self.used_s)
            return self._flow_at(self.charger.curve.reaches(wanted_j)), Stop.ENERGY
        return float(terms.amount), Stop.TIME

    def _by_power(self, limits: SetMaxTimePower) -> tuple[float, int]:
        allowed_w = (self.terms.overload_dw or limits.overload_power_dw) / 10
        return self._flow_at(self.charger.curve.exceeds(allowed_w, self.used_s)) + OVERLOAD_CONFIRM_S, Stop.OVERLOAD

    def _battery_s(self, flow_s: float) -> float:
        return self.used_s + flow_s * self.charger.speed

    def _flow_at(self, battery_s: float) -> float:
        return (battery_s - self.used_s) / self.charger.speed


def _nobody(_: float) -> None:
    """Nobody waits at this port."""


class VirtualPort:
    """One socket; `changed` is told when a charge begins or ends there."""

    __slots__ = ("asked", "changed", "charger", "connector_no", "fault_state", "full", "obeyed", "session")

    def __init__(self, connector_no: int) -> None:
        self.connector_no = connector_no
        self.charger: Charger | None = None
        self.session: Session | None = None
        self.fault_state = 0
        self.full = False
        self.obeyed = (b"", 0)
        """Order and message id of the last start: the same again is a repeat, whatever has become of the charge."""
        self.asked = b""
        """The card whose request waits for the platform."""
        self.changed: Callable[[float], None] = _nobody

    @property
    def port_no(self) -> int:
        """Ports count from 0 on the wire."""
        return self.connector_no - 1

    def state(self, now: float) -> int:
        """As the heartbeat tells it."""
        if self.fault_state:
            return self.fault_state
        if self.session is not None:
            floating = self.session.flow_s(now) >= self.session.float_from_s
            return State.FLOATING if floating else State.CHARGING
        if self.charger is None:
            return State.IDLE
        return State.FULL if self.full else State.PLUGGED
