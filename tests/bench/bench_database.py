"""What units of work, telemetry and the relay cost on SQLite: `python -m tests.bench.bench_database`.

Wall times include the commit's fsync on this machine's disk; CPU times are of this process. Each figure is the best of
several rounds, because noise only ever slows down.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, insert, select, update

from chargecloud.device.events import Beat
from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.inbox import Inbox, Subscription
from chargecloud.infra.relay import Relay
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import big_id, big_int, code
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.message import Envelope
from tests.support.database import make_template

tables = MetaData()
accounts = Table(
    "bench_accounts",
    tables,
    Column("id", big_id(), primary_key=True),
    Column("code", code(14), nullable=False, unique=True),
    Column("name", String(40), nullable=False),
    Column("cash_fen", big_int(), nullable=False),
    Column("state", Integer, nullable=False),
)
samples = Table(
    "bench_samples",
    tables,
    Column("id", big_id(), primary_key=True),
    Column("code", code(14), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("at_ms", big_int(), nullable=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("voltage_mv", Integer, nullable=False),
    Column("current_ma", Integer, nullable=False),
    Column("soc_pct", Integer, nullable=False),
    Index("ix_bench_samples_code_at_ms", "code", "at_ms"),
)
ROWS = 2_000
ROUNDS = 5
Unit = Callable[[Database, int], Awaitable[None]]


def named(number: int) -> str:
    return f"{number % ROWS:014d}"


async def order_start(database: Database, number: int) -> None:
    """Eight reads, three writes, one insert of outbox rows: what placing an order does."""
    async with database.unit() as uow:
        for step in range(8):
            found = select(accounts).where(accounts.c.code == named(number + step))
            (await uow.connection.execute(found)).one()
        hold = update(accounts).where(accounts.c.code == named(number), accounts.c.cash_fen >= 1)
        await uow.connection.execute(hold.values(cash_fen=accounts.c.cash_fen - 1))
        await uow.connection.execute(update(accounts).where(accounts.c.code == named(number)).values(state=number))
        await uow.connection.execute(insert(samples).values(sample(number)))
        for _ in range(2):
            uow.publish(Beat(charge_point_code=named(number), connector_no=1, faulted=False), key=named(number))


async def logins(database: Database, number: int) -> None:
    """Fifty charge points log in, in one unit: a read, an update and a message each."""
    async with database.unit() as uow:
        for each in range(number, number + 50):
            found = select(accounts.c.id, accounts.c.state).where(accounts.c.code == named(each))
            (await uow.connection.execute(found)).one()
            await uow.connection.execute(update(accounts).where(accounts.c.code == named(each)).values(state=each))
            uow.publish(Beat(charge_point_code=named(each), connector_no=1, faulted=False), key=named(each))


async def telemetry(database: Database, number: int) -> None:
    """A hundred samples."""
    async with database.unit() as uow:
        for each in range(100):
            uow.append(samples, sample(number * 100 + each))


async def empty(database: Database, number: int) -> None:
    """What a unit costs before it does anything."""
    async with database.unit():
        pass


async def read_one(database: Database, number: int) -> None:
    """One row by a reader, as for every request that has to be recognised."""
    async with database.read() as connection:
        (await connection.execute(select(accounts).where(accounts.c.code == named(number)))).one()


def sample(number: int) -> dict[str, object]:
    return {
        "code": named(number),
        "connector_no": 1,
        "at_ms": 1_767_225_600_000 + number,
        "energy_mwh": number,
        "voltage_mv": 400_000,
        "current_ma": 100_000,
        "soc_pct": 50,
    }


async def measured(database: Database, unit: Unit, count: int) -> dict[str, float]:
    """Milliseconds a unit: wall p50 and p99, CPU."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        walls: list[float] = []
        cpu = time.process_time()
        for number in range(count):
            began = time.perf_counter()
            await unit(database, number)
            walls.append((time.perf_counter() - began) * 1e3)
        figures = {"p50_ms": median(walls), "p99_ms": quantiles(walls, n=100)[98]}
        figures["cpu_ms"] = (time.process_time() - cpu) / count * 1e3
        best = {name: min(value, best.get(name, value)) for name, value in figures.items()}
    return {name: float(f"{value:.3f}") for name, value in best.items()}


async def relay_latency(database: Database, count: int) -> dict[str, float]:
    """From the end of the unit of work to the handler's door, and the CPU of the whole way of a message."""
    bus, clock = MemoryBus(database.clock), time.perf_counter
    arrived: dict[int, asyncio.Future[float]] = {}
    beats = [0] * count

    async def note(uow: UnitOfWork, event: Beat, _: Envelope) -> None:
        beats[event.connector_no] += 1

    async def door(batch: Sequence[Envelope]) -> None:
        for envelope in batch:
            waiting = arrived.pop(envelope.body.connector_no, None)  # type: ignore[attr-defined]
            if waiting:
                waiting.set_result(clock())

    bus.subscribe("door", door, bodies=[Beat])
    Inbox(database, [Subscription(Beat, note)]).subscribe(bus)
    relay = Relay(database, bus, MemoryCache(database.clock))
    await bus.start()
    await relay.start()
    await relay.drain()
    beats[:] = [0] * count
    waits: list[float] = []
    cpu = time.process_time()
    for number in range(count):
        async with database.unit() as uow:
            uow.publish(Beat(charge_point_code="1", connector_no=number, faulted=False), key=named(number))
        waiting = arrived[number] = asyncio.get_running_loop().create_future()
        waits.append((-clock() + await waiting) * 1e3)
        await asyncio.sleep(0.01)
    spent = (time.process_time() - cpu) / count * 1e3
    await relay.drain()
    await relay.stop()
    await bus.stop()
    assert beats == [1] * count
    return {
        "p50_ms": float(f"{median(waits):.3f}"),
        "p99_ms": float(f"{quantiles(waits, n=100)[98]:.3f}"),
        "cpu_ms": float(f"{spent:.3f}"),
    }


async def run(path: Path) -> dict[str, dict[str, float]]:
    database = Database(f"sqlite:///{make_template(path)}", SystemClock())
    await database.start()
    async with database.unit() as uow:
        await uow.connection.run_sync(tables.create_all)
        rows = [{"code": named(each), "name": "桩", "cash_fen": 10**9, "state": 0} for each in range(ROWS)]
        await uow.connection.execute(insert(accounts), rows)
    figures = {
        "order start, 12 statements": await measured(database, order_start, 100),
        "50 logins in one unit": await measured(database, logins, 20),
        "100 telemetry rows": await measured(database, telemetry, 50),
        "empty unit": await measured(database, empty, 100),
        "read of one row": await measured(database, read_one, 200),
        "commit to bus": await relay_latency(database, 100),
    }
    await database.stop()
    return figures


def bench() -> dict[str, dict[str, float]]:
    """All figures, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder) / "bench.db"))


if __name__ == "__main__":
    print(json.dumps(bench(), indent=2))
