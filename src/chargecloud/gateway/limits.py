"""Every limit of a gateway, and the small counters that enforce those over time."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Defaults suit a public address; carriers that hide many charge points behind one source address need more."""

    connections: int = 50_000
    waiting_per_source: int = 50
    """Connections of one source address that have not been admitted yet."""
    login_within_s: float = 10.0
    answer_within_s: float = 15.0
    """The platform's decision about a login."""
    refusal_delay_s: float = 1.0
    """Every refusal is answered this long after the login, whatever the reason, so that timing tells nothing."""
    logins_per_s: int = 500
    failed_logins_per_source: int = 10
    source_ban_s: float = 900.0
    logins_per_code: int = 15
    code_ban_s: float = 300.0
    window_s: float = 60.0
    """In which failed logins and logins are counted."""
    remembered: int = 50_000
    """Sources, codes and command ids kept in mind, each."""
    probe_s: float = 20.0
    """How long the old connection of a contested charge point may take to show that it lives: two heartbeats."""
    confirm_within_s: float = 3.0
    """A record the platform has not confirmed by then goes into the journal; charge points wait 30 s (文档 §8.7)."""
    held_events: int = 20_000
    """Events kept in mind while the bus is away."""
    outbound_bytes: int = 65_536
    write_within_s: float = 5.0
    sweep_s: float = 0.1
    backlog: int = 1_024
    handshake_s: float = 10.0


class TokenBucket:
    """So many acts a second on average, with a burst of a fifth of a second's worth."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, per_second: int) -> None:
        self._rate = float(per_second)
        self._burst = max(1.0, per_second * 0.2)
        self._tokens = self._burst
        self._filled_at = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may happen now."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Offences:
    """Counts acts by key; more than `limit` of them in a window ban the key for a while."""

    __slots__ = ("_ban_s", "_known", "_limit", "_remembered", "_window_s")

    def __init__(self, limit: int, *, window_s: float, ban_s: float, remembered: int) -> None:
        self._limit = limit
        self._window_s = window_s
        self._ban_s = ban_s
        self._remembered = remembered
        self._known: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, key: str, now: float) -> bool:
        """Count an act; False when the key is banned, by this act or an earlier one."""
        record = self._known.get(key)
        if record is None:
            record = self._known[key] = _Record(now + self._window_s)
            if len(self._known) > self._remembered:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        if now < record.banned_until:
            return False
        if now >= record.window_ends:
            record.window_ends = now + self._window_s
            record.acts = 0
        record.acts += 1
        if record.acts > self._limit:
            record.banned_until = now + self._ban_s
            return False
        return True

    def banned(self, key: str, now: float) -> bool:
        """Whether the key is banned, without counting anything."""
        record = self._known.get(key)
        return record is not None and now < record.banned_until


class _Record:
    """What is remembered of one key."""

    __slots__ = ("acts", "banned_until", "window_ends")

    def __init__(self, window_ends: float) -> None:
        self.window_ends = window_ends
        self.banned_until = 0.0
        self.acts = 0
