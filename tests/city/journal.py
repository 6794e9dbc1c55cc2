"""What happened: a hash that proves two runs equal, counts, charge points' last lines, commands sent, reports heard."""

import hashlib
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from chargecloud.kernel.clock import ManualClock, rfc3339
from tests.city.wires import WIRES, Act, Kind, Report

LINES = 60
NOTED = {Kind.START, Kind.STOP, Kind.LIMIT}
_NOTHING = Report("", 0)


@dataclass(frozen=True, slots=True)
class Sent:
    """A start, a stop or a new limit as it left the gateway."""

    at_ms: int
    link_no: int
    act: Act
    repeat: bool = False
    """The same has left for this connection under the same number before."""


@dataclass(slots=True)
class Received:
    """What one connection was given for one charge point, since it was admitted there."""

    code: str
    link_no: int
    honest: bool
    first_ms: int
    last_ms: int


@dataclass
class Journal:
    """Filled by the network and by everybody who does something; read by the oracle."""

    clock: ManualClock
    counts: Counter[str] = field(default_factory=Counter)
    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    seen: dict[str, tuple[Report, Report]] = field(default_factory=dict)
    """The last charging report but one, and the last, that reached the gateway, by session."""
    stories: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=LINES)))
    _stints: dict[tuple[int, str], Received] = field(default_factory=dict)
    _numbers: set[tuple[int, str, Kind, int]] = field(default_factory=set)
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def note(self, what: str, code: str = "", **facts: object) -> None:
        """Something happened that is worth a line."""
        self.counts[what] += 1
        text = " ".join(f"{name}={value}" for name, value in facts.items())
        line = f"{rfc3339(self.clock.now_ms())} {what} {code} {text}".rstrip()
        if code:
            self.stories[code].append(line)
        self._hash.update(line.encode())

    def delivered(self, protocol: str, code: str, up: bool, data: bytes) -> None:
        """Bytes arrived."""
        self.counts["segments_up" if up else "segments_down"] += 1
        self._hash.update(b"%d %b %d " % (self.clock.now_ms(), code.encode(), up) + data)
        if up:
            for report in WIRES[protocol].reports(data):
                if report.charging:
                    self.seen[report.session_no] = (self.seen.get(report.session_no, (_NOTHING,) * 2)[1], report)

    def written(self, protocol: str, code: str, link_no: int, honest: bool, data: bytes) -> None:
        """The gateway sends frames to a connection."""
        for act in WIRES[protocol].acts(code, data):
            if act.kind is Kind.ADMIT:
                self._stints.pop((link_no, act.code), None)
            else:
                self._acted(link_no, honest, act)

    def _acted(self, link_no: int, honest: bool, act: Act) -> None:
        now_ms, key = self.clock.now_ms(), (link_no, act.code)
        known = self._stints.get(key)
        if known is None:
            known = self._stints[key] = Received(act.code, link_no, honest, now_ms, now_ms)
            self.received.append(known)
        known.last_ms = now_ms
        if act.kind in NOTED:
            numbered = (link_no, act.code, act.kind, act.number)
            repeat = bool(act.number) and numbered in self._numbers
            self._numbers.add(numbered)
            self.sent.append(Sent(now_ms, link_no, act, repeat))
            self.counts[f"{act.kind}s_sent"] += 1
            self.note(f"sent_{act.kind}", act.code, session=act.session_no, connector=act.connector_no)

    def digest(self) -> str:
        """Equal for equal runs."""
        return self._hash.hexdigest()
