"""Drivers at the connectors: they plug in, start by app, card or VIN, change their minds, stop somehow, and leave."""

import asyncio
import random
from dataclasses import dataclass

from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import Limit, LimitKind
from chargecloud.sim.car import random_car
from chargecloud.sim.connector import Phase
from chargecloud.sim.stops import FAULTS
from tests.city.customers import Customers
from tests.city.host import Host
from tests.city.journal import Journal
from tests.city.platform import Platform
from tests.city.world import Person, World

NO_LIMIT = Limit()
ENOUGH_FEN = 8_000
BEGINS_WITHIN_S = 110
LOOK_EVERY_S = 10
AT_REST = (Phase.IDLE, Phase.WAITING_FOR_PLUG)
WAYS = {"app": 42, "app_plugs_late": 8, "app_twice": 6, "app_cancels": 10, "card": 16, "vin": 10, "stranger": 4,
        "offline": 4}  # fmt: skip
ENDS = {"app": 26, "screen": 14, "card": 10, "unplug": 10, "full": 25, "fault": 6, "power_limit": 3, "leaves": 6}


@dataclass(frozen=True, slots=True)
class Place:
    """One connector and its dice."""

    host: Host
    number: int
    rng: random.Random

    @property
    def phase(self) -> Phase:
        return self.host.point.connectors[self.number - 1].phase


