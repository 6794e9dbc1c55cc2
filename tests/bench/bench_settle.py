"""How many transaction records a worker settles in a second, durably: `python -m tests.bench.bench_settle [mariadb]`.

A burst of records, as after an outage, goes the real way: bus, inbox, sessions, outbox, relay, bus, inbox, orders,
wallet, until every order is settled and the outbox is empty. Each record has a session, an order, a driver and a hold
of its own. One process, one core; the server has the other.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import Table, func, insert, select

from chargecloud.device.commands import ConfirmRecord, DeviceCommand
from chargecloud.features.drivers.sql import drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.orders.sql import orders, settlements
from chargecloud.features.sessions.sql import sessions
from chargecloud.features.stations.sql import charge_points, connectors
from chargecloud.features.wallet.service import audit
from chargecloud.features.wallet.sql import holds, postings, transfers, wallets
from chargecloud.gateway.collector import SparedCollector
from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.inbox import Inbox
from chargecloud.infra.relay import Relay
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import Clock, ManualClock, SystemClock
from chargecloud.kernel.message import Envelope
from chargecloud.main import features, schema
from tests.support.mariadb_server import own_server
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, record, sample

RECORDS = 4_000
ROUNDS = 3
GATEWAY = "g1"
FIRST_DRIVER = 1_000_000
PORTION = 2_000
LOOK_EVERY_S = 0.02
SERVER = ("--innodb-buffer-pool-size=256M", "--innodb-log-file-size=128M")
"""As durable as the server of a distribution, with about its sizes."""

Rows = list[dict[str, Any]]


class Fleet:
    """Copies of one charge that was begun through the services: a charge point and a driver for each."""

    def __init__(self, count: int, clock: ManualClock) -> None:
        self.count = count
        self._clock = clock

    def code(self, number: int) -> str:
        return f"3201030{number:07d}"

    def session_no(self, number: int) -> str:
        return f"{self.code(number)}01{number:016d}"

    def order_no(self, number: int) -> str:
        return f"bench-{number:010d}"

    async def build(self, database: Database) -> None:
        """One charge by hand, then its rows over and over."""
        world = World(database, self._clock)
        await world.furnish()
        order = await world.place()
        await world.say(answered(order.session_no))
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, KWH // 2))
        names = {
            CODE: self.code, order.session_no: self.session_no, order.order_no: self.order_no,
            order.hold_id: lambda number: self.order_no(number),
        }  # fmt: skip
        self._names = names
        self._driver_id = world.driver_id
        for table in (drivers, charge_points, connectors, wallets, sessions, orders, holds, transfers, postings):
            await self._copy(database, table)

    async def _copy(self, database: Database, table: Table) -> None:
        async with database.read() as connection:
            found = [dict(row._mapping) for row in await connection.execute(select(table))]
        templates = [row for row in found if self._is_of_the_charge(table, row)]
        for start in range(0, self.count, PORTION):
            rows = [
                self._renamed(table, row, number)
                for number in range(start, min(start + PORTION, self.count))
                for row in templates
            ]
            async with database.in_background().unit() as uow:
                await uow.connection.execute(insert(table), rows)

    def _is_of_the_charge(self, table: Table, row: dict[str, Any]) -> bool:
        if table is drivers:
            return row["id"] == self._driver_id
        if table is charge_points:
            return row["code"] == CODE
        if table is connectors:
            return row["charge_point_code"] == CODE and row["connector_no"] == 1
        return True

    def _renamed(self, table: Table, row: dict[str, Any], number: int) -> dict[str, Any]:
        renamed = dict(row)
        for name, value in row.items():
            if value in self._names and isinstance(value, str):
                renamed[name] = self._names[value](number)
            elif name in ("driver_id", "owner_id") and value == self._driver_id:
                renamed[name] = FIRST_DRIVER + number
            elif table.c[name].unique and isinstance(value, str):
                renamed[name] = f"{value[:12]}{number}"
        renamed.pop("id", None)
        if table is drivers:
            renamed["id"] = FIRST_DRIVER + number
        if table in (transfers, postings) and row["transfer_id"] not in self._names:
            renamed["transfer_id"] = f"{row['transfer_id']}-{number}"
        if table is sessions:
            renamed |= {"connector_key": f"{self.code(number)}/1", "driver_key": f"{FIRST_DRIVER + number}/0"}
        return renamed

    def envelopes(self, at_ms: int) -> list[Envelope]:
        """The record of each charge."""
        return [
            Envelope(
                self.code(number),
                record(self.session_no(number), (0, 0, KWH // 2, 0), charge_point_code=self.code(number)),
                at_ms,
            )
            for number in range(self.count)
        ]


class Platform:
    """What a worker runs, and a gateway's mailbox that counts confirmations."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.confirmed = 0
        self.database = Database(url, clock)
        self.bus = MemoryBus(clock)
        self.cache = MemoryCache(clock)
        Inbox(self.database, features.SUBSCRIPTIONS).subscribe(self.bus)
        self.bus.receive(GATEWAY, self._count, self._count)
        self.relay = Relay(self.database, self.bus, self.cache)

    def _count(self, envelope: Envelope) -> None:
        if isinstance(envelope.body, DeviceCommand) and isinstance(envelope.body, ConfirmRecord):
            self.confirmed += 1

    async def until(self, count: int) -> None:
        """All are settled by their bill and confirmed. Rows are counted only at the end, for that takes time."""
        bills = select(func.count()).select_from(settlements).where(settlements.c.verdict == "bill")
        settled = 0
        while settled < count:
            await asyncio.sleep(LOOK_EVERY_S)
            if self.confirmed < count:
                continue
            async with self.database.read() as connection:
                settled = (await connection.execute(bills)).scalar_one()


