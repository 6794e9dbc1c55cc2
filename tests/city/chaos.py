"""What befalls the city: broken and deaf links, power cuts, false records, impostors, dead gateways."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from chargecloud.sim.board import ChargePointSpec
from tests.city.host import Host
from tests.city.journal import Journal
from tests.city.network import Network
from tests.city.options import CityOptions
from tests.city.platform import Platform
from tests.city.record import altered

RECORD_FRAME = 0x3B
DAY_S = 86_400


class Chaos:
    """Draws when and whom, at the rates of the options, until it is told to rest."""

    def __init__(
        self, options: CityOptions, platform: Platform, network: Network, journal: Journal, hosts: list[Host]
    ) -> None:
        self.resting = False
        self.invented: set[str] = set()
        """Sessions nobody charged for, made up by forgers and broken memories."""
        self.tampered: set[str] = set()
        """Sessions somebody sent a false record for."""
        self._options = options
        self._platform = platform
        self._network = network
        self._journal = journal
        self._hosts = hosts
        self._rng = random.Random(f"{options.seed}/chaos")
        self._impostors = 0

    def tasks(self) -> list[Callable[[], Awaitable[None]]]:
        """Everything that goes on beside the drivers; each runs until the rest."""
        options, count = self._options, len(self._hosts)
        rates: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (options.link_losses * count, self._lose_link),
            (options.half_opens * count, self._half_open),
            (options.deaf_links * count, self._deafen),
            (options.reboots * count, self._reboot),
            (options.memory_losses * count, self._lose_memory),
            (options.conflicts * count, self._conflict),
            (options.orphans * count, self._orphan),
            (options.impostors, self._impostor),
            (options.forgeries, self._forge),
        ]
        restarts = options.gateway_stops + options.gateway_kills
        return [*(self._often(rate, act) for rate, act in rates if rate), self._often(restarts, self._restart)]

    def _often(self, per_day: float, act: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def repeat() -> None:
            while per_day:
                await asyncio.sleep(self._rng.expovariate(per_day / DAY_S))
                if self.resting:
                    return
                await act()

        return repeat

    def _somebody(self) -> Host:
        return self._rng.choice(self._hosts)

    def _away_s(self) -> float:
        longest = self._options.longest_away_s
        return self._rng.choice((self._rng.uniform(1, 30), self._rng.uniform(30, 600), self._rng.uniform(600, longest)))

    def _note(self, kind: str, host: Host, **facts: object) -> None:
        self._journal.note(f"fault.{kind}", host.code, **facts)

    async def _lose_link(self) -> None:
        host, seconds = self._somebody(), self._away_s()
        self._note("link_loss", host, away_s=int(seconds))
        host.cut(seconds)

    async def _half_open(self) -> None:
        host, seconds = self._somebody(), self._rng.uniform(0, 60)
        self._note("half_open", host, away_s=int(seconds))
        host.cut(seconds, half_open=True)

    async def _deafen(self) -> None:
        host = self._somebody()
        self._note("deaf_link", host)
        host.deafen()

    async def _reboot(self) -> None:
        host = self._somebody()
        self._note("reboot", host)
        host.reboot(lose_memory=False)

    async def _lose_memory(self) -> None:
        host = self._somebody()
        self._note("memory_loss", host)
        host.reboot(lose_memory=True)

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
            for host in self._hosts
            for connector in host.point.connectors
            if connector.session is not None
        ]
        samples = [session.record for host in self._hosts for session in host.point.truth.sessions if session.record]
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
            host.point.board.line.send_body(RECORD_FRAME, body)
            host.act()

    def _stranger(self, code: str) -> Host:
        self._impostors += 1
        host = Host(
            ChargePointSpec(code=code),
            self._network,
            seed=self._options.seed * 1_000 + self._impostors,
            wall_ms=self._platform.clock.now_ms(),
            source=f"203.0.{self._impostors // 250 % 250}.{self._impostors % 250}",
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
