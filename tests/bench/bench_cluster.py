"""Several processes: what a second gateway gives, and how soon records are confirmed on the whole cluster.

`python -m tests.bench gateways cluster` prints the figures as JSON lines.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from chargecloud.kernel.clock import SystemClock
from tests.bench.load import Load, Server, heartbeat, login, write_script
from tests.cluster.fleet import Fleet
from tests.cluster.phones import Phones
from tests.cluster.plan import FULL
from tests.cluster.report import percentile
from tests.cluster.world import Cluster, cluster
from tests.support.platform_process import free_port

ROUNDS, SECONDS, CONNECTIONS = 12, 0.8, 400
SETTLE_S = 1.5
WARM_UP_S, WINDOW_S = 75, 90
CORES = 2


def two_gateways() -> dict[str, object]:
    """One gateway against two that share a port, with the same load; nothing is bound to a core.

    On a machine where the load generator has to share the cores with both, the seconds cannot show the whole gain:
    `possible_here` is what they could show at best. Frames per CPU second show whether two stand in each other's way.
    """
    with tempfile.TemporaryDirectory() as directory:
        workspace, shared = Path(directory), free_port()
        script = workspace / "calls"
        write_script(script, [(login(number), heartbeat(number), b"") for number in range(CONNECTIONS)])
        alone = [Server("tests.bench.gateway_server", core=None)]
        pair = [Server("tests.bench.gateway_server", "--port", str(shared), core=None) for _ in range(2)]
        loads = [Load(workspace, script, port, core=None) for port in (alone[0].port, shared)]
        time.sleep(SETTLE_S)
        for server in (*alone, *pair):
            server.ask("freeze")
        rates, per_cpu_s, load_us = [0.0, 0.0], [0.0, 0.0], 0.0
        for _ in range(ROUNDS):
            for index, (servers, load) in enumerate(zip((alone, pair), loads, strict=True)):
                rate, per_cpu, spent_us = _round(servers, load)
                rates[index] = max(rates[index], rate)
                per_cpu_s[index] = max(per_cpu_s[index], per_cpu)
                load_us = spent_us if not load_us else min(load_us, spent_us)
        online = [int(server.ask("stats")[1]) for server in pair]
        for load in loads:
            load.close()
        for server in (*alone, *pair):
            server.close()
    server_us = 1e6 / per_cpu_s[1]
    return {
        "bench": "cluster.two_gateways",
        "connections": CONNECTIONS,
        "connections_of_each": online,
        "one_frames_per_s": int(rates[0]),
        "two_frames_per_s": int(rates[1]),
        "ratio_in_seconds": round(rates[1] / rates[0], 2),
        "one_frames_per_cpu_s": int(per_cpu_s[0]),
        "two_frames_per_cpu_s": int(per_cpu_s[1]),
        "ratio_by_cpu": round(2 * per_cpu_s[1] / per_cpu_s[0], 2),
        "load_us_per_frame": round(load_us, 1),
        "possible_here": round(CORES * 1e6 / (server_us + load_us) / rates[0], 2),
        "must_ratio": 1.6,
    }


def _round(servers: list[Server], load: Load) -> tuple[float, float, float]:
    """(frames a second, frames a CPU second of the servers, µs of the load generator's CPU a frame)."""
    before, before_load, began = sum(server.cpu_s() for server in servers), load.cpu_s(), time.monotonic()
    sent, _ = load.run(f"pingpong {SECONDS}")
    took = time.monotonic() - began
    spent = sum(server.cpu_s() for server in servers) - before
    return sent / took, sent / spent, 1e6 * (load.cpu_s() - before_load) / sent


def cluster_pace() -> dict[str, object]:
    """500 charge points at their own pace on two gateways, APIs and workers: record 0x3B → 0x40, CPU of each."""
    with tempfile.TemporaryDirectory(prefix="chargecloud-bench-") as temporary:
        directory = Path(temporary)
        with cluster(directory, FULL) as running:
            running.wait_ready()
            fleet = Fleet(directory, running.wire, running.world, FULL)
            try:
                return asyncio.run(_pace(running, fleet))
            finally:
                fleet.stop()


async def _pace(running: Cluster, fleet: Fleet) -> dict[str, object]:
    phones = Phones(running.http, running.world, per_s=FULL.starts_per_s, seed=FULL.seed)
    calling = asyncio.create_task(phones.live())
    try:
        await asyncio.sleep(WARM_UP_S)
        members = running.supervisor.members
        began_ms, began = SystemClock().now_ms(), time.monotonic()
        spent = {name: member.cpu_s() for name, member in members.items()}
        servers = {server.name: server for server in (running.mariadb, running.rabbitmq, running.redis)}
        spent |= {name: server.cpu_s() for name, server in servers.items()}
        frames = fleet.total("frames_up")
        await asyncio.sleep(WINDOW_S)
        took = time.monotonic() - began
        frames = fleet.total("frames_up") - frames
        used = {
            name: round(100 * (each.cpu_s() - spent[name]) / took, 1) for name, each in {**members, **servers}.items()
        }
        charging, online = fleet.total("charging"), fleet.total("online")
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    latencies = _latencies_ms(fleet.ledgers, began_ms)
    return {
        "bench": "cluster.pace",
        "charge_points": online,
        "connectors_charging": charging,
        "frames_up_per_s": round(frames / took, 1),
        "records": len(latencies),
        "record_confirm_p50_ms": percentile(latencies, 50),
        "record_confirm_p99_ms": percentile(latencies, 99),
        "must_p50_ms": 50,
        "must_p99_ms": 200,
        "cpu_pct": used,
        "starts": dict(phones.answers),
    }


def _latencies_ms(ledgers: list[Path], since_ms: int) -> list[int]:
    """Of records made since then; sorted."""
    entries = [json.loads(line) for ledger in ledgers for line in ledger.read_text("utf-8").splitlines()]
    return sorted(
        entry["latency_ms"] for entry in entries if entry["event"] == "confirmed" and entry["ended_at_ms"] >= since_ms
    )


BENCHES = {"gateways": two_gateways, "cluster": cluster_pace}
