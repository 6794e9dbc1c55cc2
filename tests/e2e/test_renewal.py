"""The cluster on one machine: while a car charges every process is renewed, then killed, and the order is settled."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chargecloud.infra import telemetry
from chargecloud.kernel.ids import new_id
from chargecloud.main import schema
from chargecloud.main.cli import app
from chargecloud.sim.runner import Runner
from tests.e2e.rig import COMMAND, Person, free_port
from tests.e2e.test_charge import CODE, expected_fen, prepare, virtual_charge_point
from tests.e2e.test_charge_on_redis import polled, state_of
from tests.support.eventually import eventually
from tests.support.mariadb import in_thread, own_database_now
from tests.support.servers import RabbitMq, Redis

ROLES = {"worker": 2, "gateway": 2, "api": 2}
READY_WITHIN_S = 60.0
TRACE = "a-phone.started-this"


class Role:
    """One supervisor and its children, seen from outside: processes and a log."""

    def __init__(self, name: str, count: int, environment: dict[str, str], folder: Path) -> None:
        self.count = count
        self._log = folder / f"{name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, name, "--processes", str(count)], env=environment, stdout=log, stderr=log, cwd=folder
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines() if line.startswith("{")]

    def told(self, event: str) -> int:
        return sum(line["event"] == event for line in self.lines())

    def traced(self) -> set[str]:
        return {f"{line['event']} {line.get('body', line.get('command', ''))}" for line in self.lines()
                if line.get("trace_id") == TRACE}  # fmt: skip

    def children(self) -> set[int]:
        command = ["pgrep", "-P", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        return {int(line) for line in listed.stdout.split()}

    async def ready(self, times: int) -> None:
        await eventually(lambda: self.told("supervisor.child_ready") >= times, within_s=READY_WITHIN_S)

    async def renew(self) -> None:
        before, done = self.children(), self.told("supervisor.renewed")
        self.process.send_signal(signal.SIGHUP)
        await eventually(lambda: self.told("supervisor.renewed") > done, within_s=READY_WITHIN_S)
        assert not before & self.children()

    async def kill_one(self) -> None:
        """kill -9 of a child, and wait for its successor."""
        known = self.told("supervisor.child_ready")
        os.kill(min(self.children()), signal.SIGKILL)
        await self.ready(known + 1)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)
    listener = {"protocol": "ykc16", "host": "127.0.0.1", "port": free_port()}
    with own_database_now() as database, RabbitMq() as rabbitmq, Redis() as redis:
        in_thread(schema.upgrade, database)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHARGECLOUD_")}
        yield clean | {
            "CHARGECLOUD_DATA_DIR": str(tmp_path),
            "CHARGECLOUD_HTTP__PORT": str(free_port()),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_LISTENERS": json.dumps([listener]),
            "CHARGECLOUD_DATABASE__URL": database,
            "CHARGECLOUD_DATABASE__CONNECTIONS": "4",
            "CHARGECLOUD_BUS__URL": rabbitmq.url,
            "CHARGECLOUD_CACHE__URL": redis.url,
            "CHARGECLOUD_LOG__FORMAT": "json",
            **{f"CHARGECLOUD_METRICS__{role.upper()}_PORT": "0" for role in ROLES},
        }


@pytest.fixture
def roles(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, Role]]:
    made = {name: Role(name, count, environment, tmp_path) for name, count in ROLES.items()}
    try:
        yield made
    finally:
        stop_all(list(made.values()))


def stop_all(roles: Sequence[Role]) -> list[int]:
    """Exit codes; nobody is left."""
    for role in roles:
        role.process.send_signal(signal.SIGTERM)
    codes = []
    for role in roles:
        with contextlib.suppress(subprocess.TimeoutExpired):
            role.process.wait(60)
        role.process.kill()
        codes.append(role.process.wait())
    return codes


def administrator(environment: dict[str, str]) -> Person:
    added = ["staff", "add", "boss"]
    made = CliRunner(env=environment).invoke(app, added, input="a long enough secret\n")
    assert made.exit_code == 0, made.output
    base = f"http://127.0.0.1:{environment['CHARGECLOUD_HTTP__PORT']}"
    credentials = {"username": "boss", "password": "a long enough secret"}
    return Person(base, Person(base, "none").call("POST", "/staff/sign-in", 200, **credentials)["token"])


async def start(boss: Person, driver: Person, runner: Runner) -> str:
    """Plug and order; the path of the order once energy flows."""
    point = f"/charge-points/{CODE}"
    await polled(boss, point, lambda seen: bool(seen["online"]))
    assert runner.execute(f"plug {CODE} 1")["ok"]
    await polled(boss, point, lambda seen: state_of(1)(seen) == "occupied")
    where = {"charge_point_code": CODE, "connector_no": 1}
    placed = await asyncio.to_thread(driver.call, "POST", "/orders", 202, key=new_id(), trace=TRACE, **where)
    await polled(boss, point, lambda seen: state_of(1)(seen) == "charging")
    return f"/orders/{placed['orders'][0]['order_no']}"


async def finish(boss: Person, driver: Person, order: str) -> dict[str, Any]:
    """Stop, once the charge point is there again; the settled order."""
    await polled(boss, f"/charge-points/{CODE}", lambda seen: bool(seen["online"]))
    await asyncio.to_thread(driver.call, "POST", f"{order}/stop", 202)
    return await polled(driver, order, lambda seen: seen["state"] == "settled")


@pytest.mark.connected
@pytest.mark.timeout(400)
async def test_a_charge_outlives_the_renewal_and_the_death_of_every_process(
    environment: dict[str, str], roles: dict[str, Role]
) -> None:
    for role in roles.values():
        await role.ready(role.count)
    boss = await asyncio.to_thread(administrator, environment)
    driver = await asyncio.to_thread(prepare, boss)
    port = json.loads(environment["CHARGECLOUD_LISTENERS"])[0]["port"]
    orders = []
    async with virtual_charge_point(port) as runner:
        for harm in ("renew", "kill_one"):
            order = await start(boss, driver, runner)
            for role in roles.values():
                await getattr(role, harm)()
            orders.append(await finish(boss, driver, order))
            assert runner.execute(f"unplug {CODE} 1")["ok"]
        truth = sum(session.energy_mwh for session in runner.actors[CODE].point.truth.sessions)
    assert abs(sum(order["energy_mwh"] for order in orders) - truth) < 200
    assert [order["total_fen"] for order in orders] == [expected_fen(order["energy_mwh"]) for order in orders]
    wallet = await asyncio.to_thread(driver.call, "GET", "/wallet", 200)
    assert (wallet["cash_fen"], wallet["held_fen"]) == (5_000 - sum(order["total_fen"] for order in orders), 0)
    assert {"gateway.command StartCharging", "gateway.event StartAnswered"} <= roles["gateway"].traced()
    assert {"event.handled StartAnswered"} <= roles["worker"].traced()
    assert {"http.request "} <= roles["api"].traced()
    assert await asyncio.to_thread(stop_all, list(roles.values())) == [0, 0, 0]
