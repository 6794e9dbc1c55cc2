"""Fuzz the whole BKV connection: an input is a little program of frames, commands and time.

make fuzz PROTOCOL=bkv RUNS=1000000 SEED=1
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import msgspec

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.wire.schema import Direction, Reply
from chargecloud.testing.commands import one_of_each
from chargecloud.testing.drive import Drive, mutated, with_an_accident
from chargecloud.testing.fuzz import Target, main
from chargecloud_bkv import virtual
from chargecloud_bkv.codec import Verdict, decode, seal
from chargecloud_bkv.connection import HONOURED
from chargecloud_bkv.frames import ChargeEndAnswer, EndAnswer, FeeEndAnswer, TierControlReply, TierEndAnswer
from chargecloud_bkv.framing import END_SIZE, FRAMING, HEADER_SIZE
from chargecloud_bkv.plugin import Plugin

RAW, SEALED, FRAME, COMMAND, TIME = range(5)
"""Operations: raw bytes · command, serial and body to seal · a frame of the golden file · a command · time."""
OPS = 5
OPS_MAX = 40
BODY_MAX = 240
CHUNKS = (1, 3, 7, 64, 255)
TIMES_S = (0.0, 0.1, 1.0, 4.9, 5.1, 10.1, 30.0, 61.0, 149.0)
EXTREMES = (0x00, 0xFF, 0xFC, 0xFE, 0xEE, 0x7F)
OTHER_GATEWAY = "82241218000999"
COMMANDS = [command for command in one_of_each(virtual.GATEWAY, 0) if type(command) in HONOURED]
NUMBER = {type(command).__name__: number for number, command in enumerate(COMMANDS)}
CONFIRMS = (EndAnswer, ChargeEndAnswer, TierEndAnswer, FeeEndAnswer)

_GOLDEN = Path(__file__).parent / "golden" / "frames.json"
FRAMES_SEEN = [bytes.fromhex(entry["hex"]) for entry in json.loads(_GOLDEN.read_text("utf-8"))]
FRAMES_SEEN += [
    virtual.heartbeat(), virtual.charge_end(1), virtual.tier_end(1), virtual.card_end(26), virtual.swipe(),
    virtual.balance_question(), virtual.control_reply(1, 1), virtual.control_reply(2, 1), virtual.damaged(),
    virtual.state(virtual.hole(status=virtual.BUSY, business_no=1)), virtual.heartbeat(OTHER_GATEWAY),
    virtual.up(TierControlReply(result=1, socket=1, hole=0, business_no=1), 1),
]  # fmt: skip
BODIES_SEEN = [raw[HEADER_SIZE:-END_SIZE][:BODY_MAX] for raw in FRAMES_SEEN]
INDEX = {raw: number for number, raw in enumerate(FRAMES_SEEN)}


class Run(Drive):
    """A BKV connection driven by one program."""

    def __init__(self) -> None:
        super().__init__(Plugin().connect(0.0))

    def check_told(self, event: DeviceEvent) -> None:
        code = event.charge_point_code
        assert code == self.connection.charge_point_code or code == virtual.GATEWAY, f"about whom? {event}"

    def check_sent(self, raw: bytes) -> None:
        decoded = decode(raw)
        assert decoded.verdict is Verdict.DECODE and decoded.frame is not None, f"we sent {raw.hex()}"
        assert decoded.parcel.direction is Direction.DOWN
        assert FRAMING.seal_order(raw) and FRAMING.measure(raw, 0) == len(raw), f"we sent {raw.hex()}"
        assert decoded.parcel.gateway_id == self.connection.charge_point_code
        self.confirmed += isinstance(decoded.frame, CONFIRMS)
        if decoded.frame.reply is Reply.AWAIT:
            assert self.connection.admitted, f"asked before it was admitted: {raw.hex()}"


def execute(program: bytes) -> None:
    """Run a program; every byte string is one. The first bit says whether the gateway is admitted before."""
    run = Run()
    at = 1
    if program[:1] and program[0] & 1:
        run.receive(virtual.heartbeat())
        run.submit(command_for(NUMBER["AnswerBoot"], run.wall_ms + 30_000, ""))
    for _ in range(OPS_MAX):
        if at >= len(program):
            break
        at = _step(run, program, at)
    run.pass_time(1.0)
    run.end()


def command_for(number: int, expires_at_ms: int, request_id: str) -> DeviceCommand:
    """A command of the list."""
    command = COMMANDS[number % len(COMMANDS)]
    changes: dict[str, object] = {"expires_at_ms": expires_at_ms}
    if hasattr(command, "request_id"):
        changes["request_id"] = request_id
    return msgspec.structs.replace(command, **changes)


def _step(run: Run, program: bytes, at: int) -> int:
    op, size, more = program[at] % OPS, _byte(program, at + 1), _byte(program, at + 2)
    data = program[at + 2 : at + 2 + size]
    if op == RAW:
        run.receive(data)
        return at + 2 + size
    if op == SEALED:
        command, serial = (int.from_bytes(data[:2], "big"), _byte(data, 2))
        run.receive(seal(Direction.UP, command, serial, virtual.GATEWAY, data[3:]))
        return at + 2 + size
    if op == FRAME:
        _deliver(run, FRAMES_SEEN[size % len(FRAMES_SEEN)], more)
        return at + 3
    if op == COMMAND:
        expires = run.wall_ms - 1 if more > 240 else run.wall_ms + 30_000
        run.submit(command_for(size, expires, run.last_request))
        return at + 3
    run.pass_time(TIMES_S[size % len(TIMES_S)])
    return at + 2


def _byte(program: bytes, at: int) -> int:
    return program[at] if at < len(program) else 0


def _deliver(run: Run, raw: bytes, choice: int) -> None:
    step = CHUNKS[choice % len(CHUNKS)]
    for at in range(0, len(raw), step):
        run.receive(raw[at : at + step])


# -- making inputs


def _said(raw: bytes) -> bytes:
    return bytes((FRAME, INDEX[raw], 4))


def _asked(name: str) -> bytes:
    return bytes((COMMAND, NUMBER[name], 0))


_FIVE_S, _TEN_S = bytes((TIME, 4)), bytes((TIME, 5))
SCENES: tuple[tuple[bytes, ...], ...] = (
    (
        _asked("StartCharging"), _said(virtual.control_reply(1, 1)), _said(virtual.charge_end(1)),
        _asked("ConfirmRecord"), _asked("ConfirmRecord"),
    ),
    (_asked("StartCharging"), _TEN_S, _said(virtual.control_reply(1, 1)), _said(virtual.tier_end(1))),
    (_said(virtual.tier_end(1)), _FIVE_S, _said(virtual.tier_end(1)), _asked("ConfirmRecord")),
    (_said(virtual.swipe()), _asked("AnswerStart"), _said(virtual.card_end(26)), _asked("ConfirmRecord")),
    (_said(virtual.swipe()), _said(virtual.swipe()), _TEN_S, _asked("AnswerStart")),
    (_said(virtual.balance_question()), _asked("AnswerBalance"), _asked("AnswerStart")),
    (_asked("StopCharging"), _TEN_S, _TEN_S, _said(virtual.control_reply(1, 1))),
    (_asked("ReadSample"), _said(virtual.state(virtual.hole(status=virtual.BUSY, business_no=1)))),
    (_said(virtual.heartbeat(OTHER_GATEWAY)), _said(virtual.heartbeat())),
    (_asked("StopCharging"),) * 12,
)  # fmt: skip
"""Exchanges that belong together: what no single frame reaches."""


def make(random: Random) -> bytes:
    """A plausible stretch of talk, damaged: scenes, golden bodies with bytes changed and right sums, commands, time."""
    parts = [bytes((random.random() < 0.9,))]
    for _ in range(random.randrange(1, 9)):
        parts.append(_part(random))
    program = b"".join(parts)
    return program[:1] + _mutated(random, program[1:]) if random.random() < 0.3 else program


def _part(random: Random) -> bytes:
    choice = random.random()
    if choice < 0.2:
        return with_an_accident(random, random.choice(SCENES))
    if choice < 0.55:
        raw = random.choice(FRAMES_SEEN)
        body = raw[4:6] + bytes((random.randrange(4),)) + _mutated(random, raw[HEADER_SIZE:-END_SIZE])[:BODY_MAX]
        return bytes((SEALED, len(body))) + body
    if choice < 0.65:
        return bytes((FRAME, random.randrange(256), random.randrange(256)))
    if choice < 0.8:
        return bytes((COMMAND, random.randrange(256), random.randrange(256)))
    if choice < 0.9:
        return bytes((TIME, random.randrange(256)))
    raw = _mutated(random, random.choice(FRAMES_SEEN))[:255]
    return bytes((RAW, len(raw))) + raw


def _mutated(random: Random, data: bytes) -> bytes:
    return mutated(random, data, BODIES_SEEN, EXTREMES)


TARGET = Target("bkv", execute, make)

if __name__ == "__main__":
    sys.exit(main(TARGET, "fuzz_bkv", sys.argv[1:]))
