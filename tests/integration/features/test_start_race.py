"""Abuse A13: cancel, refund, a killed app and a lost network at any moment around a start, for three ways of starting.

What was delivered is billed to the milliwatt-hour, or people look at the order; no money is left held, and the rest of
the wallet can be had back.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import CameOnline, DeviceEvent
from chargecloud.features.orders import service as orders
from chargecloud.features.orders import sql as orders_sql
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.model import OPEN
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.payments import service_desk
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.sessions import jobs as sessions_jobs
from chargecloud.features.sessions.messages import Limit, LimitKind, StopReason
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope
from tests.support.cashdesk import CashDesk
from tests.support.start_race import Act, Behaviour, Point
from tests.support.world import RATED_W, World, booted

STEP_MS = 500
AROUND_MS = 120_000
REST_MS = 8 * 60_000
WALLET_FEN, LIMIT_FEN = 1_000, 600
"""A limit leaves something in the wallet that can be refunded while the charge point starts."""


class Race:
    """A world full of charge points that start together."""

    def __init__(self, world: World, desk: CashDesk, points: Sequence[Point]) -> None:
        self.world, self.desk, self.points = world, desk, points
        self.by_code = {point.code: point for point in points}
        self.refunds: Counter[str] = Counter()

    async def furnish(self) -> None:
        """Charge points, and a driver with ten yuan for each."""
        async with self.world.database.unit() as uow:
            for point in self.points:
                new = NewChargePoint(
                    code=point.code, station_id=self.world.station_id, name=point.code, power_type="dc",
                    connector_count=1, rated_power_w=RATED_W,
                )  # fmt: skip
                await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
        now_ms = self.world.clock.now_ms()
        await self.tell([(point, booted(point.code, connector_count=1)) for point in self.points], now_ms)
        online = [(point, CameOnline(charge_point_code=point.code, gateway_id="g1", epoch=1)) for point in self.points]
        await self.tell(online, now_ms)
        for point in self.points:
            point.driver_id = await self.desk.driver(point.code)
            await self.desk.top_up(point.driver_id, WALLET_FEN)
        await self.world.pump_at_once()
        self.world.commands.clear()

    async def start(self) -> None:
        for point in self.points:
            command = PlaceOrder(
                driver_id=point.driver_id, idempotency_key="start", charge_point_code=point.code, connector_no=1,
                limit=Limit(LimitKind.MONEY, LIMIT_FEN),
            )  # fmt: skip
            async with self.world.database.unit() as uow:
                (order,) = await orders.place(uow, command)
            point.order_no, point.session_no = order.order_no, order.session_no
            point.started_ms = self.world.clock.now_ms()
        await self.world.pump_at_once()
        self.hand_over()

    async def run(self) -> None:
        """Half a second at a time, until all is quiet."""
        began_ms = self.world.clock.now_ms()
        for offset_ms in range(0, AROUND_MS + REST_MS, STEP_MS):
            now_ms = self.world.clock.now_ms()
            for point in self.points:
                if point.act_at_ms == now_ms - began_ms:
                    await self.do(point)
            events = [(point, event) for point in self.points for event in point.tick(now_ms)]
            await self.tell(events, now_ms)
            if offset_ms % 2_000 == 0:
                await sessions_jobs.sweep(self.world.database)
                await service_desk.give_back(self.desk.desk)
            await self.world.pump_at_once()
            self.hand_over()
            self.world.told.clear()
            self.world.clock.advance(STEP_MS)

    async def do(self, point: Point) -> None:
        match point.act:
            case Act.CANCEL:
                async with self.world.database.unit() as uow:
                    found = await orders.order(uow, point.order_no)
                    if found.state in OPEN:
                        await orders.stop(uow, found, StopReason.DRIVER)
            case Act.REFUND:
                refund = await self.desk.refund(point.driver_id)
                self.refunds[point.code] = refund.amount_fen
            case Act.NETWORK_LOST:
                point.lose_network(self.world.clock.now_ms())
            case Act.APP_KILLED:
                return  # nobody asks for anything any more

    async def tell(self, events: Sequence[tuple[Point, DeviceEvent]], now_ms: int) -> None:
        """Everything of one moment in batches, in order for each charge point."""
        batch = [Envelope(point.code, event, now_ms) for point, event in events]
        for start in range(0, len(batch), 500):
            await self.world.handle(batch[start : start + 500])
        await self.world.pump_at_once()

    def hand_over(self) -> None:
        commands: list[DeviceCommand] = list(self.world.commands)
        self.world.commands.clear()
        for command in commands:
            point = self.by_code.get(command.charge_point_code)
            if point is not None:
                point.take(command, self.world.clock.now_ms())

    async def orders(self) -> dict[str, Order]:
        async with self.world.database.unit() as uow:
            found = [await orders_sql.find(uow, point.order_no) for point in self.points]
        return {order.order_no: order for order in found if order is not None}


EVERY_HALF_SECOND = tuple(range(STEP_MS, AROUND_MS + 1, STEP_MS))
SOME_MOMENTS = (500, 4_000, 8_500, 29_500, 44_500, 60_000, 90_500, 120_000)
"""Before and after each of the things that can happen."""


def field_of(moments_ms: Sequence[int]) -> list[Point]:
    """Every act at every moment for every behaviour."""
    wanted = itertools.product(Behaviour, Act, moments_ms)
    return [Point(f"3299{index:010d}", behaviour, act, at_ms) for index, (behaviour, act, at_ms) in enumerate(wanted)]


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    "moments_ms",
    [
        pytest.param(SOME_MOMENTS, id="some moments"),
        pytest.param(EVERY_HALF_SECOND, id="every half second", marks=[pytest.mark.slow, pytest.mark.timeout(3_600)]),
    ],
)
async def test_what_is_delivered_is_billed_whatever_happens_around_the_start(
    database: Database, clock: ManualClock, moments_ms: Sequence[int]
) -> None:
    world, desk = World(database, clock), CashDesk.over(database, clock)
    desk.till.refund_at_once = RefundState.SUCCEEDED
    await world.furnish()
    race = Race(world, desk, field_of(moments_ms))
    await race.furnish()
    await race.start()
    await race.run()
    found = await race.orders()
    seen: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    for point in race.points:
        order, delivered = found[point.order_no], point.energy_mwh(clock.now_ms())
        what = f"{point.behaviour}, {point.act} at {point.act_at_ms} ms: {delivered} mWh, order {order.state}"
        if order.state is OrderState.DISPUTED:
            seen["disputed"] += 1
        elif delivered != order.energy_mwh:
            wrong["not billed"].append(f"{what} bills {order.energy_mwh} mWh")
        elif order.state in OPEN or order.hold_open:
            wrong["not over"].append(what)
        else:
            seen["billed" if delivered else "no energy"] += 1
        balance = await desk.balance(point.driver_id)
        paid_back = race.refunds[point.code]
        if balance.cash_fen != WALLET_FEN - order.total_fen - paid_back or balance.held_fen:
            wrong["money"].append(f"{what}: {balance}, {paid_back} fen paid back, {order.total_fen} fen charged")
    assert not wrong, {kind: (len(lines), lines[:10]) for kind, lines in wrong.items()}
    assert seen["billed"] > len(race.points) // 2 and seen["no energy"] and sum(seen.values()) == len(race.points)
    assert all(amount == WALLET_FEN - LIMIT_FEN for amount in race.refunds.values())
    await world.proven()
    print(f"{len(race.points)} starts: {dict(seen)}")
