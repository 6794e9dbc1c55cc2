"""Random histories through the real services: whatever happens in whatever order, the books are right in the end.

Each seed plays drivers, cards, charge points with faults, lost and repeated messages, staff and time. Afterwards the
links come back, records are uploaded and time passes; then the invariants are checked (I1, I2, I4, I7, I8).
"""

import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from chargecloud.device.commands import StartCharging
from chargecloud.device.events import (
    CameOnline,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    RecordUploaded,
    StartRefusal,
    StopAnswered,
    StopClass,
    WentOffline,
)
from chargecloud.features.orders import model as orders_model
from chargecloud.features.orders import service
from chargecloud.features.orders import sql as orders_sql
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.sessions import model as sessions_model
from chargecloud.features.sessions import sql as sessions_sql
from chargecloud.features.sessions.messages import Limit, LimitKind, StopReason
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet import sql as wallet_sql
from chargecloud.features.wallet.messages import HoldState, TopUp
from chargecloud.kernel.errors import ChargeCloudError
from tests.support.world import CODE, KWH, World, answered, record, sample

EVERYTHING_OVER_MS = 40 * 3_600_000


@dataclass
class Truth:
    """What really happened at one connector: what it delivered, and the record it will upload."""

    session_no: str
    connector_no: int
    energy_mwh: int = 0
    charging: bool = False
    upload: RecordUploaded | None = None


@dataclass
class Player:
    """Plays one history."""

    world: World
    dice: random.Random
    drivers: list[int] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    said: list[DeviceEvent] = field(default_factory=list)
    epoch: int = 1
    top_ups: int = 0

    async def say(self, event: DeviceEvent) -> None:
        """Sometimes lost, sometimes twice, and sometimes something old comes again."""
        self.said.append(event)
        fate = self.dice.random()
        if fate < 0.1:
            return
        await self.world.say(event)
        if fate < 0.2:
            await self.world.say(event)
        elif fate < 0.25:
            await self.world.say(self.dice.choice(self.said))

    async def play(self, moves: int) -> None:
        for _ in range(moves):
            self.world.clock.advance(self.dice.choice([1_000, 15_000, 60_000, 300_000]))
            await self.dice.choice(
                [self.place, self.answer, self.charge, self.charge, self.charge, self.finish, self.stop, self.sweep,
                 self.link, self.pay, self.idle]
            )()  # fmt: skip

    def running(self) -> list[Truth]:
        return [truth for truth in self.truths if truth.upload is None]

    async def place(self) -> None:
        limit = self.dice.choice([Limit(), Limit(LimitKind.MONEY, 300), Limit(LimitKind.ENERGY, KWH)])
        number = self.dice.choice([1, 2])
        try:
            order = await self.world.place(connector_no=number, limit=limit, driver_id=self.dice.choice(self.drivers))
        except ChargeCloudError:
            return
        self.truths.append(Truth(order.session_no, number))

    async def answer(self) -> None:
        for truth in self.running()[-2:]:
            refusal = self.dice.choice([StartRefusal.NONE] * 4 + [StartRefusal.NOT_PLUGGED, StartRefusal.FAULTED])
            truth.charging = truth.charging or refusal is StartRefusal.NONE
            if self.dice.random() < 0.15:
                outcome = self.dice.choice([CommandOutcome.UNANSWERED, CommandOutcome.EXPIRED])
                start = next(c for c in self.world.asked(StartCharging) if c.session_no == truth.session_no)
                ended = CommandEnded(
                    charge_point_code=CODE, command_id=start.command_id, command="StartCharging", outcome=outcome
                )
                await self.say(ended)
            else:
                await self.say(answered(truth.session_no, refusal, connector_no=truth.connector_no))

    async def charge(self) -> None:
        for truth in self.running():
            if truth.charging:
                truth.energy_mwh += self.dice.randrange(KWH // 5)
                await self.say(sample(truth.session_no, truth.energy_mwh, connector_no=truth.connector_no))

    async def idle(self) -> None:
        busy = {truth.connector_no for truth in self.running() if truth.charging}
        for number in {1, 2} - busy:
            await self.say(sample(connector_no=number))

    async def finish(self) -> None:
        for truth in self.running()[:1]:
            truth.charging = False
            lie = self.dice.random()
            claimed = truth.energy_mwh if lie > 0.2 else self.dice.choice([0, truth.energy_mwh * 3, 500 * KWH])
            bands = (0, 0, claimed, 0) if lie > 0.1 else (0, 0, 0, claimed)
            stop_class = StopClass.COMPLETED if claimed else StopClass.START_FAILED
            truth.upload = record(truth.session_no, bands, connector_no=truth.connector_no, stop_class=stop_class)
            await self.say(truth.upload)

    async def stop(self) -> None:
        for truth in self.running()[-1:]:
            async with self.world.database.unit() as uow:
                order = await orders_sql.find_by_session(uow, truth.session_no)
                if order is not None:
                    await service.stop(uow, order, StopReason.DRIVER)
            await self.world.pump()
            accepted = truth.charging
            truth.charging = False
            reason = "none" if accepted else "not_charging"
            await self.say(
                StopAnswered(
                    charge_point_code=CODE, command_id="", connector_no=truth.connector_no, accepted=accepted,
                    reason=reason,
                )
            )  # fmt: skip

    async def sweep(self) -> None:
        await self.world.sweep()

    async def link(self) -> None:
        self.epoch += 1
        await self.world.say(
            WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=self.epoch - 1, reason="silent"),
            CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=self.epoch),
        )

    async def pay(self) -> None:
        self.top_ups += 1
        async with self.world.database.unit() as uow:
            top_up = TopUp(
                driver_id=self.dice.choice(self.drivers),
                transfer_id=f"pay-{self.top_ups}",
                amount_fen=self.dice.randrange(1, 500),
                source="counter",
            )
            await wallet.top_up(uow, top_up)
        await self.world.pump()

    async def calm_down(self) -> None:
        """Nothing is lost any more: records are uploaded, connectors are idle, time passes."""
        for truth in self.truths:
            if truth.upload is None and self.dice.random() < 0.7:
                truth.upload = record(truth.session_no, (0, 0, truth.energy_mwh, 0), connector_no=truth.connector_no)
            truth.charging = False
            if truth.upload is not None:
                await self.world.say(truth.upload, truth.upload)
        passed = 0
        while passed < EVERYTHING_OVER_MS:
            await self.world.sweep()
            if self.dice.random() < 0.3:
                await self.world.say(sample(connector_no=1), sample(connector_no=2))
            passed += 2 * 3_600_000
            self.world.clock.advance(2 * 3_600_000)


