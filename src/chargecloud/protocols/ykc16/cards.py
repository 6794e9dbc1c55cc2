"""Card numbers and typed passwords, which makers and readers spell differently on the wire."""

from __future__ import annotations

from chargecloud.protocols.wire.values import hex_text

CARD_SIZE = 8
_HASH_DIGITS = 16
_LOWER_HEX = frozenset(b"0123456789abcdef")
_UPPER_HEX = frozenset(b"0123456789ABCDEF")


def card_spellings(raw: bytes) -> tuple[str, ...]:
    """Return every spelling a reader may give this card, the usual one first, as 16 hex digits padded on the left.

    Some readers pad on the right and some read the bytes in reverse (D16), so zero bytes at both ends say nothing.
    """
    core = raw.strip(b"\0")
    spellings = dict.fromkeys(hex_text(text.rjust(CARD_SIZE, b"\0")) for text in (core, core[::-1]))
    return tuple(spellings) if core else ()


def same_card(one: bytes, other: bytes) -> bool:
    """Tell whether two readings are of the same card; a missing card is the same as none."""
    return bool(set(card_spellings(one)) & set(card_spellings(other)))


def password_hash(raw: bytes) -> str | None:
    """Return the 16 middle digits of the password's MD5 in lower case, whichever of the two forms was sent (D23).

    The document asks for 16 characters; some firmware sends the 16 bytes of the digest instead. None: no password.
    """
    if not any(raw):
        return None
    digits = set(raw)
    if digits <= _LOWER_HEX or digits <= _UPPER_HEX:
        return raw.decode("ascii").lower()
    return raw.hex()[_HASH_DIGITS // 2 : _HASH_DIGITS // 2 + _HASH_DIGITS]
