"""What Windows does not have is taken away from fresh interpreters, and the program works all the same.

This is no run on Windows: `tests/support/like_windows` takes away modules, functions and habits of POSIX.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from tests.support.mariadb import own_database_now
from tests.support.platform_process import COMMAND, READY_WITHIN_S, free_port
from tests.support.servers import RabbitMq, Redis
from tests.support.ykc import heartbeat, login
from tests.tidy.source import package_files

BLOCKER = Path(__file__).parents[2] / "support" / "like_windows"
HEARTBEAT_ANSWER = 0x04
IMPORT_ALL = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint('all')"


def environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CHARGECLOUD_")}
    return clean | {"PYTHONPATH": str(BLOCKER), "PYTHONIOENCODING": "ascii", "USERNAME": "operator"} | more


def ran(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env=environment(**more), capture_output=True, text=True, encoding="utf-8",
        check=False, timeout=400,
    )  # fmt: skip


def told(tmp_path: Path, *command: str) -> str:
    """Standard output of a sub-command that has to succeed."""
    done = ran(*COMMAND[1:], *command, CHARGECLOUD_DATA_DIR=str(tmp_path / "data"), CHARGECLOUD_LISTENERS="[]")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "import uvloop",
        "import os; os.fork",
        "import os; os.fsync(os.open('.', os.O_RDONLY))",
        "import signal; signal.SIGHUP",
        "import socket; socket.SO_REUSEPORT",
        "import asyncio; asyncio.new_event_loop().add_signal_handler(2, print)",
        "import os; file = open('held', 'wb'); os.remove('held')",
        "import os; open('a', 'wb').close(); open('b', 'wb').close(); os.rename('a', 'b')",
        "import os; file = open('c', 'wb'); os.replace('c', 'd')",
    ],
)
def test_the_blocker_is_awake(code: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, cwd=tmp_path, check=False
    )
    assert run.returncode == 1


@pytest.mark.slow
def test_every_module_can_be_imported() -> None:
    names = [source.module for source in package_files() if "migrations/env" not in source.path]
    assert len(names) > 250
    done = ran("-c", IMPORT_ALL, *(name for name in names if not name.endswith("__main__")))
    assert (done.stdout, done.returncode) == ("all\n", 0), done.stderr


@pytest.mark.slow
def test_commands_that_end_by_themselves(tmp_path: Path) -> None:
    decoded = told(tmp_path, "decode", "--protocol", "ykc16", heartbeat().hex())
    assert json.loads(decoded)["name"] == "heartbeat"
    assert "schema" in told(tmp_path, "migrate")
    assert "ok    data directory" in told(tmp_path, "doctor")
    kept = tmp_path / "kept.db"
    assert "postings sum to zero" in told(tmp_path, "backup", str(kept))
    assert "what was there is" in told(tmp_path, "restore", str(kept))
    added = told(tmp_path, "staff", "add", "boss", "--name", "老板", "--generate")
    assert "老板" in added


@pytest.mark.slow
@pytest.mark.timeout(500)  # a minute and a half where nothing else runs
def test_the_demo_charges_from_plug_to_bill(tmp_path: Path) -> None:
    """The first command a newcomer types there."""
    told = ran(*COMMAND[1:], "demo", "--once", CHARGECLOUD_DATA_DIR=str(tmp_path))
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def settings_of(tmp_path: Path, http: int, wire: int) -> dict[str, str]:
    return {
        "CHARGECLOUD_DATA_DIR": str(tmp_path / "data"),
        "CHARGECLOUD_HTTP__PORT": str(http),
        "CHARGECLOUD_HTTPS__PORT": str(free_port()),
        "CHARGECLOUD_ENROLMENT": "open",
        "CHARGECLOUD_LISTENERS": f'[{{"protocol":"ykc16","host":"127.0.0.1","port":{wire}}}]',
    }


@contextmanager
def running(role: str, tmp_path: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """From ready to a clean end by Ctrl-C."""
    path = tmp_path / f"{role}.log"
    with path.open("wb") as log:
        process = subprocess.Popen([*COMMAND, role], env=environment(**settings), stderr=log)
    try:
        wait_ready(process, path)
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in path.read_text("utf-8")


@pytest.mark.slow
def test_the_platform_on_the_standard_loop(tmp_path: Path) -> None:
    http, wire = free_port(), free_port()
    with running("up", tmp_path, settings_of(tmp_path, http, wire)):
        assert httpx.get(f"http://127.0.0.1:{http}/readyz").json()["status"] == "ready"
        assert HEARTBEAT_ANSWER in answers(wire)


@pytest.mark.connected
def test_the_roles_on_servers_on_the_standard_loop(tmp_path: Path) -> None:
    """MariaDB, RabbitMQ and Redis with one process a role, as several cannot share a port there."""
    http, wire = free_port(), free_port()
    with own_database_now() as database, RabbitMq() as broker, Redis() as cache:
        settings = settings_of(tmp_path, http, wire) | {
            "CHARGECLOUD_DATABASE__URL": database,
            "CHARGECLOUD_DATABASE__ALLOW_UNSAFE": "true",
            "CHARGECLOUD_BUS__URL": broker.url,
            "CHARGECLOUD_CACHE__URL": cache.url,
            "CHARGECLOUD_METRICS__GATEWAY_PORT": "0",
            "CHARGECLOUD_METRICS__API_PORT": "0",
            "CHARGECLOUD_METRICS__WORKER_PORT": "0",
        }
        migrated = ran(*COMMAND[1:], "migrate", **settings)
        assert migrated.returncode == 0, migrated.stderr
        with ExitStack() as roles:
            for role in ("worker", "api", "gateway"):
                roles.enter_context(running(role, tmp_path, settings))
            assert httpx.get(f"http://127.0.0.1:{http}/readyz").json()["status"] == "ready"
            assert HEARTBEAT_ANSWER in answers(wire)


def wait_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while "process.ready" not in log.read_text("utf-8"):
        assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.05)


def answers(port: int) -> set[int]:
    """Frame types the platform says to a charge point that logs in and sends a heartbeat, up to its answer."""
    seen: set[int] = set()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire, wire.makefile("rb") as stream:
        wire.sendall(login())
        seen.add(frame_type(stream))
        wire.sendall(heartbeat())
        while HEARTBEAT_ANSWER not in seen:
            seen.add(frame_type(stream))
    return seen


def frame_type(stream: BinaryIO) -> int:
    _, length = stream.read(2)
    return stream.read(length + 2)[3]
