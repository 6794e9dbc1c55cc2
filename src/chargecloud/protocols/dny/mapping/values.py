"""Single values across the border: codes, connector numbers, session numbers, units, temperatures, text."""

from __future__ import annotations

from chargecloud.protocols.wire.values import hex_text, text_or_none

PROTOCOL = "dny"
CODE_DIGITS = 8
ORDER_SIZE = 16
NO_ORDER = bytes(ORDER_SIZE)
ANY_PORT = 0xFF
MWH_PER_001KWH = 10_000
MW_PER_DW = 100
MV_PER_DV = 100
MA_PER_001A = 10
WORD_MAX = 0xFFFF
_ZERO_CELSIUS = 65
_CARD_DIGITS = 16
CELSIUS_OF = (None, *(raw - _ZERO_CELSIUS for raw in range(1, 256)))
"""Temperature by the byte on the wire; 0 is no sensor, and firmware without this column has none."""

BROKEN_DEVICE_NOS = frozenset({10_011_001, 12_000_000, 13_000_001})
"""What boards with a broken memory call themselves; two of them may do so at once (文档 §2.1)."""


def code_of(physical_id: int) -> str:
    """The charge point code of a physical id: its eight hex digits."""
    return f"{physical_id:08X}"


def physical_id_of(code: str) -> int | None:
    """The physical id of a charge point code; None when it is none of ours."""
    if len(code) != CODE_DIGITS or not set(code) <= set("0123456789ABCDEF"):
        return None
    return int(code, 16)


def is_broken(physical_id: int) -> bool:
    """Whether this is an id that boards with a broken memory fall back to."""
    return physical_id & 0xFFFFFF in BROKEN_DEVICE_NOS


def connector_no_of(port_no: int) -> int:
    """Ports count from 0, connectors from 1."""
    return port_no + 1


def port_no_of(connector_no: int) -> int:
    """The port of a connector; connector 0 lets the board choose."""
    if not 0 <= connector_no < ANY_PORT:
        raise ValueError(f"connector {connector_no} is not one of 0…{ANY_PORT - 1}")
    return connector_no - 1 if connector_no else ANY_PORT


def session_no_of(order_no: bytes) -> str:
    """The session number of an order number: its digits; empty for an idle port's zeros."""
    return "" if order_no == NO_ORDER else hex_text(order_no)


def order_no_of(session_no: str) -> bytes:
    """The order number of a session number; ValueError when it is not sixteen bytes."""
    if len(session_no) != 2 * ORDER_SIZE:
        raise ValueError(f"session number {session_no!r} does not have {2 * ORDER_SIZE} hex digits")
    order_no = bytes.fromhex(session_no)
    if order_no == NO_ORDER or len(order_no) != ORDER_SIZE:
        raise ValueError(f"session number {session_no!r} is not sixteen bytes other than zero")
    return order_no


def card_id_of(card: bytes) -> str:
    """A card's number as sixteen hex digits, as cars' charge points send it too."""
    return hex_text(card).rjust(_CARD_DIGITS, "0")


def firmware_text(raw: int) -> str:
    """640 is 6.40."""
    return f"{raw // 100}.{raw % 100:02d}"


def text(raw: bytes | None) -> str:
    """Printable text, or empty: what boards put into text columns is not to be trusted."""
    return (text_or_none(raw) or "") if raw else ""


def scaled(value: int | None, factor: int) -> int | None:
    """A value of another unit, or None as it was."""
    return None if value is None else value * factor
