"""Single values across the border: connector numbers, session numbers, times, temperatures, currents, text."""

from __future__ import annotations

from chargecloud.kernel.clock import from_local, local_time
from chargecloud.protocols.wire.values import hex_text, read_cp56, text_or_none, write_cp56

NO_TRADE = "0" * 32
CARD_DIGITS = 16
_ZERO_CURRENT = 4000
"""Raw value of 0 A where the vendor shifts currents by 400 A."""
_ZERO_CELSIUS = 50

CONNECTOR_NO = {f"{byte:02X}": int(f"{byte:02X}") if f"{byte:02X}".isdecimal() else byte for byte in range(256)}
"""Connector of a gun number byte: packed decimal as on paper, plain binary when it has a hex digit (文档 §2, 枪号)."""


def gun_text(connector_no: int) -> str:
    """The gun number byte of a connector as packed decimal digits; ValueError when it has more than two."""
    if not 1 <= connector_no <= 99:
        raise ValueError(f"connector {connector_no} is not one of 1…99")
    return f"{connector_no:02d}"


def session_no_of(trade_no: str) -> str:
    """The session number, empty for the all-zero number of an idle connector."""
    return "" if trade_no == NO_TRADE else trade_no


def epoch_ms(raw: bytes) -> int | None:
    """A time on the wire (Beijing) as epoch milliseconds; None for zero and impossible dates."""
    moment = read_cp56(raw)
    return None if moment is None else from_local(moment)


def wire_time(at_ms: int) -> bytes:
    """Epoch milliseconds as a time on the wire."""
    return write_cp56(local_time(at_ms).replace(tzinfo=None))


def celsius(raw: int) -> int:
    """Temperature with the vendor's shift of 50."""
    return raw - _ZERO_CELSIUS


def celsius_or_none(raw: int) -> int | None:
    """Temperature, or None for raw 0, which is how charge points say that they measure none (D10)."""
    return raw - _ZERO_CELSIUS if raw else None


def magnitude_ma(raw: int) -> int:
    """Current with the vendor's shift of 400 A, without its sign, on which no two makers agree (D7)."""
    return abs(raw - _ZERO_CURRENT) * 100


def text(raw: bytes) -> str:
    """Printable text, or empty: what charge points put into text columns is not to be trusted."""
    return text_or_none(raw) or ""


def hex_or_empty(raw: bytes) -> str:
    """Opaque bytes as hex digits, empty when all are zero."""
    return hex_text(raw) if any(raw) else ""


def card_bytes(card_id: str) -> bytes:
    """A physical card number as its eight bytes; ValueError says what is wrong with it."""
    if len(card_id) != CARD_DIGITS:
        raise ValueError(f"card number {card_id!r} does not have {CARD_DIGITS} hex digits")
    return bytes.fromhex(card_id)


def card_label_digits(card_label: str) -> str:
    """A printed card number as the sixteen digits of the wire, zeros on the left."""
    if len(card_label) > CARD_DIGITS or not set(card_label) <= set("0123456789ABCDEFabcdef"):
        raise ValueError(f"card label {card_label!r} is not up to {CARD_DIGITS} digits")
    return card_label.rjust(CARD_DIGITS, "0").upper()
