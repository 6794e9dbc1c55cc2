"""Charge detail records: 0x3B is confirmed by 0x40 only when the platform has said that it is durable."""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, digest_of
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import command as downlink
from chargecloud.protocols.ykc16.mapping.record import record_uploaded

UPLOADS_MAX = 64
"""Records that may wait for confirmation; the oldest is forgotten first and will be sent again."""
SETTLING_S = 5.0
"""An identical record within this time is the same upload on its way; later it is worth telling again."""


@dataclass(slots=True)
class Upload:
    """One record that waits for its confirmation."""

    sequence: bytes
    body: bytes
    told_at: float


def on_record(talk: Conversation, frame: frames.TransactionRecord, raw: bytes) -> None:
    """0x3B. A resend may carry a new sequence number; the answer uses the last one."""
    event = record_uploaded(frame, raw[6:-2])
    key = (event.session_no, event.connector_no)
    if talk.uploads is None:
        talk.uploads = {}
    known = talk.uploads.pop(key, None)
    if known is not None and known.body == event.raw and talk.now < known.told_at + SETTLING_S:
        known.sequence = raw[2:4]
        talk.uploads[key] = known
        return
    if len(talk.uploads) >= UPLOADS_MAX:
        talk.uploads.pop(next(iter(talk.uploads)))
    talk.uploads[key] = Upload(raw[2:4], event.raw, talk.now)
    talk.tell(event)


def confirm(talk: Conversation, command: ConfirmRecord) -> None:
    """0x40 to the last upload of that record; without one here, or with other bytes, the next upload is answered."""
    uploads, key = talk.uploads or {}, (command.session_no, command.connector_no)
    upload = uploads.get(key)
    if upload is None or command.digest not in ("", digest_of(upload.body)):
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    del uploads[key]
    talk.say(downlink.record_confirm(command), upload.sequence)
    talk.end(command, CommandOutcome.DONE)
