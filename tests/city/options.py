"""What a seed decides: size, people, and which faults are switched on (a swarm: each seed its own subset)."""

import random
from dataclasses import asdict, dataclass, fields, replace

from chargecloud.kernel.clock import local_time

KINDS_OF_WEATHER = ("lost", "doubled", "reordered", "delayed", "corrupted", "split", "glued", "truncated", "garbage")
ACCIDENTS = (
    "link_losses", "half_opens", "deaf_links", "reboots", "memory_losses", "gateway_stops", "gateway_kills",
    "impostors", "forgeries", "conflicts", "orphans", "torn_cables", "unheard_answers", "broken_ids",
)  # fmt: skip
MISCHIEF = ("duplicate_record", "late_record", "unanswered", "skewed", "drifting")

HOUR_MS = 3_600_000
DAY_STARTS_MS = 1_767_229_200_000
"""2026-01-01 09:00 Beijing: the day holds a midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityOptions:
    """Everything a run depends on; made by `derive`, printed at its start."""

    seed: int
    charge_points: int = 200
    hubs: int = 50
    """Hosts with boards for e-bikes."""
    slaves: int = 10
    """Boards behind each of them."""
    hours: float = 24
    rest_hours: float = 2.5
    pause_min: float = 200
    """Mean minutes between two visits of a connector."""
    ride_pause_min: float = 400
    """The same for the ports of boards that anybody comes to."""
    speed: float = 4
    """Batteries fill so many times faster; the meter counts real power times real time."""
    long_share: float = 0.05
    """Part of the charges at real speed, so that some cross half hours, tariffs and midnight."""
    sweep_s: float = 1.0
    job_s: int = 5
    """Jobs of the product run at most so often; the sweep of sessions, every second in earnest, is thinned by this."""
    tick_s: float = 0
    """Segments arrive on a grid of so many seconds, several in one piece; 0: each for itself."""
    single_beats: bool = False
    """Charge points speak for one connector in each heartbeat, whatever their temper."""
    beat_s: float = 20
    """Charge points beat so seldom; 10 s in earnest, and the platform's limit of 45 s stays."""
    audit_min: float = 60
    estimate_after_s: int = 5_400
    disk_ms: int = 0
    """A commit takes up to so long; 0: no time at all."""

    lost: float = 0
    doubled: float = 0
    reordered: float = 0
    delayed: float = 0
    corrupted: float = 0
    split: float = 0
    glued: float = 0
    truncated: float = 0
    garbage: float = 0
    """Probabilities a segment."""

    link_losses: float = 0
    half_opens: float = 0
    deaf_links: float = 0
    reboots: float = 0
    memory_losses: float = 0
    conflicts: float = 0
    orphans: float = 0
    """Events a charge point or host, and day."""
    torn_cables: float = 0
    unheard_answers: float = 0
    """Events a host and day."""
    broken_ids: float = 0
    impostors: float = 0
    forgeries: float = 0
    gateway_stops: float = 0
    gateway_kills: float = 0
    """Events a day, in all."""

    duplicate_record: float = 0
    late_record: float = 0
    unanswered: float = 0
    """Probabilities, at the charge points that have the habit."""
    skewed: float = 0
    drifting: float = 0
    """Part of the charge points whose clock is wrong or runs wrong."""
    tariff_changes: bool = True
    closing: bool = True
    """Staff give up waiting for some records."""

    @property
    def starts_ms(self) -> int:
        """Wall clock at the beginning: a short day begins so that midnight lies in its middle."""
        midnight_ms = DAY_STARTS_MS + 15 * HOUR_MS
        return DAY_STARTS_MS if self.hours >= 20 else midnight_ms - int(self.hours * HOUR_MS / 2)

    @property
    def longest_away_s(self) -> float:
        """No link stays away longer, so that everything is back before the rest is half over."""
        return min(9_000, self.rest_hours * 1_800)

    def text(self) -> str:
        """All options on a few lines; what is off is named as such."""
        values = asdict(self)
        off = [name for name in (*KINDS_OF_WEATHER, *ACCIDENTS, *MISCHIEF) if not values[name]]
        on = " ".join(f"{name}={value:g}" for name, value in values.items() if value and name not in off)
        return (
            f"{on}\n  begins {local_time(self.starts_ms):%Y-%m-%d %H:%M}; switched off: {', '.join(off) or 'nothing'}"
        )


FULL = {
    "lost": 0.0005, "doubled": 0.0005, "reordered": 0.0005, "delayed": 0.001, "corrupted": 0.0005, "split": 0.005,
    "glued": 0.005, "truncated": 0.00005, "garbage": 0.0003,
    "link_losses": 4.0, "half_opens": 1.0, "deaf_links": 0.5, "reboots": 1.5, "memory_losses": 0.3, "conflicts": 0.3,
    "orphans": 0.1, "impostors": 100.0, "forgeries": 30.0, "gateway_stops": 4.0, "gateway_kills": 8.0,
    "duplicate_record": 0.2, "late_record": 0.2, "unanswered": 0.1, "skewed": 0.3, "drifting": 0.2,
    "torn_cables": 1.0, "unheard_answers": 0.4, "broken_ids": 20.0,
}  # fmt: skip
"""A day with every kind of fault; a swarm takes subsets and other strengths of it."""

THINNED = {"beat_s": 20, "job_s": 5, "tick_s": 2.0, "single_beats": True}
"""What makes a day of two hundred charge points and five hundred boards take minutes; other runs draw finer paces."""


def derive(seed: int, *, every_fault: bool = False, harsh: float = 1, **chosen: object) -> CityOptions:
    """The options of a seed: each fault is on or off, weaker or stronger, all so many times; `chosen` overrules."""
    rng = random.Random(f"city/{seed}/options")
    drawn: dict[str, object] = {}
    for name, strength in FULL.items():
        on, factor = rng.random() < 0.6, rng.choice((0.5, 1.0, 2.0, 4.0))
        probable = name in KINDS_OF_WEATHER or name in MISCHIEF
        value = harsh * (strength if every_fault else strength * factor * on)
        drawn[name] = min(value, 1.0) if probable else value
    if every_fault:
        drawn |= THINNED
    else:
        drawn |= {"beat_s": rng.choice((10, 20)), "job_s": rng.choice((1, 5)), "tick_s": rng.choice((0, 0, 0, 0.5))}
    drawn["disk_ms"] = 0 if every_fault else rng.choice((0, 0, 20, 200))
    drawn["tariff_changes"] = every_fault or rng.random() < 0.7
    drawn["closing"] = every_fault or rng.random() < 0.7
    return CityOptions(seed=seed, **(drawn | chosen))


def calm(options: CityOptions) -> CityOptions:
    """The same city without any fault."""
    values = {item.name: item.default for item in fields(CityOptions) if item.name in FULL}
    return replace(options, **values)
