"""What really happened at a charge point: the ledger that oracles of city and crash tests compare the platform with."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT = 10_000


@dataclass(slots=True)
class SessionTruth:
    """One executed start, from the side of the electricity."""

    charge_point_code: str
    connector_no: int
    session_no: str
    started_at_ms: int
    """True time, not the charge point's."""
    energy_mwh: int = 0
    charged_s: int = 0
    """Seconds with current, where that is billed."""
    ended_at_ms: int = 0
    stop_code: int = 0
    record: bytes = b""
    """Body of the record (0x3B, 0x03) exactly as it goes onto the wire; empty while the charge runs."""
    uploads: int = 0
    first_upload_s: float = 0
    """Monotonic seconds of the first upload on a working link."""
    confirmed: bool = False
    refused: bool = False
    """Answered with "not accepted"."""
    lost: bool = False
    """The memory was lost before the record was confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand behind one link at this moment."""

    charge_points: int = 1
    online: int = 0
    without_tariff: int = 0
    charging: int = 0
    records_waiting: int = 0


@dataclass(frozen=True, slots=True)
class CommandSeen:
    """A platform command that reached the charge point."""

    at_ms: int
    frame_type: int
    connector_no: int
    session_no: str
    ignored: bool


@dataclass(slots=True)
class Counts:
    """Totals of one charge point."""

    logins: int = 0
    logins_refused: int = 0
    frames_up: int = 0
    frames_down: int = 0
    bad_down: int = 0
    """Frames from the platform that could not be read."""
    sessions: int = 0
    sessions_refused: int = 0
    records_sent: int = 0
    records_confirmed: int = 0
    hang_ups: int = 0
    """Links given up because nobody answered the heartbeats, or the login."""


def _nobody(_: SessionTruth, __: float) -> None:
    """Default listener."""


@dataclass(slots=True)
class Truth:
    """Sessions and commands in the order in which they began, totals. Bounded."""

    kept: int = KEPT
    sessions: list[SessionTruth] = field(default_factory=list)
    commands: deque[CommandSeen] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: Counts = field(default_factory=Counts)
    forgotten: int = 0
    """Finished sessions dropped from `sessions` because there were more than `kept`."""
    on_confirmed: Callable[[SessionTruth, float], None] = _nobody
    """Told of every confirmed record with the seconds since its first upload."""

    def of(self, connector_no: int, session_no: str) -> SessionTruth:
        """The latest session of that number at that connector; KeyError when there is none."""
        for session in reversed(self.sessions):
            if (session.connector_no, session.session_no) == (connector_no, session_no):
                return session
        raise KeyError(f"connector {connector_no} never began session {session_no}")

    def began(self, session: SessionTruth) -> None:
        """A start was executed."""
        self.counts.sessions += 1
        self.sessions.append(session)
        if len(self.sessions) > self.kept:
            self._forget_oldest_finished()

    def uploaded(self, session: SessionTruth, now: float) -> None:
        """A record went onto the wire."""
        self.counts.records_sent += 1
        session.uploads += 1
        if session.uploads == 1:
            session.first_upload_s = now

    def confirmed(self, session: SessionTruth, now: float) -> None:
        """The platform said that it has the record."""
        if not session.confirmed:
            session.confirmed = True
            self.counts.records_confirmed += 1
            self.on_confirmed(session, now - session.first_upload_s)

    def _forget_oldest_finished(self) -> None:
        index = next((at for at, session in enumerate(self.sessions) if session.confirmed or session.lost), None)
        if index is not None:
            del self.sessions[index]
            self.forgotten += 1
