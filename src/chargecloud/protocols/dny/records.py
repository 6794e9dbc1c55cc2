"""Settlements: 0x03 is answered only when the platform has said that it is durable."""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, digest_of
from chargecloud.protocols.dny.board import Board
from chargecloud.protocols.dny.frames import acks, uplinks
from chargecloud.protocols.dny.framing import HEADER_SIZE, SUM_SIZE
from chargecloud.protocols.dny.mapping.record import record_uploaded

UPLOADS_MAX = 16
"""Settlements of one board that may wait; the oldest is forgotten first and will be sent again in half an hour."""
SETTLING_S = 5.0
"""The same settlement within this time is the same upload on its way; later it is worth telling again."""


@dataclass(slots=True)
class Upload:
    """One settlement that waits for its confirmation."""

    message_id: int
    body: bytes
    told_at: float


def on_settlement(board: Board, frame: uplinks.Settlement, message_id: int, raw: bytes) -> None:
    """0x03. It is sent every half hour until it is answered, each time under an id of its own."""
    event = record_uploaded(board.code, frame, raw[HEADER_SIZE:-SUM_SIZE])
    key = (event.session_no, event.connector_no)
    if board.uploads is None:
        board.uploads = {}
    known = board.uploads.pop(key, None)
    if known is not None and known.body == event.raw and board.now < known.told_at + SETTLING_S:
        known.message_id = message_id
        board.uploads[key] = known
        return
    if len(board.uploads) >= UPLOADS_MAX:
        del board.uploads[next(iter(board.uploads))]
    board.uploads[key] = Upload(message_id, event.raw, board.now)
    board.hub.tell(event)


def confirm(board: Board, command: ConfirmRecord) -> None:
    """Answer the last upload of that record. A board knows no "not accepted": durable is all it has to hear."""
    uploads, key = board.uploads or {}, (command.session_no, command.connector_no)
    upload = uploads.get(key)
    if upload is None or command.digest not in ("", digest_of(upload.body)):
        board.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    del uploads[key]
    if not uploads:
        board.uploads = None
    board.reply(acks.SettlementAck(result=0), upload.message_id)
    board.end(command, CommandOutcome.DONE)
