"""The pump between one socket, its `Connection` and the bus; decodes and answers inside `data_received`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING, Protocol, cast

from chargecloud.device.capability import Capability
from chargecloud.device.commands import DeviceCommand
from chargecloud.device.contract import Connection, ProtocolPlugin
from chargecloud.device.events import CommandOutcome, DeviceEvent
from chargecloud.kernel.errors import Unsupported
from chargecloud.kernel.message import Envelope

if TYPE_CHECKING:
    from chargecloud.gateway.switchboard import Switchboard


class LinkState(IntEnum):
    """How far a connection has come."""

    NEW = 0
    """Has not introduced itself."""
    QUEUED = 1
    """Waits for its turn to be considered."""
    CLAIMING = 2
    """The directory is being asked."""
    QUARANTINED = 3
    """Another connection holds this charge point; it is being probed (abuse A02)."""
    ASKED = 4
    """Holds the charge point in the directory; the platform decides."""
    REFUSING = 5
    """Turned away; the answer waits for its time."""
    ONLINE = 6
    CLOSED = 7


class Wire(Protocol):
    """What a link needs of a transport; the city simulation brings its own."""

    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_write_buffer_size(self) -> int: ...


def take_usual(usual: Sequence[tuple[Link, bytes, bytes]], board: Switchboard) -> None:
    """Log and tell usual frames that have been answered: (link, frame, answer).

    Many in a row, because Python that runs between two system calls costs about twice as much.
    """
    now, wall_ms = board.monotonic(), board.now_ms()
    publish, touched = board.publish_one, board.touched
    for link, data, answer in usual:
        try:
            publish(Envelope(link.code, link.connection.take_usual(data, answer, now, wall_ms), wall_ms))
            if not link.touched:
                link.touched = True
                touched.append(link)
        except Exception as error:
            link.fail("receive", error)
    if board.bus.congested and board.must_pause:
        for link, _, _ in usual:
            link.pause()


class Link(asyncio.Protocol):
    """One connection of a charge point. Whatever goes wrong here closes this connection and no other."""

    __slots__ = (
        "armed",
        "berths",
        "board",
        "calm",
        "code",
        "connection",
        "epoch",
        "gate",
        "paused",
        "plugin",
        "serial",
        "source",
        "state",
        "touched",
        "wire",
    )

    connection: Connection
    wire: Wire

    def __init__(self, board: Switchboard, plugin: ProtocolPlugin) -> None:
        self.board = board
        self.plugin = plugin
        self.serial = 0
        self.source = ""
        self.code = ""
        self.epoch = 0
        self.state = LinkState.NEW
        self.armed = inf
        """When the wheel wakes this link next."""
        self.gate = inf
        """When the admission looks at this link: login, answer, refusal or probe is due."""
        self.paused = False
        self.calm = False
        """Online and not contested: nothing but frames to see to."""
        self.berths: dict[str, Link] | None = {} if Capability.SEVERAL_CHARGE_POINTS in plugin.capabilities else None
        """Other charge points of this line, by code; None where a line never carries several."""
        self.touched = False
        """Something has happened since the last sweep, which will look at this link."""

    @property
    def link_id(self) -> str:
        """This connection's address for commands, unique across gateways and restarts."""
        return f"{self.board.gateway_id}/{self.serial}"

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        wire = cast(asyncio.Transport, transport)
        wire.set_write_buffer_limits(high=self.board.limits.outbound_bytes)
        self.open(wire, str(peer[0]) if peer else "")

    def data_received(self, data: bytes) -> None:
        board = self.board
        try:
            if self.calm:  # the hot path
                answer = self.connection.usual(data)
                if answer is not None:
                    if answer:
                        self.wire.write(answer)
                    if not board.usual:
                        board.catch_up_soon()
                    board.usual.append((self, data, answer))
                    return
            board.catch_up()
            now, wall_ms = board.monotonic(), board.now_ms()
            board.heard(self, self.connection.receive(data, now, wall_ms), now, wall_ms)
            self.flush()
        except Exception as error:
            self.fail("receive", error)

    def pause_writing(self) -> None:
        """More waits for a peer that does not read than may (abuse A09)."""
        self.drop("slow_reader")

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop("lost" if exc else "closed_by_peer")

    # What the gateway calls.

    def open(self, wire: Wire, source: str) -> None:
        """Begin a conversation, or end it at once when the door is shut for this source."""
        self.wire = wire
        self.source = source
        board = self.board
        now = board.monotonic()
        try:
            if board.door.opened(self, now):
                self.connection = self.plugin.connect(now)
                board.enter(self)
                self.arm(self.gate)
            else:
                self.state = LinkState.CLOSED
                wire.abort()
        except Exception as error:
            self.fail("open", error)

    def submit(self, command: DeviceCommand) -> None:
        """Put a command on the wire; every command ends in exactly one `CommandEnded`."""
        board = self.board
        now = board.monotonic()
        wall_ms = board.now_ms()
        try:
            board.catch_up()
            events = self.connection.submit(command, now, wall_ms)
            if command.command_id:  # nobody waits for the end of what the gateway says on its own account
                board.told(self, events, now, wall_ms)
            self.flush()
        except Unsupported as refusal:
            board.end(command, CommandOutcome.UNSUPPORTED, refusal.code)
        except Exception as error:
            self.fail("submit", error)
            board.end(command, CommandOutcome.UNANSWERED, "connection_broken")

    def tick(self, now: float) -> None:
        """Do what is due and arm the next deadline. Until it is online the admission alone watches a connection.

        Of those due in one sweep an earlier one may have ended this: a line ends with everybody on it.
        """
        if self.state is LinkState.CLOSED:
            return
        self.armed = inf
        board = self.board
        wall_ms = board.now_ms()
        try:
            if now >= self.gate:
                board.door.due(self, now)
            if self.state is LinkState.ONLINE:
                self.tick_connection(now, wall_ms)
            self.arm(self.gate)
        except Exception as error:
            self.fail("tick", error)

    def tick_connection(self, now: float, wall_ms: int) -> None:
        """Let the connection do what is due."""
        events = self.connection.tick(now, wall_ms)
        self.board.told(self, events, now, wall_ms)  # not `heard`: what time brings is no sign of life
        self.flush()

    def probe(self, now: float) -> None:
        """Ask the charge point for a sign of life."""
        try:
            self.board.catch_up()
            self.connection.probe(now, self.board.now_ms())
            self.flush()
        except Exception as error:
            self.fail("probe", error)

    def flush(self) -> None:
        """Send what the connection has to say, close when it wants to, pause when the bus is full."""
        output = self.connection.take_output()
        if output:
            self.wire.write(b"".join(output))
        self.touch()
        if self.connection.closing:
            self.drop(self.connection.close_reason, gently=True)
        elif self.board.bus.congested and self.board.must_pause:
            self.pause()

    def touch(self) -> None:
        """Have the next sweep look: it logs what has passed and asks the connection when it wants to be woken."""
        if not self.touched:
            self.touched = True
            self.board.touched.append(self)

    def look_after(self) -> bool:
        """Log what passed since the last sweep, see when the connection wants to be woken; True when output waits."""
        self.touched = False
        frames = self.connection.take_frames()
        if frames:
            self.board.log_frames(self, frames)
        if self.state is LinkState.CLOSED:
            return False
        if self.state is LinkState.ONLINE:
            due = self.connection.deadline()
            if due < self.armed:
                self.board.wheel.arm(self, due)
        return self.wire.get_write_buffer_size() > 0

    def see_if_calm(self) -> None:
        """To be called when one of the things that make a link calm has changed."""
        self.calm = self.state is LinkState.ONLINE and self.gate == inf

    def arm(self, due: float) -> None:
        """Be woken by then at the latest."""
        if due < self.armed and self.state is not LinkState.CLOSED:
            self.board.wheel.arm(self, due)

    def resume(self) -> None:
        """Read again after a pause."""
        self.paused = False
        if self.state is not LinkState.CLOSED:
            self.wire.resume_reading()

    def drop(self, reason: str, *, gently: bool = False) -> None:
        """End this connection: at once, or after the output has gone. Cleans up exactly once."""
        if self.state is LinkState.CLOSED:
            return
        board = self.board
        board.catch_up()
        was, self.state = self.state, LinkState.CLOSED
        self.calm = False
        try:
            self.leave(reason)
            board.door.left(self, was, reason)
        except Exception as error:
            board.broke(self, "clean-up", error)
        self.hang_up(gently=gently)

    def leave(self, reason: str) -> None:
        """Give back the place in the gateway, after those who share the line."""
        for berth in list((self.berths or {}).values()):
            berth.drop(reason)
        self.board.leave(self, reason)

    def hang_up(self, *, gently: bool) -> None:
        """Close the socket, at once or when it has been written out."""
        if gently:
            self.wire.close()
            self.board.see_off(self.wire)
        else:
            self.wire.abort()

    def last_words(self, reason: str) -> Sequence[DeviceEvent]:
        """How the commands that were still pending ended."""
        return self.connection.abandon(reason)

    def fail(self, where: str, error: Exception) -> None:
        """An error of ours: written down, counted, and paid for by this connection alone."""
        self.board.broke(self, where, error)
        self.drop("internal_error")

    def pause(self) -> None:
        """Read nothing more until the bus has caught up."""
        if not self.paused and self.state is not LinkState.CLOSED:
            self.paused = True
            self.wire.pause_reading()
            self.board.paused.add(self)
