"""Inputs for the YKC target: little programs made of golden frames and of scenes that belong together, then damaged."""

from __future__ import annotations

from random import Random

from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.connection import HONOURED
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.testing.commands import CARD, one_of_each, session_no
from chargecloud.testing.drive import mutated, with_an_accident
from tests.support import ykc
from tests.support.golden import golden_entries
from tests.support.ykc import CODE

RAW, SEALED, GOLDEN, COMMAND, TIME, ANSWER = range(6)
"""Operations: raw bytes · type and body to seal · a golden frame · a command · time · the answer to a driver."""
OPS = 6
BODY_MAX = 251
_CODE_BYTES = bytes.fromhex(CODE)
_CODE_AT = {
    code: 16 if [column.name for column in kind.columns][:2] == ["trade_no", "pile_code"] else 0
    for code, kind in FRAMES.items()
}
COMMANDS = [command for command in one_of_each(CODE, 0) if type(command) in HONOURED]
_NUMBER = {type(command).__name__: number for number, command in enumerate(COMMANDS)}
TRADE = session_no(CODE)


def seal(code: int, body: bytes, sequence: bytes = b"\x01\x00") -> bytes:
    """A frame around any body, with a right checksum."""
    covered = sequence + bytes((0, code)) + body
    return bytes((0x68, len(body) + 4)) + covered + crc16_modbus(covered).to_bytes(2, "little")


def _ours(raw: bytes) -> tuple[int, bytes]:
    """Type and body of a golden frame, said by the charge point of the target."""
    code, body = raw[5], bytearray(raw[6:-2])
    at = _CODE_AT.get(code, 0)
    if len(body) >= at + len(_CODE_BYTES):
        body[at : at + len(_CODE_BYTES)] = _CODE_BYTES
    return code, bytes(body)[:BODY_MAX]


FRAMES_SEEN = [_ours(bytes.fromhex(entry["hex"])) for _, entry in golden_entries("ykc16") if len(entry["hex"]) >= 20]
"""Bodies of the golden frames, both directions, bad ones included."""
BODIES_SEEN = [body for _, body in FRAMES_SEEN]
EXTREMES = (0x00, 0xFF, 0x68, 0x7F, 0x80)
UPLINKS = [number for number, (code, _) in enumerate(FRAMES_SEEN) if code & 1]


# -- scenes


def _said(frame: Frame) -> bytes:
    data = bytes((frame.code,)) + frame.pack()
    return bytes((SEALED, len(data))) + data


def _asked(name: str) -> bytes:
    return bytes((COMMAND, _NUMBER[name]))


def _start_reply(result: int, reason: int) -> bytes:
    return _said(
        frames.RemoteStartReply(
            trade_no=TRADE, pile_code=CODE, gun_no="01", start_result=result, start_fail_reason=reason
        )
    )


