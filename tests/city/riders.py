"""Riders at the sockets: they plug in, start by app, card or pass, and stop, unplug, wait until full or go away."""

import asyncio
import random
from dataclasses import dataclass

from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import Limit, LimitKind
from chargecloud.sim.dny.board import VirtualBoard
from chargecloud.sim.dny.ebike import ChargerFault, random_charger
from chargecloud.sim.dny.port import VirtualPort
from tests.city.customers import Customers
from tests.city.fare import ENERGY, TIME, Plan
from tests.city.hub import Hub
from tests.city.journal import Journal
from tests.city.platform import Platform
from tests.city.sheds import PassSold, Sheds
from tests.city.world import Person, World

ENOUGH_FEN = 1_500
BEGINS_WITHIN_S = 75
LOOK_EVERY_S = 20
DANGEROUS = 0.04
"""Part of the chargers that are not sound."""
BROKEN_STATES = (4, 6, 7, 8, 9, 10, 12)
WAYS = {"app": 40, "app_any": 9, "app_early": 6, "app_twice": 6, "app_cancels": 8, "card": 13, "pass": 22,
        "stranger": 3, "offline": 6}  # fmt: skip
ENDS = {"app": 22, "unplug": 20, "card": 10, "full": 34, "fault": 6, "leaves": 8}
WISHES: dict[str, tuple[str, ...]] = {TIME: ("minutes", "money", "full"), ENERGY: ("energy", "money", "full")}
"""By what a plan prices; of a plan by use there is one."""


@dataclass(frozen=True, slots=True)
class Socket:
    """One port of a board and its dice."""

    hub: Hub
    board: VirtualBoard
    number: int
    rng: random.Random

    @property
    def port(self) -> VirtualPort:
        return self.board.port(self.number)

    @property
    def charging(self) -> bool:
        return self.port.session is not None


