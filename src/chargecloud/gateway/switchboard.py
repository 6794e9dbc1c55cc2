"""What all parts of one gateway share: clocks, bus, directory, links by number and by charge point, counters."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import structlog

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.contract import FrameLog
from chargecloud.device.events import CommandEnded, CommandOutcome, DeviceEvent, FellSilent, RecordUploaded
from chargecloud.device.unitlog import UnitLog
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.line import by_charge_point, spread
from chargecloud.gateway.link import Link, LinkState, Wire, take_usual
from chargecloud.gateway.outage import Outage, refusal_of
from chargecloud.gateway.safekeeping import Journal, Safekeeping
from chargecloud.gateway.tap import Tap
from chargecloud.gateway.traces import Traces
from chargecloud.gateway.wheel import Wheel
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.cache.contract import Cache
from chargecloud.kernel.clock import Clock

log = structlog.get_logger("chargecloud.gateway")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a gateway is given from outside."""

    clock: Clock
    bus: Bus
    cache: Cache
    frame_log: FrameLog
    journal: Journal | None = None


class Door(Protocol):
    """Who decides about links that are not online."""

    def opened(self, link: Link, now: float) -> bool:
        """Whether a socket just accepted may stay."""
        ...

    def boarded(self, berth: Link) -> None:
        """A charge point shows up on the line of another."""
        ...

    def heard(self, link: Link, events: Sequence[DeviceEvent], now: float, wall_ms: int) -> None:
        """What a link says that is not online."""
        ...

    def sign_of_life(self, link: Link, events: Sequence[DeviceEvent]) -> None:
        """What a link says whose charge point is contested."""
        ...

    def due(self, link: Link, now: float) -> None:
        """`link.gate` has passed."""
        ...

    def left(self, link: Link, was: LinkState, reason: str) -> None:
        """A link has closed."""
        ...