async def check(world: World, player: Player) -> None:
    await world.proven()
    async with world.database.read() as connection:
        orders = [orders_sql.order_of(row) for row in await connection.execute(select(*orders_sql.ORDER_COLUMNS))]
        sessions = [
            sessions_sql.session_of(row) for row in await connection.execute(select(*sessions_sql.SESSION_COLUMNS))
        ]
        open_holds = await connection.scalar(
            select(func.count()).where(wallet_sql.holds.c.state == HoldState.OPEN.value)
        )
        stored = set((await connection.execute(select(sessions_sql.session_records.c.raw))).scalars())
    assert open_holds == 0, "a hold outlived its order"
    assert all(session.state in sessions_model.FINAL for session in sessions)
    assert all(session.connector_key is None and session.driver_key is None for session in sessions)
    assert {order.session_no for order in orders} == {truth.session_no for truth in player.truths}
    for truth in player.truths:
        assert truth.upload is None or truth.upload.raw in stored
        order = next(order for order in orders if order.session_no == truth.session_no)
        check_order(order, truth)


def check_order(order: Order, truth: Truth) -> None:
    """Ended, or waiting for people; energy that flowed is billed or in dispute, and no bill is beyond its hold."""
    assert order.state in orders_model.FINAL or order.state is OrderState.DISPUTED
    if truth.energy_mwh > 2 * sessions_model.METER_SLACK_MWH and order.state is not OrderState.DISPUTED:
        seen = order.total_fen > 0 or "estimated" in order.flags or truth.upload is None
        assert seen, f"{truth} was free: {order}"
    if order.state is OrderState.DISPUTED:
        assert order.total_fen <= order.hold_fen


async def play(world: World, seed: int, moves: int) -> None:
    player = Player(world, random.Random(seed), [world.driver_id, await world.driver(700)])
    await player.play(moves)
    await player.calm_down()
    await check(world, player)


@pytest.mark.parametrize("seed", range(10))
async def test_random_histories(world: World, seed: int) -> None:
    await play(world, seed, 60)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 200))
async def test_many_long_random_histories(world: World, seed: int) -> None:
    await play(world, seed, 200)
