"""`chargecloud up` as a process of its own, on ports of its own, for tests and benchmarks."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

READY_WITHIN_S = 90
STOP_WITHIN_S = 20
COMMAND = (sys.executable, "-c", "from chargecloud.main.cli import run; run()")


def free_port() -> int:
    """A port nobody has just now, below the range the system gives out to clients."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Platform:
    """`chargecloud up`, started again and again on the same data."""

    def __init__(
        self,
        directory: Path,
        *,
        prefix: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        sabotage: str = "",
    ) -> None:
        """`prefix` goes before the command (taskset), `settings` beside the environment, `sabotage` is run first."""
        self.directory = directory
        self._command = [*prefix, *COMMAND[:-1], f"{sabotage}\n{COMMAND[-1]}", "up"]
        self.http, self.wire = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=2, verify=False)
        self._log = (directory / "platform.log").open("ab")
        self._environment = os.environ | {
            "CHARGECLOUD_DATA_DIR": str(directory),
            "CHARGECLOUD_HTTP__PORT": str(self.http),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_JOURNAL__MIB": "8",
            "CHARGECLOUD_LISTENERS": f'[{{"protocol":"ykc16","host":"127.0.0.1","port":{self.wire}}}]',
            **(settings or {}),
        }

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Begin, with settings of this life; does not wait."""
        self._process = subprocess.Popen(
            self._command,
            env={**self._environment, **(settings or {})},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
        )

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise RuntimeError("the platform does not run")
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is None or self._process.poll() is not None

    def wait_ready(self) -> None:
        """Until it answers; raises when it ends or takes too long."""
        if not self.ready_or_over():
            raise RuntimeError(f"the platform ended by itself; see {self.directory / 'platform.log'}")

    def ready_or_over(self) -> bool:
        """True when it answers, False when it has ended by itself; raises when it takes too long."""
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if self.over:
                return False
            with contextlib.suppress(httpx.HTTPError):
                if self._client.get("/readyz").status_code == 200:
                    return True
            time.sleep(0.05)
        raise RuntimeError("the platform did not become ready")

    def exit_code(self) -> int:
        """Wait for the end it comes to by itself."""
        if self._process is None:
            raise RuntimeError("the platform does not run")
        return self._process.wait(STOP_WITHIN_S)

    def ask_to_stop(self) -> None:
        """SIGTERM; does not wait."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """An orderly end; killed when it takes too long."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError("the platform did not stop when asked") from None
        self._process = None