class Riders(Customers):
    """Everybody who rides."""

    def __init__(self, world: World, sheds: Sheds, platform: Platform, journal: Journal) -> None:
        super().__init__(world, platform, journal, sheds.riders, ENOUGH_FEN)
        self._sheds = sheds
        self.dangerous: set[str] = set()
        """Sessions with a charger that is not sound."""

    async def live(self, hub: Hub, board: VirtualBoard, number: int) -> None:
        """One visit after the other at one port, until the day is over."""
        rng = random.Random(f"{self._world.options.seed}/{board.code}/{number}/riders")
        socket = Socket(hub, board, number, rng)
        pause_s = self._world.options.ride_pause_min * 60
        await asyncio.sleep(rng.uniform(60, pause_s + 60))
        while not self.resting:
            way = rng.choices(list(WAYS), list(WAYS.values()))[0]
            person = self._whoever(way, socket)
            if person is not None:
                person.busy += 1
                await self._visit(way, socket, person)
                person.busy -= 1
            await asyncio.sleep(rng.expovariate(1 / pause_s))

    async def last_round(self, hub: Hub, board: VirtualBoard, person: Person) -> None:
        """After the rest somebody comes once more to every board: the charge has to begin (I16)."""
        socket = Socket(hub, board, 1, random.Random(f"{board.code}/last"))
        board.unplug(1, self._now())
        board.repair(1, self._now())
        hub.act()
        await asyncio.sleep(30)
        board.plug(1, random_charger(socket.rng), self._now())
        hub.act()
        await asyncio.sleep(5)
        await self._top_up(person, times=2)
        order = await self._order(socket, person, Limit())
        refused = self._refused
        if order is None or not await self._begins(socket):
            why = f"was refused ({refused})" if order is None else "did not begin"
            state = (
                f"registered {board.registered}, linked {hub.point.linked}, port state {socket.port.state(self._now())}"
            )
            self.problems.append(f"I16 a charge at {board.code} after the rest {why}: {state}")
            return
        await asyncio.sleep(40)
        await self._stop(order)
        await asyncio.sleep(40)
        board.unplug(1, self._now())
        hub.act()

    def _whoever(self, way: str, socket: Socket) -> Person | None:
        """Somebody who is free, with a pass or a card where that is the way."""
        free = [person for person in self._people if not person.busy]
        if way == "pass":
            free = [person for person in free if self._sheds.pass_of(person, socket.board.code)] or free
        elif way in ("card", "offline"):
            free = [person for person in free if person.card] or free
        return socket.rng.choice(free) if free else None

    async def _visit(self, way: str, socket: Socket, person: Person) -> None:
        rng, options, board = socket.rng, self._world.options, socket.board
        long = rng.random() < options.long_share
        fault = rng.choice(list(ChargerFault)) if rng.random() < DANGEROUS else None
        charger = random_charger(rng, speed=1 if long else options.speed, fault=fault)
        self._journal.note("ride", board.code, connector=socket.number, way=way, driver=person.driver_id)
        if way == "app_early":
            await self._order(socket, person, self._limit(socket))
            await asyncio.sleep(rng.uniform(1, 60))
        if not board.plug(socket.number, charger, self._now()):
            return
        plugged_ms = self._platform.clock.now_ms()
        socket.hub.act()
        await asyncio.sleep(rng.uniform(1, 20))
        if await self._begin(way, socket, person) and await self._begins(socket):
            self._journal.counts[f"ride.{way}"] += 1
            await self._charge(socket, person, rng.uniform(3_600, 14_400) if long else rng.uniform(60, 4_800))
        await asyncio.sleep(rng.uniform(5, 600))
        if fault is not None:
            self._note_danger(socket, plugged_ms)
        board.unplug(socket.number, self._now())
        if fault is ChargerFault.SMOKE:
            board.repair(socket.number, self._now())
        socket.hub.act()

    def _note_danger(self, socket: Socket, plugged_ms: int) -> None:
        """Whatever began here since, even by a start that came late and was given up."""
        self.dangerous |= {
            session.session_no
            for session in socket.hub.point.truth.sessions
            if (session.charge_point_code, session.connector_no) == (socket.board.code, socket.number)
            and session.started_at_ms >= plugged_ms
        }

    async def _begin(self, way: str, socket: Socket, person: Person) -> bool:
        board, rng, number = socket.board, socket.rng, socket.number
        if way == "app_twice":
            return await self._place_twice(self._command(socket, person, self._limit(socket)), person)
        if way == "app_cancels":
            order = await self._order(socket, person, self._limit(socket))
            await asyncio.sleep(rng.choice((0, rng.uniform(0, 3), rng.uniform(0, 120))))
            if order:
                await self._stop(order)
            return order is not None
        if way == "card" and person.card:
            board.swipe(number, person.card[8:], self._now())
        elif way == "stranger":
            board.swipe(number, f"{rng.randrange(1, 1 << 31):08X}", self._now())
        elif way == "offline" and person.card and board.spec.temper.offline_cards:
            socket.hub.cut(rng.uniform(300, self._world.options.longest_away_s), half_open=rng.random() < 0.3)
            self._journal.counts["fault.offline_charge"] += 1
            board.swipe(number, person.card[8:], self._now())
        else:
            return await self._by_app(way, socket, person)
        socket.hub.act()
        return True

    async def _by_app(self, way: str, socket: Socket, person: Person) -> bool:
        sold = self._sheds.pass_of(person, socket.board.code)
        if way == "pass" and sold:
            command = self._command(socket, person, Limit(), sold=sold)
            return await self._place(command, person) is not None
        limit = self._limit(socket)
        if way == "app_any":
            await self._place(self._command(socket, person, limit, connector_no=0), person)
            if await self._begins(socket):
                return True
        return await self._order(socket, person, limit) is not None

    async def _order(self, socket: Socket, person: Person, limit: Limit) -> Order | None:
        return await self._place(self._command(socket, person, limit), person)

    def _command(
        self, socket: Socket, person: Person, limit: Limit, *, sold: PassSold | None = None, connector_no: int = -1
    ) -> PlaceOrder:
        return PlaceOrder(
            driver_id=person.driver_id,
            idempotency_key=self._key(),
            charge_point_code=socket.board.code,
            connector_no=socket.number if connector_no < 0 else connector_no,
            limit=limit,
            pass_id=sold.pass_id if sold else None,
        )

    def _limit(self, socket: Socket) -> Limit:
        """Of what the plan sells, something; at times what it does not sell, or no board can do."""
        rng, plan = socket.rng, self._plan(socket)
        if rng.random() < 0.02:
            return rng.choice(
                (Limit(LimitKind.SOC, 80), Limit(LimitKind.ENERGY, 9_999), Limit(LimitKind.MINUTES, 9_000))
            )
        wish = rng.choice(WISHES.get(plan.basis, ("full",)))
        if wish == "minutes":
            return Limit(LimitKind.MINUTES, rng.choice((5, 30, 60, 120, 240, rng.randrange(1, 300))))
        if wish == "energy":
            return Limit(LimitKind.ENERGY, rng.randrange(10_000, 1_500_000))
        if wish == "money":
            return Limit(LimitKind.MONEY, rng.randrange(5, 400))
        return Limit()

    def _plan(self, socket: Socket) -> Plan:
        return self._sheds.plan(socket.board.code, self._platform.clock.now_ms())

    async def _begins(self, socket: Socket) -> bool:
        until = self._now() + BEGINS_WITHIN_S
        while self._now() < until:
            if socket.charging:
                return True
            await asyncio.sleep(5)
        return False

    async def _charge(self, socket: Socket, person: Person, seconds: float) -> None:
        end = socket.rng.choices(list(ENDS), list(ENDS.values()))[0]
        await self._lasts(socket, self._now() + (10_800 if end == "full" else seconds))
        if socket.charging:
            await self._end(end, socket, person)
        await self._stands_still(socket)

    async def _lasts(self, socket: Socket, until: float) -> None:
        """Wait until then, or until the charge ends by itself."""
        for _ in range(int(until - self._now()) // LOOK_EVERY_S + 1):
            if self.resting or not socket.charging:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _end(self, end: str, socket: Socket, person: Person) -> None:
        board, number, now = socket.board, socket.number, self._now()
        session = socket.port.session
        if end == "app" and session is not None:
            await self._stop_session(session.truth.session_no)
        elif end == "card" and person.card:
            board.swipe(number, person.card[8:], now)
        elif end == "unplug":
            board.unplug(number, now)
        elif end == "fault":
            board.break_down(number, str(socket.rng.choice(BROKEN_STATES)), now)
            socket.hub.act()
            await asyncio.sleep(socket.rng.uniform(30, 900))
            board.repair(number, self._now())
        socket.hub.act()

    async def _stands_still(self, socket: Socket) -> None:
        """Wait for the end; whoever waits too long pulls the plug."""
        for _ in range(30):
            if not socket.charging:
                return
            await asyncio.sleep(20)
        socket.board.unplug(socket.number, self._now())
        socket.hub.act()
        await asyncio.sleep(20)
