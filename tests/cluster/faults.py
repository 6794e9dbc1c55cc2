"""The faults one after the other, and how long it takes until service is back to normal after each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.fleet import Fleet
from tests.cluster.hearts import Hearts
from tests.cluster.plan import KILLS, Fault, RunPlan
from tests.cluster.probe import Prober
from tests.cluster.world import Cluster
from tests.support.servers import MariaDb, RabbitMq, Redis

Tell = Callable[[str], None]
LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """What one fault did. Seconds."""

    fault: Fault
    lasted_s: float
    """From its beginning to the moment it was taken away; 0 for a kill."""
    normal_after_s: float | None
    """From that moment (or from the kill) until charges can be made again; None: not while it was waited for."""
    heartbeat_s: float
    """The slowest answer on a connection that lived, from its beginning until service was back."""
    heartbeats_lost: int
    """Beats whose connection ended before the answer."""
    probes_failed: int
    probes: int
    """Probe charges begun from its beginning until service was back."""
    disconnects: int
    """Charge points that lost their connection meanwhile."""
    confirmed: int
    """Records confirmed meanwhile."""


@dataclass
class Scene:
    """Everything the faults happen to."""

    plan: RunPlan
    cluster: Cluster
    fleet: Fleet
    prober: Prober
    hearts: Hearts
    tell: Tell


async def inflict_all(scene: Scene) -> list[Outcome]:
    """Every fault of the plan, after a while without any."""
    outcomes = []
    began = time.monotonic()
    await asyncio.sleep(scene.plan.look_s)
    scene.tell(f"without any fault a probe charge takes {scene.prober.usual_s(began, time.monotonic()):.1f} s")
    for number, fault in enumerate(scene.plan.faults, 1):
        outcome = await _inflict(scene, fault)
        outcomes.append(outcome)
        after = outcome.normal_after_s
        scene.tell(
            f"{number}/{len(scene.plan.faults)} {fault}: "
            + (f"normal after {after:.1f} s" if after is not None else f"NOT normal after {scene.plan.give_up_s:.0f} s")
            + f", heartbeat ≤ {outcome.heartbeat_s:.2f} s, {outcome.probes_failed}/{outcome.probes} probes failed,"
            f" {outcome.confirmed} records confirmed"
        )
        await asyncio.sleep(scene.plan.calm_s)
    return outcomes


async def _inflict(scene: Scene, fault: Fault) -> Outcome:
    fleet, began = scene.fleet, time.monotonic()
    disconnects, confirmed = fleet.total("disconnects"), fleet.total("records_confirmed")
    if fault in KILLS:
        scene.cluster.supervisor[KILLS[fault]].kill()
        over = began
    else:
        await _outage(scene, fault)
        over = time.monotonic()
    normal = await _normal(scene, over)
    until = time.monotonic() if normal is None else normal
    slowest, lost = scene.hearts.between(began, until)
    failed, probes = scene.prober.failures_between(began, until)
    return Outcome(
        fault=fault,
        lasted_s=over - began,
        normal_after_s=None if normal is None else normal - over,
        heartbeat_s=slowest,
        heartbeats_lost=lost,
        probes_failed=failed,
        probes=probes,
        disconnects=fleet.total("disconnects") - disconnects,
        confirmed=fleet.total("records_confirmed") - confirmed,
    )


async def _normal(scene: Scene, since: float) -> float | None:
    """The moment when service was back to normal."""
    until = time.monotonic() + scene.plan.give_up_s
    while time.monotonic() < until:
        normal = scene.prober.normal_since(since)
        if normal is not None:
            return normal
        await asyncio.sleep(LOOK_EVERY_S)
    return None


async def _outage(scene: Scene, fault: Fault) -> None:
    plan, cluster = scene.plan, scene.cluster
    match fault:
        case Fault.RABBITMQ:
            await _stopped(cluster.rabbitmq, plan.outage_s)
        case Fault.MARIADB:
            await _stopped(cluster.mariadb, plan.outage_s)
        case Fault.REDIS:
            await _stopped(cluster.redis, plan.redis_outage_s)
        case _:
            await _flushed(cluster.redis, plan.flush_s, plan.flush_every_s)


async def _stopped(server: MariaDb | RabbitMq | Redis, seconds: float) -> None:
    """Stopped in an orderly way, away for so long, then there again: the fault is over when it answers."""
    began = time.monotonic()
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
    await asyncio.to_thread(server.start)


async def _flushed(redis: Redis, seconds: float, every_s: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", redis.port)
        writer.write(b"FLUSHALL\r\n")
        assert (await reader.readline()).startswith(b"+OK")
        writer.close()
        await asyncio.sleep(every_s)
