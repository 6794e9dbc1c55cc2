"""Private servers, an enrolled fleet in the database, and the six processes of a cluster on this machine."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cluster.members import Member, Supervisor
from tests.cluster.plan import RunPlan
from tests.support.platform_process import COMMAND, free_port
from tests.support.populated import World, fill
from tests.support.servers import MariaDb, RabbitMq, Redis

READY_WITHIN_S = 60


@dataclass
class Cluster:
    """Everything that runs."""

    directory: Path
    mariadb: MariaDb
    redis: Redis
    rabbitmq: RabbitMq
    supervisor: Supervisor
    world: World
    wire: int
    """Port the gateways share."""
    http: tuple[int, ...]
    """Port of each API process."""

    def wait_ready(self) -> None:
        """Until every API process says so and somebody listens for charge points."""
        until = time.monotonic() + READY_WITHIN_S
        while not all(_ready(port) for port in self.http):
            if time.monotonic() > until:
                raise RuntimeError(f"the cluster did not become ready; see the logs in {self.directory}")
            time.sleep(0.2)


@contextmanager
def cluster(directory: Path, plan: RunPlan) -> Iterator[Cluster]:
    """Start all of it; whatever happens, nothing is left running."""
    with ExitStack() as stack:
        started: list[MariaDb | Redis | RabbitMq] = []
        for kind in (MariaDb, Redis, RabbitMq):
            folder = directory / kind.name
            folder.mkdir()
            started.append(stack.enter_context(kind(folder)))
        mariadb, redis, rabbitmq = started
        assert isinstance(mariadb, MariaDb) and isinstance(redis, Redis) and isinstance(rabbitmq, RabbitMq)
        wire, http = free_port(), (free_port(),) if plan.single else (free_port(), free_port())
        common = settings(directory, {"DATABASE__URL": mariadb.url, "CACHE__URL": redis.url})
        common |= {"CHARGECLOUD_LISTENERS": _listeners(wire)}
        if not plan.single:
            common["CHARGECLOUD_BUS__URL"] = rabbitmq.url
        _migrate(common, directory)
        world = asyncio.run(fill(mariadb.url, plan.populated))
        supervisor = Supervisor(_members(plan, common, http, directory), restart_after_s=plan.restart_after_s)
        stack.callback(supervisor.stop)
        supervisor.start()
        yield Cluster(directory, mariadb, redis, rabbitmq, supervisor, world, wire, http)


def _members(plan: RunPlan, common: Mapping[str, str], http: Sequence[int], directory: Path) -> list[Member]:
    ports = [{**common, "CHARGECLOUD_HTTP__PORT": str(port)} for port in http]
    if plan.single:
        return [Member("platform", ("up",), ports[0], directory)]
    numbers = (1, 2)
    return [
        *(Member(f"gateway-{n}", ("gateway", "--number", str(n)), common, directory) for n in numbers),
        *(Member(f"api-{n}", ("api",), ports[n - 1], directory) for n in numbers),
        *(Member(f"worker-{n}", ("worker", "--number", str(n)), common, directory) for n in numbers),
    ]


def settings(directory: Path, urls: Mapping[str, str]) -> dict[str, str]:
    """Environment all processes share."""
    return {
        "CHARGECLOUD_DATA_DIR": str(directory),
        "CHARGECLOUD_HTTPS__ENABLED": "false",
        "CHARGECLOUD_LOG__LEVEL": "info",
        "CHARGECLOUD_GATEWAY__ID": "rig",
        **{f"CHARGECLOUD_{name}": url for name, url in urls.items()},
    }


def _listeners(port: int) -> str:
    return json.dumps([{"protocol": "ykc16", "host": "127.0.0.1", "port": port}])


def _migrate(environment: Mapping[str, str], directory: Path) -> None:
    member = Member("migrate", ("migrate",), environment, directory)
    member.start()
    try:
        until = time.monotonic() + READY_WITHIN_S
        while member.running and time.monotonic() < until:
            time.sleep(0.05)
        if (code := member.end()) != 0:
            raise RuntimeError(
                f"`{' '.join(COMMAND)} migrate` gave {code}:\n{member.log_path.read_text('utf-8', 'replace')[-3_000:]}"
            )
    finally:
        member.stop()


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def sql_client(server: MariaDb, statement: str) -> list[list[str]]:
    """Rows of a statement by Debian's own client, as text; raises while the server does not answer."""
    command = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=root", "--batch"]
    done = subprocess.run(
        [*command, "--skip-column-names", "--connect-timeout=3", "-e", statement, "chargecloud"],
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.splitlines()]
