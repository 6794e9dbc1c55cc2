"""A Redis server of a test's own, on a free port: may be flushed, frozen, killed and started again."""

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL_S = 0.01
START_WITHIN_S = 30.0


class RedisServer:
    """Keeps nothing on disk; `options` are those of `redis-server`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, or start again after `kill`, and wait until it answers."""
        self._process = self._spawn()
        async with asyncio.timeout(START_WITHIN_S):
            while not await self.said(b"PING"):
                assert self._process.poll() is None, "redis-server ended at once"
                await asyncio.sleep(POLL_S)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command = ["redis-server", *place, "--save", "", "--appendonly", "no", *self._options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    async def flush(self) -> None:
        """Forget everything."""
        assert await self.said(b"FLUSHALL") == b"+OK\r\n"

    async def said(self, line: bytes) -> bytes:
        """The first line of the answer to an inline command; empty when nobody answers."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return b""
        try:
            writer.write(line + b"\r\n")
            return await reader.readline()
        finally:
            writer.close()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
            self._process = None

    def _signal(self, number: int) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


@asynccontextmanager
async def own_redis(folder: Path, *options: str) -> AsyncIterator[RedisServer]:
    """A running server that ends with the test."""
    server = RedisServer(folder, *options)
    await server.start()
    try:
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
