"""`python -m tests.cluster`: two gateways, APIs and workers with their servers under load, while parts of it die."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.__main__ import commit, machine
from tests.cluster.books import copy_tables
from tests.cluster.faults import Outcome, Scene, inflict_all
from tests.cluster.fleet import Fleet, confirm_latencies_ms
from tests.cluster.hearts import Hearts
from tests.cluster.judge import OVER_SQL, judge
from tests.cluster.phones import Phones
from tests.cluster.plan import FULL, KILLS, SHORT, Fault, RunPlan
from tests.cluster.probe import Prober
from tests.cluster.report import Run, into, table
from tests.cluster.world import Cluster, cluster, sql_client

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
QUIET_S = 3


@dataclass
class Observed:
    """What the live part of a run gives."""

    outcomes: list[Outcome]
    starts: dict[str, int]


def tell(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)


def run(directory: Path, plan: RunPlan) -> Run:
    """The whole run in one directory."""
    began = time.monotonic()
    tell(f"starting MariaDB, Redis, RabbitMQ and enrolling {plan.charge_points} charge points …")
    with cluster(directory, plan) as running:
        running.wait_ready()
        fleet = Fleet(directory, running.wire, running.world, plan)
        try:
            observed = asyncio.run(_live(running, fleet, plan))
        finally:
            fleet.stop()
        deaths = sum(member.deaths for member in running.supervisor.members.values())
        copy_tables(running.mariadb.port, "chargecloud", directory / "books.db")
    return Run(
        plan=plan,
        outcomes=observed.outcomes,
        verdict=judge(directory / "books.db", fleet.ledgers),
        took_s=time.monotonic() - began,
        confirm_ms=confirm_latencies_ms(fleet.ledgers),
        deaths=deaths,
        starts=observed.starts,
    )


async def _live(running: Cluster, fleet: Fleet, plan: RunPlan) -> Observed:
    probe_points = running.world.probe_points
    hearts = Hearts(running.wire, [code for code, _ in probe_points[plan.probe_points :]])
    prober = Prober(running.http, probe_points[: plan.probe_points], running.world.tokens, seed=plan.seed)
    phones = Phones(running.http, running.world, per_s=plan.starts_per_s, seed=plan.seed)
    watching = asyncio.create_task(running.supervisor.watch())
    beating = asyncio.create_task(hearts.live())
    try:
        await _warm_up(fleet, plan)
        calling, probing = asyncio.create_task(phones.live()), asyncio.create_task(prober.live())
        try:
            outcomes = await inflict_all(Scene(plan, running, fleet, prober, hearts, tell))
        finally:
            for task in (calling, probing, beating):
                task.cancel()
            await asyncio.gather(calling, probing, beating, return_exceptions=True)
        tell("resting: nobody starts any more …")
        fleet.wind_down()
        await prober.finish()
        await _rest(running, fleet, plan)
    finally:
        for task in (watching, beating):
            task.cancel()
        await asyncio.gather(watching, beating, return_exceptions=True)
    for reason, count in prober.reasons.most_common(12):
        tell(f"probes: {count} × {reason}")
    return Observed(outcomes, dict(phones.answers))


async def _warm_up(fleet: Fleet, plan: RunPlan) -> None:
    began = time.monotonic()
    wanted = plan.charge_points - plan.hearts
    while time.monotonic() < began + plan.warm_up_s:
        await asyncio.sleep(1)
        online, charging = fleet.total("online"), fleet.total("charging")
        if online == wanted and time.monotonic() > began + plan.warm_up_s / 2:
            break
    tell(f"{online} of {wanted} charge points online, {charging} connectors charging")


async def _rest(running: Cluster, fleet: Fleet, plan: RunPlan) -> None:
    """Until no charge is under way, no record waits, and the database has no open order and no message to publish."""
    until = time.monotonic() + plan.rest_s
    while time.monotonic() < until:
        await asyncio.sleep(2)
        if fleet.under_way or fleet.total("records_waiting"):
            continue
        with contextlib.suppress(Exception):
            rows = await asyncio.to_thread(sql_client, running.mariadb, OVER_SQL)
            if rows == [["0"]]:
                await asyncio.sleep(QUIET_S)
                return
    tell(f"not at rest: {fleet.under_way} connectors in use, {fleet.total('records_waiting')} records waiting")


@contextlib.contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="chargecloud-cluster-") as temporary:
            yield Path(temporary)
    else:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep


def _plan(asked: argparse.Namespace) -> RunPlan:
    plan = SHORT if asked.short else FULL
    if asked.seconds:
        plan = replace(plan, outage_s=asked.seconds, flush_s=asked.seconds)
    if asked.points:
        scale = asked.points / plan.charge_points
        plan = replace(
            plan,
            **{
                name: max(1, round(getattr(plan, name) * scale))
                for name in ("long_points", "brisk_points", "app_points")
            },
        )
    if asked.single:
        kept = (Fault.PLATFORM, *(fault for fault in plan.faults if fault is not Fault.RABBITMQ and fault not in KILLS))
        plan = replace(plan, single=True, faults=kept)
    if asked.fault:
        plan = replace(plan, faults=tuple(Fault[name] for name in asked.fault))
    return replace(plan, seed=asked.seed)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few charge points, short outages")
    parser.add_argument("--seconds", type=float, default=0, help="length of the outages")
    parser.add_argument("--single", action="store_true", help="one process `up` on MariaDB and Redis instead of six")
    parser.add_argument("--points", type=int, default=0, help="about so many charge points")
    parser.add_argument(
        "--fault", action="append", choices=[fault.name for fault in Fault], help="only these, in order"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for data and logs; a temporary one when not given")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/reliability.md")
    asked = parser.parse_args()
    plan, revision = _plan(asked), commit()
    # a time limit ends the run as Ctrl-C does: with the servers it started
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with _directory(asked.keep) as directory:
        try:
            done = run(directory, plan)
        except KeyboardInterrupt:
            tell("interrupted: everything that was started has been ended")
            return 130
    words = " ".join(word for word in sys.argv[1:] if word != "--write")
    text = (
        f"`python -m tests.cluster{' ' + words if words else ''}` on {machine()}, commit {revision}, "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n\n{table(done)}"
    )
    shortcomings = done.shortcomings()
    text += (
        "\n- not as promised: "
        + ("nothing" if not shortcomings else "")
        + "".join(f"\n  - {each}" for each in shortcomings[:40])
    )
    print(text)
    if asked.write:
        DOCUMENT.write_text(
            into(DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "# Reliability\n", text), "utf-8"
        )
        tell(f"written to {DOCUMENT.name}")
    return 1 if shortcomings else 0


if __name__ == "__main__":
    raise SystemExit(main())
