"""Single values across the border: connectors, times, cards, units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chargecloud.device.events import ConnectorStatus, StopClass
from chargecloud.kernel.clock import BEIJING, from_local, local_time
from chargecloud.protocols.wire.values import hex_text
from chargecloud_bkv import tables
from chargecloud_bkv.quirks import SOCKETS_MAX

HOLES = 2
MV_PER_DV = 100
MW_PER_DW = 100
MWH_PER_WH = 1000
HAO_PER_FEN = 100
WORD_MAX = 0xFFFF
YEAR_MIN, YEAR_MAX = 2000, 2199
_CARD_DIGITS = 16
_TIME_DIGITS = 14


def connector_no_of(socket: int, hole: int) -> int:
    """Hole A of socket 1 is connector 1, its hole B connector 2, hole A of socket 2 connector 3."""
    return HOLES * (socket - 1) + hole + 1


def check_place(socket: int, hole: int) -> None:
    """ValueError when no gateway has this hole."""
    if not 1 <= socket <= SOCKETS_MAX or hole >= HOLES:
        raise ValueError(f"there is no hole {hole} of socket {socket}")


def place_of(connector_no: int) -> tuple[int, int]:
    """Socket and hole of a connector; ValueError when no gateway has it."""
    if not 1 <= connector_no <= HOLES * SOCKETS_MAX:
        raise ValueError(f"connector {connector_no} is not one of 1…{HOLES * SOCKETS_MAX}")
    socket, hole = divmod(connector_no - 1, HOLES)
    return socket + 1, hole


def card_id_of(card: bytes) -> str:
    """A card's number as sixteen hex digits."""
    return hex_text(card).rjust(_CARD_DIGITS, "0")


def time_digits(at_ms: int) -> str:
    """Epoch milliseconds as fourteen digits of local time."""
    return local_time(at_ms).strftime("%Y%m%d%H%M%S")


def from_digits(digits: bytes) -> int | None:
    """Seven bytes of digits as epoch milliseconds; None for what is no date, and for a clock that was never set."""
    text = digits.hex()
    if len(text) != _TIME_DIGITS or not text.isdecimal():
        return None
    return _moment(int(text[:4]), [int(text[at : at + 2]) for at in range(4, _TIME_DIGITS, 2)])


def from_numbers(raw: bytes) -> int | None:
    """Year in two bytes, month, day, hour, minute, second as epoch milliseconds; None likewise."""
    return _moment(int.from_bytes(raw[:2], "big"), list(raw[2:]))


def _moment(year: int, rest: Sequence[int]) -> int | None:
    month, day, hour, minute, second = rest
    if not YEAR_MIN <= year <= YEAR_MAX:
        return None
    try:
        return from_local(datetime(year, month, day, hour, minute, second, tzinfo=BEIJING))
    except ValueError:
        return None


def status_of(status: int) -> ConnectorStatus:
    """What a status byte amounts to."""
    if not status & tables.ONLINE:
        return ConnectorStatus.OFFLINE
    if status & tables.FAULTS:
        return ConnectorStatus.FAULTED
    return ConnectorStatus.CHARGING if status & tables.CHARGING else ConnectorStatus.AVAILABLE


def stop_of(status: int) -> tuple[StopClass, str]:
    """Why a charge ended, read from the status in its report: the worst bit that is set."""
    for bit, reason, stop_class in tables.STOPS:
        if status & bit:
            return stop_class, reason
    return StopClass.UNKNOWN, "unknown"
