"""The role `gateway`: listeners for charge points, between bus and directory; opens no database."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from chargecloud.gateway.collector import SparedCollector
from chargecloud.gateway.gateway import STATES, Gateway, GatewaySettings
from chargecloud.gateway.listener import ListenerSettings
from chargecloud.gateway.signs import Signs
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra import telemetry
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.framelog import FrameLogLimits, SqliteFrameLog
from chargecloud.infra.journal import FileJournal, JournalLimits
from chargecloud.infra.looplag import LoopLag
from chargecloud.kernel.clock import Clock
from chargecloud.main import process
from chargecloud.main.audiences import AUDIENCES
from chargecloud.main.metrics_port import metrics_parts
from chargecloud.main.place import Place
from chargecloud.main.process import Alone, Part
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import open_bus, open_cache, watch_servers
from chargecloud.protocols.catalog import protocols

JOURNAL_PREFIX = "journal-"


class FrameLogPart:
    """The frame log's thread, started and joined without holding up the loop."""

    def __init__(self, frame_log: SqliteFrameLog) -> None:
        self._frame_log = frame_log

    async def start(self) -> None:
        """Open the file."""
        await asyncio.to_thread(self._frame_log.start)

    async def stop(self) -> None:
        """Write what is waiting."""
        await asyncio.to_thread(self._frame_log.close)


@dataclass(frozen=True)
class GatewayRole:
    """Wired, not started."""

    gateway_id: str
    gateway: Gateway
    frame_log: SqliteFrameLog
    signs: Signs
    journal: FileJournal

    def parts(self) -> list[Part]:
        """What runs, to be started after the bus; records left in the journal go before new ones come."""
        return [FrameLogPart(self.frame_log), self.journal, self.signs, self.gateway, SparedCollector()]


def wire_gateway(settings: Settings, clock: Clock, bus: Bus, cache: Cache, place: Place) -> GatewayRole:
    """A gateway that opens its mailbox at once, so before the bus starts."""
    listeners = tuple(
        ListenerSettings(**dict(listener), shared_port=place.shared_ports) for listener in settings.listeners
    )
    limits = replace(settings.limits.for_gateway(), confirm_within_s=settings.journal.after_s)
    own = GatewaySettings(place.gateway_id(settings), listeners, limits)
    log_limits = FrameLogLimits(keep_hours=settings.frame_log.keep_hours, file_mib=settings.frame_log.file_mib)
    frame_log = SqliteFrameLog(frame_log_path(settings, own.gateway_id), clock, log_limits)
    journal = FileJournal(
        journal_path(settings, own.gateway_id),
        bus,
        clock,
        JournalLimits(mib=settings.journal.mib),
        on_broken=process.give_up,
    )
    gateway = Gateway(
        own, Surroundings(clock, bus, cache, frame_log, journal), protocols(settings.profiles_by_protocol())
    )
    telemetry.watch("gateway", gateway.stats, states=STATES)
    telemetry.watch("frame_log", frame_log.counts, states={"waiting"})
    telemetry.watch("journal", journal.counts, states={"waiting", "room_bytes"})
    signs = Signs(own.gateway_id, bus, clock, online=lambda: gateway.stats()["online"])
    return GatewayRole(own.gateway_id, gateway, frame_log, signs, journal)


def gateway_alone(settings: Settings, clock: Clock, place: Place) -> Alone:
    """A process that is a gateway and nothing else."""
    bus, cache = open_bus(settings, clock, audiences=AUDIENCES), open_cache(settings, clock)
    role = wire_gateway(settings, clock, bus, cache, place)
    watch_servers(bus, cache)
    return Alone(
        parts=[cache, bus, *role.parts(), LoopLag(), *metrics_parts(settings, "gateway", place)],
        facts=lambda: {
            "gateway_id": role.gateway_id,
            "charge_points": [f"{host}:{port}" for host, port in role.gateway.addresses()],
        },
    )


def journal_path(settings: Settings, gateway_id: str) -> Path:
    """Every gateway has a journal of its own, and finds it again after a restart (see docs/adr/0026)."""
    return settings.data_dir / f"{JOURNAL_PREFIX}{gateway_id}"


def frame_log_path(settings: Settings, gateway_id: str) -> Path:
    """Every gateway writes a file of its own (see docs/adr/0010)."""
    return settings.data_dir / f"frames-{gateway_id}.db"
