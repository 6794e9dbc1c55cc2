"""How the template's bytes become lines and words."""

from __future__ import annotations

LINE_MAX = 200
END = b"\n"


class LineCutter:
    """Cuts lines out of a stream; what is kept is always shorter than one longest line."""

    __slots__ = ("_kept", "_skipping")

    def __init__(self) -> None:
        self._kept = b""
        self._skipping = False

    @property
    def pending(self) -> bytes:
        """The beginning of a line whose end has not come yet."""
        return self._kept

    def feed(self, data: bytes) -> list[bytes | None]:
        """Whole lines without their end; None for each that was too long."""
        *whole, rest = (self._kept + data).split(END)
        lines: list[bytes | None] = []
        for line in whole:
            lines.append(None if self._skipping or len(line) > LINE_MAX else line)
            self._skipping = False
        if len(rest) > LINE_MAX:
            self._skipping = True
        self._kept = b"" if self._skipping else rest
        return lines

    def expire(self) -> bytes:
        """Forget a beginning whose rest never came."""
        stale, self._kept = self._kept, b""
        return stale


def words(line: bytes) -> list[str]:
    """The words of a line; empty when it is not printable ASCII."""
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        return []
    return text.split(" ") if text.isprintable() else []


def line(*parts: object) -> bytes:
    """A line of these words; ValueError when one of them would break it."""
    texts = [str(part) for part in parts]
    for text in texts:
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(f"{text!r} cannot be a word of a line")
    return " ".join(texts).encode("ascii") + END
