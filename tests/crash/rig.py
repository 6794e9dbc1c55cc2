"""Processes of the crash test: the platform that is killed, charge points that go on, phones that start charges."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.crash.world import APP_POINTS, APP_PREFIX, CARD_POINTS, CARD_PREFIX, World

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

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.http, self.wire = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (directory / "platform.log").open("ab")
        self._environment = os.environ | {
            "CHARGECLOUD_DATA_DIR": str(directory),
            "CHARGECLOUD_HTTP__PORT": str(self.http),
            "CHARGECLOUD_HTTPS__ENABLED": "false",
            "CHARGECLOUD_LISTENERS": f'[{{"protocol":"ykc16","host":"127.0.0.1","port":{self.wire}}}]',
        }

    def start(self) -> None:
        """Begin; does not wait."""
        self._process = subprocess.Popen(
            [*COMMAND, "up"], env=self._environment, stdout=self._log, stderr=subprocess.STDOUT, cwd=self.directory
        )

    def wait_ready(self) -> None:
        """Until it answers; raises when it ends or takes too long."""
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the platform ended by itself; see {self.directory / 'platform.log'}")
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.http}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the platform did not become ready")

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


class Fleet:
    """Two simulators: charge points where cards are swiped, and charge points that wait for phones."""

    def __init__(self, directory: Path, port: int, world: World, seed: int) -> None:
        self.ledgers = [directory / "cards.jsonl", directory / "phones.jsonl"]
        common = ["--address", f"127.0.0.1:{port}", "--speed", "60", "--reconnect-s", "0.2", "--jitter-s", "0.2"]
        common += ["--progress-s", "0", "--settle-s", "60", "--seed", str(seed)]
        cards = [word for card in world.cards for word in ("--card", card)]
        card_steps = "plug,card,charge:10m,unplug,wait:1m"
        app_steps = "plug,remote,charge:10m,unplug,wait:1m"
        plans = (
            ["--code-prefix", CARD_PREFIX, "--count", str(CARD_POINTS), "--scenario", card_steps, *cards],
            ["--code-prefix", APP_PREFIX, "--count", str(APP_POINTS), "--scenario", app_steps],
        )
        self._log = (directory / "fleet.log").open("ab")
        self._processes = [
            subprocess.Popen(
                [*COMMAND, "sim", *common, *plan, "--ledger", str(ledger)], stdout=self._log, stderr=subprocess.STDOUT
            )
            for plan, ledger in zip(plans, self.ledgers, strict=True)
        ]

    def stop(self) -> None:
        """Ask both to end; they write how every session stands."""
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Phones:
    """Drivers who start a charge wherever a car hangs, whether the platform is there or not."""

    def __init__(self, port: int, world: World, seed: int) -> None:
        self.placed = self.refused = self.unreachable = 0
        self._base = f"http://127.0.0.1:{port}/api/v1"
        self._world = world
        self._dice = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nobody starts any more."""
        self._over.set()
        self._thread.join()

    def _live(self) -> None:
        places = [(code, number) for code, count in self._world.app_points for number in range(1, count + 1)]
        while not self._over.wait(0.05):
            index = self._dice.randrange(len(places))
            code, number = places[index]
            token = self._world.tokens[index % len(self._world.tokens)]
            self._start(code, number, token)

    def _start(self, code: str, number: int, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{self._dice.getrandbits(64):016x}"}
        body = {"charge_point_code": code, "connector_no": number}
        try:
            answer = httpx.post(f"{self._base}/orders", json=body, headers=headers, timeout=2)
        except httpx.HTTPError:
            self.unreachable += 1
            return
        if answer.status_code == 202:
            self.placed += 1
        else:
            self.refused += 1
