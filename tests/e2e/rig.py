"""The real command in a process of its own, on free ports and a fresh directory, and people who call its API."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 30
COMMAND = (sys.executable, "-m", "chargecloud.main")


def free_port() -> int:
    """A port below the range the system hands out by itself, so that nobody takes it in between."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class RealPlatform:
    """`chargecloud up`, started and stopped as an operator would."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.http_port, self.listener_port = free_port(), free_port()
        listener = {"protocol": "ykc16", "host": "127.0.0.1", "port": self.listener_port}
        self.settings = {
            "CHARGECLOUD_DATA_DIR": str(directory / "data"),
            "CHARGECLOUD_HTTP__PORT": str(self.http_port),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_LISTENERS": json.dumps([listener]),
            "CHARGECLOUD_LOG__FORMAT": "json",
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHARGECLOUD_")}
        self._environment = clean | self.settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def configure(self, **settings: str) -> None:
        """More settings, before the start."""
        self.settings |= settings
        self._environment |= settings

    def metrics(self) -> str:
        return httpx.get(f"{self.base}/metrics", timeout=20).text

    def start(self) -> None:
        """Return when it is ready."""
        with (self.directory / "up.log").open("ab") as log:
            self._process = subprocess.Popen([*COMMAND, "up"], env=self._environment, stdout=log, stderr=log)
        give_up_at = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < give_up_at:
            assert self._process.poll() is None, self.log()
            try:
                if httpx.get(f"{self.base}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"not ready within {READY_WITHIN_S} s: {self.log()}")

    def stop(self) -> None:
        """Ask it to end, as a supervisor would; it has to end well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(STOPPED_WITHIN_S) == 0, self.log()
        self._process = None

    def kill(self) -> None:
        """Whatever happened, leave nothing running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return (self.directory / "up.log").read_text("utf-8", "replace")

    def traced(self, trace_id: str) -> list[dict[str, Any]]:
        """The log's lines about one request, in order."""
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("trace_id") == trace_id]


class Person:
    """Somebody with a token who calls the API."""

    def __init__(self, base: str, token: str) -> None:
        self.base, self.token = base, token
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, status: int, *, key: str = "", trace: str = "", **body: Any) -> Any:
        """One request; its status has to be the expected one."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        headers |= {"X-Request-Id": trace} if trace else {}
        sent = {"json": body} if method != "GET" else {"params": body}
        answer = httpx.request(method, f"{self.base}/api/v1{path}", headers=headers, timeout=20, **sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    @asynccontextmanager
    async def watching(self, topic: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The state of a live topic after each change."""
        url = f"{self.base.replace('http', 'ws', 1)}/api/v1/live"
        async with connect(url, additional_headers=self._headers, compression=None) as socket_:
            await socket_.send(json.dumps({"op": "subscribe", "topic": topic}))

            async def states() -> AsyncIterator[dict[str, Any]]:
                state: dict[str, Any] = {}
                async for text in socket_:
                    message = json.loads(text)
                    assert "error" not in message, message
                    state = message["snapshot"] if "snapshot" in message else merged(state, message["patch"])
                    yield state

            yield states()


def merged(state: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(state) if isinstance(state, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


async def until(
    states: AsyncIterator[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool], within_s: float
) -> dict[str, Any]:
    """The first state that is as wanted."""
    state: dict[str, Any] = {}
    try:
        async with asyncio.timeout(within_s):
            async for state in states:
                if wanted(state):
                    return state
    except TimeoutError:
        pass
    raise AssertionError(f"not within {within_s} s; last: {state}")
