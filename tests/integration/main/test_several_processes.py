"""Several real processes of a role under their supervisor, on real servers: killed, renewed, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from chargecloud.main import schema
from tests.support.eventually import eventually
from tests.support.mariadb import own_database
from tests.support.platform_process import free_port
from tests.support.redis_server import own_redis

COMMAND = (sys.executable, "-m", "chargecloud.main", "api", "--processes", "2")
READY_WITHIN_S = 60.0


class Api:
    """The supervisor, its log, and how its children answer."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.port, self.metrics = free_port(), free_port()
        self._log = folder / "log"
        environment = os.environ | {
            "CHARGECLOUD_DATA_DIR": str(folder),
            "CHARGECLOUD_HTTP__PORT": str(self.port),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_LOG__FORMAT": "json",
            "CHARGECLOUD_METRICS__API_PORT": str(self.metrics),
            **settings,
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(COMMAND, env=environment, stdout=log, stderr=log, cwd=folder)

    def told(self, event: str) -> int:
        return self._log.read_text("utf-8").count(f'"event": "{event}"')

    def children(self) -> set[int]:
        command = ["pgrep", "-P", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        return {int(line) for line in listed.stdout.split()}


@asynccontextmanager
async def api(folder: Path) -> AsyncIterator[Api]:
    async with own_database() as database, own_redis(folder) as redis:
        await asyncio.to_thread(schema.upgrade, database)
        servers = {"CHARGECLOUD_DATABASE__URL": database, "CHARGECLOUD_CACHE__URL": redis.url}
        running = Api(folder, servers | {"CHARGECLOUD_DATABASE__CONNECTIONS": "2"})
        try:
            await eventually(lambda: running.told("process.ready") == 3, within_s=READY_WITHIN_S)
            yield running
        finally:
            if running.process.poll() is None:
                running.process.kill()
            running.process.wait()
            await eventually(lambda: not running.children())


async def answers(port: int, until: asyncio.Event) -> tuple[int, list[int]]:
    """Asks on connections of its own as long as it may: how often it was answered, and what else came."""
    good, bad = 0, []
    while not until.is_set():
        async with httpx.AsyncClient() as client:
            try:
                status = (await client.get(f"http://127.0.0.1:{port}/readyz", timeout=10)).status_code
            except httpx.TransportError:
                continue  # a socket that closed while this connection stood in its line: people's browsers try again
            if status == 200:
                good += 1
            else:
                bad.append(status)
    return good, bad


@pytest.mark.connected
async def test_a_kill_and_a_renewal_are_survived_without_a_wrong_answer(tmp_path: Path) -> None:
    async with api(tmp_path) as running:
        done = asyncio.Event()
        asking = asyncio.create_task(answers(running.port, done))
        first = running.children()
        assert len(first) == 2
        async with httpx.AsyncClient() as client:
            shown = [await client.get(f"http://127.0.0.1:{running.metrics + number}/metrics") for number in (0, 1)]
        for number, metrics in enumerate(shown, 1):
            assert f'chargecloud_process_info{{number="{number}",role="api"' in metrics.text
        os.kill(min(first), signal.SIGKILL)
        await eventually(lambda: running.told("supervisor.child_ready") == 3, within_s=READY_WITHIN_S)
        second = running.children()
        assert len(second & first) == 1
        running.process.send_signal(signal.SIGHUP)
        await eventually(lambda: running.told("supervisor.renewed") == 1, within_s=READY_WITHIN_S)
        assert not running.children() & second
        done.set()
        good, bad = await asking
        assert good > 10
        assert not bad
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(running.process.wait, 30) == 0
