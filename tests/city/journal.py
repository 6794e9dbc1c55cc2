"""What happened: a hash that proves two runs equal, counts, charge points' last lines, commands sent."""

import hashlib
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from chargecloud.kernel.clock import ManualClock, rfc3339
from chargecloud.protocols.wire.checksums import crc16_modbus

COMMANDS = {0x32, 0x34, 0x36, 0x40, 0x42, 0x44, 0x46, 0x48, 0x52, 0x56, 0x58, 0x62, 0x92, 0x94, 0xA4, 0xF0}
"""What only the holder of a charge point may be sent."""
START, STOP, CONFIRM, SAMPLE = 0x34, 0x36, 0x40, 0x13
START_BYTE, SAMPLE_BYTES, CHARGING = 0x68, 64, 3
LINES = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """A start or stop as it left the gateway."""

    at_ms: int
    code: str
    link_no: int
    frame_type: int
    session_no: str
    connector_no: int


@dataclass(slots=True)
class Received:
    """What commands one connection was given."""

    code: str
    honest: bool
    first_ms: int
    last_ms: int


@dataclass
class Journal:
    """Filled by the network and by everybody who does something; read by the oracle."""

    clock: ManualClock
    counts: Counter[str] = field(default_factory=Counter)
    sent: list[Sent] = field(default_factory=list)
    received: dict[int, Received] = field(default_factory=dict)
    confirmed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Session numbers whose record was confirmed, by charge point."""
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Energy of the last charging sample but one, and of the last, that reached the gateway, by session."""
    stories: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=LINES)))
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def note(self, what: str, code: str = "", **facts: object) -> None:
        """Something happened that is worth a line."""
        self.counts[what] += 1
        text = " ".join(f"{name}={value}" for name, value in facts.items())
        line = f"{rfc3339(self.clock.now_ms())} {what} {code} {text}".rstrip()
        if code:
            self.stories[code].append(line)
        self._hash.update(line.encode())

    def delivered(self, code: str, up: bool, data: bytes) -> None:
        """Bytes arrived."""
        self.counts["segments_up" if up else "segments_down"] += 1
        self._hash.update(b"%d %b %d " % (self.clock.now_ms(), code.encode(), up) + data)
        if up and len(data) >= SAMPLE_BYTES:
            self._look_for_samples(data)

    def _look_for_samples(self, data: bytes) -> None:
        """Whole and sound charging samples; the checksum over a frame and itself is zero, low byte first."""
        at = data.find(START_BYTE)
        while 0 <= at < len(data) - 6:
            frame = data[at : at + data[at + 1] + 4]
            sound = len(frame) >= SAMPLE_BYTES and frame[5] == SAMPLE and not crc16_modbus(frame[2:])
            if sound and frame[6 + 24] == CHARGING:
                session_no, energy_mwh = frame[6:22].hex(), int.from_bytes(frame[52:56], "little") * 100
                self.seen[session_no] = (self.seen.get(session_no, (0, 0))[1], energy_mwh)
            at = data.find(START_BYTE, at + (len(frame) if sound else 1))

    def written(self, code: str, link_no: int, honest: bool, data: bytes) -> None:
        """The gateway sends frames to a connection."""
        at = 0
        while at + 6 < len(data):
            size = data[at + 1] + 4
            if data[at + 5] in COMMANDS:
                self._commanded(code, link_no, honest, data[at : at + size])
            at += size

    def _commanded(self, code: str, link_no: int, honest: bool, frame: bytes) -> None:
        now_ms, kind, body = self.clock.now_ms(), frame[5], frame[6:-2]
        known = self.received.get(link_no)
        if known is None:
            self.received[link_no] = Received(code, honest, now_ms, now_ms)
        else:
            known.last_ms = now_ms
        if kind == START:
            session_no, connector_no = body[:16].hex(), int(body[23:24].hex())
        elif kind == STOP:
            session_no, connector_no = "", int(body[7:8].hex())
        else:
            if kind == CONFIRM and body[16] == 0:
                self.confirmed[code].add(body[:16].hex())
            return
        self.counts["starts_sent" if kind == START else "stops_sent"] += 1
        self.sent.append(Sent(now_ms, code, link_no, kind, session_no, connector_no))
        self.note("sent_start" if kind == START else "sent_stop", code, session=session_no, connector=connector_no)

    def digest(self) -> str:
        """Equal for equal runs."""
        return self._hash.hexdigest()
