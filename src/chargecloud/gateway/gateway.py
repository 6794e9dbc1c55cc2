"""A gateway: listeners, one sweep over all deadlines, and an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import inf

import structlog

from chargecloud.device.contract import ProtocolPlugin
from chargecloud.gateway.admission import Admission
from chargecloud.gateway.dispatch import Dispatcher
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.link import Link, Wire
from chargecloud.gateway.listener import ListenerSettings, listen
from chargecloud.gateway.switchboard import Surroundings, Switchboard
from chargecloud.kernel.errors import Invalid

log = structlog.get_logger("chargecloud.gateway")

STATES = frozenset(
    {
        "connections", "berths", "online", "paused", "stalled", "logins_queued", "contests", "sweep_late_ms_max",
        "records_waiting", "bus_away", "events_held",
    }
)  # fmt: skip
"""Those of `stats` that go up and down."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Name, addresses and limits of one gateway."""

    gateway_id: str = "gateway-1"
    listeners: tuple[ListenerSettings, ...] = ()
    limits: GatewayLimits = field(default_factory=GatewayLimits)


class Gateway:
    """The shell around the protocols. Opens its mailbox when made, so make it before the bus starts."""

    def __init__(self, settings: GatewaySettings, around: Surroundings, plugins: Mapping[str, ProtocolPlugin]) -> None:
        self._settings = settings
        self._plugins = plugins
        self._board = Switchboard(settings.gateway_id, settings.limits, around)
        self._admission = Admission(self._board)
        self._board.door = self._admission
        self._dispatcher = Dispatcher(self._board, self._admission)
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._late_ms = 0
        around.cache.on_fenced(self._admission.contests.superseded)
        around.bus.receive(settings.gateway_id, self._dispatcher.receive, self._dispatcher.expired)

    async def start(self) -> None:
        """Open every listener and begin to sweep; opens none when one of them cannot be."""
        with ExitStack() as undo:
            undo.callback(self._close_servers)
            for listener in self._settings.listeners:
                server = await listen(self._board, self._plugin(listener.protocol), listener)
                self._servers.append(server)
                log.info("gateway.listening", protocol=listener.protocol, address=self.addresses()[-1])
            undo.pop_all()
        self._arm()

    async def stop(self) -> None:
        """Accept nobody, let what is written go, tell the platform who has gone."""
        self._close_servers()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for link in list(self._board.links.values()):
            link.drop("gateway_stopped", gently=True)
        await self._board.settle()
        self._board.look_after_touched(self._board.monotonic())
        await self._see_off()

    def connect(self, protocol: str, wire: Wire, source: str) -> Link:
        """A connection without a socket (tests, the city simulation): feed it through `Link.data_received`."""
        link = Link(self._board, self._plugin(protocol))
        link.open(wire, source)
        return link

    def sweep(self, now: float) -> None:
        """Everything that time brings: due connections, queued logins, paused and closing ones, the frame log."""
        board = self._board
        board.look_at_bus()
        board.look_after_touched(now)
        board.records.sweep(now)
        for link in board.wheel.take_due(now):
            link.tick(now)
        self._admission.admit(now)
        board.cut_off(now)
        board.resume()

    async def settle(self) -> None:
        """Return when no admission is under way (tests, the city simulation)."""
        await self._board.settle()

    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of every listener, in the order of the settings."""
        return [server.sockets[0].getsockname()[:2] for server in self._servers]

    def stats(self) -> Mapping[str, int]:
        """What is and what has been, for metrics and `doctor`."""
        board = self._board
        return {
            "connections": len(board.links) - board.berths,
            "berths": board.berths,
            "online": len(board.online),
            "paused": len(board.paused),
            "stalled": len(board.stalled),
            "logins_queued": self._admission.queued,
            "contests": len(self._admission.contests),
            "sweep_late_ms_max": self._late_ms,
            "records_waiting": len(board.records),
            "bus_away": int(board.bus_away),
            "events_held": len(board.outage),
            "events_dropped": board.outage.dropped,
            **board.tap.counts(),
            **board.counts,
        }

    def _plugin(self, protocol: str) -> ProtocolPlugin:
        plugin = self._plugins.get(protocol)
        if plugin is None:
            raise Invalid(
                f"no protocol is named {protocol!r}; known are {', '.join(sorted(self._plugins))}", "protocol_unknown"
            )
        return plugin

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._settings.limits.sweep_s
        self._timer = loop.call_at(due, self._swept, due)

    def _swept(self, due: float) -> None:
        late_ms = int((asyncio.get_running_loop().time() - due) * 1000)
        self._late_ms = max(self._late_ms, late_ms)
        self._arm()
        self.sweep(self._board.monotonic())

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def _see_off(self) -> None:
        """Give closing connections their last seconds, then cut them off."""
        limits = self._settings.limits
        for _ in range(int(limits.write_within_s / limits.sweep_s)):
            if not self._board.leaving:
                break
            await asyncio.sleep(limits.sweep_s)
        self._board.cut_off(inf)
