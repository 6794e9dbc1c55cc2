"""A virtual charge point and its modem in the city: connects, ticks on time, loses its link, loses its power."""

import asyncio
import random

from chargecloud.sim.actor import Actor
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.charge_point import VirtualChargePoint
from chargecloud.sim.faults import NO_FAULTS, Faults
from tests.city.network import Connection, Network

HALF_HOUR_MS = 1_800_000
RETRY_S = (3, 10)
LONGEST_RETRY_S = 60


class Host:
    """One charge point on the network; `honest` is false for somebody who only claims its code."""

    def __init__(
        self,
        spec: ChargePointSpec,
        network: Network,
        *,
        seed: int,
        wall_ms: int,
        source: str,
        faults: Faults = NO_FAULTS,
        honest: bool = True,
    ) -> None:
        self._network = network
        self._loop = network.loop
        now = self._loop.time()
        point = VirtualChargePoint(spec, seed=seed, now=now, wall_ms=wall_ms, faults=faults)
        self.actor = Actor(point, now=now, seed=seed)
        self.code = spec.code
        self.honest = honest
        self.source = source
        self.connection: Connection | None = None
        self.gone = False
        self.lost_memory = False
        self.shares: dict[tuple[int, str], dict[int, int]] = {}
        """Energy each session had delivered by the end of each half hour of true time."""
        self._rng = random.Random(f"{seed}/{spec.code}/modem")
        self._failures = 0
        self._retry_at = now + self._rng.uniform(0, 30)
        self._armed: asyncio.TimerHandle | None = None
        self._arm()

    @property
    def point(self) -> VirtualChargePoint:
        """The charge point itself."""
        return self.actor.point

    # What the network calls.

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Bytes from the platform."""
        if connection is self.connection:
            self.actor.receive(data, self._loop.time())
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
        """The gateway loses the link and the charge point does not notice until nobody answers."""
        if self.connection is not None:
            self.connection.deafen()

    def reboot(self, *, lose_memory: bool) -> None:
        """The power fails and comes back."""
        self.note_shares()
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

    def note_shares(self) -> None:
        """Note what every running session has delivered by now."""
        now = self._loop.time()
        board = self.point.board
        half = board.clock.true_ms(now) - 1
        half -= half % HALF_HOUR_MS
        for connector in self.point.connectors:
            if connector.flowing and connector.session is not None:
                connector.advance(now, board.limits())
                key = (connector.number, connector.session.order.session_no)
                self.shares.setdefault(key, {})[half] = connector.session.truth.energy_mwh

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
            for data in writes:
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
        if self.connection is None and not self.point.board.line.open:
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
