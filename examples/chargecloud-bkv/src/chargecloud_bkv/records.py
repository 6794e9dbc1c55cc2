"""End reports: answered only when the platform has said that they are durable."""

from __future__ import annotations

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, RecordUploaded, digest_of
from chargecloud.protocols.wire.schema import Frame
from chargecloud_bkv import tables, tlv
from chargecloud_bkv.conversation import Conversation, Upload
from chargecloud_bkv.frames import (
    CardEnd,
    ChargeEnd,
    ChargeEndAnswer,
    EndAnswer,
    FeeEnd,
    FeeEndAnswer,
    TierEnd,
    TierEndAnswer,
)
from chargecloud_bkv.mapping import uplink
from chargecloud_bkv.mapping.values import connector_no_of

UPLOADS_MAX = 16
"""End reports of one gateway that may wait; the oldest is forgotten first."""
SETTLING_S = 5.0
"""The same report within this time is the same upload on its way; later it is worth telling again."""
_OK, _SOCKET, _HOLE = 0x0F, 0x4A, 0x08


def on_end(talk: Conversation, frame: ChargeEnd | TierEnd | CardEnd | FeeEnd, serial: int, content: bytes) -> None:
    """0015/02, 18 and 0C, and 1000/1004."""
    try:
        end = uplink.end_of(frame)
    except ValueError:
        talk.fault("short_body")
        return
    connector_no = connector_no_of(end.socket, end.hole)
    charge = talk.charge_of(connector_no, end.business_no)
    event = uplink.record_uploaded(talk.charge_point_code, end, charge, content)
    answer = _answer(talk, frame, end.socket, end.hole)
    _keep(talk, event, Upload(event.session_no, connector_no, answer, serial, talk.now))


def _keep(talk: Conversation, event: RecordUploaded, upload: Upload) -> None:
    if talk.uploads is None:
        talk.uploads = {}
    key = digest_of(event.raw)
    known = talk.uploads.pop(key, None)
    if known is not None and known.session_no == upload.session_no and talk.now < known.told_at + SETTLING_S:
        talk.uploads[key] = known
        return
    if len(talk.uploads) >= UPLOADS_MAX:
        del talk.uploads[next(iter(talk.uploads))]
    talk.uploads[key] = upload
    talk.tell(event)


def confirm(talk: Conversation, command: ConfirmRecord) -> None:
    """Answer the upload that is meant: by its bytes, or the last of that session and connector."""
    meant = (command.session_no, command.connector_no)
    for key, upload in reversed((talk.uploads or {}).items()):
        if (upload.session_no, upload.connector_no) == meant and command.digest in ("", key):
            del (talk.uploads or {})[key]
            talk.reply(upload.answer, upload.serial)
            talk.end(command, CommandOutcome.DONE)
            return
    talk.end(command, CommandOutcome.REFUSED, "not_waiting")


def _answer(talk: Conversation, frame: Frame, socket: int, hole: int) -> Frame:
    """What ends the repetition: 0C as captured, or the report's own number where a profile says so."""
    if isinstance(frame, FeeEnd):
        values = ((_OK, bytes((tables.OK,))), (_SOCKET, bytes((socket,))), (_HOLE, bytes((hole,))))
        return FeeEndAnswer(entries=tlv.build(values))
    if isinstance(frame, CardEnd) or talk.dialect.answers_end_as_card:
        return EndAnswer(socket=socket, result=tables.OK)
    own = ChargeEndAnswer if isinstance(frame, ChargeEnd) else TierEndAnswer
    return own(socket=socket, result=tables.OK)
