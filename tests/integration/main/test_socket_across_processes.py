"""A driver's sockets at two `api` processes that share nothing but MariaDB and Redis."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.operators import service as operators
from chargecloud.features.operators import sql_sign_in
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.model import secret_hash
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.ids import new_secret
from chargecloud.main import schema
from tests.support import mariadb
from tests.support.eventually import eventually
from tests.support.platform_process import free_port
from tests.support.redis_server import own_redis

READY_WITHIN_S, HEARD_WITHIN_S = 90.0, 15.0
COMMAND = (sys.executable, "-m", "chargecloud.main", "api")
DEVICE = "device-phone"


class Process:
    """One `api`, with ports of its own."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        folder.mkdir()
        self.port, self._log = free_port(), folder / "log"
        environment = os.environ | {
            "CHARGECLOUD_DATA_DIR": str(folder),
            "CHARGECLOUD_HTTP__PORT": str(self.port),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_LOG__FORMAT": "json",
            "CHARGECLOUD_METRICS__API_PORT": str(free_port()),
            "CHARGECLOUD_DATABASE__CONNECTIONS": "2",
            **settings,
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(COMMAND, env=environment, stdout=log, stderr=log, cwd=folder)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self._log.read_text("utf-8")[-2_000:]
        return '"event": "process.ready"' in self._log.read_text("utf-8")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def socket(self) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/websocket")

    async def post(self, path: str, token: str, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_secret()[:32]}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}/api/v1") as client:
            answer = await client.post(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text


class Two:
    """Two processes, a driver, and somebody of the staff."""

    def __init__(self, first: Process, second: Process) -> None:
        self.first, self.second = first, second
        self.driver_id, self.token, self.staff_token = 0, "", new_secret()

    async def people(self, url: str) -> None:
        async with mariadb.opened(url, clock=SystemClock()) as database, database.unit() as uow:
            await operators.require_default_operator(uow)
            made = await drivers.create_driver(uow, NewDriver(name="李雷", operator_id=1))
            self.driver_id = made.driver_id
            self.token = (await drivers.issue_token(uow, made.driver_id)).token
            new = operators.NewStaff(
                username="boss", display_name="老板", role=Role.ADMINISTRATOR, password_hash="", operator_id=1
            )
            boss = await operators.create_staff(uow, new)
            await sql_sign_in.add_session(
                uow, boss.staff_id, token_hash=secret_hash(self.staff_token), source="127.0.0.1", agent="test"
            )

    async def log_in(self, socket: ClientConnection, device: str = DEVICE) -> dict[str, Any]:
        """The state that follows the login."""
        message = {
            "cmd": "login",
            "src": "wx",
            "dst": "srv",
            "uid": "",
            "msg": {"token": self.token, "device_id": device},
        }
        await socket.send(json.dumps(message))
        assert (await heard(socket, "login"))["ok"]
        return await heard(socket, "state")


async def heard(socket: ClientConnection, cmd: str) -> dict[str, Any]:
    """The `msg` of the next message, which has to be this one."""
    said = json.loads(await asyncio.wait_for(socket.recv(), HEARD_WITHIN_S))
    assert said["cmd"] == cmd, said
    msg: dict[str, Any] = said["msg"]
    return msg


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Two]:
    async with mariadb.own_database() as database, own_redis(folder) as redis, AsyncExitStack() as ending:
        await asyncio.to_thread(schema.upgrade, database)
        settings = {"CHARGECLOUD_DATABASE__URL": database, "CHARGECLOUD_CACHE__URL": redis.url}
        running = []
        for name in ("one", "other"):
            running.append(Process(folder / name, settings))
            ending.callback(running[-1].stop)
        made = Two(*running)
        await made.people(database)
        for process in running:
            await eventually(process.is_ready, within_s=READY_WITHIN_S)
        yield made


@pytest.mark.connected
async def test_kick_and_patches_reach_a_socket_whichever_process_holds_it(tmp_path: Path) -> None:
    async with two(tmp_path) as both, both.first.socket() as old:
        assert (await both.log_in(old))["wallet"]["cash_fen"] == 0
        top_up = f"/drivers/{both.driver_id}/top-ups"
        await both.second.post(top_up, both.staff_token, {"amount_fen": 1_234, "reason": "现金"})
        patch = await heard(old, "patch")
        assert patch["topic"] == f"driver:{both.driver_id}" and patch["patch"]["wallet"]["cash_fen"] == 1_234
        async with both.second.socket() as new:
            state = await both.log_in(new)
            assert state["wallet"]["cash_fen"] == 1_234
            assert await heard(old, "kick") == {"reason": "elsewhere"}
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(old.recv(), HEARD_WITHIN_S)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4409
            async with both.first.socket() as tablet:
                await both.log_in(tablet, "device-tablet")
                await both.first.post(top_up, both.staff_token, {"amount_fen": 1, "reason": "现金"})
                for socket in (new, tablet):
                    assert (await heard(socket, "patch"))["patch"]["wallet"]["cash_fen"] == 1_235
