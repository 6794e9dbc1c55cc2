"""What a scanned or typed text names: a sticker, a code on a screen, a number, or what others printed.

Nothing in a text is trusted but the name: a sticker can be pasted over, so pages show station and number large.
"""

import re
import secrets
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import unquote

import msgspec

from chargecloud.kernel.errors import Invalid

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without letters that are taken for others."""
STICKER_LENGTH, SCREEN_LENGTH = 10, 8
MAX_TEXT = 300
BOARD_CHOOSES = 0xFF

_STICKER = re.compile(rf"[{ALPHABET}]{{{STICKER_LENGTH}}}")
_SCREEN = re.compile(rf"([{ALPHABET}]{{{SCREEN_LENGTH}}})[-_]?([0-9]{{14}})(?:[-_.:]?([0-9]{{1,2}}))?")
_BOARD = re.compile(rf"(?:(?:^|/)([{ALPHABET}]{{{SCREEN_LENGTH}}}))?(?:^|/)([0-9A-Fa-f]{{8}})/([0-9A-Fa-f]{{2}})/?$")
_NUMBER = re.compile(r"([0-9]{14})(?:[-_.:]?([0-9]{1,2}))?")
_BOARD_NUMBER = re.compile(r"([0-9A-F]{8})(?:[-_.:]([0-9]{1,2}))?")


class NamedBy(StrEnum):
    """In which way a text names a connector."""

    STICKER = "sticker"
    SCREEN = "screen"
    NUMBER = "number"
    OTHER = "other"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What a text names; either an alias of a connector, or a code with or without a connector."""

    by: NamedBy
    sticker: str = ""
    screen: str = ""
    """Alias of the charge point that the screen showed beside its code: both have to fit."""
    charge_point_code: str = ""
    connector_no: int | None = None
    """From 1; 0: the charge point chooses; None: nobody said."""


class OtherForm(msgspec.Struct, frozen=True):
    """A form of codes that others printed: `pattern` has the groups `code` and, where it is told, `connector`."""

    pattern: str
    first_connector: int = 1
    """What the first connector is called there."""


def new_sticker() -> str:
    """A random alias for a sticker: it says nothing about the charge point (abuse A01)."""
    return _random(STICKER_LENGTH)


def new_screen() -> str:
    """A random alias for what a charge point's screen shows before its code."""
    return _random(SCREEN_LENGTH)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read_code(text: str, others: Sequence[OtherForm] = ()) -> Named:
    """What a text names; Invalid when it is nothing we know."""
    whole = _plain(text)
    named = _other(whole, others) or _board(whole) or _tail(_last_part(whole))
    if named is None:
        raise Invalid("无法识别的二维码或编号", "qr_code", text=text[:200])
    return named


def _plain(text: str) -> str:
    """Without blanks, and without the percent signs WeChat wraps a whole address in."""
    text = text.strip()[:MAX_TEXT]
    return unquote(text) if re.match(r"[a-z]+%3A%2F%2F", text, re.IGNORECASE) else text


def _other(text: str, others: Sequence[OtherForm]) -> Named | None:
    for form in others:
        found = re.search(form.pattern, text)
        if found:
            told = found.groupdict().get("connector")
            connector_no = int(told) - form.first_connector + 1 if told and told.isdecimal() else None
            return Named(by=NamedBy.OTHER, charge_point_code=found["code"], connector_no=connector_no)
    return None


def _board(text: str) -> Named | None:
    """A board's 32-bit number as it goes over the wire and the port, counted from 0 (DNY 文档 §2.1)."""
    found = _BOARD.search(text.split("?")[0].split("#")[0])
    if found is None:
        return None
    port = int(found[3], 16)
    return Named(
        by=NamedBy.SCREEN,
        screen=found[1] or "",
        charge_point_code=bytes.fromhex(found[2])[::-1].hex().upper(),
        connector_no=0 if port == BOARD_CHOOSES else port + 1,
    )


def _last_part(text: str) -> str:
    """What follows the last mark of an address; the name of a connector in `hlht://<it>.<operator>/`."""
    connected = re.match(r"hlht://([^/?#]*)", text, re.IGNORECASE)
    if connected:
        return connected[1].rpartition(".")[0]
    return re.split(r"[/=?#&]", text.rstrip("/#&?="))[-1]


def _tail(tail: str) -> Named | None:
    if _STICKER.fullmatch(tail):
        return Named(by=NamedBy.STICKER, sticker=tail)
    if found := _SCREEN.fullmatch(tail):
        return Named(by=NamedBy.SCREEN, screen=found[1], charge_point_code=found[2], connector_no=_number(found[3]))
    if found := _NUMBER.fullmatch(tail) or _BOARD_NUMBER.fullmatch(tail):
        return Named(by=NamedBy.NUMBER, charge_point_code=found[1], connector_no=_number(found[2]))
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text else None
