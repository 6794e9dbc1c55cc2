"""The cluster as deploy/ describes it: its units, configuration, database account and nginx, a car that charges
before and after every process was renewed.

Servers are private and on free ports; what stands for systemd is `units.py` (`make test-deploy`).
"""

import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import redis

from chargecloud.kernel.ids import new_id
from tests.e2e.rig import Person, free_port
from tests.e2e.test_charge import CODE, charge, prepare, virtual_charge_point
from tests.integration.deploy.test_tools import CREDENTIALS, Front, nginx
from tests.integration.deploy.units import Unit
from tests.support.servers import MariaDb, RabbitMq, Redis
from tests.tidy.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DEPLOY = ROOT / "deploy"
UNITS = ("gateway@1", "gateway@2", "api@1", "api@2", "worker@1", "worker@2")


class Machine:
    """One machine with everything on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.etc = folder, folder / "etc"
        self.http, self.wire = free_port(), free_port()
        self.units: list[Unit] = []
        (self.etc / "secrets").mkdir(parents=True)
        text = (DEPLOY / "config" / "cluster.toml").read_text("utf-8")
        for old, new in (
            ('"/var/lib/chargecloud"', f'"{folder / "data"}"'),
            ("port = 8080", f"port = {self.http}"),
            ("port = 8768", f"port = {self.wire}"),
            ("port = 7054", f"port = {free_port()}"),
        ):
            assert old in text
            text = text.replace(old, new)
        text += "\n[metrics]\ngateway_port = 0\napi_port = 0\nworker_port = 0\n"
        (self.etc / "cluster.toml").write_text(text, "utf-8")

    def secret(self, name: str, value: str) -> None:
        (self.etc / "secrets" / name).write_text(value, "utf-8")

    def start(self, name: str) -> None:
        unit = Unit(f"chargecloud-{name}", self.etc, self.folder)
        self.units.append(unit)
        unit.start()

    def renew(self) -> None:
        """One after the other: workers, APIs, gateways."""
        for role in ("worker", "api", "gateway"):
            for unit in self.units:
                if f"-{role}@" in unit.folder.name:
                    assert unit.stop() == 0, unit.log()
                    unit.start()


def database(server: MariaDb) -> str:
    """deploy/'s account on this server; gives the URL."""
    script = (DEPLOY / "mariadb" / "create.sql").read_text("utf-8").replace("10.0.0.%", "127.0.0.1")
    client = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=root"]
    subprocess.run([*client, "-e", "DROP DATABASE chargecloud"], check=True)
    subprocess.run(client, input=script, text=True, encoding="utf-8", check=True)
    return f"mysql://chargecloud:mend-this-password@127.0.0.1:{server.port}/chargecloud"


def broker(server: RabbitMq) -> str:
    """The commands of docs/operating/broker.md; gives the URL."""
    page = (ROOT / "docs" / "operating" / "broker.md").read_text("utf-8")
    commands = re.findall(r"^rabbitmqctl (.+)$", page, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        server.ctl(*shlex.split(command.replace("$PASSWORD", "secret")))
    return f"amqp://chargecloud:secret@127.0.0.1:{server.port}/chargecloud"


def cache(server: Redis) -> str:
    """With a password from now on; gives the URL."""
    with redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "secret")
    return f"redis://:secret@127.0.0.1:{server.port}/0"


def options() -> tuple[str, ...]:
    """deploy/'s settings of the server, as options; its memory stays small."""
    lines = (DEPLOY / "mariadb" / "chargecloud.cnf").read_text("utf-8").splitlines()
    pairs = [line.split(" = ") for line in lines if " = " in line and not line.startswith("#")]
    kept = [f"--{name}={value}" for name, value in pairs if not name.startswith("innodb_buffer")]
    return (*kept, "--server-id=1")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    with ExitStack() as servers:
        made.secret("cache.url", cache(servers.enter_context(Redis())))
        made.secret("database.url", database(servers.enter_context(MariaDb(options=options()))))
        made.secret("bus.url", broker(servers.enter_context(RabbitMq())))
        made.secret("http.metrics_token", "a token nobody guesses")
        yield made
        for unit in made.units:
            unit.kill()


def administrator(machine: Machine) -> None:
    command = [sys.executable, "-m", "chargecloud.main", "staff", "add", "boss", "--config"]
    subprocess.run(
        [*command, str(machine.etc / "cluster.toml")], input=CREDENTIALS["password"], text=True, encoding="utf-8",
        env={"CHARGECLOUD_SECRETS": str(machine.etc / "secrets"), "PYTHONPATH": str(ROOT / "src")}, check=True,
    )  # fmt: skip


def test_a_car_charges_on_the_units(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.start("migrate")
    administrator(machine)
    for name in UNITS:
        machine.start(name)
    folder = tmp_path / "nginx"
    folder.mkdir()
    front = Front(folder, SimpleNamespace(http_port=machine.http))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "self-signed.crt"))
    command = [nginx(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        orders = asyncio.run(charged_twice(sign_in(front), machine))
    finally:
        process.terminate()
        process.wait(20)
    assert [(order["state"], order["energy_mwh"] > 0) for order in orders] == [("settled", True)] * 2
    assert [unit.stop() for unit in machine.units[1:]] == [0] * len(UNITS), [
        unit.log()[-500:] for unit in machine.units
    ]
    secrets = ("mend-this-password", "secret@", "a token nobody guesses")
    assert not [word for unit in machine.units for word in secrets if word in unit.log()]


def sign_in(front: Front) -> Person:
    with httpx.Client(transport=httpx.HTTPTransport(retries=8, verify=front.context)) as client:
        signed_in = client.post(f"{front.base}/api/v1/staff/sign-in", json=CREDENTIALS)
    return Person(front.base, signed_in.json()["token"])


async def charged_twice(boss: Person, machine: Machine) -> list[dict[str, Any]]:
    """Once as it was started, once more after every process was renewed as docs/operating/upgrade.md says."""
    driver = prepare(boss)
    async with virtual_charge_point(machine.wire) as runner:
        first = await charge(boss, driver, runner)
        assert runner.execute(f"unplug {CODE} 1")["ok"]
        await asyncio.to_thread(machine.renew)
        return [first, await charge(boss, another_driver(boss), runner)]


def another_driver(boss: Person) -> Person:
    """Somebody else with 50 yuan."""
    made = boss.call("POST", "/drivers", 201, name="另一车主", phone="13800000002")
    boss.call("POST", f"/drivers/{made['id']}/top-ups", 201, key=new_id(), amount_fen=5_000, reason="测试")
    return Person(boss.base, boss.call("POST", f"/drivers/{made['id']}/tokens", 201)["token"])
