"""Inputs for the DNY target: units of several boards on one line, commands, time, and scenes that belong together."""

from __future__ import annotations

from random import Random

import msgspec

from chargecloud.device.commands import DeviceCommand
from chargecloud.protocols.dny.codec import seal
from chargecloud.protocols.dny.connection import HONOURED
from chargecloud.protocols.dny.frames import answers, uplinks
from chargecloud.protocols.wire.schema import Frame
from chargecloud.testing.commands import one_of_each, session_no
from chargecloud.testing.drive import mutated, with_an_accident
from tests.support import dny
from tests.support.golden import golden_entries

RAW, SEALED, GOLDEN, COMMAND, TIME, UNIT = range(6)
"""Operations: raw bytes · command and body to seal · a golden body · a command · time · ICCID or link."""
OPS = 6
BODY_MAX = 250
BROKEN_ID = 0x04 << 24 | 10_011_001
BOARDS = (dny.PHYSICAL_ID, dny.OTHER_ID, dny.HOST_ID, BROKEN_ID)
CODES = tuple(f"{physical_id:08X}" for physical_id in BOARDS)
COMMANDS = [command for command in one_of_each(dny.CODE, 0) if type(command) in HONOURED]
SESSION = session_no(dny.CODE)
EXTREMES = (0x00, 0xFF, 0x44, 0x7F, 0x80, 0x09)
_NUMBER = {type(command).__name__: number for number, command in enumerate(COMMANDS)}


def command_for(number: int, board: int, expires_at_ms: int, request_id: str) -> DeviceCommand:
    """A command of the list, for one of the boards."""
    command = COMMANDS[number % len(COMMANDS)]
    changes: dict[str, object] = {"charge_point_code": CODES[board % len(CODES)], "expires_at_ms": expires_at_ms}
    if hasattr(command, "request_id"):
        changes["request_id"] = request_id
    return msgspec.structs.replace(command, **changes)


def unit(number: int) -> bytes:
    """What is no frame."""
    return (b"link", dny.ICCID, b"DNY", b"8986")[number % 4]


FRAMES_SEEN = [
    (bytes.fromhex(entry["hex"])[11], bytes.fromhex(entry["hex"])[12:-2][:BODY_MAX])
    for _, entry in golden_entries("dny")
    if entry["hex"].startswith("444E59") and len(entry["hex"]) >= 28
]
"""Commands and bodies of the golden frames, both directions, bad ones included."""
BODIES_SEEN = [body for _, body in FRAMES_SEEN]


# -- scenes


def _said(frame: Frame, message_id: int = 1, board: int = 0) -> bytes:
    data = bytes((board, message_id, frame.code)) + frame.pack()
    return bytes((SEALED, len(data))) + data


def _asked(name: str, board: int = 0) -> bytes:
    return bytes((COMMAND, _NUMBER[name], board))


def _replied(result: int, message_id: int = 1, order: bytes | None = None) -> bytes:
    order_no = bytes.fromhex(SESSION) if order is None else order
    return _said(answers.ChargeControlReply(result=result, order_no=order_no, port_no=0, pending_ports=3), message_id)


def _settled(message_id: int = 9) -> bytes:
    frame = uplinks.Settlement.parse(dny.settlement(order=bytes.fromhex(SESSION))[12:-2])
    assert frame is not None
    return _said(frame, message_id)


def _swiped(port: int) -> bytes:
    frame = uplinks.CardSwipe(
        card_id=dny.CARD, card_type=0, port_no=port, card_balance_fen=0, timestamp=None, card_no2=None
    )
    return _said(frame, 5)


