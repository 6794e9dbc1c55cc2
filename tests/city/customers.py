"""Whoever charges something: orders through the services as an app does, tops up when refused, stops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chargecloud.features.orders import service as orders
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import StopReason
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError
from tests.city.journal import Journal
from tests.city.platform import Platform
from tests.city.world import Person, World

T = TypeVar("T")


class Customers:
    """What drivers of cars and riders of e-bikes have in common."""

    def __init__(
        self, world: World, platform: Platform, journal: Journal, people: list[Person], enough_fen: int
    ) -> None:
        self.resting = False
        self.problems: list[str] = []
        self._world = world
        self._platform = platform
        self._journal = journal
        self._people = people
        self._enough_fen = enough_fen
        self._keys = 0
        self._refused = ""

    def _somebody(self, rng: random.Random) -> Person | None:
        free = [person for person in rng.sample(self._people, min(8, len(self._people))) if not person.busy]
        return free[0] if free else None

    def _key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    async def _place(self, command: PlaceOrder, person: Person) -> Order | None:
        placed = await self._try("place", lambda uow: orders.place(uow, command))
        if placed is None:
            await self._top_up(person)
            return None
        self._journal.note("placed", command.charge_point_code, session=placed[0].session_no, order=placed[0].order_no)
        return placed[0]

    async def _place_twice(self, command: PlaceOrder, person: Person) -> bool:
        """The same request twice at once: one order."""
        both = await asyncio.gather(self._place(command, person), self._place(command, person))
        numbers = {order.order_no for order in both if order}
        if len(numbers) > 1:
            self.problems.append(f"I10 one request made {len(numbers)} orders: {sorted(numbers)}")
        return bool(numbers)

    async def _top_up(self, person: Person, times: int = 1) -> None:
        await self._try("top_up", lambda uow: self._world.top_up(uow, person, times * self._enough_fen))

    async def _stop(self, order: Order) -> None:
        await self._try("stop", lambda uow: orders.stop(uow, order, StopReason.DRIVER))

    async def _stop_session(self, session_no: str) -> None:
        await self._try("stop", lambda uow: _stop_in(uow, session_no))

    async def _try(self, what: str, work: Callable[[UnitOfWork], Awaitable[T]]) -> T | None:
        try:
            result = await self._platform.ask(work)
        except ChargeCloudError as refusal:
            self._refused = refusal.code
            self._journal.note(
                f"{what}_refused", code=str(refusal.facts.get("charge_point_code", "")), why=refusal.code
            )
            return None
        self._journal.counts[what] += 1
        return result

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _stop_in(uow: UnitOfWork, session_no: str) -> None:
    found = await orders.sql.find_by_session(uow, session_no)
    if found is not None:
        await orders.stop(uow, found, StopReason.DRIVER)
