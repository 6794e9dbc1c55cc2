"""Events through RabbitMQ, and commands from another process's commit to a gateway: `python -m tests.bench bus`.

Both ends of the bus are one process on one core, the broker has the other. The limit of the same run is the client
alone: bodies of the same size to one quorum queue, with the same window of confirms and nobody who takes them.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any

import uvloop
from aiormq import Connection
from pamqp.commands import Basic

from chargecloud.device.commands import Reboot
from chargecloud.device.events import MeterSampled
from chargecloud.infra.bus.contract import Audience
from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.infra.bus.rabbit_line import RabbitLimits, open_channel
from chargecloud.infra.bus.rabbit_names import QUORUM
from chargecloud.infra.bus.rabbit_wire import pack
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.relay import Relay
from chargecloud.infra.schedule.lease import Lease
from chargecloud.infra.schedule.loop import job_lease
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import outbox
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.message import Envelope
from tests.support.eventually import eventually
from tests.support.servers import MariaDb, RabbitMq
from tests.support.world import KWH, sample

EVENTS = 200_000
CHARGE_POINTS = 500
TURN = 500
ROUNDS = 3
COMMANDS = 300
APART_S = 0.02


def bus() -> dict[str, Any]:
    """Events a second, published, confirmed and handled, and what the client alone could bring there."""
    with RabbitMq() as broker:
        return uvloop.run(_bus(broker.url))


def mailbox() -> dict[str, Any]:
    """Milliseconds from a commit in another process to the mailbox of a gateway, through MariaDB and RabbitMQ."""
    with RabbitMq() as broker, MariaDb() as server:
        return uvloop.run(_mailbox(broker.url, server.url))


async def _bus(url: str) -> dict[str, Any]:
    events = [_sampled(number) for number in range(CHARGE_POINTS)]
    body = len(pack(events[:1]))
    ours, by_cpu, raw = 0.0, 0.0, 0.0
    for _ in range(ROUNDS):
        seconds, cpu_seconds = await _through(url, events)
        ours, by_cpu = max(ours, EVENTS / seconds), max(by_cpu, EVENTS / cpu_seconds)
        raw = max(raw, await _client_alone(url, pack([events[0]] * RabbitLimits().parcel)))
    return {
        "events_per_s": round(ours),
        "events_per_cpu_s_of_both_ends": round(by_cpu),
        "client_alone_events_per_s": round(raw),
        "share_pct": round(100 * ours / raw, 1),
        "bytes_an_event": body,
        "events": EVENTS,
    }


def _sampled(number: int) -> Envelope:
    code = f"3201060000{number:04d}"
    return Envelope(code, sample(f"{code}01{number:016d}", KWH), 1_767_225_600_000)


async def _through(url: str, events: Sequence[Envelope]) -> tuple[float, float]:
    """Seconds, and seconds of our processor time, until the last event is handled and acknowledged."""
    limits = replace(RabbitLimits(), prefix=f"bench-{token_hex(4)}")
    one = RabbitBus(url, SystemClock(), groups=[Audience("business", (MeterSampled,), 5)], limits=limits)
    handled, all_handled = 0, asyncio.Event()

    async def handle(batch: Sequence[Envelope]) -> None:
        nonlocal handled
        handled += len(batch)
        if handled >= EVENTS:
            all_handled.set()

    one.subscribe("business", handle, bodies=[MeterSampled], linger_ms=5)
    await one.start()
    began, cpu = time.perf_counter(), time.process_time()
    sent = 0
    while sent < EVENTS:
        if not one.congested:
            for number in range(sent, sent + TURN):
                one.publish(events[number % CHARGE_POINTS])
            sent += TURN
        await asyncio.sleep(0.001 if one.congested else 0)
    await all_handled.wait()
    await one.drain()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    await one.stop()
    return seconds, cpu_seconds


async def _client_alone(url: str, body: bytes) -> float:
    """The same number of events in bodies of the same size, confirmed in the same window."""
    limits = RabbitLimits()
    connection = Connection(url)
    await connection.connect()
    channel = await open_channel(connection, confirms=True)
    queue = f"bench-{token_hex(4)}"
    await channel.queue_declare(queue, durable=True, arguments=dict(QUORUM))
    window = asyncio.Semaphore(limits.window)

    async def publish() -> None:
        await channel.basic_publish(
            body, routing_key=queue, mandatory=True, wait=False, properties=Basic.Properties(delivery_mode=2)
        )
        window.release()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(EVENTS // limits.parcel):
            await window.acquire()
            tasks.create_task(publish())
    seconds = time.perf_counter() - began
    await channel.queue_delete(queue)
    await connection.close()
    return EVENTS / seconds


async def _mailbox(url: str, database_url: str) -> dict[str, Any]:
    clock = SystemClock()
    api, worker = Database(database_url, clock), Database(database_url, clock)
    await api.start()
    await worker.start()
    async with api.unit() as uow:
        await uow.connection.run_sync(outbox.create)
        await uow.connection.run_sync(job_lease.create)
    arrived: dict[str, float] = {}

    def take(envelope: Envelope) -> None:
        if isinstance(envelope.body, Reboot):
            arrived[envelope.body.command_id] = time.perf_counter()

    gateway, relaying = RabbitBus(url, clock), RabbitBus(url, clock)
    gateway.receive("g1", take, take)
    cache = MemoryCache(clock)
    await cache.claim("1", "g1", "g1/1")
    relay = Relay(worker, relaying, cache, lease=Lease(worker, "relay"))
    for each in (gateway, relaying, relay):
        await each.start()
    # what is committed before would be taken for a command of an earlier life
    await eventually(lambda: relay.counts()["turn"])
    committed: dict[str, float] = {}
    for number in range(COMMANDS):
        command = Reboot(command_id=f"c{number}", charge_point_code="1", expires_at_ms=clock.now_ms() + 30_000)
        async with api.unit() as uow:
            uow.command(command)
        committed[command.command_id] = time.perf_counter()
        await asyncio.sleep(APART_S)
    await relay.drain()
    for stopped in (relay, relaying, gateway, worker, api):
        await stopped.stop()
    took = sorted((arrived[each] - committed[each]) * 1000 for each in committed if each in arrived)
    return {
        "commands": COMMANDS,
        "arrived": len(took),
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[len(took) * 99 // 100], 1),
    }
