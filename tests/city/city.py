"""One run: the day with its faults, then the rest in which everything has to come to an end, then the judgement."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chargecloud.kernel.clock import ManualClock, rfc3339
from chargecloud.sim.dny.board import VirtualBoard
from chargecloud.sim.faults import Mischief
from tests.city.accidents import Accidents
from tests.city.chaos import Chaos
from tests.city.chaos_boards import BoardChaos
from tests.city.dice import heartbeats_every, seeded_secrets
from tests.city.evidence import Evidence
from tests.city.host import HALF_HOUR_MS, Host
from tests.city.hub import Hub
from tests.city.journal import Journal
from tests.city.network import Network, Weather
from tests.city.options import CityOptions, calm
from tests.city.oracle import Oracle
from tests.city.platform import Platform
from tests.city.riders import Riders
from tests.city.sheds import Sheds
from tests.city.staff import Staff
from tests.city.virtual import VirtualLoop
from tests.city.visitors import Visitors
from tests.city.world import World
from tests.support.database import make_template

LAST_LOOK_S = 600
VISITED_PORTS = 3
"""So many ports of a board anybody ever comes to."""
CODE = r"\b(?:\d{14}|[0-9A-F]{8})\b"
STORY_LINES = 30
Say = Callable[[str], None]


@dataclass
class Outcome:
    """What became of a run."""

    options: CityOptions
    digest: str = ""
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    facts: dict[str, int] = field(default_factory=dict)
    evidence: Evidence | None = None
    ended_ms: int = 0


class Violated(Exception):
    """An invariant does not hold; the run stops here."""


class City:
    """Everybody and everything of one run."""

    def __init__(self, options: CityOptions, path: Path, loop: VirtualLoop, say: Say) -> None:
        self.options = options
        self.journal = Journal(loop.clock)
        self.world = World(options, random.Random(f"{options.seed}/world"))
        self.sheds = Sheds(options, random.Random(f"{options.seed}/sheds"))
        self.network = Network(loop, self.journal, options)
        self.platform = Platform(path, loop, self.network, options)
        self.visitors = Visitors(self.world, self.platform, self.journal)
        self.riders = Riders(self.world, self.sheds, self.platform, self.journal)
        self.staff = Staff(self.world, self.sheds, self.platform, self.journal)
        self.hosts: list[Host] = []
        self.hubs: list[Hub] = []
        self.chaos: list[Accidents[Any]] = []
        self.outcome = Outcome(options)
        self._loop = loop
        self._say = say
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: list[BaseException] = []

    async def run(self) -> Outcome:
        """The day and the rest; a broken invariant ends it early."""
        self._loop.set_exception_handler(self._broke)
        await self.platform.start()
        await self.world.furnish(self.platform)
        await self.sheds.furnish(self.platform, self.world)
        self._people_and_machines()
        try:
            await self._let_pass(self.options.hours * 3_600)
            await self._rest()
            self._judge(final=True)
        except Violated as violated:
            self.outcome.violations.append(str(violated))
        await self.platform.stop()
        self.outcome.digest = self.journal.digest()
        self.outcome.counts = self.journal.counts
        self.outcome.facts |= {f"platform.{name}": value for name, value in self.platform.totals.items()}
        self.outcome.evidence, self.outcome.ended_ms = self._evidence(), self._loop.clock.now_ms()
        return self.outcome

    def _people_and_machines(self) -> None:
        for index, spec in enumerate(self.world.specs):
            source = f"10.0.{index // 250}.{index % 250}"
            self.hosts.append(
                Host(
                    spec, self.network, seed=self.options.seed, wall_ms=self._loop.clock.now_ms(), source=source,
                    faults=self.world.habits[spec.code],
                )
            )  # fmt: skip
        for index, modem in enumerate(self.sheds.hosts):
            self.hubs.append(
                Hub(
                    modem, self.network, seed=self.options.seed, wall_ms=self._loop.clock.now_ms(),
                    source=f"10.1.{index // 250}.{index % 250}", faults=self.sheds.habits[modem.code],
                )
            )  # fmt: skip
        around = (self.options, self.platform, self.network, self.journal)
        self.chaos = [Chaos(*around, self.hosts), BoardChaos(*around, self.hubs)]
        for host in self.hosts:
            for connector in host.point.connectors:
                self._begin(lambda h=host, c=connector: self.visitors.live(h, c.number))
        for hub in self.hubs:
            for board in hub.boards:
                for port in board.ports[:VISITED_PORTS]:
                    self._begin(lambda h=hub, b=board, p=port: self.riders.live(h, b, p.connector_no))
        for work in (
            *(task for chaos in self.chaos for task in chaos.tasks()),
            self.staff.work,
            self._watch_half_hours,
        ):
            self._begin(work)
        if self.options.tariff_changes:
            self._begin(self.staff.change_prices)

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _broke(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error nobody caught, in a callback or a task nobody asked: no run survives one."""
        error = context.get("exception") or RuntimeError(context["message"])
        self._failed.append(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed.append(task.exception())

    async def _watch_half_hours(self) -> None:
        """Note true energies just before each half hour, and tell the connectors of the oracle when it was."""
        while True:
            now_ms = self._loop.clock.now_ms()
            await asyncio.sleep((HALF_HOUR_MS - now_ms % HALF_HOUR_MS) / 1000)
            for host in self.hosts:
                host.note_shares()

    async def _let_pass(self, seconds: float) -> None:
        until = self._loop.time() + seconds
        while self._loop.time() < until:
            await asyncio.sleep(min(self.options.audit_min * 60, until - self._loop.time()))
            if self._failed:
                raise self._failed[0]
            self._judge(final=False)
            self._say(self._progress())

    async def _rest(self) -> None:
        """No faults, no new visitors: everything comes to an end by itself, disputes by people."""
        self.journal.note("rest")
        for each in (self.visitors, self.riders, self.staff, *self.chaos):
            each.resting = True
        self.network.weather = Weather.of(calm(self.options))
        for host in self.hosts:
            host.point.board.mischief = Mischief()
        for hub in self.hubs:
            hub.point.mischief = Mischief()
            hub.mend()
        if not self.platform.up:
            await asyncio.sleep(301)
        await self._let_pass(self.options.rest_hours * 3_600)
        for _ in range(20):
            if not await self.staff.decide(everything=True):
                break
            await asyncio.sleep(30)
        await asyncio.gather(
            *(self.visitors.last_round(host, self.world.people[at]) for at, host in enumerate(self.hosts)),
            *(
                self.riders.last_round(hub, board, rider)
                for (hub, board), rider in zip(self._boards(), self.sheds.riders, strict=False)
            ),
        )
        await self.staff.decide(everything=True)
        await self._let_pass(LAST_LOOK_S)

    def _judge(self, *, final: bool) -> None:
        oracle = Oracle(self.platform.path, self._evidence(), now_ms=self._loop.clock.now_ms())
        problems = [*self.visitors.problems, *self.riders.problems, *oracle.running()]
        if final:
            problems += [*oracle.final(), *self._errors()]
        self.outcome.facts |= oracle.facts
        if problems:
            named = {code for problem in problems for code in re.findall(CODE, problem)}
            suspects = sorted(oracle.suspects | named)[:2]
            suspects += [hub.code for hub, board in self._boards() if board.code in suspects and board.code != hub.code]
            stories = [line for code in suspects for line in list(self.journal.stories[code])[-STORY_LINES:]]
            raise Violated(self._complaint(problems, stories))

    def _evidence(self) -> Evidence:
        return Evidence(
            options=self.options, world=self.world, sheds=self.sheds, journal=self.journal, hosts=self.hosts,
            hubs=self.hubs, invented=set().union(*(chaos.invented for chaos in self.chaos)),
            tampered=set().union(*(chaos.tampered for chaos in self.chaos)), dangerous=self.riders.dangerous,
        )  # fmt: skip

    def _boards(self) -> list[tuple[Hub, VirtualBoard]]:
        return [(hub, board) for hub in self.hubs for board in hub.boards]

    def _errors(self) -> list[str]:
        """Errors of the platform's own that it caught and counted: each is a mistake of ours."""
        names = ("internal_errors", "bus.poison", "jobs.failures", "relay.failures")
        totals = self.platform.totals | self.platform.counted()
        return [f"I15 the platform counts {name}: {totals[name]}" for name in names if totals.get(name)]

    def _complaint(self, problems: list[str], stories: list[str]) -> str:
        at = rfc3339(self._loop.clock.now_ms())
        more = f"\n    … and {len(problems) - 20} more" if len(problems) > 20 else ""
        listed = "\n    ".join(problems[:20]) + more
        story = "".join(f"\n    | {line}" for line in stories)
        return f"seed {self.options.seed}, virtual time {at}:\n    {listed}{story}"

    def _progress(self) -> str:
        counts = self.journal.counts
        faults = sum(value for name, value in counts.items() if name.startswith("fault."))
        sessions, rides = (
            sum(one.point.truth.counts.sessions for one in diallers) for diallers in (self.hosts, self.hubs)
        )
        online = sum(host.point.online for host in self.hosts)
        boards = sum(hub.point.standing().online for hub in self.hubs)
        return (
            f"{rfc3339(self._loop.clock.now_ms())[5:16]} online {online}/{len(self.hosts)} sessions {sessions} "
            f"boards {boards}/{len(self._boards())} rides {rides} "
            f"segments {counts['segments_up']}/{counts['segments_down']} faults {faults} lives {self.platform.life}"
        )


def run_city(options: CityOptions, directory: Path, say: Say = lambda _: None) -> Outcome:
    """Run a seed from beginning to end in a directory of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "city.db"
    make_template(path)
    clock = ManualClock(options.starts_ms)
    dice = random.Random(f"{options.seed}/disk")
    disk = (lambda: dice.randrange(options.disk_ms)) if options.disk_ms else None

    async def live(loop: VirtualLoop) -> Outcome:
        return await City(options, path, loop, say).run()

    loop = VirtualLoop(clock, disk)
    with (
        seeded_secrets(options.seed),
        heartbeats_every(options.beat_s),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(live(loop))
