"""E-bike chargers and the batteries behind them: constant power, a taper, a trickle; and those that burn houses down.

Everything is a closed form of the time the battery has been charged, so a port costs nothing between two looks at it.
Physics, so floats are at home here; what is billed is whole steps of 0.01 kWh, cut off in `port.py`.
"""

import math
import random
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

NEVER = math.inf


class ChargerFault(StrEnum):
    """What is wrong with a charger or its battery; each is what a fire guard looks for."""

    OVER_POWER = "over_power"
    """Draws three times as much after a while."""
    NO_TAPER = "no_taper"
    """Never tapers: the battery takes full power for ever."""
    RISE_AFTER_FULL = "rise_after_full"
    """Draws again after the battery was full."""
    HOT_PORT = "hot_port"
    """A bad contact: the socket grows hot."""
    SMOKE = "smoke"
    """Sets off the board's smoke detector."""


@dataclass(frozen=True, slots=True)
class Piece:
    """From a moment on: so many watts for ever, and some more that fade with a time constant (0: they stay)."""

    from_s: float
    floor_w: float
    above_w: float = 0.0
    tau_s: float = 0.0

    def power_w(self, since_s: float) -> float:
        """Power so long after the piece began."""
        return self.floor_w + self.above_w * self._faded(since_s)

    def energy_j(self, since_s: float) -> float:
        """Energy of the piece until then."""
        above = self.tau_s * (1 - self._faded(since_s)) if self.tau_s else since_s
        return self.floor_w * since_s + self.above_w * above

    def falls_to(self, power_w: float) -> float:
        """How long after its beginning it is that low; infinity for never."""
        if self.power_w(0.0) <= power_w:
            return 0.0
        if not self.tau_s or power_w <= self.floor_w:
            return NEVER
        return self.tau_s * math.log(self.above_w / (power_w - self.floor_w))

    def _faded(self, since_s: float) -> float:
        return math.exp(-since_s / self.tau_s) if self.tau_s else 1.0


class Curve:
    """Power over the seconds a battery has been charged, as pieces one after the other."""

    __slots__ = ("_before_j", "_starts", "pieces")

    def __init__(self, *pieces: Piece) -> None:
        self.pieces = pieces
        self._starts = [piece.from_s for piece in pieces]
        self._before_j = [0.0]
        for piece, following in pairwise(pieces):
            self._before_j.append(self._before_j[-1] + piece.energy_j(following.from_s - piece.from_s))

    def power_w(self, at_s: float) -> float:
        """Watts at that moment."""
        piece = self.pieces[self._index(at_s)]
        return piece.power_w(at_s - piece.from_s)

    def energy_j(self, until_s: float) -> float:
        """Joules from the beginning until then."""
        index = self._index(until_s)
        piece = self.pieces[index]
        return self._before_j[index] + piece.energy_j(until_s - piece.from_s)

    def highest_w(self, from_s: float, until_s: float) -> float:
        """The highest power of a stretch; within a piece it only falls."""
        starts = [start for start in self._starts if from_s < start <= until_s]
        return max(self.power_w(at_s) for at_s in (from_s, *starts))

    def lowest_w(self, from_s: float, until_s: float) -> float:
        """The lowest power of a stretch, seen at its end and where pieces end."""
        ends = [start - 0.001 for start in self._starts if from_s < start <= until_s]
        return min(self.power_w(at_s) for at_s in (until_s, *ends))

    def stays_below(self, power_w: float, from_s: float, for_s: float) -> float:
        """When it has first been at most so much for so long, counted from `from_s`; infinity for never."""
        for index in range(self._index(from_s), len(self.pieces)):
            piece = self.pieces[index]
            begun = max(from_s, piece.from_s + piece.falls_to(power_w))
            ends = self._starts[index + 1] if index + 1 < len(self.pieces) else NEVER
            if begun + for_s < ends:
                return begun + for_s
        return NEVER

    def exceeds(self, power_w: float, from_s: float) -> float:
        """When it is first above so much; infinity for never."""
        starts = (from_s, *(start for start in self._starts if start > from_s))
        return next((at_s for at_s in starts if self.power_w(at_s) > power_w), NEVER)

    def reaches(self, energy_j: float) -> float:
        """When so much has flowed since the beginning; infinity when it takes more than ten days."""
        low, high = 0.0, 864_000.0
        if self.energy_j(high) < energy_j:
            return NEVER
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if self.energy_j(middle) >= energy_j else (middle, high)
        return high

    def _index(self, at_s: float) -> int:
        return max(0, bisect_right(self._starts, at_s) - 1)


@dataclass(slots=True)
class Charger:
    """A charger in a socket. `speed` lets its battery fill so many times faster; the meter counts real power."""

    curve: Curve
    speed: float = 1.0
    fault: ChargerFault | None = None
    used_s: float = 0.0
    """How long its battery has been charged, in the battery's own time."""
    fault_after_s: float = 600.0
    """When heat or smoke come, in the battery's own time."""


def healthy(power_w: float, missing_wh: float, *, tau_s: float = 900.0, trickle_w: float = 3.0) -> Curve:
    """Constant power until nearly full, then the taper down to what the charger's lamp takes."""
    full_s = missing_wh * 3600 / power_w
    return Curve(Piece(0.0, power_w), Piece(full_s, trickle_w, power_w - trickle_w, tau_s))


def broken(curve: Curve, fault: ChargerFault, after_s: float) -> Curve:
    """The same charger with its fault; heat and smoke do not show in the power."""
    first, taper = curve.pieces[0], curve.pieces[-1]
    if fault is ChargerFault.NO_TAPER:
        return Curve(first)
    if fault is ChargerFault.OVER_POWER:
        return Curve(first, Piece(after_s, 3 * first.floor_w))
    if fault is ChargerFault.RISE_AFTER_FULL:
        return Curve(first, taper, Piece(taper.from_s + 6 * taper.tau_s, 0.6 * first.floor_w))
    return curve


def random_charger(rng: random.Random, *, speed: float = 1.0, fault: ChargerFault | None = None) -> Charger:
    """An e-bike as it comes home: from a folding bike's 60 W to a three-wheeler's 1,000 W, most of them 120 to 300."""
    power_w = rng.choice((60, 96, 120, 150, 180, 240, 300, 360, 480, 750, 1_000)) * rng.uniform(0.95, 1.0)
    curve = healthy(power_w, power_w * rng.uniform(0.5, 5.0), tau_s=rng.uniform(500, 1_500))
    after_s = rng.uniform(120, 1_800)
    return Charger(broken(curve, fault, after_s) if fault else curve, speed, fault, fault_after_s=after_s)
