"""1,000 hosts with ten boards of ten sockets on the whole platform, at the protocol's own pace, everything stored.

The server runs on core 0, the boards on core 1. At each board one e-bike charges, started by card; heartbeats and
progress come every three minutes, and two e-bikes leave each second, which gives settlements to wait for.
"""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import service_assets
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import Basis, PowerTier, TariffKind, TwoWheelPlan
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.ids import new_id
from chargecloud.main import schema
from chargecloud.sim.dny import population
from chargecloud.sim.dny.board import VirtualBoard
from chargecloud.sim.dny.ebike import Charger, healthy
from chargecloud.sim.options import SimOptions
from chargecloud.sim.runner import Runner
from tests.bench.load import cpu_s, pinned
from tests.support.platform_process import Platform

HOSTS, SLAVES, PORTS = 1_000, 10, 10
STARTS_PER_S, LEAVES_PER_S = 50, 2
READY_WITHIN_S, WINDOW_S = 300, 180
"""The window is one whole interval of heartbeats and progress, which all boards began at about the same time."""
BALANCE_FEN = 1_000_000
PLAN = TwoWheelPlan(basis=Basis.TIME, tiers=(PowerTier(200, 30), PowerTier(None, 60)), full_hold_fen=500)

Figures = dict[str, object]


@dataclass(frozen=True)
class Size:
    """How many of everything."""

    hosts: int = HOSTS
    charging: int = HOSTS * SLAVES

    def options(self, port: int) -> SimOptions:
        """The boards; nobody comes by himself."""
        return SimOptions(
            protocol="dny", count=self.hosts, slaves=SLAVES, ports=PORTS, temper="standard", scenario="", port=port,
            ramp_per_s=50, progress_s=0, sources=20,
        )  # fmt: skip


def pace(size: Size | None = None) -> Figures:
    """CPU of the platform and the answers to settlements, in a window after everybody has begun."""
    chosen = size or Size()
    with tempfile.TemporaryDirectory(prefix="chargecloud-bench-") as temporary:
        directory = Path(temporary)
        asyncio.run(_build(directory, chosen))
        process = Platform(directory, prefix=pinned(0))
        listener = [{"protocol": "dny", "host": "127.0.0.1", "port": process.wire}]
        process.start({"CHARGECLOUD_LISTENERS": json.dumps(listener)})
        process.wait_ready()
        try:
            return asyncio.run(_pace(process, chosen))
        finally:
            process.stop()


async def _pace(process: Platform, size: Size) -> Figures:
    stop = asyncio.Event()
    runner = Runner(size.options(process.wire), clock=SystemClock(), tell=lambda _line: None)
    running = asyncio.create_task(runner.run(stop))
    boards = [board for actor in dict.fromkeys(runner.actors.values()) for board in actor.point.boards.values()]
    began = time.monotonic()
    await _until(lambda: runner.summary().online == len(boards))
    admitted_s = time.monotonic() - began
    for number, board in enumerate(boards[: size.charging]):
        _arrive(runner, board)
        if number % STARTS_PER_S == STARTS_PER_S - 1:
            await asyncio.sleep(1)
    await _until(lambda: runner.summary().charging >= size.charging * 99 // 100)
    await asyncio.sleep(20)
    spent, began, before = cpu_s(process.pid), time.monotonic(), runner.summary()
    await _leave(runner, boards[: size.charging], until=began + WINDOW_S)
    wall_s, spent, after = time.monotonic() - began, cpu_s(process.pid) - spent, runner.summary()
    await asyncio.sleep(5)
    latencies = runner.summary()
    stop.set()
    await running
    return {
        "bench": "dny.pace",
        "hosts": size.hosts,
        "boards": len(boards),
        "ports": len(boards) * PORTS,
        "charging": after.charging,
        "all_admitted_after_s": round(admitted_s, 1),
        "frames_up_per_s": round((after.frames_up - before.frames_up) / wall_s, 1),
        "cpu_pct": round(100 * spent / wall_s, 1),
        "must_cpu_pct": 50,
        "aim_cpu_pct": 25,
        "settlements": latencies.records_confirmed,
        "settlements_waiting": latencies.records_waiting,
        "settlement_p50_ms": latencies.confirm_ms_p50,
        "settlement_p99_ms": latencies.confirm_ms_p99,
        "must_settlement_ms": 200,
        "aim_settlement_ms": 50,
        "hang_ups": latencies.hang_ups,
    }


def _arrive(runner: Runner, board: VirtualBoard) -> None:
    board.plug(1, Charger(healthy(180, 2_000)), time.monotonic())
    runner.execute(f"card {board.code} 1")  # through the runner, which then looks what the board wants to do next


async def _leave(runner: Runner, boards: list[VirtualBoard], *, until: float) -> None:
    turn = 0
    while time.monotonic() < until:
        for _ in range(LEAVES_PER_S):
            board = boards[turn % len(boards)]
            turn += 1
            runner.execute(f"unplug {board.code} 1")
        await asyncio.sleep(1)


async def _until(done: Any) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            if done():
                return
            await asyncio.sleep(0.5)


async def _build(directory: Path, size: Size) -> None:
    url = f"sqlite:///{directory / 'chargecloud.db'}"
    schema.upgrade(url)
    database = Database(url, SystemClock(), store=StoreOptions(unit_s=600))
    await database.start()
    try:
        async with database.unit() as uow:
            await _fill(uow, size)
    finally:
        await database.stop()


async def _fill(uow: UnitOfWork, size: Size) -> None:
    await operators.require_default_operator(uow, "测试运营商")
    tariff_id = await tariffs.create_tariff(
        uow, operator_id=DEFAULT_OPERATOR_ID, name="两轮电价", kind=TariffKind.TWO_WHEEL
    )
    await tariffs.create_version(uow, tariffs.NewVersion(tariff_id=tariff_id, plan=PLAN))
    new = service_assets.NewStation(name="车棚", address="", latitude_udeg=0, longitude_udeg=0)
    station = await service_assets.create_station(uow, DEFAULT_OPERATOR_ID, new)
    await tariffs.assign(uow, tariffs.NewAssignment(station_id=station.id, tariff_id=tariff_id))
    specs = [board for modem in population.specs(size.options(7054)) for board in modem.boards]
    for number, spec in enumerate(specs):
        entered = service_assets.NewChargePoint(
            code=spec.code, station_id=station.id, name=spec.code, power_type="ac", connector_count=PORTS,
            rated_power_w=5_500,
        )  # fmt: skip
        await service_assets.create_charge_point(uow, entered, reach=EVERYWHERE)
        if number < size.charging:
            await _rider(uow, number, population.card_of(spec.physical_id, 1))


async def _rider(uow: UnitOfWork, number: int, card: str) -> None:
    driver = await drivers.create_driver(uow, drivers.NewDriver(name=f"骑手 {number}", operator_id=DEFAULT_OPERATOR_ID))
    top_up = TopUp(driver_id=driver.driver_id, transfer_id=new_id(), amount_fen=BALANCE_FEN, source="test")
    await wallet.top_up(uow, top_up)
    label = f"{number:016d}"
    await drivers.add_card(
        uow, drivers.NewCard(driver_id=driver.driver_id, card_id=card.rjust(16, "0"), card_label=label)
    )


def main() -> None:
    hosts, charging = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (HOSTS, HOSTS * SLAVES)
    print(json.dumps(pace(Size(hosts, charging))), flush=True)


if __name__ == "__main__":
    main()
