"""Bytes as people paste them: hex in any notation, line by line, with words between."""

from typing import NamedTuple

_SEPARATORS = str.maketrans("", "", ":-,")


class NotHex(NamedTuple):
    """A line that is no hex, with what is wrong."""

    line_no: int
    """From 1."""
    text: str
    wrong: str


def parsed(text: str) -> bytes | str:
    """The bytes, or what is wrong; blanks, colons, dashes, commas and 0x between bytes are fine."""
    digits = "".join(text.replace("0x", "").replace("0X", "").translate(_SEPARATORS).split())
    try:
        return bytes.fromhex(digits)
    except ValueError:
        found = next((digit for digit in digits if digit not in "0123456789abcdefABCDEF"), None)
        return f"{found!r} is no hex digit" if found else f"{len(digits)} hex digits are no whole bytes"


def pasted(text: str) -> list[bytes | NotHex]:
    """What somebody pasted: bytes that belong together over lines, and the lines between that are no hex."""
    whole = parsed(text)
    if isinstance(whole, bytes):
        return [whole] if whole else []
    found: list[bytes | NotHex] = []
    for line_no, line in enumerate(text.splitlines(), 1):
        read = parsed(line)
        if isinstance(read, str):
            found.append(NotHex(line_no, line, read))
        elif read and found and isinstance(found[-1], bytes):
            found[-1] += read
        elif read:
            found.append(read)
    return found
