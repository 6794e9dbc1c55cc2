"""Fuzz the whole YKC connection: an input is a little program of bytes, frames with right checksums, commands and time.

python -m tests.fuzz.fuzz_ykc16 --runs 1000000 --seed 1
"""

from __future__ import annotations

import sys

import msgspec

from chargecloud.device.commands import AnswerBoot, AnswerStart, DeviceCommand
from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import Direction
from chargecloud.protocols.ykc16.codec import Verdict, decode
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.testing.drive import Drive
from chargecloud.testing.fuzz import Target, main
from tests.fuzz.ykc_programs import COMMAND, COMMANDS, FRAMES_SEEN, GOLDEN, OPS, RAW, SEALED, TIME, make, seal
from tests.support.ykc import CODE, login

OPS_MAX = 40
TIMES_S = (0.0, 0.1, 0.3, 1.0, 3.0, 5.0, 10.0, 15.0, 44.0, 61.0)
CHUNKS = (1, 3, 7, 64, 255)


class Run(Drive):
    """A YKC connection driven by one program."""

    def __init__(self) -> None:
        super().__init__(Connection(0.0))

    def check_told(self, event: DeviceEvent) -> None:
        assert event.charge_point_code == (self.connection.charge_point_code or CODE), f"about whom? {event}"

    def check_sent(self, raw: bytes) -> None:
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


TARGET = Target("ykc16", execute, make)

if __name__ == "__main__":
    sys.exit(main(TARGET, "tests.fuzz.fuzz_ykc16", sys.argv[1:]))
