"""Columns of variable length, which end a body: repeated groups and text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargecloud.protocols.wire.kinds import Column
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.values import hex_text, text_or_none

if TYPE_CHECKING:
    from chargecloud.protocols.wire.schema import Record


@dataclass(frozen=True, kw_only=True)
class Tail(Column, ABC):
    """A column that fills the rest of the body; `size` is the size of one entry."""

    @abstractmethod
    def parse_many(self, data: bytes, start: int, end: int) -> object:
        """Make the value from all bytes of the tail."""


@dataclass(frozen=True, kw_only=True)
class RepeatColumn(Tail):
    """As many equal groups as follow, or as the count column says."""

    of: type[Record]

    type_text = "LIST"

    def parse_many(self, data: bytes, start: int, end: int) -> tuple[Record, ...]:
        """Make one record an entry."""
        decode = self.of.layout.decode
        return tuple(decode(data, at, at + self.size) for at in range(start, end, self.size))

    def pack(self, value: tuple[Record, ...]) -> bytes:
        """Make the bytes of all entries."""
        return b"".join(entry.pack() for entry in value)

    def shown(self, value: tuple[Record, ...]) -> Shown:
        """Present one object an entry."""
        return [entry.shown() for entry in value]


@dataclass(frozen=True, kw_only=True)
class AsciiTail(Tail):
    """Text whose length an earlier column gives; kept as bytes because it is untrusted."""

    type_text = "ASCII"

    def parse_many(self, data: bytes, start: int, end: int) -> bytes:
        """Take the bytes as they are."""
        return data[start:end]

    def pack(self, value: bytes) -> bytes:
        """Give the bytes as they are."""
        return value

    def shown(self, value: bytes) -> Shown:
        """Present printable text, or null."""
        return text_or_none(value)


@dataclass(frozen=True, kw_only=True)
class RawTail(AsciiTail):
    """Bytes up to the end of the body."""

    type_text = "BYTES"

    def shown(self, value: bytes) -> Shown:
        """Present the bytes as hex text."""
        return hex_text(value)
