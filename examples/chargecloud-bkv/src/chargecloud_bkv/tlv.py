"""The envelope inside command 1000: entries of length, 01, tag, value; some values are entries again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NESTED = frozenset({0x94, 0x5B})
MARK = 1
NAME, SERIAL, GATEWAY = 0x01, 0x02, 0x03
HEAD_SIZE = 3
Entry = tuple[int, bytes]


def parse(data: bytes) -> list[Entry]:
    """Tags and values in order; ValueError where the lengths lie."""
    entries: list[Entry] = []
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        if end < at + HEAD_SIZE or end > len(data) or data[at + 1] != MARK:
            raise ValueError(f"no entry at byte {at}")
        entries.append((data[at + 2], data[at + HEAD_SIZE : end]))
        at = end
    return entries


def build(entries: Iterable[Entry]) -> bytes:
    """The bytes of entries; ValueError when a value is longer than its length byte can say."""
    return b"".join(bytes((len(value) + 2, MARK, tag)) + value for tag, value in entries)


def by_tag(data: bytes) -> dict[int, bytes]:
    """Entries by tag, the last of each; ValueError where the lengths lie."""
    return dict(parse(data))


def number(entries: Mapping[int, bytes], tag: int) -> int:
    """A number that has to be there; ValueError when it is not."""
    if tag not in entries:
        raise ValueError(f"tag {tag:02X} is missing")
    return int.from_bytes(entries[tag], "big")
