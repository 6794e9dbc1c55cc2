"""Fuzz the whole YKC connection: an input is a little program of bytes, frames with right checksums, commands and time.

python -m tests.fuzz.fuzz_ykc16 --runs 1000000 --seed 1
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import msgspec

from chargecloud.device.commands import AnswerBoot, AnswerStart, ConfirmRecord, DeviceCommand
from chargecloud.device.events import CommandEnded, CommandOutcome, DeviceEvent, RecordUploaded, StartRequested
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Direction
from chargecloud.protocols.ykc16.codec import Verdict, decode
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.protocols.ykc16.frames import FRAMES
from tests.fuzz.runner import Target, main
from tests.support.commands import one_of_each
from tests.support.golden import golden_entries
from tests.support.harness import START_MS
from tests.support.ykc import CODE, login

RAW, SEALED, GOLDEN, COMMAND, TIME, ANSWER = range(6)
OPS = 6
OPS_MAX = 40
TIMES_S = (0.0, 0.1, 0.3, 1.0, 3.0, 5.0, 10.0, 15.0, 44.0, 61.0)
CHUNKS = (1, 3, 7, 64, 255)
HEADER = 6
LONGEST_FRAME = 259
_CODE_BYTES = bytes.fromhex(CODE)
_CODE_AT = dict.fromkeys(FRAMES, 0) | {
    code: 16
    for code, kind in FRAMES.items()
    if [column.name for column in kind.columns][:2] == ["trade_no", "pile_code"]
}
COMMANDS = one_of_each(CODE, 0)


def seal(code: int, body: bytes, sequence: bytes = b"\x01\x00") -> bytes:
    """A frame around any body, with a right checksum."""
    covered = sequence + bytes((0, code)) + body
    return bytes((0x68, len(body) + 4)) + covered + crc16_modbus(covered).to_bytes(2, "little")


def _ours(raw: bytes) -> tuple[int, bytes]:
    """Type and body of a golden frame, said by the charge point of the target."""
    code, body = raw[5], bytearray(raw[HEADER:-2])
    at = _CODE_AT.get(code, 0)
    body[at : at + len(_CODE_BYTES)] = _CODE_BYTES
    return code, bytes(body)[:251]


FRAMES_SEEN = [_ours(bytes.fromhex(entry["hex"])) for _, entry in golden_entries("ykc16") if len(entry["hex"]) >= 20]
"""Bodies of the golden frames, both directions, bad ones included."""
UPLINKS = [number for number, (code, _) in enumerate(FRAMES_SEEN) if code & 1]


class Run:
    """One connection driven by one program, and what must hold whatever the program says."""

    def __init__(self) -> None:
        self.connection = Connection(0.0)
        self.now = 0.0
        self.events: list[DeviceEvent] = []
        self.submitted = Counter[str]()
        self.confirmations = 0
        self.confirmed = 0
        self.last_request = "none"

    @property
    def wall_ms(self) -> int:
        return START_MS + int(self.now * 1000)

    def receive(self, data: bytes) -> None:
        closed = self.connection.closing
        events = self.connection.receive(data, self.now, self.wall_ms)
        assert not (closed and events), "events after closing"
        self._took(events)

    def submit(self, command: DeviceCommand) -> None:
        number = f"c{sum(self.submitted.values())}"
        self.submitted[number] += 1
        self.confirmations += isinstance(command, ConfirmRecord)
        command = msgspec.structs.replace(command, command_id=number)
        events = self.connection.submit(command, self.now, self.wall_ms)
        self._took(events, expired=command.expires_at_ms <= self.wall_ms)

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(500):
            due = self.connection.deadline()
            if due > until:
                self.now = until
                return
            self.now = max(self.now, due)
            self._took(self.connection.tick(self.now, self.wall_ms))
        raise AssertionError(f"the deadline does not move on from {self.now}")

    def end(self) -> None:
        self._took(self.connection.abandon("socket_closed"))
        ends = Counter(event.command_id for event in self.events if isinstance(event, CommandEnded))
        assert ends == self.submitted, f"ends {ends}, submitted {self.submitted}"
        assert self.confirmed <= self.confirmations, "a record was confirmed that nobody stored"

    def _took(self, events: object, *, expired: bool = False) -> None:
        output = self.connection.take_output()
        assert not (expired and output), "an expired command reached the wire"
        for raw in output:
            self._check(raw)
        for event in events:  # type: ignore[attr-defined]
            assert event.charge_point_code == (self.connection.charge_point_code or CODE), f"about whom? {event}"
            assert not isinstance(event, CommandEnded) or isinstance(event.outcome, CommandOutcome)
            if isinstance(event, StartRequested):
                self.last_request = event.request_id
            if isinstance(event, CommandEnded | RecordUploaded):
                self.events.append(event)
        self.connection.take_frames()

    def _check(self, raw: bytes) -> None:
        decoded = decode(raw)
        assert decoded.verdict is Verdict.DECODE and decoded.frame is not None, f"we sent {raw.hex()}"
        assert decoded.frame.direction is Direction.DOWN, f"we sent an uplink {raw.hex()}"
        assert raw[1] <= 200 and crc16_modbus(raw[2:]) == 0, f"we sent {raw.hex()}"
        assert self.connection.admitted or raw[5] == 0x02, f"sent before admission: {raw.hex()}"
        self.confirmed += raw[5] == 0x40


def execute(program: bytes) -> None:
    """Run a program; every byte string is one. The first bit says whether the charge point is admitted before."""
    run = Run()
    at = 1
    if program[:1] and program[0] & 1:
        run.receive(login())
        run.submit(_command(run, 0, late=False))
    for _ in range(OPS_MAX):
        if at >= len(program):
            break
        at = _step(run, program, at)
    run.pass_time(1.0)
    run.end()


def _step(run: Run, program: bytes, at: int) -> int:
    """Do one operation; the position behind it."""
    op, size = program[at] % OPS, program[at + 1] if at + 1 < len(program) else 0
    data = program[at + 2 : at + 2 + size]
    if op == RAW:
        run.receive(data)
        return at + 2 + size
    if op == SEALED:
        run.receive(seal(data[0] if data else 0, data[1:252], program[at : at + 2]))
        return at + 2 + size
    if op == GOLDEN:
        _deliver(run, seal(*FRAMES_SEEN[size % len(FRAMES_SEEN)], program[at : at + 2].ljust(2, b"\0")), size)
    elif op == COMMAND:
        run.submit(_command(run, size % len(COMMANDS), late=size > 240))
    elif op == TIME:
        run.pass_time(TIMES_S[size % len(TIMES_S)])
    else:
        run.submit(_command(run, next(i for i, c in enumerate(COMMANDS) if isinstance(c, AnswerStart)), late=False))
    return at + 2


def _deliver(run: Run, raw: bytes, choice: int) -> None:
    step = CHUNKS[choice % len(CHUNKS)]
    for at in range(0, len(raw), step):
        run.receive(raw[at : at + step])


def _command(run: Run, number: int, *, late: bool) -> DeviceCommand:
    command = COMMANDS[number]
    expires = run.wall_ms - 1 if late else run.wall_ms + 30_000
    if isinstance(command, AnswerStart):
        return msgspec.structs.replace(command, expires_at_ms=expires, request_id=run.last_request)
    if isinstance(command, AnswerBoot):
        return msgspec.structs.replace(command, expires_at_ms=expires, qr_prefix="https://127.0.0.1/")
    return msgspec.structs.replace(command, expires_at_ms=expires)


# -- making inputs


def make(random: Random) -> bytes:
    """A plausible session, damaged: golden frames with a few bytes changed and right checksums, spliced, doubled."""
    parts = [bytes((random.random() < 0.9,))]
    for _ in range(random.randrange(1, 9)):
        parts.append(_part(random))
    program = b"".join(parts)
    return _damage(random, program) if random.random() < 0.3 else program


def _part(random: Random) -> bytes:
    choice = random.random()
    if choice < 0.45:
        code, body = FRAMES_SEEN[random.choice(UPLINKS)]
        data = bytes((code,)) + _mutated(random, body)
        return bytes((SEALED, min(len(data), 252))) + data[:252]
    if choice < 0.55:
        return bytes((GOLDEN, random.randrange(256)))
    if choice < 0.75:
        return bytes((COMMAND, random.randrange(256)))
    if choice < 0.87:
        return bytes((TIME, random.randrange(256)))
    if choice < 0.90:
        return bytes((ANSWER, 0))
    code, body = random.choice(FRAMES_SEEN)
    raw = _mutated(random, seal(code, body))[:255]
    return bytes((RAW, len(raw))) + raw


def _mutated(random: Random, data: bytes) -> bytes:
    """Some of the bytes changed: flips, extremes, cuts, repeats, a splice of another frame."""
    changed = bytearray(data)
    for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
        if not changed:
            break
        at = random.randrange(len(changed))
        way = random.randrange(6)
        if way == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif way == 1:
            changed[at] = random.choice((0x00, 0xFF, 0x68, 0x7F, 0x80))
        elif way == 2:
            del changed[at:]
        elif way == 3:
            changed[at:at] = changed[max(0, at - random.randrange(1, 9)) : at]
        elif way == 4:
            changed[at : at + random.randrange(1, 9)] = random.randbytes(random.randrange(1, 9))
        else:
            _, other = random.choice(FRAMES_SEEN)
            changed[at:] = other[at:]
    return bytes(changed)


def _damage(random: Random, program: bytes) -> bytes:
    """The program itself as bytes, changed anywhere: lengths lie, operations turn into others."""
    return program[:1] + _mutated(random, program[1:])


TARGET = Target("ykc16", execute, make)

if __name__ == "__main__":
    sys.exit(main(TARGET, "tests.fuzz.fuzz_ykc16", sys.argv[1:]))
