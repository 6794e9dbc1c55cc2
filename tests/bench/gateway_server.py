"""The real gateway with the real plug-in, bus, cache and frame log, and a platform that admits everybody."""

import asyncio
import cProfile
import ctypes
import ctypes.util
import gc
import pstats
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import Booted, DeviceEvent, MeterSampled
from chargecloud.gateway.collector import SparedCollector
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.listener import ListenerSettings
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.framelog import SqliteFrameLog
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.message import Envelope
from chargecloud.protocols.catalog import protocols

GATEWAY = "bench"
LIMITS = GatewayLimits(waiting_per_source=20_000, logins_per_s=20_000, backlog=4_096)
LINGER_MS = 50


class Platform:
    """Admits everybody and keeps the last sample of each connector, as live state would."""

    def __init__(self, bus: MemoryBus) -> None:
        self.events = 0
        self.last: dict[tuple[str, int], MeterSampled] = {}
        self._bus = bus
        bus.subscribe("admit", self._admit, bodies=[Booted])
        bus.subscribe("live", self._follow, bodies=[DeviceEvent], linger_ms=LINGER_MS)

    async def _admit(self, batch: Sequence[Envelope]) -> None:
        for envelope in batch:
            body = envelope.body
            if isinstance(body, Booted):
                answer = AnswerBoot(
                    command_id=body.link_id,
                    charge_point_code=body.charge_point_code,
                    expires_at_ms=1 << 62,
                    link_id=body.link_id,
                    accepted=True,
                )
                await self._bus.send(GATEWAY, Envelope(envelope.key, answer, envelope.at_ms))

    async def _follow(self, batch: Sequence[Envelope]) -> None:
        self.events += len(batch)
        for envelope in batch:
            body = envelope.body
            if type(body) is MeterSampled:
                self.last[body.charge_point_code, body.connector_no] = body


def resident_kib() -> int:
    """Memory of this process after returning what is free."""
    gc.collect()
    ctypes.CDLL(ctypes.util.find_library("c")).malloc_trim(0)
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS in /proc/self/status")


async def serve(directory: Path, port: int = 0, protocol: str = "ykc16") -> None:
    """With a port it is one of several gateways that share it."""
    clock = SystemClock()
    bus = MemoryBus(clock)
    platform = Platform(bus)
    frame_log = SqliteFrameLog(directory / "frames.db", clock)
    frame_log.start()
    settings = GatewaySettings(GATEWAY, (ListenerSettings(protocol, "127.0.0.1", port, shared_port=port > 0),), LIMITS)
    gateway = Gateway(settings, Surroundings(clock, bus, MemoryCache(clock), frame_log), protocols())
    await bus.start()
    await gateway.start()
    await SparedCollector().start()
    print("port", gateway.addresses()[0][1], flush=True)
    await answer_questions(gateway, platform, frame_log)
    await gateway.stop()
    await bus.stop()
    frame_log.close()


async def answer_questions(gateway: Gateway, platform: Platform, frame_log: SqliteFrameLog) -> None:
    """`memory`, `freeze` and `stats` on standard input, until it ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    while question := (await lines.get()).strip():
        if question == "memory":
            print("kib", resident_kib(), flush=True)
        elif question == "freeze":
            await SparedCollector().start()
            print("frozen", flush=True)
        else:
            stats, log = gateway.stats(), frame_log.counts()
            print("online", stats["online"], "events", platform.events, end=" ")
            print("frames", stats["frames"], end=" ")
            print("written", log["written"], "dropped", log["dropped"], flush=True)


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory() as directory:
        port = int(sys.argv[sys.argv.index("--port") + 1]) if "--port" in sys.argv else 0
        protocol = sys.argv[sys.argv.index("--protocol") + 1] if "--protocol" in sys.argv else "ykc16"
        if "--profile" not in sys.argv:
            uvloop.run(serve(Path(directory), port, protocol))
            return
        profile = cProfile.Profile()
        profile.runcall(uvloop.run, serve(Path(directory), port, protocol))
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
