"""The commonest framing as one declaration: start marks, a length at a fixed place, a seal, perhaps a tail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME


@dataclass(frozen=True, slots=True)
class MeasuredFraming:
    """A `Framing` for `StreamCutter`; sizes are bytes of the whole frame.

    All start marks have the same length. What the length field does not count is `length_adds`.
    """

    marks: tuple[bytes, ...]
    length_at: int
    length_size: int
    length_order: Literal["little", "big"]
    length_adds: int
    size_min: int
    size_max: int
    seal: Callable[[bytes], ByteOrder | None]
    """In which byte order the checksum of a whole frame is right, None when it is wrong."""
    tail: bytes = b""
    """What every frame ends with."""

    def find(self, data: bytes, at: int) -> int:
        """Where the first byte of a mark stands next; -1 for nowhere."""
        found = [place for first in {mark[:1] for mark in self.marks} if (place := data.find(first, at)) >= 0]
        return min(found, default=-1)

    def measure(self, data: bytes, at: int) -> int:
        """Total size of the frame starting at `at`."""
        head = data[at : at + len(self.marks[0])]
        if head not in self.marks:
            return NEED_MORE if any(mark.startswith(head) for mark in self.marks) else NO_FRAME
        start = at + self.length_at
        length = data[start : start + self.length_size]
        if len(length) < self.length_size:
            return NEED_MORE
        size = int.from_bytes(length, self.length_order) + self.length_adds
        return size if self.size_min <= size <= self.size_max else NO_FRAME

    def seal_order(self, frame: bytes) -> ByteOrder | None:
        """What the seal says, when the tail is there."""
        return self.seal(frame) if frame.endswith(self.tail) else None
