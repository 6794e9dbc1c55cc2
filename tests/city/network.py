"""A simulated network: connections whose bytes are late, cut, glued, lost, doubled, reordered, damaged; links that die.

Real TCP loses and reorders nothing within a connection. The mild kinds (late, split, glued, truncated at a break) are
what it does; the harsh kinds are what modems and concentrators with a serial line behind them do to a charge point's
stream, and what the platform has to survive as well.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from chargecloud.gateway.link import Link
from tests.city.journal import Journal
from tests.city.options import KINDS_OF_WEATHER, CityOptions

REORDERED_BY_S = (0.05, 2.0)
NOTICED_BY_S = 0.05


class End(Protocol):
    """The far end of a connection."""

    code: str
    honest: bool
    protocol: str

    def arrived(self, connection: "Connection", data: bytes) -> None: ...
    def hung_up(self, connection: "Connection") -> None: ...


@dataclass
class Weather:
    """Which faults segments meet at present, and how likely."""

    kinds: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    total: float = 0

    @classmethod
    def of(cls, options: CityOptions) -> "Weather":
        kinds = tuple(kind for kind in KINDS_OF_WEATHER if getattr(options, kind))
        weights = tuple(getattr(options, kind) for kind in kinds)
        return cls(kinds, weights, sum(weights))


class Pipe:
    """One direction of a connection: in order, unless the weather wants it otherwise."""

    def __init__(self, network: "Network", rng: random.Random, deliver: Callable[[bytes], None]) -> None:
        self._network = network
        self._rng = rng
        self._deliver = deliver
        self._loop = network.loop
        self._free_at = 0.0
        self._held = b""
        self._queue: deque[tuple[float, bytes]] = deque()
        self.lag_s = rng.uniform(0.005, 0.08)
        self.silent = False
        """Nothing comes out of it any more, and nobody is told."""

    def send(self, data: bytes, cut: Callable[[], None]) -> None:
        """Put a segment in; `cut` ends the connection."""
        weather = self._network.weather
        if self.silent:
            return
        if self._held:
            data, self._held = self._held + data, b""
        if self._rng.random() < weather.total:
            kind = self._rng.choices(weather.kinds, weather.weights)[0]
            self._network.journal.counts[f"fault.{kind}"] += 1
            getattr(self, f"_{kind}")(data, cut)
        else:
            self._pass(data)

    def empty_at(self) -> float:
        """When everything put in by now has come out."""
        return max(self._free_at, self._loop.time() + self.lag_s)

    def _pass(self, data: bytes, *, later_s: float = 0.0) -> None:
        """In order; what falls into one tick of a coarse network arrives in one piece."""
        self._free_at = when = self._network.tick_at(self.empty_at() + later_s)
        if self._queue and self._queue[-1][0] == when:
            data = self._queue.pop()[1] + data
        else:
            self._network.at(when, self._next)
        self._queue.append((when, data))

    def _next(self) -> None:
        self._arrive(self._queue.popleft()[1])

    def _at(self, when: float, data: bytes) -> None:
        self._network.at(when, self._arrive, data)

    def _arrive(self, data: bytes) -> None:
        if not self.silent:
            self._deliver(data)

    def _lost(self, data: bytes, cut: Callable[[], None]) -> None:
        """Nothing arrives."""

    def _doubled(self, data: bytes, cut: Callable[[], None]) -> None:
        self._pass(data)
        self._at(self._free_at + self._rng.uniform(0.0, 3.0), data)

    def _reordered(self, data: bytes, cut: Callable[[], None]) -> None:
        self._at(self._loop.time() + self.lag_s + self._rng.uniform(*REORDERED_BY_S), data)

    def _delayed(self, data: bytes, cut: Callable[[], None]) -> None:
        self._pass(data, later_s=self._rng.uniform(0.5, 20))

    def _corrupted(self, data: bytes, cut: Callable[[], None]) -> None:
        """Up to three bits, each of another weight: a mere sum of bytes could not notice any other damage."""
        damaged = bytearray(data)
        for bit in self._rng.sample(range(8), self._rng.randint(1, 3)):
            damaged[self._rng.randrange(len(damaged))] ^= 1 << bit
        self._pass(bytes(damaged))

    def _split(self, data: bytes, cut: Callable[[], None]) -> None:
        places = sorted(self._rng.randrange(len(data) + 1) for _ in range(self._rng.randint(1, 3)))
        edges = [0, *places, len(data)]
        for start, end in pairwise(edges):
            if start < end:
                self._pass(data[start:end], later_s=self._rng.uniform(0.0, 1.5))

    def _glued(self, data: bytes, cut: Callable[[], None]) -> None:
        self._held = data
        self._network.at(self._loop.time() + self._rng.uniform(0.05, 3), self._unglue)

    def _unglue(self) -> None:
        data, self._held = self._held, b""
        if data:
            self._pass(data)

    def _truncated(self, data: bytes, cut: Callable[[], None]) -> None:
        self._pass(data[: self._rng.randrange(len(data))])
        self._network.at(self._free_at, cut)

    def _garbage(self, data: bytes, cut: Callable[[], None]) -> None:
        self._pass(self._rng.randbytes(self._rng.randrange(1, 60)) + data)


class Connection:
    """One TCP connection; implements the gateway's `Wire`."""

    def __init__(self, network: "Network", end: End, number: int) -> None:
        self.number = number
        self._network = network
        self._end = end
        self._link: Link | None = None
        self._context = network.context
        rng = random.Random(f"{network.seed}/connection/{number}")
        self.up = Pipe(network, rng, self._to_gateway)
        self.down = Pipe(network, rng, self._to_charge_point)
        self.open = True
        self._reading = True
        self._waiting: list[bytes] = []

    def accept(self, link: Link) -> None:
        """The gateway has it."""
        self._link = link

    # The charge point's side.

    def send(self, data: bytes) -> None:
        """Bytes to the platform."""
        if self.open:
            self.up.send(data, self.break_off)

    def leave(self) -> None:
        """The charge point hangs up: what it sent arrives, then the end."""
        self._close(tell_charge_point=False, tell_gateway=not self.up.silent)

    def vanish(self) -> None:
        """The charge point is gone and the gateway hears nothing of it (half open)."""
        self.up.silent = self.down.silent = True
        self.open = False

    def deafen(self) -> None:
        """The gateway's side is gone and the charge point hears nothing of it."""
        self.up.silent = self.down.silent = True
        self._tell_gateway(None)

    def break_off(self) -> None:
        """Both sides lose it, with everything under way."""
        self.up.silent = self.down.silent = True
        self._close(tell_charge_point=True, tell_gateway=True)

    # The gateway's side: what `Wire` asks for.

    def write(self, data: bytes) -> None:
        end = self._end
        self._network.journal.written(end.protocol, end.code, self.number, end.honest, data)
        if self.open:
            self.down.send(data, self.break_off)

    def close(self) -> None:
        self._close(tell_charge_point=not self.down.silent, tell_gateway=False)

    def abort(self) -> None:
        self.up.silent = True
        self._close(tell_charge_point=not self.down.silent, tell_gateway=False)

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._network.at(self._network.loop.time(), self._to_gateway, b"".join(waiting))

    def get_write_buffer_size(self) -> int:
        return 0

    def _to_gateway(self, data: bytes) -> None:
        if self._link is None or not self._network.alive(self._context):
            return
        if not self._reading:
            self._waiting.append(data)
            return
        self._network.journal.delivered(self._end.protocol, self._end.code, True, data)
        self._context.run(self._link.data_received, data)

    def _to_charge_point(self, data: bytes) -> None:
        self._network.journal.delivered(self._end.protocol, self._end.code, False, data)
        self._end.arrived(self, data)

    def _close(self, *, tell_charge_point: bool, tell_gateway: bool) -> None:
        if not self.open:
            return
        self.open = False
        self._network.connections.discard(self)
        if tell_charge_point:
            self._network.at(self.down.empty_at() + NOTICED_BY_S, self._end.hung_up, self)
        if tell_gateway:
            self._network.at(self.up.empty_at() + NOTICED_BY_S, self._tell_gateway, None)

    def _tell_gateway(self, error: Exception | None) -> None:
        if self._link is not None and self._network.alive(self._context):
            self._context.run(self._link.connection_lost, error)


