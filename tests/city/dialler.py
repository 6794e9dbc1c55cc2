"""Who dials the platform, with a modem: connects, ticks on time, loses the link, loses the power."""

import asyncio
import random
from typing import Generic, TypeVar

from chargecloud.sim.actor import Actor, Point
from tests.city.network import Connection, Network

RETRY_S = (3, 10)
LONGEST_RETRY_S = 60
P = TypeVar("P", bound=Point)


class Dialler(Generic[P]):
    """One end of the network; `honest` is false for somebody who only claims a code."""

    protocol = ""

    def __init__(self, point: P, network: Network, *, seed: int, source: str, honest: bool = True) -> None:
        self._network = network
        self._loop = network.loop
        now = self._loop.time()
        self.actor = Actor(point, now=now, seed=seed)
        self.code = point.code
        self.honest = honest
        self.source = source
        self.connection: Connection | None = None
        self.gone = False
        self.lost_memory = False
        self._rng = random.Random(f"{seed}/{point.code}/modem")
        self._failures = 0
        self._retry_at = now + self._rng.uniform(0, 30)
        self._armed: asyncio.TimerHandle | None = None
        self._arm()

    @property
    def point(self) -> P:
        """What speaks over the modem."""
        return self.actor.point

    # What the network calls.

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Bytes from the platform."""
        if connection is self.connection:
            self.actor.receive(self.heard(data), self._loop.time())
            if self.point.online:
                self._failures = 0
            self.act()

    def hung_up(self, connection: Connection) -> None:
        """The platform or the network ended the connection."""
        if connection is self.connection:
            self._disconnected("platform")
            self.act()

    # What the city does to it.

    def cut(self, seconds: float, *, half_open: bool = False) -> None:
        """The link breaks and stays away; half open: the gateway hears nothing of it."""
        now = self._loop.time()
        self.actor.tick(now)
        self.actor.cut_link(seconds)
        if self.connection is not None:
            if half_open:
                self.connection.vanish()
            else:
                self.connection.break_off()
            self._disconnected("fault")
        self.act()

    def deafen(self) -> None:
        """The gateway loses the link and nobody here notices until nobody answers."""
        if self.connection is not None:
            self.connection.deafen()

    def reboot(self, *, lose_memory: bool) -> None:
        """The power fails and comes back."""
        self.before_power_fails()
        self.lost_memory = self.lost_memory or lose_memory
        self.point.reboot(self._loop.time(), lose_memory=lose_memory)
        self.act()

    def hurry(self) -> None:
        """Connect at once."""
        self._retry_at = self._loop.time()
        self.act()

    def leave(self) -> None:
        """Hang up for good."""
        self.gone = True
        if self.connection is not None:
            self.connection.leave()
            self._disconnected("itself")
        if self._armed is not None:
            self._armed.cancel()

    # What a kind of dialler may do besides.

    def heard(self, data: bytes) -> bytes:
        """What of the platform's bytes comes through to it."""
        return data

    def saying(self, data: bytes) -> bytes:
        """What of its own bytes gets as far as the modem."""
        return data

    def before_power_fails(self) -> None:
        """The last moment in which its state can be looked at."""

    def act(self) -> None:
        """Do what is due, send what there is, set the alarm."""
        if self.gone:
            return
        now = self._loop.time()
        if self.actor.deadline() <= now:
            self.actor.tick(now)
        if self.connection is None and self.actor.wants_link(now) and now >= self._retry_at:
            self._connect(now)
        writes = self.actor.take_writes(now)
        if self.connection is not None:
            for data in filter(None, map(self.saying, writes)):
                self.connection.send(data)
            if self.actor.closing:
                self.connection.leave()
                self._disconnected("itself")
        self._arm()

    def _connect(self, now: float) -> None:
        self.connection = self._network.connect(self, self.source)
        if self.connection is None:
            self._postpone(now)
        else:
            self._network.journal.note("linked", self.code, connection=self.connection.number, honest=self.honest)
            self.actor.connected(now)

    def _disconnected(self, by: str) -> None:
        now = self._loop.time()
        if self.connection is not None:
            self._network.journal.note("unlinked", self.code, connection=self.connection.number, by=by)
        self.connection = None
        self.actor.disconnected(now)
        self._postpone(now)

    def _postpone(self, now: float) -> None:
        factor = 1 << min(self._failures, 4)
        self._failures += 1
        self._retry_at = now + min(LONGEST_RETRY_S, self._rng.uniform(*RETRY_S) * factor)

    def _due(self) -> float:
        due = self.actor.deadline()
        if self.connection is None and not self.point.linked:
            due = min(due, max(self.actor.link_wanted_at(), self._retry_at))
        return due

    def _arm(self) -> None:
        due = max(self._due(), self._loop.time() + 0.001)
        if due == float("inf"):
            return
        if self._armed is not None and not self._armed.cancelled() and self._loop.time() < self._armed.when() <= due:
            return
        if self._armed is not None:
            self._armed.cancel()
        self._armed = self._network.at(due, self._wake)

    def _wake(self) -> None:
        self._armed = None
        self.act()
