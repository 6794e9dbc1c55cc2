"""A MariaDB server of a test's own, on a free port and in a temporary folder: may be set up badly, frozen, killed."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncmy

POLL_S = 0.05
START_WITHIN_S = 60.0


class Server:
    """`url` has no database; `options` are those of `mariadbd`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"mysql://root@127.0.0.1:{self.port}"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Make the data folder."""
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder / 'data'}", *_as_root()]
        done = subprocess.run(
            [*command, "--auth-root-authentication-method=normal", "--skip-test-db"], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    async def start(self) -> None:
        """Start, or start again after `kill`, and wait until it answers."""
        self._process = self._spawn()
        async with asyncio.timeout(START_WITHIN_S):
            while not await self._answers():
                assert self._process.poll() is None, (self.folder / "log").read_text("utf-8", errors="replace")
                await asyncio.sleep(POLL_S)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        folder = self.folder
        small = ("--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--skip-name-resolve")
        place = (f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}", f"--port={self.port}")
        command = [_mariadbd(), "--no-defaults", *place, "--bind-address=127.0.0.1", *_as_root(), *small]
        with (folder / "log").open("ab") as log:
            return subprocess.Popen([*command, *self._options], stdout=subprocess.DEVNULL, stderr=log)

    async def _answers(self) -> bool:
        try:
            connection = await asyncmy.connect(host="127.0.0.1", port=self.port, user="root")
        except (OSError, asyncmy.errors.Error):
            return False
        await connection.ensure_closed()
        return True

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """As when the power fails."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
            self._process = None

    def _signal(self, number: int) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


@asynccontextmanager
async def own_server(folder: Path, *options: str) -> AsyncIterator[Server]:
    """A running server with an empty database `chargecloud`."""
    server = Server(folder, *options)
    await asyncio.to_thread(server.install)
    await server.start()
    try:
        connection = await asyncmy.connect(host="127.0.0.1", port=server.port, user="root")
        async with connection.cursor() as cursor:
            await cursor.execute("CREATE DATABASE chargecloud CHARACTER SET utf8mb4")
        await connection.ensure_closed()
        yield server
    finally:
        server.kill()


def _mariadbd() -> str:
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
