"""Records between upload and confirmation: what the platform does not take in time is kept on this machine's disk.

A record is published as usual. When the bus is away, or the platform has not confirmed within a few seconds, it goes
into the journal, and the charge point is told once it is durable there. The platform may get it twice: it recognises
a record by its content.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import RecordUploaded, digest_of
from chargecloud.gateway.link import Link, LinkState
from chargecloud.kernel.killpoints import reach
from chargecloud.kernel.message import Envelope

if TYPE_CHECKING:
    from chargecloud.gateway.switchboard import Switchboard

_NEVER_MS = 1 << 62


class Journal(Protocol):
    """Where records are kept while the platform cannot take them; it hands them over by itself."""

    def keep(self, envelope: Envelope, kept: Callable[[bool], None]) -> None:
        """Write a record down; `kept` is called, now or later in the loop, with whether it is durable. Never waits."""
        ...

    def confirmed(self, charge_point_code: str, digest: str) -> None:
        """The platform has this record after all: it need not be handed over."""
        ...


@dataclass(slots=True, eq=False)
class Waiting:
    """One record that has not been confirmed."""

    link: Link
    envelope: Envelope
    record: RecordUploaded
    due: float

    @property
    def key(self) -> tuple[str, int, str]:
        """What a confirmation names."""
        return self.record.charge_point_code, self.record.connector_no, self.record.session_no

    def is_meant_by(self, command: ConfirmRecord) -> bool:
        """Whether a confirmation is about these very bytes."""
        return command.digest in ("", digest_of(self.record.raw))


class Safekeeping:
    """Without a journal records wait for the platform alone, and charge points send them again."""

    def __init__(self, board: Switchboard, journal: Journal | None) -> None:
        self._board = board
        self._journal = journal
        self._waiting: dict[tuple[str, int, str], Waiting] = {}
        self._order: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def uploaded(self, link: Link, envelope: Envelope, record: RecordUploaded) -> None:
        """Hand a record to the platform, or to the journal at once when the bus is away."""
        reach("K1")
        board = self._board
        waiting = Waiting(link, envelope, record, board.monotonic() + board.limits.confirm_within_s)
        self._waiting[waiting.key] = waiting
        if board.bus.available or self._journal is None:
            board.bus.publish(envelope)
            self._order.append(waiting)
        else:
            self._keep(waiting)

    def confirmed(self, command: ConfirmRecord) -> None:
        """The platform has it: what lies in the journal is not handed over, what waits is not kept."""
        key = command.charge_point_code, command.connector_no, command.session_no
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.is_meant_by(command):
            del self._waiting[key]
        if self._journal is not None:
            self._journal.confirmed(command.charge_point_code, command.digest)

    def sweep(self, now: float) -> None:
        """Look after records whose confirmation has not come in time; who has hung up sends again."""
        while self._order and self._order[0].due <= now:
            waiting = self._order.popleft()
            if self._waiting.get(waiting.key) is not waiting:
                continue
            if self._journal is None or waiting.link.state is LinkState.CLOSED:
                del self._waiting[waiting.key]
            else:
                self._board.counts["records_late"] += 1
                self._keep(waiting)

    def _keep(self, waiting: Waiting) -> None:
        if self._journal is not None:
            self._journal.keep(waiting.envelope, lambda durable: self._kept(waiting, durable=durable))

    def _kept(self, waiting: Waiting, *, durable: bool) -> None:
        """Tell the charge point, unless the platform or a newer upload under the same number was quicker."""
        board = self._board
        board.counts["records_kept" if durable else "records_not_kept"] += 1
        if self._waiting.get(waiting.key) is not waiting:
            return
        del self._waiting[waiting.key]
        link = waiting.link if waiting.link.state is LinkState.ONLINE else board.online.get(waiting.link.code)
        if durable and link is not None:
            reach("K3")
            record = waiting.record
            link.submit(
                ConfirmRecord(
                    command_id="",
                    charge_point_code=record.charge_point_code,
                    expires_at_ms=_NEVER_MS,
                    connector_no=record.connector_no,
                    session_no=record.session_no,
                )
            )
            reach("K4")
