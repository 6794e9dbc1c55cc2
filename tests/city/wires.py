"""What the city itself reads on the wire, by the byte tables of the vendors' documents and no code of the product.

Two things: frames with which the platform acts on a charge point, as they leave the gateway, and a charging
connector's own figures, as they arrive there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from chargecloud.protocols.wire.checksums import crc16_modbus


class Kind(StrEnum):
    """What a frame of the platform does to a charge point."""

    START = "start"
    STOP = "stop"
    LIMIT = "limit"
    ADMIT = "admit"
    """It may take part from now on: no act yet, and the beginning of all that are."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Act:
    """A frame that only the holder of a charge point may be sent."""

    kind: Kind
    code: str
    session_no: str = ""
    connector_no: int = 0
    number: int = 0
    """By which a repeat is known, where repeats are allowed."""
    mode: int = 0
    amount: int = 0
    longest_s: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a charging connector said of its session."""

    session_no: str
    energy_mwh: int
    charged_s: int = 0
    avg_mw: int = 0
    max_mw: int = 0
    floating: bool = False
    temp_c: int | None = None
    charging: bool = True


@dataclass(frozen=True, slots=True)
class Wire:
    """One vendor's: acts among bytes that leave for a charge point, reports among bytes that come."""

    acts: Callable[[str, bytes], Iterator[Act]]
    reports: Callable[[bytes], Iterator[Report]]


def number_at(data: bytes, at: int, size: int = 2) -> int:
    """An unsigned integer, low byte first."""
    return int.from_bytes(data[at : at + size], "little")


# ── YKC: charge points for cars ─────────────────────────────────────────────────────────────────────────────────────

YKC_ACTS = {0x32, 0x34, 0x36, 0x40, 0x42, 0x44, 0x46, 0x48, 0x52, 0x56, 0x58, 0x62, 0x92, 0x94, 0xA4, 0xF0}
YKC_START, YKC_STOP, YKC_SAMPLE = 0x34, 0x36, 0x13
START_BYTE, SAMPLE_BYTES, CHARGING = 0x68, 64, 3


def ykc_acts(code: str, data: bytes) -> Iterator[Act]:
    """One charge point a connection, so that the frame need not say whose it is."""
    at = 0
    while at + 6 < len(data):
        size = data[at + 1] + 4
        kind, body = data[at + 5], data[at + 6 : at + size - 2]
        if kind == YKC_START:
            yield Act(Kind.START, code, body[:16].hex(), int(body[23:24].hex()))
        elif kind == YKC_STOP:
            yield Act(Kind.STOP, code, "", int(body[7:8].hex()))
        elif kind in YKC_ACTS:
            yield Act(Kind.OTHER, code)
        at += size


def ykc_reports(data: bytes) -> Iterator[Report]:
    """Whole and sound charging samples; the checksum over a frame and itself is zero, low byte first."""
    if len(data) < SAMPLE_BYTES:
        return
    at = data.find(START_BYTE)
    while 0 <= at < len(data) - 6:
        frame = data[at : at + data[at + 1] + 4]
        sound = len(frame) >= SAMPLE_BYTES and frame[5] == YKC_SAMPLE and not crc16_modbus(frame[2:])
        if sound and frame[6 + 24] == CHARGING:
            yield Report(frame[6:22].hex(), number_at(frame, 52, 4) * 100)
        at = data.find(START_BYTE, at + (len(frame) if sound else 1))


# ── DNY: boards for e-bikes ─────────────────────────────────────────────────────────────────────────────────────────

MAGIC = b"DNY"
HEAD, LEAST, SUM = 12, 14, 2
REGISTER, CONTROL, MODIFY, PROGRESS, FULL, ALARM, SETTLEMENT = 0x20, 0x82, 0x8A, 0x06, 0x43, 0x42, 0x03
ANSWERED_TO_ANYBODY = {0x01, 0x12, 0x15, 0x20, 0x21, 0x22, 0x81}
"""Time, greetings and the question who somebody is."""
MWH_PER_STEP, MW_PER_DW, ZERO_CELSIUS = 10_000, 100, 65
PORT_CHARGING, PORT_FLOATING = 1, 5
CODE_DIGITS = 8


def dny_frames(data: bytes) -> Iterator[bytes]:
    """Whole and sound frames, wherever they lie."""
    at = data.find(MAGIC)
    while 0 <= at <= len(data) - LEAST:
        size = 5 + number_at(data, at + 3)
        frame = data[at : at + size]
        sound = LEAST <= len(frame) == size and sum(frame[:-SUM]) & 0xFFFF == number_at(frame, size - SUM)
        if sound:
            yield frame
        at = data.find(MAGIC, at + (size if sound else len(MAGIC)))


def board_code(frame: bytes) -> str:
    """Whose a frame is."""
    return f"{number_at(frame, 5, 4):08X}"


def dny_acts(_: str, data: bytes) -> Iterator[Act]:
    """Each frame says whose it is; a repeat has the message id of the first."""
    for frame in dny_frames(data):
        code, number, command, body = board_code(frame), number_at(frame, 9), frame[11], frame[HEAD:-SUM]
        if command == REGISTER and not body[0]:
            yield Act(Kind.ADMIT, code)
        elif command == CONTROL:
            yield Act(
                Kind.START if body[6] else Kind.STOP, code, body[9:25].hex().upper(), (body[5] + 1) % 256, number,
                mode=body[0], amount=number_at(body, 7), longest_s=number_at(body, 25),
            )  # fmt: skip
        elif command == MODIFY:
            yield Act(Kind.LIMIT, code, "", body[1] + 1, number, mode=body[0], amount=number_at(body, 2))
        elif command not in ANSWERED_TO_ANYBODY:
            yield Act(Kind.OTHER, code)


def dny_reports(data: bytes) -> Iterator[Report]:
    """Progress of a port, and the notice that a battery is full."""
    for frame in dny_frames(data):
        body = frame[HEAD:-SUM]
        if frame[11] == PROGRESS:
            newer = len(body) > 40
            yield Report(
                body[15:31].hex().upper(),
                number_at(body, 4) * MWH_PER_STEP,
                number_at(body, 2),
                number_at(body, 13) * MW_PER_DW,
                number_at(body, 9) * MW_PER_DW,
                body[1] == PORT_FLOATING,
                body[40] - ZERO_CELSIUS if newer and body[40] else None,
                body[1] in (PORT_CHARGING, PORT_FLOATING),
            )
        elif frame[11] == FULL:
            session_no, energy_mwh = body[13:29].hex().upper(), number_at(body, 4) * MWH_PER_STEP
            yield Report(session_no, energy_mwh, number_at(body, 0), floating=True, charging=False)


WIRES = {"ykc16": Wire(ykc_acts, ykc_reports), "dny": Wire(dny_acts, dny_reports)}
