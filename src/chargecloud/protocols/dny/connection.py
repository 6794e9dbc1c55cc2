"""The `Connection` of DNY boards: units in, events and bytes out, for every board that shares the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from chargecloud.device.commands import (
    AnswerBalance,
    AnswerBoot,
    AnswerStart,
    ConfirmRecord,
    DeviceCommand,
    Reboot,
)
from chargecloud.device.events import CommandOutcome, DeviceEvent
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Unsupported
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.conversation import LOG_MAX, OUTPUT_MAX
from chargecloud.protocols.common.streamed import StreamedConversation
from chargecloud.protocols.dny import cards, host, login, records, scripts, vendor
from chargecloud.protocols.dny.board import Board, BoardState
from chargecloud.protocols.dny.codec import Decoded, Verdict, decode
from chargecloud.protocols.dny.conversation import HubConversation
from chargecloud.protocols.dny.framing import HEADER_SIZE, LENGTH_BASE, LINK, MAGIC
from chargecloud.protocols.dny.mapping.values import code_of, physical_id_of
from chargecloud.protocols.dny.quirks import BUILT_IN
from chargecloud.protocols.dny.uplinks import HANDLERS
from chargecloud.protocols.dny.usual import answer_to, event_of, first_of

SILENCE_S = 300.0
"""Without any unit for so long a connection is dead: the modem says `link` every 30 s (文档 §1: 120 to 300 s)."""

_ADMITTED = BoardState.ADMITTED
_VERDICT_FAULTS = {Verdict.REJECT_BODY_LENGTH: "short_body", Verdict.UNKNOWN_TYPE: "unknown_type"}
_DIRECT: dict[type[DeviceCommand], Callable[[Board, Any], None]] = {
    AnswerStart: cards.answer_start,
    AnswerBalance: cards.answer_balance,
    ConfirmRecord: records.confirm,
    Reboot: scripts.reboot,
}
"""Commands that are more or less than one exchange of frames."""

HONOURED: frozenset[type[DeviceCommand]] = frozenset({AnswerBoot, *_DIRECT, *scripts.SCRIPTS})


class Connection(HubConversation, StreamedConversation):
    """One modem with everything behind it; see `chargecloud.device.contract.Connection`."""

    __slots__ = ()

    def __init__(self, now: float, *, silence_s: float = SILENCE_S, profiles: Sequence[Profile] = BUILT_IN) -> None:
        super().__init__(now, profiles, silence_s=silence_s)

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Take bytes; give what they say. Usual frames at their beginning take the short way."""
        events = self.begin(now, wall_ms)
        if self.closing:
            return events
        while self._plain and (answer := answer_to(self, first := first_of(data))) is not None:
            events.append(self.take_usual(first, answer, now, wall_ms))
            if answer:
                self.output.append(answer)
            data = data[len(first) :]
        if data:
            self.take_bytes(data)
        return events

    @property
    def _plain(self) -> bool:
        """Whether a read may be taken apart without looking at what came before."""
        return self.admitted and self._partial_since == inf and len(self.output) < OUTPUT_MAX

    def usual(self, data: bytes) -> bytes | None:
        """The answer to a whole, sound heartbeat or progress of the first board; the gateway sorts those of others."""
        if not self.admitted or self._partial_since != inf or len(self.output) >= OUTPUT_MAX:
            return None
        return answer_to(self, data, self.charge_point_code)

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        """Log it and tell what it says."""
        self._last_heard = now
        log = self.log
        if len(log) < LOG_MAX:
            log += (wall_ms, data, -wall_ms, answer) if answer else (wall_ms, data)
        return event_of(self, data, now)

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Put a command on the wire, or end it at once."""
        kind = type(command)
        if kind not in HONOURED:
            raise Unsupported(f"DNY has no frame for {kind.__name__}", "command_unsupported", command=kind.__name__)
        events = self.begin(now, wall_ms)
        board = self._board_of(command.charge_point_code)
        if command.expires_at_ms <= wall_ms:
            self.end(command, CommandOutcome.EXPIRED, "expired")
        elif self.closing:
            self.end(command, CommandOutcome.OFFLINE, "closing")
        elif isinstance(command, AnswerBoot):
            login.answer_boot(self, board, command)
        elif board is None or board.state is not _ADMITTED:
            self.end(command, CommandOutcome.OFFLINE, "not_admitted")
        elif kind in _DIRECT:
            _DIRECT[kind](board, command)
        else:
            obeys = self.host_of(board) if scripts.is_for_host(command) else board
            pending.submit(obeys, scripts.SCRIPTS[kind], command)
        return events

    def probe(self, now: float, wall_ms: int) -> None:
        """Ask for a sign of life: one admitted board is asked for its state."""
        self.now = now
        self.wall_ms = wall_ms
        board = self._board_of(self.charge_point_code)
        if board is None or board.state is not _ADMITTED:
            board = next((known for known in self.boards.values() if known.state is _ADMITTED), None)
        if board is not None and not self.closing:
            board.query()

    def charge_point_of(self, raw: bytes) -> str:
        """Whose a unit is; empty for the ICCID, `link` and what is no frame."""
        if not raw.startswith(MAGIC) or len(raw) < HEADER_SIZE:
            return ""
        return code_of(int.from_bytes(raw[LENGTH_BASE : LENGTH_BASE + 4], "little"))

    def hear(self, raw: bytes) -> None:
        """Take one good unit: the card in the modem, the modem's sign of life, or a frame."""
        if raw.startswith(MAGIC):
            self._hear_frame(raw)
        elif raw != LINK:
            self.iccid = raw.decode("ascii").upper()

    def sweep(self) -> None:
        """Do what is scheduled for now."""
        login.sweep(self)
        for board in self.lines():
            cards.sweep(board)
            pending.sweep(board)

    def drop_pending(self, reason: str) -> None:
        """End every pending command of every board."""
        for board in self.lines():
            pending.abandon(board, reason)

    def _hear_frame(self, raw: bytes) -> None:
        """One frame with a right sum."""
        decoded = decode(raw)
        frame = decoded.frame
        board = self.boards.get(decoded.physical_id)
        if board is not None:
            board.heard_at = self.now
        if frame is None:
            self.fault(_VERDICT_FAULTS[decoded.verdict])
        elif type(frame) in host.HOST_REPORTS:
            host.on_report(self, decoded)
        elif decoded.command in vendor.HOST_COMMANDS:
            self._hear_host_answer(decoded, raw)
        elif board is None or board.state is not _ADMITTED:
            login.on_stranger(self, decoded, raw)
        else:
            handler = HANDLERS.get(type(frame))
            if handler is None:
                self.fault("unmatched")  # packets of firmware nobody is sending
            else:
                handler(board, frame, decoded.message_id, raw)

    def _hear_host_answer(self, decoded: Decoded, raw: bytes) -> None:
        """What was asked of the host in the name of a board; its own registration does not matter."""
        for line in self.lines():
            if line.physical_id == decoded.physical_id and line.waiting_for(decoded.command, decoded.message_id):
                HANDLERS[type(decoded.frame)](line, decoded.frame, decoded.message_id, raw)  # type: ignore[index]
                return
        self.fault("unmatched")

    def _board_of(self, code: str) -> Board | None:
        physical_id = physical_id_of(code)
        return None if physical_id is None else self.boards.get(physical_id)