Accept = Callable[[Connection, str, str], Link]
"""A new connection, where it comes from, the protocol of the door it came to."""


class Network:
    """All connections; knows whether a platform listens at present."""

    def __init__(self, loop: asyncio.AbstractEventLoop, journal: Journal, options: CityOptions) -> None:
        self.loop = loop
        self.journal = journal
        self.seed = options.seed
        self.weather = Weather.of(options)
        self.context: Context = Context()
        self._city = Context()
        self.connections: set[Connection] = set()
        self._accept: Accept | None = None
        self._number = 0
        self.dead = True
        self._tick_s = options.tick_s

    def at(self, when: float, act: Callable[..., None], *values: object) -> asyncio.TimerHandle:
        """Do something then, whatever becomes of the platform, in whose name it may be asked for."""
        return self.loop.call_at(when, act, *values, context=self._city)

    def listen(self, context: Context, accept: Accept) -> None:
        """A gateway is there; everything it is told happens in its context."""
        self.context, self._accept, self.dead = context, accept, False

    def deaf_to_new(self) -> None:
        """No new connection is accepted any more."""
        self._accept = None

    def alive(self, context: Context) -> bool:
        """Whether this context's gateway still lives."""
        return context is self.context and not self.dead

    def tick_at(self, when: float) -> float:
        """When a segment arrives that could be there at `when`."""
        return math.ceil(when / self._tick_s) * self._tick_s if self._tick_s else when

    def connect(self, end: End, source: str) -> Connection | None:
        """A new connection, or None when it is refused."""
        if self._accept is None:
            return None
        self._number += 1
        connection = Connection(self, end, self._number)
        self.connections.add(connection)
        connection.accept(self.context.run(self._accept, connection, source, end.protocol))
        return connection if connection.open else None

    def all_gone(self) -> None:
        """The gateway's process died: its kernel closes every connection."""
        self._accept, self.dead = None, True
        for connection in sorted(self.connections, key=lambda each: each.number):
            connection.up.silent = True
            connection.close()