_BEAT = _said(frames.Heartbeat(pile_code=CODE, gun_no="01", gun_status=0))
_TEN_S, _FIFTEEN_S, _FIVE_S = (bytes((TIME, number)) for number in (6, 7, 5))
_RECORD = _said(ykc.record(TRADE))
_CARD = frames.StartChargeRequest(
    pile_code=CODE,
    gun_no="01",
    start_mode=1,
    password_required=1,
    account_or_card=bytes.fromhex(CARD),
    password_md5=b"0123456789abcdef",
    vin=b"",
)
_SHORT_STOP = bytes((SEALED, 3, 0x35, 1, 0))
_VERIFY = _said(frames.BillingModelVerifyRequest(pile_code=CODE, billing_model_no="6200"))
_MODEL = _said(frames.BillingModelRequest(pile_code=CODE))
_STORED = _said(frames.OfflineCardSyncReply(pile_code=CODE, save_result=1, save_fail_reason=0))
_REMOVED = _said(
    frames.OfflineCardClearReply(
        pile_code=CODE, results=(frames.ClearedCard(physical_card_no=bytes(8), clear_result=0, fail_reason=1),)
    )
)
_PRESENT = _said(
    frames.OfflineCardQueryReply(
        pile_code=CODE, results=(frames.QueriedCard(physical_card_no=bytes(8), query_result=1),)
    )
)
_LIVE = _TEN_S + _BEAT
SCENES: tuple[tuple[bytes, ...], ...] = (
    (_asked("StartCharging"), _start_reply(1, 0), _said(ykc.realtime(TRADE))),
    (_asked("StartCharging"), _start_reply(0, 5), _LIVE, _LIVE, _start_reply(1, 0), _start_reply(1, 0)),
    (_asked("StartCharging"), _start_reply(5, 0), *[_LIVE] * 7),
    (_asked("StartCharging"), _asked("StartCharging"), _FIFTEEN_S, _start_reply(1, 0)),
    (_asked("StopCharging"), *[_LIVE] * 4),
    (_asked("StopCharging"), _SHORT_STOP, _SHORT_STOP),
    (_asked("StopCharging"), _said(ykc.down(ykc.stop_reply()))),
    (_RECORD, _asked("ConfirmRecord"), _asked("ConfirmRecord")),
    (_RECORD, _RECORD, _FIVE_S, _RECORD, _asked("ConfirmRecord")),
    (_said(_CARD), bytes((ANSWER, 0)), bytes((ANSWER, 0))),
    (_said(_CARD), _said(_CARD), _FIVE_S, bytes((ANSWER, 0))),
    (_VERIFY, _MODEL, _FIVE_S, _asked("ApplyTariff")),
    (_VERIFY, _MODEL, _asked("ApplyTariff"), _VERIFY, _MODEL),
    (_asked("StoreCards"), _STORED, _STORED, _STORED),
    (_asked("RemoveCards"), _REMOVED, _REMOVED),
    (_asked("QueryCards"), _PRESENT, _LIVE),
    (_asked("SetWorkParameters"),) * 12,
    (_asked("SyncClock"), _said(frames.TimeSyncReply(pile_code=CODE, current_time=ykc.wire_time(0)))),
    (_asked("ReadSample"), _said(ykc.realtime())),
    (_asked("MoveLock"), _LIVE, _asked("MoveLock"), bytes((COMMAND, 250))),
    (bytes((RAW, 3)) + b"\x68\xff\x00", _TEN_S, _BEAT),
)
"""Exchanges that belong together: what no single frame reaches."""


# -- making inputs


def make(random: Random) -> bytes:
    """A plausible session, damaged: golden frames with a few bytes changed and right checksums, spliced, doubled."""
    parts = [bytes((random.random() < 0.9,))]
    for _ in range(random.randrange(1, 9)):
        parts.append(_part(random))
    program = b"".join(parts)
    return _damage(random, program) if random.random() < 0.3 else program


def _part(random: Random) -> bytes:
    choice = random.random()
    if choice < 0.15:
        return with_an_accident(random, random.choice(SCENES))
    if choice < 0.50:
        code, body = FRAMES_SEEN[random.choice(UPLINKS)]
        data = bytes((code,)) + _mutated(random, body)
        return bytes((SEALED, min(len(data), 252))) + data[:252]
    if choice < 0.60:
        return bytes((GOLDEN, random.randrange(256)))
    if choice < 0.76:
        return bytes((COMMAND, random.randrange(256)))
    if choice < 0.87:
        return bytes((TIME, random.randrange(256)))
    if choice < 0.90:
        return bytes((ANSWER, 0))
    code, body = random.choice(FRAMES_SEEN)
    raw = _mutated(random, seal(code, body))[:255]
    return bytes((RAW, len(raw))) + raw


def _mutated(random: Random, data: bytes) -> bytes:
    return mutated(random, data, BODIES_SEEN, EXTREMES)


def _damage(random: Random, program: bytes) -> bytes:
    """The program itself as bytes, changed anywhere: lengths lie, operations turn into others."""
    return program[:1] + _mutated(random, program[1:])
