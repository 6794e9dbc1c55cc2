"""The charge point's end of the wire: sequence numbers, sealing, cutting."""

from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Direction, Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.protocols.ykc16.codec import decode
from chargecloud.protocols.ykc16.framing import FRAMING, START
from chargecloud.sim.temper import Temper
from chargecloud.sim.truth import Counts

_ZERO = bytes(2)


def seal(code: int, sequence: bytes, body: bytes, *, high_first: bool = False) -> bytes:
    """A whole frame around any body, the checksum in either order: what the platform's own encoder never makes."""
    covered = sequence + bytes((0, code)) + body
    checksum = crc16_modbus(covered).to_bytes(2, "big" if high_first else "little")
    return bytes((START, len(covered))) + covered + checksum


class Line:
    """Turns typed frames into bytes as this firmware sends them, and bytes from the platform into typed frames."""

    __slots__ = ("_counts", "_cutter", "_output", "_sequence", "_temper", "open")

    def __init__(self, temper: Temper, counts: Counts) -> None:
        self._temper = temper
        self._counts = counts
        self._output: list[bytes] = []
        self._cutter = StreamCutter(FRAMING)
        self._sequence = 0
        self.open = False

    def opened(self) -> None:
        """A new connection: counting starts anew, nothing of the old one is left."""
        self._sequence = 0
        self._cutter = StreamCutter(FRAMING)
        self._output.clear()
        self.open = True

    def closed(self) -> None:
        """The connection is gone with everything that was not sent."""
        self._output.clear()
        self.open = False

    def send(self, frame: Frame, reply_to: bytes | None = None) -> bytes:
        """Send a frame; a reply echoes the sequence of its request. Returns the sequence used."""
        return self.send_body(frame.code, frame.pack(), reply_to)

    def send_body(self, code: int, body: bytes, sequence: bytes | None = None) -> bytes:
        """Send a body that need not be what the table says."""
        used = self._next_sequence() if sequence is None else sequence
        if not self._temper.counts_frames:
            used = _ZERO
        if self.open:
            self._counts.frames_up += 1
            self._output.append(seal(code, used, body, high_first=self._temper.crc_high_first))
        return used

    def receive(self, data: bytes) -> list[tuple[Frame, bytes]]:
        """Frames of the platform with their sequences; what cannot be read is counted."""
        found = []
        for unit in self._cutter.feed(data):
            decoded = decode(unit.data) if unit.kind is UnitKind.FRAME else None
            if decoded is None or decoded.frame is None or decoded.frame.direction is not Direction.DOWN:
                self._counts.bad_down += 1
                continue
            self._counts.frames_down += 1
            found.append((decoded.frame, decoded.sequence))
        return found

    def take_output(self) -> list[bytes]:
        """Frames to send, in order; hands them over and forgets them."""
        output, self._output = self._output, []
        return output

    def _next_sequence(self) -> bytes:
        used = self._sequence.to_bytes(2, "little")
        self._sequence = (self._sequence + 1) & 0xFFFF
        return used
