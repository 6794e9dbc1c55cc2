"""A protocol of text lines and a house around it, so that gateway tests need neither sockets nor a vendor."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.device.commands import AnswerBoot, AnswerStart, ConfirmRecord, DeviceCommand, Reboot
from chargecloud.device.contract import LoggedFrame
from chargecloud.device.events import (
    BandRecord,
    Beat,
    Booted,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    PowerType,
    RecordUploaded,
    StartMethod,
    StartRequested,
    StopClass,
    WireFaulted,
)
from chargecloud.device.unitlog import UnitLog, units_of
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.link import Link
from chargecloud.gateway.safekeeping import Journal
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.cache.contract import Fenced
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unsupported
from chargecloud.kernel.message import Envelope

SILENCE_S = 45.0
PATIENCE_S = 10.0
NEVER_MS = 1 << 62
NOTHING = BandRecord(0, 0, 0, 0)


class FakeConnection:
    """Lines: `boot CODE`, `beat`, `shout`, `record NO`, `swipe CARD`, `bad`, `hopeless`, `crash`, `done`.

    Implements `Connection`.
    """

    def __init__(self, now: float) -> None:
        self.charge_point_code = ""
        self.admitted = False
        self.closing = False
        self.close_reason = ""
        self._heard_at = now
        self._sent_at = now
        self._partial = b""
        self._output: list[bytes] = []
        self._frames: UnitLog = []
        self._pending: list[DeviceCommand] = []

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        *lines, self._partial = (self._partial + data).split(b"\n")
        events: list[DeviceEvent] = []
        for line in lines:
            self._frames += (1, line)
            self._heard_at = now
            events.extend(self._hear(line.decode().split()))
        return events

    def usual(self, data: bytes) -> bytes | None:
        """A `beat` by itself."""
        return b"ok\n" if data == b"beat\n" and not self._partial else None

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        self._heard_at = now
        self._frames += (1, data[:-1], -1, answer[:-1])
        return Beat(charge_point_code=self.charge_point_code, connector_no=1, faulted=False)

    def _hear(self, words: list[str]) -> Sequence[DeviceEvent]:
        verb = words[0]
        code = self.charge_point_code
        if verb == "crash":
            raise RuntimeError("planned crash")
        if verb == "boot":
            self.charge_point_code = words[1]
            return [boot(words[1])]
        if verb == "beat":
            self._say(b"ok")
            return [Beat(charge_point_code=code, connector_no=1, faulted=False)]
        if verb == "shout":
            self._say(bytes(50_000))
            return []
        if verb == "record":
            return [record(code, words[1])]
        if verb == "swipe":
            return [swipe(code, words[1])]
        if verb == "hopeless":
            self.closing, self.close_reason = True, "bad_frames"
        if verb == "done":
            return [self._end(self._pending.pop(0), CommandOutcome.DONE)]
        return [WireFaulted(charge_point_code=code, counts={"crc": 1})]

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        if isinstance(command, AnswerBoot):
            self.admitted = command.accepted
            self.closing = not command.accepted
            self.close_reason = "" if command.accepted else "refused"
            self._say(b"welcome" if command.accepted else b"no")
            return [self._end(command, CommandOutcome.DONE)]
        if isinstance(command, ConfirmRecord):
            self._say(b"stored " + command.session_no.encode())
            return [self._end(command, CommandOutcome.DONE)]
        if isinstance(command, AnswerStart):
            self._say(b"start " + command.refusal.name.lower().encode())
            return [self._end(command, CommandOutcome.DONE)]
        if not isinstance(command, Reboot):
            raise Unsupported("only reboots here", "command_unsupported")
        if not command.when_idle:
            raise RuntimeError("planned crash")
        self._say(b"reboot")
        self._pending.append(command)
        self._sent_at = now
        return []

    def tick(self, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        if now >= self._heard_at + SILENCE_S:
            self.closing, self.close_reason = True, "silent"
        return [self._end(self._pending.pop(0), CommandOutcome.UNANSWERED)] if self._late(now) else []

    def _late(self, now: float) -> bool:
        return bool(self._pending) and now >= self._sent_at + PATIENCE_S

    def deadline(self) -> float:
        silent = self._heard_at + SILENCE_S
        return min(silent, self._sent_at + PATIENCE_S) if self._pending else silent

    def take_output(self) -> list[bytes]:
        output, self._output = self._output, []
        return output

    def take_frames(self) -> UnitLog:
        frames, self._frames = self._frames, []
        return frames

    def probe(self, now: float, wall_ms: int) -> None:
        self._say(b"probe")

    def abandon(self, reason: str) -> Sequence[DeviceEvent]:
        pending, self._pending = self._pending, []
        return [self._end(command, CommandOutcome.UNANSWERED, reason) for command in pending]

    def _say(self, line: bytes) -> None:
        self._output.append(line + b"\n")
        self._frames += (-1, line)

    def _end(self, command: DeviceCommand, outcome: CommandOutcome, reason: str = "") -> CommandEnded:
        return CommandEnded(
            charge_point_code=self.charge_point_code,
            command_id=command.command_id,
            command=type(command).__name__,
            outcome=outcome,
            reason=reason,
        )


class FakePlugin:
    """Makes fake connections."""

    name: ClassVar[str] = "fake"
    title: ClassVar[str] = "Fake"
    introduction_s: ClassVar[float] = 0.0
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.REBOOT})

    def connect(self, now: float) -> FakeConnection:
        return FakeConnection(now)

    def decode(self, data: bytes) -> list[dict[str, object]]:
        return [{"raw": line.decode()} for line in data.split(b"\n") if line]


def boot(code: str) -> Booted:
    """An introduction with nothing remarkable."""
    return Booted(
        charge_point_code=code,
        protocol="fake",
        power_type=PowerType.DC,
        connector_count=1,
        protocol_version="1",
        firmware_version="1",
        network_type=0,
        sim_iccid="",
        carrier_no=0,
    )


def swipe(code: str, card_id: str) -> StartRequested:
    """A card at the reader."""
    return StartRequested(
        charge_point_code=code,
        request_id=f"r{card_id}",
        connector_no=1,
        method=StartMethod.CARD,
        card_id=card_id,
        password_hash="",
        vin="",
    )


def record(code: str, session_no: str) -> RecordUploaded:
    """A record with nothing in it but its number."""
    return RecordUploaded(
        charge_point_code=code,
        connector_no=1,
        session_no=session_no,
        started_at_ms=None,
        ended_at_ms=None,
        bands=(NOTHING, NOTHING, NOTHING, NOTHING),
        meter_start_mwh=0,
        meter_end_mwh=0,
        energy_mwh=0,
        billed_energy_mwh=0,
        amount_hao=0,
        vin="",
        method=StartMethod.APP,
        method_raw=1,
        closed_at_ms=None,
        stop_class=StopClass.COMPLETED,
        stop_reason="",
        stop_raw=0,
        card_id="",
        raw=b"",
    )


class FakeWire:
    """A transport that remembers; `stuck` keeps what is written in its buffer."""

    def __init__(self) -> None:
        self.sent = b""
        self.ended = ""
        self.reading = True
        self.stuck = False
        self.waiting = 0

    def write(self, data: bytes, /) -> None:
        self.sent += data
        self.waiting += len(data) if self.stuck else 0

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"
        self.waiting = 0

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.waiting


class MemoryFrameLog:
    """A frame log in a list."""

    def __init__(self) -> None:
        self.frames: list[LoggedFrame] = []

    def write(self, charge_point_code: str, protocol: str, frames: UnitLog) -> None:
        for at_ms, up, raw in units_of(frames):
            self.frames.append(LoggedFrame(len(self.frames) + 1, charge_point_code, at_ms, up, protocol, raw))

    def counts(self) -> dict[str, int]:
        return {"written": len(self.frames), "dropped": 0, "expired": 0}


class LosingCache(MemoryCache):
    """A directory from which a test can take a place away: `fenced` is what the gateway made last wants told."""

    fenced: Fenced | None = None

    def on_fenced(self, fenced: Fenced) -> None:
        self.fenced = fenced


class SwitchedBus(MemoryBus):
    """A bus a test can take away; what is published meanwhile fails the test."""

    away = False

    @property
    def available(self) -> bool:
        return not self.away and super().available

    def publish(self, envelope: Envelope) -> None:
        assert not self.away, f"{type(envelope.body).__name__} was published while the bus is away"
        super().publish(envelope)


class House:
    """One or more gateways around one bus and one directory, and a platform that answers logins."""

    def __init__(
        self, limits: GatewayLimits | None = None, *, gateways: int = 1, journal: Journal | None = None
    ) -> None:
        self.clock = ManualClock()
        self.bus = SwitchedBus(self.clock)
        self.cache = LosingCache(self.clock)
        self.frame_log = MemoryFrameLog()
        self.heard: list[DeviceEvent] = []
        self.unknown: set[str] = set()
        self.answering = True
        around = Surroundings(self.clock, self.bus, self.cache, self.frame_log, journal)
        self.gateways = [
            Gateway(GatewaySettings(f"g{number}", limits=limits or GatewayLimits()), around, {"fake": FakePlugin()})
            for number in range(1, gateways + 1)
        ]
        self.bus.subscribe("platform", self._hear, bodies=[DeviceEvent])
        self._answers = 0

    @property
    def gateway(self) -> Gateway:
        return self.gateways[0]

    async def _hear(self, batch: Sequence[Envelope]) -> None:
        for envelope in batch:
            body = envelope.body
            assert isinstance(body, DeviceEvent)
            assert envelope.key == body.charge_point_code
            self.heard.append(body)
            if isinstance(body, Booted) and self.answering:
                await self.answer(body, accepted=body.charge_point_code not in self.unknown)

    async def answer(self, body: Booted, *, accepted: bool) -> None:
        self._answers += 1
        answer = AnswerBoot(
            command_id=f"boot-{self._answers}",
            charge_point_code=body.charge_point_code,
            expires_at_ms=NEVER_MS,
            link_id=body.link_id,
            accepted=accepted,
            reason="" if accepted else "unknown",
        )
        await self.command(answer, body.link_id.partition("/")[0])

    async def command(self, command: DeviceCommand, gateway_id: str = "g1") -> None:
        envelope = Envelope(
            command.charge_point_code, command, self.clock.now_ms(), expires_at_ms=command.expires_at_ms
        )
        await self.bus.send(gateway_id, envelope)

    async def reboot(self, code: str, command_id: str, *, gateway_id: str = "g1", when_idle: bool = True) -> None:
        body = Reboot(command_id=command_id, charge_point_code=code, expires_at_ms=NEVER_MS, when_idle=when_idle)
        await self.command(body, gateway_id)

    def dial(self, source: str = "127.0.0.1", *, gateway: int = 0) -> tuple[Link, FakeWire]:
        wire = FakeWire()
        return self.gateways[gateway].connect("fake", wire, source), wire

    async def log_in(self, code: str, source: str = "127.0.0.1", *, gateway: int = 0) -> tuple[Link, FakeWire]:
        link, wire = self.dial(source, gateway=gateway)
        await self.say(link, f"boot {code}")
        return link, wire

    async def say(self, link: Link, *lines: str) -> None:
        for line in lines:
            link.data_received(line.encode() + b"\n")
        await self.settle()

    async def settle(self) -> None:
        """Let everything that is on its way arrive."""
        for _ in range(4):
            for gateway in self.gateways:
                await gateway.settle()
            await asyncio.wait_for(self.bus.drain(), 10)
            await asyncio.sleep(0)

    async def wait(self, seconds: float, step_ms: int = 1_000) -> None:
        """Let time pass, sweeping as the timer would."""
        left_ms = int(seconds * 1_000)
        while left_ms > 0:
            self.clock.advance(min(step_ms, left_ms))
            left_ms -= step_ms
            for gateway in self.gateways:
                gateway.sweep(self.clock.monotonic())
            await self.settle()

    def told(self, kind: type[DeviceEvent]) -> list[DeviceEvent]:
        return [event for event in self.heard if isinstance(event, kind)]


@asynccontextmanager
async def house(
    limits: GatewayLimits | None = None, *, gateways: int = 1, journal: Journal | None = None
) -> AsyncIterator[House]:
    """A house whose bus runs."""
    made = House(limits, gateways=gateways, journal=journal)
    await made.bus.start()
    yield made
    await made.settle()
    await made.bus.stop()
