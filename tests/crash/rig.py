"""What goes on while the platform is killed: charges by card, starts by phone, and records handed in back to back."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from tests.support.platform_process import COMMAND
from tests.support.populated import APP_PREFIX, CARD_PREFIX, Plan, World

CHARGING, HANDING_IN = 16, 100
"""Charge points where cards are swiped, and those that only hand in records."""
PLAN = Plan(card_points=CHARGING + HANDING_IN, app_points=8)
FAREWELL_S = 90


class Fleet:
    """Charge points where cards are swiped, charge points that wait for phones, and those that hand in records."""

    def __init__(self, directory: Path, port: int, world: World, seed: int) -> None:
        self.ledgers = [directory / f"{name}.jsonl" for name in ("cards", "phones", "uploads")]
        common = ["--address", f"127.0.0.1:{port}", "--speed", "60", "--reconnect-s", "0.2", "--jitter-s", "0.2"]
        common += ["--progress-s", "0", "--settle-s", "60", "--seed", str(seed)]
        cards = [word for card in world.cards[: 2 * CHARGING] for word in ("--card", card)]
        card_steps = "plug,card,charge:10m,unplug,wait:1m"
        app_steps = "plug,remote,charge:10m,unplug,wait:1m"
        plans = (
            ["--code-prefix", CARD_PREFIX, "--count", str(CHARGING), "--scenario", card_steps, *cards],
            ["--code-prefix", APP_PREFIX, "--count", str(PLAN.app_points), "--scenario", app_steps],
        )
        self._log = (directory / "fleet.log").open("ab")
        self._processes = [
            subprocess.Popen(
                [*COMMAND, "sim", *common, *plan, "--ledger", str(ledger)], stdout=self._log, stderr=subprocess.STDOUT
            )
            for plan, ledger in zip(plans, self.ledgers[:2], strict=True)
        ]
        codes = [spec.code for spec in PLAN.cards.specs()][CHARGING:]
        points = [f"{code}:{card}" for code, card in zip(codes, world.cards[2 * CHARGING :], strict=False)]
        uploads = [sys.executable, "-m", "tests.crash.uploads", "--port", str(port), "--ledger", str(self.ledgers[2])]
        self._processes.append(subprocess.Popen([*uploads, *points], stdout=self._log, stderr=subprocess.STDOUT))

    def confirmed(self) -> int:
        """Records confirmed so far to those that only hand in."""
        return self.ledgers[2].read_bytes().count(b"\n") if self.ledgers[2].exists() else 0

    def stop(self) -> None:
        """Ask all to end; they write how every session stands."""
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(FAREWELL_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Phones:
    """Drivers who start a charge wherever a car hangs, whether the platform is there or not."""

    def __init__(self, port: int, world: World, seed: int) -> None:
        self.placed = self.refused = self.unreachable = 0
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=2, verify=False)
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
            answer = self._client.post("/orders", json=body, headers=headers)
        except httpx.HTTPError:
            self.unreachable += 1
            return
        if answer.status_code == 202:
            self.placed += 1
        else:
            self.refused += 1