class Visitors(Customers):
    """Everybody who drives."""

    def __init__(self, world: World, platform: Platform, journal: Journal) -> None:
        super().__init__(world, platform, journal, world.people, ENOUGH_FEN)

    async def live(self, host: Host, number: int) -> None:
        """One visit after the other at one connector, until the day is over."""
        rng = random.Random(f"{self._world.options.seed}/{host.code}/{number}/visitors")
        place = Place(host, number, rng)
        pause_s = self._world.options.pause_min * 60
        await asyncio.sleep(rng.uniform(60, pause_s + 60))
        while not self.resting:
            person = self._somebody(rng)
            if person is not None:
                person.busy += 1
                await self._visit(place, person)
                person.busy -= 1
            await asyncio.sleep(rng.expovariate(1 / pause_s))

    async def last_round(self, host: Host, person: Person) -> None:
        """After the rest somebody comes once more: the charge has to begin, as if nothing had ever happened (I16)."""
        place = Place(host, 1, random.Random(f"{host.code}/last"))
        host.point.unplug(1, self._now())
        host.point.repair(1, self._now())
        host.act()
        await asyncio.sleep(30)
        host.point.plug(1, random_car(place.rng), self._now())
        host.act()
        await asyncio.sleep(5)
        await self._top_up(person, times=4)
        order = await self._order(place, person, NO_LIMIT)
        refused = self._refused
        if order is None or not await self._begins(place):
            why = f"was refused ({refused})" if order is None else f"did not begin ({place.phase})"
            state = f"online {host.point.online}, ready {host.point.board.ready}, linked {host.connection is not None}"
            self.problems.append(f"I16 a charge at {host.code} after the rest {why}: {state}")
            return
        await asyncio.sleep(40)
        await self._stop(order)
        await asyncio.sleep(40)
        host.point.unplug(1, self._now())
        host.act()

    async def _visit(self, place: Place, person: Person) -> None:
        rng, options = place.rng, self._world.options
        way = rng.choices(list(WAYS), list(WAYS.values()))[0]
        long = rng.random() < options.long_share
        car = random_car(rng, speed=1 if long else options.speed)
        if person.vin:
            car.vin = person.vin
        self._journal.note("visit", place.host.code, connector=place.number, way=way, driver=person.driver_id)
        if way == "app_plugs_late":
            if not await self._order(place, person):
                return
            await asyncio.sleep(rng.uniform(1, 90))
        if not place.host.point.plug(place.number, car, self._now()):
            return
        place.host.act()
        await asyncio.sleep(rng.uniform(1, 20))
        began = way == "app_plugs_late" or await self._begin(way, place, person)
        if began and await self._begins(place):
            self._journal.counts[f"charge.{way}"] += 1
            await self._charge(place, person, rng.uniform(1_800, 10_000) if long else rng.uniform(60, 1_200))
        await asyncio.sleep(rng.uniform(5, 300))
        place.host.point.unplug(place.number, self._now())
        place.host.act()

    async def _begin(self, way: str, place: Place, person: Person) -> bool:
        host, rng, number = place.host, place.rng, place.number
        if way == "app_twice":
            return await self._place_twice(self._command(place, person, NO_LIMIT), person)
        if way == "app_cancels":
            order = await self._order(place, person)
            await asyncio.sleep(rng.choice((0, rng.uniform(0, 3), rng.uniform(0, 120))))
            if order:
                await self._stop(order)
            return order is not None
        if way == "card" and person.card:
            host.point.swipe(number, person.card, self._now())
        elif way == "vin" and person.vin:
            host.point.present_vin(number, self._now())
        elif way == "stranger":
            host.point.swipe(number, f"{rng.randrange(1, 1 << 40):016X}", self._now())
        elif way == "offline" and person.card:
            host.cut(rng.uniform(300, self._world.options.longest_away_s), half_open=rng.random() < 0.3)
            self._journal.counts["fault.offline_charge"] += 1
            host.point.board.memory.cards.setdefault(bytes.fromhex(person.card).strip(b"\0"), person.card)
            host.point.swipe(number, person.card, self._now())
        else:
            return await self._order(place, person) is not None
        host.act()
        return True

    async def _order(self, place: Place, person: Person, limit: Limit | None = None) -> Order | None:
        limit = self._limit(place.rng) if limit is None else limit
        return await self._place(self._command(place, person, limit), person)

    def _command(self, place: Place, person: Person, limit: Limit) -> PlaceOrder:
        return PlaceOrder(
            driver_id=person.driver_id,
            idempotency_key=self._key(),
            charge_point_code=place.host.code,
            connector_no=place.number,
            limit=limit,
        )

    def _limit(self, rng: random.Random) -> Limit:
        if rng.random() < 0.6:
            return NO_LIMIT
        kind = rng.choice((LimitKind.MONEY, LimitKind.ENERGY, LimitKind.MINUTES, LimitKind.SOC))
        spans = {
            LimitKind.MONEY: (150, 4_000),
            LimitKind.ENERGY: (300_000, 20_000_000),
            LimitKind.MINUTES: (1, 30),
            LimitKind.SOC: (30, 95),
        }
        return Limit(kind, rng.randrange(*spans[kind]))

    async def _begins(self, place: Place) -> bool:
        until = self._now() + BEGINS_WITHIN_S
        while self._now() < until:
            if place.phase is Phase.CHARGING:
                return True
            await asyncio.sleep(5)
        return False

    async def _charge(self, place: Place, person: Person, seconds: float) -> None:
        rng, until = place.rng, self._now() + seconds
        end = rng.choices(list(ENDS), list(ENDS.values()))[0]
        if rng.random() < 0.05:
            await asyncio.sleep(rng.uniform(0, 60))
            await self._top_up(person)
        await self._lasts(place, until)
        if place.phase is Phase.CHARGING:
            await self._end(end, place, person)
        await self._stands_still(place)

    async def _lasts(self, place: Place, until: float) -> None:
        """Wait until then, or until the charge ends by itself."""
        for _ in range(int(until - self._now()) // LOOK_EVERY_S + 1):
            if self.resting or place.phase is not Phase.CHARGING:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _end(self, end: str, place: Place, person: Person) -> None:
        point, number, now = place.host.point, place.number, self._now()
        if end == "app":
            session = point.connectors[number - 1].session
            if session is not None:
                await self._stop_session(session.order.session_no)
        elif end == "screen":
            point.press_stop(number, now)
        elif end == "card" and person.card:
            point.swipe(number, person.card, now)
        elif end == "unplug":
            point.unplug(number, now)
        elif end == "fault":
            point.break_down(number, place.rng.choice(sorted(FAULTS)), now)
            place.host.act()
            await asyncio.sleep(place.rng.uniform(30, 900))
            point.repair(number, self._now())
        elif end == "power_limit":
            point.board.memory.power_limit_pct = place.rng.randrange(30, 100)
        place.host.act()

    async def _stands_still(self, place: Place) -> None:
        """Wait for the end; whoever waits too long presses the button, then pulls the cable."""
        for _ in range(60):
            if place.phase in AT_REST:
                return
            await asyncio.sleep(10)
        place.host.point.press_stop(place.number, self._now())
        place.host.act()
        await asyncio.sleep(20)
