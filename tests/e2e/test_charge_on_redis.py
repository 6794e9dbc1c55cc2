"""A car charges while Redis is flushed, killed and started again: the same bill, and nobody has to log in anew."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chargecloud.infra import telemetry
from chargecloud.kernel.ids import new_id
from chargecloud.sim.runner import Runner
from tests.e2e.rig import Person, RealPlatform
from tests.e2e.test_charge import CODE, administrator, expected_fen, prepare, virtual_charge_point
from tests.support.redis_server import flush, own_redis
from tests.support.servers import Redis

FLUSH_EVERY_S, AWAY_EVERY, AWAY_S = 3.0, 2, 1.5


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealPlatform]:
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)
    running = RealPlatform(tmp_path)
    yield running
    running.kill()


async def torment(redis: Redis) -> None:
    """Flush it again and again, and kill it every other time."""
    for number in range(1, 1_000):
        await asyncio.sleep(FLUSH_EVERY_S)
        await flush(redis)
        if number % AWAY_EVERY == 0:
            redis.kill()
            await asyncio.sleep(AWAY_S)
            await asyncio.to_thread(redis.start)


async def polled(person: Person, path: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until it is as wanted: live connections are sent away whenever patches may have been lost."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):  # of a process that was killed just now
                answer: dict[str, Any] = await asyncio.to_thread(person.call, "GET", path, 200)
                if wanted(answer):
                    return answer
            await asyncio.sleep(0.2)


def state_of(connector_no: int) -> Callable[[dict[str, Any]], str]:
    return lambda point: str(point["connectors"][connector_no - 1]["state"])


async def charge(boss: Person, driver: Person, runner: Runner) -> dict[str, Any]:
    """Plug, order, wait, stop, bill."""
    point = f"/charge-points/{CODE}"
    await polled(boss, point, lambda seen: bool(seen["online"]))
    assert runner.execute(f"plug {CODE} 1")["ok"]
    await polled(boss, point, lambda seen: state_of(1)(seen) == "occupied")
    where = {"charge_point_code": CODE, "connector_no": 1}
    placed = await asyncio.to_thread(driver.call, "POST", "/orders", 202, key=new_id(), **where)
    order = f"/orders/{placed['orders'][0]['order_no']}"
    await polled(boss, point, lambda seen: state_of(1)(seen) == "charging")
    await asyncio.sleep(5)
    await asyncio.to_thread(driver.call, "POST", f"{order}/stop", 202)
    return await polled(driver, order, lambda seen: seen["state"] == "settled")


@pytest.mark.connected
async def test_a_charge_is_settled_whatever_becomes_of_redis(platform: RealPlatform, tmp_path: Path) -> None:
    async with own_redis(tmp_path) as redis:
        platform.configure(CHARGECLOUD_CACHE__URL=redis.url)
        boss = await asyncio.to_thread(administrator, platform)
        driver = await asyncio.to_thread(prepare, boss)
        tormenting = asyncio.create_task(torment(redis))
        async with virtual_charge_point(platform.listener_port) as runner:
            orders = [await charge(boss, driver, runner)]
            assert runner.execute(f"unplug {CODE} 1")["ok"]
            orders.append(await charge(boss, driver, runner))
            truth = sum(session.energy_mwh for session in runner.actors[CODE].point.truth.sessions)
        tormenting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tormenting
        assert abs(sum(order["energy_mwh"] for order in orders) - truth) < 200
        assert [order["total_fen"] for order in orders] == [expected_fen(order["energy_mwh"]) for order in orders]
        wallet = driver.call("GET", "/wallet", 200)
        assert (wallet["cash_fen"], wallet["held_fen"]) == (5_000 - sum(order["total_fen"] for order in orders), 0)
        metrics = (await asyncio.to_thread(platform.metrics)).splitlines()
        assert "chargecloud_gateway_admitted_total 1.0" in metrics, "the charge point had to log in once only"
        (outages,) = [line for line in metrics if line.startswith("chargecloud_cache_outages_total")]
        assert float(outages.split()[1]) >= 1
