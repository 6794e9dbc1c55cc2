"""Drivers who start charges over the API at a steady rate, whether the platform is there or not."""

import asyncio
import random
import time
from collections import Counter

import httpx

from tests.support.populated import World

ANSWER_WITHIN_S = 10


class Phones:
    """Starts at random connectors of the fleet, by turns at each API process."""

    def __init__(self, ports: tuple[int, ...], world: World, *, per_s: float, seed: int) -> None:
        self.answers: Counter[str] = Counter()
        """How often each status came, `unreachable` among them."""
        self._clients = [
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=ANSWER_WITHIN_S) for port in ports
        ]
        self._places = [(code, number) for code, count in world.app_points for number in range(1, count + 1)]
        self._tokens = world.tokens[: 2 * len(world.app_points)]
        self._per_s = per_s
        self._dice = random.Random(seed)
        self._asking: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Until cancelled; waits then for the answers that are on their way."""
        began, turn = time.monotonic(), 0
        try:
            while True:
                turn += 1
                task = asyncio.create_task(self._start(turn))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
                await asyncio.sleep(max(0.0, began + turn / self._per_s - time.monotonic()))
        finally:
            await asyncio.gather(*self._asking, return_exceptions=True)
            for client in self._clients:
                await client.aclose()

    async def _start(self, turn: int) -> None:
        code, number = self._dice.choice(self._places)
        token = self._tokens[turn % len(self._tokens)]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{self._dice.getrandbits(64):016x}"}
        body = {"charge_point_code": code, "connector_no": number}
        try:
            answer = await self._clients[turn % len(self._clients)].post("/orders", json=body, headers=headers)
        except httpx.HTTPError:
            self.answers["unreachable"] += 1
        else:
            self.answers[str(answer.status_code)] += 1
