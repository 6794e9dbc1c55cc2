"""What goes wrong: damage on the wire, accidents of link and power, firmware that forgets to answer. All by seed."""

import math
import random
from dataclasses import dataclass, fields

MAX_HELD_BYTES = 64 * 1024
LARGEST = 1_000_000_000
"""Of any rate or time; as seconds some thirty years, which is as wrong as a clock can be and still be written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often each thing goes wrong. Probabilities are 0…1, rates are events an hour."""

    link_loss: float = 0
    """Lost links, an hour."""
    offline_s: float = 30
    """Mean time a lost link stays away; drawn anew each time between a tenth and the threefold."""
    half_open: float = 0
    """Probability that a lost link is lost without a word: the socket stays open, but nobody is there."""
    reboot: float = 0
    """Power cycles, an hour, in mid-charge as well."""
    memory_loss: float = 0
    """Probability that a power cycle also loses the memory: unconfirmed records, tariff, cards."""
    wrong_crc: float = 0
    """Probability that a frame arrives with a flipped bit."""
    lost: float = 0
    """Probability that a frame never leaves."""
    duplicate: float = 0
    """Probability that a frame is sent twice."""
    reorder: float = 0
    """Probability that two frames of one write change places."""
    split: float = 0
    """Probability that a write is cut in two with a pause between the parts."""
    glue: float = 0
    """Probability that a write is held back and leaves together with the next one."""
    garbage: float = 0
    """Probability that bytes of nonsense stand before a frame."""
    duplicate_record: float = 0
    """Probability that a record is uploaded twice at once."""
    late_record: float = 0
    """Probability that a record is uploaded late."""
    late_s: float = 120
    """How late, at most."""
    unanswered: float = 0
    """Probability that a command is neither obeyed nor answered; at 1 the charge point never answers."""
    skew_s: float = 0
    """The clock of each charge point is wrong by up to so much, in either direction."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for item in fields(self):
            value = getattr(self, item.name)
            if not 0 <= value <= LARGEST:
                raise ValueError(f"fault {item.name}={value}: must be a number from 0 to {LARGEST}")
            if item.name in PROBABILITIES and value > 1:
                raise ValueError(f"fault {item.name}={value}: is a probability, 0 to 1")


RATES = {"link_loss", "reboot"}
SECONDS = {"offline_s", "late_s", "skew_s"}
PROBABILITIES = {item.name for item in fields(Faults)} - RATES - SECONDS


def parse_faults(texts: list[str]) -> Faults:
    """Read `name=value` items, as given on a command line; ValueError names the item and what is allowed."""
    values: dict[str, float] = {}
    known = {item.name for item in fields(Faults)}
    for text in (part.strip() for item in texts for part in item.split(",") if part.strip()):
        name, _, value = text.partition("=")
        if name not in known:
            raise ValueError(f"unknown fault {name!r}; known are {', '.join(sorted(known))}")
        try:
            values[name] = float(value)
        except ValueError:
            raise ValueError(f"fault {text!r}: write {name}=NUMBER") from None
    return Faults(**values)


NO_FAULTS = Faults()


class Mischief:
    """Where the firmware itself misbehaves."""

    __slots__ = ("_faults", "_rng")

    def __init__(self, faults: Faults = NO_FAULTS, rng: random.Random | None = None) -> None:
        self._faults = faults
        self._rng = rng or random.Random(0)

    def ignores_command(self) -> bool:
        """Whether this command is overheard."""
        return self._rng.random() < self._faults.unanswered

    def record_copies(self) -> int:
        """How often a record is uploaded in one go."""
        return 2 if self._rng.random() < self._faults.duplicate_record else 1

    def record_delay_s(self) -> float:
        """How long a record is held back."""
        late = self._rng.random() < self._faults.late_record
        return self._rng.uniform(0, self._faults.late_s) if late else 0.0


class FaultyLink:
    """The cable between a charge point and the network: takes frames, gives writes, at once or a little later."""

    __slots__ = ("_faults", "_later", "_rng")

    def __init__(self, faults: Faults, rng: random.Random) -> None:
        self._faults = faults
        self._rng = rng
        self._later: list[tuple[float, bytes]] = []

    def send(self, frames: list[bytes], now: float) -> list[bytes]:
        """Put frames onto the cable; returns what leaves at once."""
        data = b"".join(self._damaged(self._reordered(frames)))
        if not data:
            return []
        held = b"".join(part for _, part in self._later)
        self._later.clear()
        data = held + data
        if len(data) < MAX_HELD_BYTES:
            if self._rng.random() < self._faults.glue:
                self._later.append((now + self._rng.uniform(0.05, 2), data))
                return []
            if len(data) > 1 and self._rng.random() < self._faults.split:
                cut = self._rng.randrange(1, len(data))
                self._later.append((now + self._rng.uniform(0.01, 1), data[cut:]))
                return [data[:cut]]
        return [data]

    def due(self, now: float) -> list[bytes]:
        """What was held back and leaves now."""
        ready = [data for when, data in self._later if when <= now]
        self._later = [entry for entry in self._later if entry[0] > now]
        return ready

    def deadline(self) -> float:
        """When `due` has something; infinity when never."""
        return min((when for when, _ in self._later), default=math.inf)

    def drop(self) -> None:
        """The link is gone, and what was on it."""
        self._later.clear()

    def _reordered(self, frames: list[bytes]) -> list[bytes]:
        if len(frames) > 1 and self._rng.random() < self._faults.reorder:
            at = self._rng.randrange(len(frames) - 1)
            return [*frames[:at], frames[at + 1], frames[at], *frames[at + 2 :]]
        return frames

    def _damaged(self, frames: list[bytes]) -> list[bytes]:
        sent = []
        for frame in frames:
            if self._rng.random() < self._faults.garbage:
                sent.append(self._rng.randbytes(self._rng.randrange(1, 40)))
            if self._rng.random() < self._faults.lost:
                continue
            if self._rng.random() < self._faults.wrong_crc:
                frame = self._flipped(frame)
            sent.extend([frame] * (2 if self._rng.random() < self._faults.duplicate else 1))
        return sent

    def _flipped(self, frame: bytes) -> bytes:
        bit = self._rng.randrange(16, 8 * len(frame))  # start and length stay, so that the checksum is what is wrong
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)


@dataclass(frozen=True, slots=True)
class Accident:
    """Something that happens to a charge point from outside."""

    reboot: bool = False
    lose_memory: bool = False
    offline_s: float = 0
    half_open: bool = False


class Accidents:
    """When the link breaks and when the power fails, one after the other."""

    __slots__ = ("_faults", "_link_at", "_power_at", "_rng")

    def __init__(self, faults: Faults, rng: random.Random, now: float) -> None:
        self._faults = faults
        self._rng = rng
        self._link_at = now + self._gap(faults.link_loss)
        self._power_at = now + self._gap(faults.reboot)

    def deadline(self) -> float:
        """When the next one happens; infinity when never."""
        return min(self._link_at, self._power_at)

    def due(self, now: float) -> Accident | None:
        """What happens now, at most one at a time."""
        if self._power_at <= now:
            self._power_at = now + self._gap(self._faults.reboot)
            return Accident(reboot=True, lose_memory=self._rng.random() < self._faults.memory_loss)
        if self._link_at <= now:
            away = self._rng.uniform(0.1, 3) * self._faults.offline_s
            self._link_at = now + away + self._gap(self._faults.link_loss)
            return Accident(offline_s=away, half_open=self._rng.random() < self._faults.half_open)
        return None

    def _gap(self, per_hour: float) -> float:
        return self._rng.expovariate(per_hour / 3600) if per_hour > 0 else math.inf
