"""Fuzz the whole DNY connection: an input is a little program of units of several boards, commands and time.

python -m tests.fuzz.fuzz_dny --runs 1000000 --seed 1
"""

from __future__ import annotations

import sys

from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.dny.board import COMMAND_GAP_S, BoardState
from chargecloud.protocols.dny.codec import Verdict, decode, seal
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.conversation import BOARDS_MAX
from chargecloud.protocols.dny.frames import commands
from chargecloud.protocols.dny.framing import FRAMING
from chargecloud.protocols.wire.schema import Direction, Reply
from chargecloud.testing.drive import Drive
from chargecloud.testing.fuzz import Target, main
from tests.fuzz.dny_programs import (
    BOARDS,
    BROKEN_ID,
    CODES,
    COMMAND,
    FRAMES_SEEN,
    GOLDEN,
    OPS,
    RAW,
    SEALED,
    TIME,
    command_for,
    make,
    unit,
)
from tests.support import dny

OPS_MAX = 40
TIMES_S = (0.0, 0.1, 0.6, 1.0, 5.0, 10.0, 15.1, 11.0, 44.0, 61.0)
CHUNKS = (1, 3, 7, 64, 255)
FREE = {commands.QueryStatus.code}
"""May be said to a board that is not admitted: who are you?"""


class Run(Drive):
    """A DNY connection driven by one program."""

    def __init__(self) -> None:
        super().__init__(Connection(0.0))
        self.last_said: dict[int, float] = {}

    def check_told(self, event: DeviceEvent) -> None:
        code = event.charge_point_code
        assert (len(code) == 8 and code != f"{BROKEN_ID:08X}") or code in CODES, f"about whom? {event}"

    def check_sent(self, raw: bytes) -> None:
        decoded = decode(raw, Direction.DOWN)
        assert decoded.verdict is Verdict.DECODE and decoded.frame is not None, f"we sent {raw.hex()}"
        assert FRAMING.seal_order(raw) and FRAMING.measure(raw, 0) == len(raw), f"we sent {raw.hex()}"
        self.confirmed += decoded.command == 0x03
        connection = self.connection
        assert isinstance(connection, Connection) and len(connection.boards) <= BOARDS_MAX
        asked = decoded.frame.reply is Reply.AWAIT or decoded.command in FREE
        if asked:
            assert decoded.message_id, "0 is no id of ours"
            last = self.last_said.get(decoded.physical_id, -1.0)
            assert self.now >= last + COMMAND_GAP_S or decoded.command in FREE, "too fast for a board"
            self.last_said[decoded.physical_id] = self.now
        if decoded.frame.reply is Reply.AWAIT:
            states = {board.state for board in connection.boards.values()}
            assert BoardState.ADMITTED in states, f"asked before anybody was admitted: {raw.hex()}"


def execute(program: bytes) -> None:
    """Run a program; every byte string is one. The first bit says whether a board is admitted before."""
    run = Run()
    at = 1
    if program[:1] and program[0] & 1:
        run.receive(dny.ICCID + dny.register())
        run.submit(command_for(0, 0, run.wall_ms + 30_000, ""))
    for _ in range(OPS_MAX):
        if at >= len(program):
            break
        at = _step(run, program, at)
    run.pass_time(1.0)
    run.end()


def _step(run: Run, program: bytes, at: int) -> int:
    """Do one operation; the position behind it."""
    op, size, more = program[at] % OPS, _byte(program, at + 1), _byte(program, at + 2)
    data = program[at + 2 : at + 2 + size]
    if op == RAW:
        run.receive(data)
        return at + 2 + size
    if op == SEALED:
        board, message_id, code = data[:3].ljust(3, b"\0")
        run.receive(seal(code, data[3:], BOARDS[board % len(BOARDS)], message_id))
        return at + 2 + size
    if op == GOLDEN:
        code, body = FRAMES_SEEN[size % len(FRAMES_SEEN)]
        _deliver(run, seal(code, body, BOARDS[more % len(BOARDS)], more), size)
        return at + 3
    if op == COMMAND:
        expires = run.wall_ms - 1 if size > 240 else run.wall_ms + 30_000
        run.submit(command_for(size, more, expires, run.last_request))
        return at + 3
    if op == TIME:
        run.pass_time(TIMES_S[size % len(TIMES_S)])
    else:
        run.receive(unit(size))
    return at + 2


def _byte(program: bytes, at: int) -> int:
    return program[at] if at < len(program) else 0


def _deliver(run: Run, raw: bytes, choice: int) -> None:
    step = CHUNKS[choice % len(CHUNKS)]
    for at in range(0, len(raw), step):
        run.receive(raw[at : at + step])


TARGET = Target("dny", execute, make)

if __name__ == "__main__":
    sys.exit(main(TARGET, "tests.fuzz.fuzz_dny", sys.argv[1:]))
