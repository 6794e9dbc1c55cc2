"""Records in a batch have the same effect as one by one, and what is odd about some of them harms no other."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CameOnline, RecordUploaded
from chargecloud.features.orders import service as orders
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.orders.sql import order_bills, order_events, settlements
from chargecloud.features.orders.sql import orders as orders_table
from chargecloud.features.sessions.sql import session_records, sessions
from chargecloud.features.stations import service as stations
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint
from chargecloud.features.wallet.sql import holds, postings, transfers
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.message import Envelope
from tests.support.statements import counted
from tests.support.world import KWH, MINUTE_MS, RATED_W, World, answered, record, sample

COUNT = 6
CODES = tuple(f"3201020000020{number}" for number in range(COUNT))
PASSING = {"id", "record_id", "session_no", "order_no", "charge_point_code", "connector_key", "driver_key", "hold_id",
           "transfer_id", "digest", "memo", "raw", "body", "request_key", "request_digest", "closing_transfer_id",
           "driver_id", "owner_id", "tariff"}  # fmt: skip
"""Columns that differ from charge to charge."""


@pytest.fixture
async def charges(world: World) -> list[Order]:
    """A charge of half a kilowatt-hour on each of some charge points, each of another driver."""
    world.database.options = Options(max_open_sessions=COUNT)
    placed = []
    for code in CODES:
        async with world.database.unit() as uow:
            new = NewChargePoint(
                code=code, station_id=world.station_id, name=code, power_type="dc", connector_count=2,
                rated_power_w=RATED_W,
            )  # fmt: skip
            await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            await stations.came_online(uow, CameOnline(charge_point_code=code, gateway_id="g1", epoch=1))
        driver_id = await world.driver(10_000)
        async with world.database.unit() as uow:
            command = PlaceOrder(driver_id=driver_id, idempotency_key="k", charge_point_code=code, connector_no=1)
            placed += await orders.place(uow, command)
        await world.pump()
    for order in placed:
        await world.say(answered(order.session_no, charge_point_code=order.charge_point_code))
    world.clock.advance(MINUTE_MS)
    for order in placed:
        await world.say(sample(order.session_no, KWH // 2, charge_point_code=order.charge_point_code))
    world.commands.clear()
    return placed


def uploaded(order: Order, **changes: Any) -> RecordUploaded:
    return record(order.session_no, (0, 0, KWH // 2, 0), charge_point_code=order.charge_point_code, **changes)


async def hand_over(world: World, events: Sequence[RecordUploaded]) -> None:
    """In one batch, and what follows from it in another."""
    await world.handle([Envelope(event.charge_point_code, event, world.clock.now_ms()) for event in events])
    await world.pump_at_once()


async def traces(world: World, order: Order) -> dict[str, list[dict[str, object]]]:
    """Every row a charge has left, without what tells charges apart."""
    by = {
        sessions: "session_no", session_records: "session_no", settlements: "session_no", orders_table: "session_no",
        order_bills: "order_no", order_events: "order_no", holds: "hold_id", transfers: "hold_id",
    }  # fmt: skip
    found = {}
    async with world.database.read() as connection:
        for table, name in by.items():
            value = order.session_no if name == "session_no" else order.order_no
            rows = await connection.execute(select(table).where(table.c[name] == value).order_by(*table.primary_key))
            found[table.name] = [_alike(dict(row._mapping)) for row in rows]
        lines = select(postings).join(transfers, transfers.c.transfer_id == postings.c.transfer_id)
        rows = await connection.execute(
            lines.where(transfers.c.hold_id == order.order_no).order_by(transfers.c.id, postings.c.line_no)
        )
        found["postings"] = [_alike(dict(row._mapping)) for row in rows]
    return found


def _alike(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in PASSING}


async def test_a_batch_leaves_what_single_records_leave(world: World, charges: list[Order]) -> None:
    together, singly = charges[: COUNT // 2], charges[COUNT // 2 :]
    await hand_over(world, [uploaded(order) for order in together])
    for order in singly:
        await hand_over(world, [uploaded(order)])
    expected = await traces(world, singly[0])
    assert expected["settlements"] and expected["postings"] and expected["order_bills"]
    for order in charges:
        assert await traces(world, order) == expected
        settled = await world.order(order.order_no)
        assert (settled.state, settled.total_fen) == (OrderState.SETTLED, 55)
    assert len(world.asked(ConfirmRecord)) == COUNT
    await world.proven()


async def test_a_batch_costs_hardly_more_than_one(world: World, charges: list[Order]) -> None:
    with counted() as statements:
        await hand_over(world, [uploaded(order) for order in charges[:5]])
    many = len(statements)
    with counted() as statements:
        await hand_over(world, [uploaded(charges[5])])
    assert many <= len(statements) + 4, statements


async def test_what_is_odd_is_handled_by_itself(world: World, charges: list[Order]) -> None:
    plain, twice, free, conflicting, late, thief = charges
    await hand_over(world, [uploaded(late)])
    batch = [
        uploaded(plain),
        uploaded(twice),
        record(free.session_no, charge_point_code=free.charge_point_code),
        uploaded(conflicting),
        uploaded(late, amount_hao=1),
        record(plain.session_no, (0, 0, 9 * KWH, 0), charge_point_code=thief.charge_point_code),
        uploaded(twice),
        uploaded(conflicting, energy_mwh=KWH, billed_energy_mwh=KWH),
    ]
    await hand_over(world, batch)
    states = {name: (await world.order(order.order_no)).state for name, order in {
        "plain": plain, "twice": twice, "conflicting": conflicting, "late": late, "thief": thief,
    }.items()}  # fmt: skip
    assert states == {
        "plain": OrderState.SETTLED, "twice": OrderState.SETTLED, "conflicting": OrderState.DISPUTED,
        "late": OrderState.DISPUTED, "thief": OrderState.CHARGING,
    }  # fmt: skip
    assert not (await world.order(free.order_no)).hold_open
    assert await count(world, settlements) == 5
    assert await count(world, session_records) == 8
    confirmed = [command.charge_point_code for command in world.asked(ConfirmRecord)]
    assert thief.charge_point_code not in confirmed and len(confirmed) == 8
    await world.proven()


async def count(world: World, table: Table) -> int:
    async with world.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
