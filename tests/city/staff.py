"""People of the operator: new prices for midnight, decisions about disputes, giving up on records, commands."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

from chargecloud.device.commands import (
    DeviceCommand,
    Locate,
    ReadParameters,
    ReadSample,
    Reboot,
    SetWorkParameters,
    SyncClock,
)
from chargecloud.features.orders import service as orders
from chargecloud.features.orders import service_resolve
from chargecloud.features.orders.service_resolve import Action, Resolution
from chargecloud.features.sessions.messages import StopReason
from chargecloud.features.stations import service as stations
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError
from tests.city.journal import Journal
from tests.city.options import HOUR_MS
from tests.city.platform import Platform
from tests.city.sheds import Sheds
from tests.city.world import World

DAY_MS = 24 * HOUR_MS
BEIJING_MS = 8 * HOUR_MS
COMMAND_LIFE_MS = 60_000


class Staff:
    """Works through the services, as the console does."""

    def __init__(self, world: World, sheds: Sheds, platform: Platform, journal: Journal) -> None:
        self.resting = False
        self._world = world
        self._sheds = sheds
        self._platform = platform
        self._journal = journal
        self._rng = random.Random(f"{world.options.seed}/staff")
        self._commands = 0

    async def work(self) -> None:
        """A round every quarter of an hour or so."""
        while not self.resting:
            await asyncio.sleep(self._rng.uniform(300, 1_500))
            await self.decide(everything=False)
            await self._command()
            if self._world.options.closing and self._rng.random() < 0.3:
                await self._give_up_one()

    async def change_prices(self) -> None:
        """In the evening, for midnight: new versions, which the platform has to push by then."""
        start = self._world.options.starts_ms
        midnight_ms = start - (start + BEIJING_MS) % DAY_MS + DAY_MS
        begin_ms = midnight_ms - min(HOUR_MS, (midnight_ms - start) // 2)
        await asyncio.sleep(max(0, begin_ms - self._platform.clock.now_ms()) / 1000)
        for place in (self._world, self._sheds):
            for tariff_id in sorted(set(place.tariff_of.values())):
                done = False
                while not done:
                    done = await self._try(
                        "new_prices", lambda uow, p=place, t=tariff_id: _version(uow, p, t, midnight_ms)
                    )
                    await asyncio.sleep(5)

    async def decide(self, *, everything: bool) -> int:
        """Look at disputed orders; how many were left."""
        disputed = self._rows("SELECT order_no, driver_id FROM orders WHERE state = 'disputed' ORDER BY order_no")
        for order_no, driver_id in disputed:
            if everything or self._rng.random() < 0.3:
                await self._try("decision", lambda uow, o=order_no, d=driver_id: self._resolve(uow, o, d))
        return len(disputed)

    async def _resolve(self, uow: UnitOfWork, order_no: str, driver_id: int | None) -> None:
        found = await orders.order(uow, order_no)
        proposed = await service_resolve.sql.proposed_corrections(uow, order_no)
        actions = [Action.KEEP, Action.WAIVE] + [Action.ACCEPT] * (3 if proposed else 0)
        action = self._rng.choice(actions)
        payer = None
        if action is Action.ACCEPT and driver_id is None:
            payer = self._rng.choice(self._world.people).driver_id
        await service_resolve.resolve(
            uow, found, Resolution(action=action, reason="城市测试", by="staff:1", driver_id=payer)
        )

    async def _give_up_one(self) -> None:
        waiting = self._rows(
            "SELECT order_no FROM orders WHERE state IN ('placed', 'charging', 'finishing') ORDER BY order_no"
        )
        if waiting:
            order_no = self._rng.choice(waiting)[0]
            await self._try("force_close", lambda uow: self._close(uow, order_no))

    async def _close(self, uow: UnitOfWork, order_no: str) -> None:
        found = await orders.order(uow, order_no)
        await orders.stop(uow, found, StopReason.STAFF)
        await orders.close(uow, found, by="staff:1", reason="城市测试")

    async def _command(self) -> None:
        code = self._rng.choice(self._world.specs).code
        self._commands += 1
        command_id = f"city-{self._commands}"
        kind = self._rng.randrange(5)
        await self._try("command", lambda uow: self._ask(uow, kind, code, command_id))
        if self._sheds.station_of:
            board = self._rng.choice(list(self._sheds.station_of))
            number = self._rng.randrange(4)
            await self._try("board_command", lambda uow: self._ask_board(uow, number, board, f"{command_id}-board"))

    async def _ask_board(self, uow: UnitOfWork, kind: int, code: str, command_id: str) -> None:
        base = {"command_id": command_id, "charge_point_code": code, "expires_at_ms": uow.now_ms + COMMAND_LIFE_MS}
        command: DeviceCommand = ReadSample(**base, connector_no=1)
        if kind == 1:
            command = Locate(**base, duration_s=5)
        elif kind == 2:
            command = Reboot(**base, when_idle=self._rng.random() < 0.7)
        elif kind == 3:
            command = ReadParameters(**base, group="limits")
        await stations.ask(uow, command, requested_by="staff:1")

    async def _ask(self, uow: UnitOfWork, kind: int, code: str, command_id: str) -> None:
        base = {"command_id": command_id, "charge_point_code": code, "expires_at_ms": uow.now_ms + COMMAND_LIFE_MS}
        if kind == 0:
            await self._world.store_cards(uow, code, command_id)
            return
        command: DeviceCommand = SyncClock(**base)
        if kind == 1:
            command = ReadSample(**base, connector_no=1)
        elif kind == 2:
            command = Reboot(**base, when_idle=self._rng.random() < 0.7)
        elif kind == 3:
            command = SetWorkParameters(**base, in_service=True, power_limit_pct=self._rng.randrange(40, 101))
        await stations.ask(uow, command, requested_by="staff:1")

    def _rows(self, query: str) -> list[tuple[str, int | None]]:
        with closing(sqlite3.connect(self._platform.path)) as connection:
            return [(row[0], row[1] if len(row) > 1 else None) for row in connection.execute(query)]

    async def _try(self, what: str, work: Callable[[UnitOfWork], Awaitable[None]]) -> bool:
        try:
            await self._platform.ask(work)
        except ChargeCloudError as refusal:
            self._journal.note(f"{what}_refused", why=refusal.code)
            return False
        self._journal.counts[what] += 1
        return True


async def _version(uow: UnitOfWork, place: World | Sheds, tariff_id: int, from_ms: int) -> None:
    known = len(place.price_lists)
    try:
        await place.new_version(uow, tariff_id, from_ms)
    except ChargeCloudError:
        del place.price_lists[known:]
        raise