_REGISTER = uplinks.Register(
    firmware_version=640, port_count=2, virtual_id=1, device_type=0x31, work_mode=6, power_board_version=None
)
_BEAT = _said(uplinks.Heartbeat(voltage_dv=2200, port_states=b"\x01\x00", signal=0, temperature_raw=90), 2)
_LIMITS = answers.GetMaxTimePowerReply(
    max_duration_s=36_000, overload_power_dw=8_000, over_voltage_dv=None, under_voltage_dv=None
)
_LINK, _HALF_S, _TEN_S, _FIFTEEN_S = bytes((UNIT, 0)), bytes((TIME, 2)), bytes((TIME, 5)), bytes((TIME, 6))
_BOOT_OTHER = _said(_REGISTER, 3, 1) + _asked("AnswerBoot", 1)
SCENES: tuple[tuple[bytes, ...], ...] = (
    (_BEAT, _asked("StartCharging"), _replied(0), _replied(0)),
    (_asked("StartCharging"), _FIFTEEN_S, _LINK, _FIFTEEN_S, _replied(0), _TEN_S, _asked("StartCharging")),
    (_asked("StartCharging"), _replied(5), _asked("StopCharging"), _HALF_S, _replied(2, 2, bytes(16))),
    (_asked("StopCharging"), _FIFTEEN_S, _FIFTEEN_S, _replied(0), _replied(0)),
    (_settled(), _asked("ConfirmRecord"), _asked("ConfirmRecord")),
    (_settled(), _settled(10), _TEN_S, _settled(11), _asked("ConfirmRecord")),
    (_swiped(0), _asked("AnswerStart"), _HALF_S, _replied(0)),
    (_swiped(0), _swiped(0), _TEN_S, _asked("AnswerStart")),
    (_swiped(255), _asked("AnswerBalance"), _asked("AnswerStart")),
    (_asked("ReadParameters"), _said(_LIMITS), _HALF_S),
    (_asked("WriteParameters"), _said(_LIMITS), _HALF_S, _said(answers.SetMaxTimePowerReply(result=0), 2), _HALF_S),
    (_asked("MoveServer"), _said(answers.SetServerAddressReply(result=0), 1, 2)),
    (_said(uplinks.HostTimeSync(), 2, 2), _asked("MoveServer"), _said(answers.SetServerAddressReply(result=0), 1, 2)),
    (_BOOT_OTHER, _asked("StartCharging", 1), _asked("Locate", 1), _asked("Locate", 0)),
    (_BOOT_OTHER, *[_LINK + bytes((TIME, 8))] * 12, _said(_REGISTER, 4, 1)),
    (_asked("Locate"),) * 12,
    (_said(_REGISTER, 3, 1), bytes((TIME, 7)), _asked("AnswerBoot", 1)),
    (_BEAT, _asked("Reboot"), _asked("ReadSample"), _BEAT),
)
"""Exchanges that belong together: what no single frame reaches."""


# -- making inputs


def make(random: Random) -> bytes:
    """A plausible stretch of talk, damaged: scenes, golden bodies with bytes changed and right sums, commands, time."""
    parts = [bytes((random.random() < 0.9,))]
    for _ in range(random.randrange(1, 9)):
        parts.append(_part(random))
    program = b"".join(parts)
    return program[:1] + _mutated(random, program[1:]) if random.random() < 0.3 else program


def _part(random: Random) -> bytes:
    choice = random.random()
    if choice < 0.2:
        return with_an_accident(random, random.choice(SCENES))
    if choice < 0.5:
        code, body = random.choice(FRAMES_SEEN)
        board = random.choice((0, 0, 0, 1, 1, 2, 3))
        data = (bytes((board, random.randrange(4), code)) + _mutated(random, body))[:255]
        return bytes((SEALED, len(data))) + data
    if choice < 0.6:
        return bytes((GOLDEN, random.randrange(256), random.randrange(4)))
    if choice < 0.76:
        return bytes((COMMAND, random.randrange(256), random.choice((0, 0, 0, 1, 2))))
    if choice < 0.87:
        return bytes((TIME, random.randrange(256)))
    if choice < 0.92:
        return bytes((UNIT, random.randrange(4)))
    code, body = random.choice(FRAMES_SEEN)
    raw = _mutated(random, seal(code, body, random.choice(BOARDS), 1))[:255]
    return bytes((RAW, len(raw))) + raw


def _mutated(random: Random, data: bytes) -> bytes:
    return mutated(random, data, BODIES_SEEN, EXTREMES)
