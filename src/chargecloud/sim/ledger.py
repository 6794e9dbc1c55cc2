"""The truth as a file: one JSON line for a record the moment it is confirmed, and every session at the end."""

import json
from collections.abc import Iterable
from types import TracebackType
from typing import Self, TextIO

from chargecloud.sim.truth import SessionTruth


class Ledger:
    """Appends to a file, line by line, so that a killed run leaves a readable one; without a name it writes nothing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._path:
            self._file = open(self._path, "a", encoding="utf-8", buffering=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def confirmed(self, session: SessionTruth, latency_s: float) -> None:
        """A 0x40 with result 0 came."""
        self._write("confirmed", session, latency_ms=round(latency_s * 1000))

    def ended(self, sessions: Iterable[SessionTruth]) -> None:
        """The run is over: how every session stands."""
        for session in sessions:
            self._write("session", session)

    def _write(self, event: str, session: SessionTruth, **more: object) -> None:
        if self._file is None:
            return
        line = {
            "event": event,
            "charge_point_code": session.charge_point_code,
            "connector_no": session.connector_no,
            "session_no": session.session_no,
            "started_at_ms": session.started_at_ms,
            "ended_at_ms": session.ended_at_ms,
            "energy_mwh": session.energy_mwh,
            "stop_code": session.stop_code,
            "uploads": session.uploads,
            "confirmed": session.confirmed,
            "refused": session.refused,
            "lost": session.lost,
            "record": session.record.hex(),
        }
        self._file.write(json.dumps(line | more) + "\n")