async def measure(url: str, count: int) -> dict[str, float]:
    """Records settled in a second; then the ledger proves itself."""
    now_ms = SystemClock().now_ms()
    clock = ManualClock(now_ms - 30 * MINUTE_MS)
    fleet = Fleet(count, clock)
    building = Database(url, clock)
    await building.start()
    async with building.unit() as uow:
        await operators.require_default_operator(uow)
    await fleet.build(building)
    await building.stop()
    platform = Platform(url, SystemClock())
    await platform.database.start()
    for number in range(count):
        await platform.cache.claim(fleet.code(number), GATEWAY, f"{GATEWAY}/{number}")
    await platform.bus.start()
    await platform.relay.start()
    collector = SparedCollector()
    await collector.start()
    envelopes = fleet.envelopes(now_ms)
    cpu, began = time.process_time(), time.perf_counter()
    for envelope in envelopes:
        platform.bus.publish(envelope)
    await platform.until(count)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await collector.stop()
    await platform.relay.drain()
    await platform.relay.stop()
    await platform.bus.stop()
    async with platform.database.read() as connection:
        report = await audit(connection)
    await platform.database.stop()
    assert report.ok, report.problems
    assert platform.confirmed == count, platform.confirmed
    return {"records_per_s": round(count / seconds), "cpu_us_per_record": round(cpu / count * 1e6)}


async def on_sqlite(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'settle.db'}"
        schema.upgrade(url)
        return await measure(url, count)


async def on_mariadb(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with own_server(Path(folder), *SERVER) as server:
            url = f"{server.url}/chargecloud"
            await asyncio.to_thread(schema.upgrade, url)
            return await measure(url, count)


def bench(engine: str, count: int = RECORDS) -> dict[str, float]:
    """The best of some rounds, each with a database of its own."""
    run = on_mariadb if engine == "mariadb" else on_sqlite
    rounds = [uvloop.run(run(count)) for _ in range(ROUNDS)]
    return max(rounds, key=lambda figures: figures["records_per_s"])


if __name__ == "__main__":
    print(json.dumps(bench(sys.argv[1] if len(sys.argv) > 1 else "sqlite"), indent=2))
