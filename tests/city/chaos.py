"""What befalls charge points for cars besides accidents, and the platform itself: false records, impostors, kills."""

import asyncio
from collections.abc import Sequence

from chargecloud.sim.board import ChargePointSpec
from tests.city.accidents import Accidents, Act
from tests.city.host import Host
from tests.city.journal import Journal
from tests.city.network import Network
from tests.city.options import CityOptions
from tests.city.platform import Platform
from tests.city.record import altered

RECORD_FRAME = 0x3B


class Chaos(Accidents[Host]):
    """Accidents, and what people and broken memories make up."""

    def __init__(
        self, options: CityOptions, platform: Platform, network: Network, journal: Journal, hosts: Sequence[Host]
    ) -> None:
        super().__init__(options, network, journal, hosts, name="chaos")
        self._platform = platform

    def rates(self) -> list[tuple[float, Act]]:
        options, count = self._options, len(self._diallers)
        return [
            *super().rates(),
            (options.conflicts * count, self._conflict),
            (options.orphans * count, self._orphan),
            (options.impostors, self._impostor),
            (options.forgeries, self._forge),
        ]

    def tasks(self) -> list[Act]:
        restarts = self._options.gateway_stops + self._options.gateway_kills
        return [*super().tasks(), self._often(restarts, self._restart)]

    async def _conflict(self) -> None:
        """A charge point uploads an old record again, with another amount or another energy."""
        host = self._somebody()
        done = [session for session in host.point.truth.sessions if session.confirmed]
        if not done or not host.point.online:
            return
        session = self._rng.choice(done[-5:])
        units = self._rng.choice((None, self._rng.randrange(0, 400_000)))
        self.tampered.add(session.session_no)
        self._note("conflicting_record", host, session=session.session_no, units=units)
        self._upload(host, altered(session.record, energy_units=units, extra_amount=self._rng.randrange(1, 9_999)))

    async def _orphan(self) -> None:
        """A record of a session number that nobody ever gave out."""
        host = self._somebody()
        done = [session for session in host.point.truth.sessions if session.record]
        if not done or not host.point.online:
            return
        session_no = f"{host.code}{1:02d}{self._rng.randrange(10**16):016d}"
        self.invented.add(session_no)
        self._note("orphan_record", host, session=session_no)
        self._upload(host, altered(done[-1].record, session_no=session_no, energy_units=self._rng.randrange(0, 90_000)))

    async def _impostor(self) -> None:
        """Somebody else logs in with a code, stays a little, and leaves."""
        victim = self._somebody()
        self._note("impostor", victim)
        host = self._stranger(victim.code)
        self._network.loop.call_later(self._rng.uniform(5, 90), host.leave)

    async def _forge(self) -> None:
        """Somebody else uploads a record for a session that runs, to end it cheaply or to drain a wallet."""
        running = [
            (host, connector.session.order.session_no)
            for host in self._diallers
            for connector in host.point.connectors
            if connector.session is not None
        ]
        samples = [session.record for host in self._diallers for session in host.point.truth.sessions if session.record]
        if not running or not samples:
            return
        victim, session_no = self._rng.choice(running)
        host = self._stranger(victim.code)
        units = self._rng.choice((0, self._rng.randrange(1, 5_000), self._rng.randrange(1_000_000, 4_000_000)))
        body = altered(self._rng.choice(samples), session_no=session_no, energy_units=units)
        self.tampered.add(session_no)
        self._note("forged_record", victim, session=session_no, units=units)
        self._network.loop.call_later(self._rng.uniform(2, 15), self._send_forged, host, body)
        self._network.loop.call_later(self._rng.uniform(20, 60), host.leave)

    def _send_forged(self, host: Host, body: bytes) -> None:
        if host.connection is not None:
            self._upload(host, body)

    def _stranger(self, code: str) -> Host:
        source = self._stranger_source()
        host = Host(
            ChargePointSpec(code=code),
            self._network,
            seed=self._options.seed * 1_000 + self._strangers,
            wall_ms=self._platform.clock.now_ms(),
            source=source,
            honest=False,
        )
        host.hurry()
        return host

    def _upload(self, host: Host, body: bytes) -> None:
        host.point.board.line.send_body(RECORD_FRAME, body)
        host.act()

    async def _restart(self) -> None:
        """The platform stops in order, or is killed, and comes back after a while."""
        options, rng = self._options, self._rng
        gentle = rng.random() * (options.gateway_stops + options.gateway_kills) < options.gateway_stops
        self._journal.note("fault.gateway_stop" if gentle else "fault.gateway_kill")
        await (self._platform.stop() if gentle else self._platform.kill())
        await asyncio.sleep(rng.choice((0.1, rng.uniform(0, 10), rng.uniform(10, 300))))
        await self._platform.start()
        self._journal.note("platform_back", life=self._platform.life)
