"""Finds out whether the platform is in service: whole charges on charge points kept free, and heartbeats.

A round is a charge at several connectors at once: start over the API, charging, stop, settled. Rounds begin every few
seconds whatever became of the one before, so that a fault is seen when it happens and its end when it ends.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

EVERY_S = 2.0
AT_ONCE = 4
CHARGING_WITHIN_S = 15.0
SETTLED_WITHIN_S = 20.0
ANSWER_WITHIN_S = 5.0
LOOK_EVERY_S = 0.25
GOOD_ROUNDS = 3
OVER = ("settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator")


class Failed(Exception):
    """A probe did not get through; the text says where."""


@dataclass
class Round:
    """One look at the service."""

    began: float
    ended: float = 0.0
    failures: list[str] = field(default_factory=list)
    lasted_s: list[float] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.ended > 0 and not self.failures


class Prober:
    """Probes from its start until it is cancelled."""

    def __init__(
        self, ports: tuple[int, ...], points: Sequence[tuple[str, int]], tokens: Sequence[str], *, seed: int
    ) -> None:
        self.rounds: list[Round] = []
        self.reasons: Counter[str] = Counter()
        self._ports = ports
        self._free = deque((code, number) for code, count in points for number in range(1, count + 1))
        random.Random(seed).shuffle(self._free)
        self._tokens = deque(tokens[-2 * len(points) :])
        self._client = httpx.AsyncClient(timeout=ANSWER_WITHIN_S)
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Until cancelled; charges under way are brought to their end by `finish`."""
        while True:
            began = time.monotonic()
            places = [self._free.popleft() for _ in range(min(AT_ONCE, len(self._free)))]
            if places:
                task = asyncio.create_task(self._round(places))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(max(0.0, began + EVERY_S - time.monotonic()))

    async def finish(self) -> None:
        """Wait for the rounds under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def normal_since(self, moment: float) -> float | None:
        """When the first of several good rounds in a row, begun after `moment`, had ended; None while there is none."""
        after = [each for each in self.rounds if each.began >= moment]
        for index in range(len(after) - GOOD_ROUNDS + 1):
            if all(each.good for each in after[index : index + GOOD_ROUNDS]):
                return after[index].ended
        return None

    def usual_s(self, start: float, end: float) -> float:
        """The median length of a good probe charge of the rounds begun in this span; 0 when there was none."""
        lengths = sorted(length for each in self.rounds if start <= each.began < end for length in each.lasted_s)
        return lengths[len(lengths) // 2] if lengths else 0.0

    def failures_between(self, start: float, end: float) -> tuple[int, int]:
        """(failed, all) probes of the rounds begun in this span."""
        chosen = [each for each in self.rounds if start <= each.began < end and each.ended]
        failed = sum(len(each.failures) for each in chosen)
        return failed, failed + sum(len(each.lasted_s) for each in chosen)

    async def _round(self, places: list[tuple[str, int]]) -> None:
        this = Round(time.monotonic())
        self.rounds.append(this)
        await asyncio.gather(*(self._probe(place, this) for place in places))
        this.ended = time.monotonic()

    async def _probe(self, place: tuple[str, int], this: Round) -> None:
        self._turn += 1
        base = f"http://127.0.0.1:{self._ports[self._turn % len(self._ports)]}/api/v1"
        token = self._tokens[0]
        self._tokens.rotate(-1)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"probe-{self._turn:012d}"}
        order_no = ""
        try:
            order_no = await self._place(base, headers, place)
            await self._until(base, headers, order_no, ("charging",), CHARGING_WITHIN_S, "start")
            await self._call("POST", f"{base}/orders/{order_no}/stop", headers, 202, "stop")
            await self._until(base, headers, order_no, ("settled",), SETTLED_WITHIN_S, "settle")
            this.lasted_s.append(time.monotonic() - this.began)
            self._free.append(place)
        except Failed as failure:
            this.failures.append(str(failure))
            self.reasons[str(failure)] += 1
            task = asyncio.create_task(self._give_back(place, headers, order_no))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _place(self, base: str, headers: dict[str, str], place: tuple[str, int]) -> str:
        body = {"charge_point_code": place[0], "connector_no": place[1]}
        answer = await self._call("POST", f"{base}/orders", headers, 202, "place", body)
        return str(answer["orders"][0]["order_no"])

    async def _until(
        self, base: str, headers: dict[str, str], order_no: str, wanted: tuple[str, ...], within_s: float, what: str
    ) -> None:
        until, state = time.monotonic() + within_s, ""
        while time.monotonic() < until:
            state = (await self._call("GET", f"{base}/orders/{order_no}", headers, 200, what))["state"]
            if state in wanted:
                return
            if state in OVER:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        raise Failed(f"{what}: order is {state}")

    async def _call(
        self, method: str, url: str, headers: dict[str, str], status: int, what: str, body: object = None
    ) -> dict[str, object]:
        try:
            answer = await self._client.request(method, url, headers=headers, json=body)
        except httpx.HTTPError as error:
            raise Failed(f"{what}: {type(error).__name__}") from None
        if answer.status_code != status:
            code = ""
            with contextlib.suppress(ValueError, AttributeError):
                code = str(answer.json().get("code", ""))
            raise Failed(f"{what}: {answer.status_code} {code}")
        return dict(answer.json())

    async def _give_back(self, place: tuple[str, int], headers: dict[str, str], order_no: str) -> None:
        """A connector of a failed probe is used again once its charge is over; a charge that runs is stopped."""
        turn, until = 0, time.monotonic() + 300
        while order_no and time.monotonic() < until:
            turn += 1
            base = f"http://127.0.0.1:{self._ports[turn % len(self._ports)]}/api/v1"
            with contextlib.suppress(Failed, httpx.HTTPError):
                state = (await self._call("GET", f"{base}/orders/{order_no}", headers, 200, ""))["state"]
                if state in OVER:
                    break
                await self._call("POST", f"{base}/orders/{order_no}/stop", headers, 202, "")
            await asyncio.sleep(2)
        await asyncio.sleep(5)
        self._free.append(place)