class Switchboard:
    """The state of one gateway; belongs to one event loop."""

    door: Door

    def __init__(self, gateway_id: str, limits: GatewayLimits, around: Surroundings) -> None:
        self.gateway_id = gateway_id
        self.limits = limits
        self.bus = around.bus
        self.cache = around.cache
        self.monotonic = around.clock.monotonic
        self.now_ms = around.clock.now_ms
        self.tap = Tap(around.frame_log)
        self.links: dict[int, Link] = {}
        """Connections, and berths of charge points that share one."""
        self.berths = 0
        self.online: dict[str, Link] = {}
        self.wheel = Wheel(self.links)
        self.paused: set[Link] = set()
        self.publish_one = around.bus.publish
        self.records = Safekeeping(self, around.journal)
        self.outage = Outage(limits.held_events)
        self.bus_away = False
        """From the sweep that finds the bus away until everything held back meanwhile has been told."""
        self.stalled: dict[Link, float] = {}
        """Links whose peer does not take what we send, and since when."""
        self.usual: list[tuple[Link, bytes, bytes]] = []
        """Usual frames that were answered in this turn of the loop and have not been told yet."""
        self.touched: list[Link] = []
        """Links something has passed through since the last sweep."""
        self.counts: Counter[str] = Counter()
        self.traces = Traces()
        self._next_serial = around.clock.now_ms() * 1_000
        """Starts from the wall clock, so that an answer to a connection of an earlier life finds nobody."""
        self._leaving: deque[tuple[float, Wire]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def catch_up_soon(self) -> None:
        """At the end of this turn of the loop."""
        asyncio.get_running_loop().call_soon(self.catch_up)

    def catch_up(self) -> None:
        """Tell what was put off; whoever wants something else of a link calls this first, so that order is kept."""
        if self.usual:
            usual, self.usual = self.usual, []
            take_usual(usual, self)

    def heard(self, link: Link, events: Sequence[DeviceEvent], now: float, wall_ms: int) -> None:
        """Take what a connection says that is not calm: publish it, or ask the door."""
        if link.state is not LinkState.ONLINE:
            self.door.heard(link, events, now, wall_ms)
            return
        if link.berths is not None:
            events = spread(self, link, events, now, wall_ms, heard=True)
        self.take(link, events, wall_ms)
        if link.gate != inf and events:
            self.door.sign_of_life(link, events)
        if link.berths is not None and any(type(event) is FellSilent for event in events):
            link.drop("silent", gently=True)

    def told(self, link: Link, events: Sequence[DeviceEvent], now: float, wall_ms: int) -> None:
        """Publish what a connection says of its own accord: no sign of life, of nobody."""
        if link.berths is not None and link.state is LinkState.ONLINE:
            events = spread(self, link, events, now, wall_ms, heard=False)
        self.publish(link.code, events, wall_ms)
        if link.berths is not None and any(type(event) is FellSilent for event in events):
            link.drop("silent", gently=True)

    def take(self, link: Link, events: Sequence[DeviceEvent], wall_ms: int) -> None:
        """Tell the platform what an admitted charge point said: records safely, questions only when it can answer."""
        for event in events:
            envelope = self.traces.envelope(link.code, event, wall_ms)
            if type(event) is RecordUploaded:
                self.records.uploaded(link, envelope, event)
                continue
            refusal = refusal_of(event) if self.bus_away else None
            if refusal is None:
                self.publish_one(envelope)
            else:
                self.counts["starts_refused_in_outage"] += 1
                link.submit(refusal)

    def publish(self, code: str, events: Sequence[DeviceEvent], wall_ms: int) -> None:
        """Tell the platform what was said, in order, each under whom it is about: a line may carry several."""
        for event in events:
            self.publish_one(self.traces.envelope(event.charge_point_code or code, event, wall_ms))

    def end(self, command: DeviceCommand, outcome: CommandOutcome, reason: str) -> None:
        """Tell how a command ended that no connection could take."""
        self.counts[f"commands.{outcome.value}"] += 1
        ended = CommandEnded(
            charge_point_code=command.charge_point_code,
            command_id=command.command_id,
            command=type(command).__name__,
            outcome=outcome,
            reason=reason,
        )
        self.publish(command.charge_point_code, (ended,), self.now_ms())

    def enter(self, link: Link) -> None:
        """Give a link its number."""
        self._next_serial += 1
        link.serial = self._next_serial
        self.links[link.serial] = link
        self.counts["opened"] += 1

    def leave(self, link: Link, reason: str) -> None:
        """Forget a link that has closed."""
        self.links.pop(link.serial, None)
        self.paused.discard(link)
        self.stalled.pop(link, None)
        self.counts[f"closed.{reason}"] += 1

    def enter_berth(self, berth: Link) -> None:
        """Give one more charge point of a line an address of its own."""
        self._next_serial += 1
        berth.serial = self._next_serial
        self.links[berth.serial] = berth
        self.berths += 1
        self.counts["berths_opened"] += 1
        self.door.boarded(berth)

    def leave_berth(self, berth: Link, reason: str) -> None:
        """Forget one charge point of a line."""
        if self.links.pop(berth.serial, None) is not None:
            self.berths -= 1
        self.counts[f"berths_closed.{reason}"] += 1

    def link_of(self, link_id: str) -> Link | None:
        """The link of ours with this address."""
        gateway_id, _, serial = link_id.rpartition("/")
        return self.links.get(int(serial)) if gateway_id == self.gateway_id and serial.isdecimal() else None

    def see_off(self, wire: Wire) -> None:
        """Remember a closing connection whose output has not gone yet."""
        if wire.get_write_buffer_size():
            self._leaving.append((self.monotonic() + self.limits.write_within_s, wire))

    @property
    def leaving(self) -> bool:
        """Whether a closing connection still has output to send."""
        return any(wire.get_write_buffer_size() for _, wire in self._leaving)

    def cut_off(self, now: float) -> None:
        """End closing connections whose time is up."""
        while self._leaving and self._leaving[0][0] <= now:
            self._leaving.popleft()[1].abort()

    def log_frames(self, link: Link, frames: UnitLog) -> None:
        """Frames to the log, each under the charge point it is of."""
        first = link.connection.charge_point_code
        if link.berths:
            for code, share in by_charge_point(link, frames):
                self.tap.take(code or first, link.plugin.name, share)
        else:
            self.tap.take(first, link.plugin.name, frames)

    def look_after_touched(self, now: float) -> None:
        """Frames to the log, new deadlines to the wheel, and who does not read what we send."""
        self.catch_up()
        touched, self.touched = self.touched, []
        for link in touched:
            if link.look_after():
                self.stalled.setdefault(link, now)
        for link, since in list(self.stalled.items()):
            if not link.wire.get_write_buffer_size():
                del self.stalled[link]
            elif now >= since + self.limits.write_within_s:
                link.drop("slow_reader")

    def look_at_bus(self) -> None:
        """Hold events back while the bus is away, tell them once it is back."""
        if not self.bus.available:
            if not self.bus_away:
                self.bus_away, self.publish_one = True, self.outage.hold
                log.warning("gateway.bus_away")
        elif self.bus_away and self.outage.release(self.bus):
            self.bus_away, self.publish_one = False, self.bus.publish
            log.info("gateway.bus_back", events_dropped=self.outage.dropped)

    @property
    def must_pause(self) -> bool:
        """Whether to read nothing more: not while the bus is away, when nothing is given to it."""
        return self.bus.congested and not self.bus_away

    def resume(self) -> None:
        """Read from paused links again when the bus has caught up."""
        if self.paused and not self.must_pause:
            paused, self.paused = self.paused, set()
            for link in paused:
                link.resume()

    def broke(self, link: Link | None, where: str, error: BaseException) -> None:
        """Write an error of ours down and count it."""
        self.counts["internal_errors"] += 1
        log.error(
            "gateway.internal_error",
            where=where,
            charge_point_code=link.code if link else "",
            source=link.source if link else "",
            exc_info=error,
        )

    def spawn(self, work: Coroutine[None, None, None], link: Link | None = None) -> None:
        """Do something that waits; an error closes the link it was for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._spawned(done, link))

    async def settle(self) -> None:
        """Return when nothing spawned is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    def _spawned(self, task: asyncio.Task[None], link: Link | None) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.broke(link, "admission", error)
            if link is not None:
                link.drop("internal_error")
