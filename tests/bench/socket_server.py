"""One API process with its drivers' socket, a database of drivers who have signed in, and a publisher of changes.

`python -m tests.bench.socket_server DRIVERS TOKENS`: writes a token a line, prints its port, answers questions.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import msgspec
import structlog
import uvloop

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers import service_push
from chargecloud.features.operators import service as operators
from chargecloud.gateway.collector import SparedCollector
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http.app import ApiParts, build_app
from chargecloud.infra.http.live import LiveHub
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import SystemClock
from chargecloud.main.features import LIVE_TOPICS, PAGES, ROUTERS, resolvers
from chargecloud.main.servers import WebServer
from tests.bench.gateway_server import resident_kib
from tests.support.database import opened

AT_ONCE = 1_000
"""Changes handed over before the loop gets its turn: half of what the cache keeps for a listener."""
ALL = "news"
SESSION = {
    "session_no": "32010600000001012611251150209889", "order_no": "2026112520000012345678",
    "charge_point_code": "32010600000001", "connector_no": 1, "soc_pct": 45, "voltage_mv": 381_500,
    "current_ma": 120_300, "power_w": 45_894, "charged_s": 1_020, "remaining_s": 2_460, "energy_mwh": 12_345_600,
    "amount_hao": 98_765, "state": "charging", "flags": [],
}  # fmt: skip
"""What a sample changes of a session."""


class Publisher:
    """Publishes as a unit of work does after its commit, without the unit."""

    def __init__(self, cache: MemoryCache, hub: LiveHub, driver_ids: list[int]) -> None:
        self._cache = cache
        self._hub = hub
        self._topics = [service_push.topic(each) for each in driver_ids]
        self._next = 0

    async def flood(self, seconds: float) -> int:
        """A change of its own for one driver after the other, as fast as they go out; how many."""
        sent, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            for _ in range(AT_ONCE):
                self._one()
            sent += AT_ONCE
            await self._gone()
        return sent

    async def spread(self, seconds: float) -> int:
        """The same change for everybody, again and again; how many messages."""
        sent, until, watching = 0, time.monotonic() + seconds, len(self._hub.attached(ALL))
        while time.monotonic() < until:
            self._cache.broadcast(ALL, self._patch())
            sent += watching
            await self._gone()
        return sent

    async def pace(self, seconds: float, a_second: int) -> int:
        """So many changes a second, evenly; how many."""
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * a_second:
                self._one()
                sent += 1
            await asyncio.sleep(0.002)
        return sent

    def watch_together(self) -> None:
        """Everybody who is connected hears what is told to all."""
        for watcher in list(self._hub._watchers):
            self._hub._by_topic.setdefault(ALL, set()).add(watcher)

    def _one(self) -> None:
        self._cache.broadcast(self._topics[self._next], self._patch())
        self._next = (self._next + 1) % len(self._topics)

    def _patch(self) -> bytes:
        return msgspec.json.encode({**SESSION, "t": time.monotonic_ns()})

    async def _gone(self) -> None:
        """Until every queue is empty."""
        waiting = True
        while waiting:
            await asyncio.sleep(0)
            waiting = self._backlog() or any(watcher._queue for watcher in self._hub._watchers)

    def _backlog(self) -> bool:
        return any(listener._patches.qsize() for listener in self._cache._listeners)


async def enter(database: Database, count: int) -> tuple[list[int], list[str]]:
    """So many drivers with a token each."""
    ids, tokens = [], []
    async with database.unit() as uow:
        await operators.require_default_operator(uow)
        for _ in range(count):
            made = await drivers.create_driver(uow, drivers.NewDriver(name="车主"))
            ids.append(made.driver_id)
            tokens.append((await drivers.issue_token(uow, made.driver_id)).token)
    return ids, tokens


async def serve(directory: Path, count: int, tokens_file: IO[str]) -> None:
    clock = SystemClock()
    cache = MemoryCache(clock)
    async with opened(directory / "bench.db", clock=clock, broadcast=cache.broadcast) as database:
        ids, tokens = await enter(database, count)
        print("\n".join(tokens), file=tokens_file, flush=True)
        parts = ApiParts(
            database=database,
            cache=cache,
            resolvers=resolvers(database.options),
            routers=ROUTERS,
            pages=PAGES,
            live_topics=LIVE_TOPICS,
        )
        app = build_app(parts)
        server = WebServer(app, host="127.0.0.1", port=0)
        for part in (app.state.live, app.state.doorkeeper, server):
            await part.start()
        print("port", server.port, flush=True)
        await answer(Publisher(cache, app.state.live, ids), app.state.live)
        for part in (server, app.state.doorkeeper, app.state.live):
            await part.stop()


async def answer(publisher: Publisher, hub: LiveHub) -> None:
    """`memory`, `freeze`, `watchers`, `flood S`, `spread S` and `pace S RATE` on standard input, until it ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    while words := (await lines.get()).split():
        match words:
            case ["memory"]:
                print("kib", resident_kib(), flush=True)
            case ["freeze"]:
                publisher.watch_together()
                await SparedCollector().start()
                print("frozen", flush=True)
            case ["watchers"]:
                print("watchers", hub.counts()["watchers"], flush=True)
            case ["flood", seconds]:
                print("sent", await publisher.flood(float(seconds)), flush=True)
            case ["spread", seconds]:
                print("sent", await publisher.spread(float(seconds)), flush=True)
            case ["pace", seconds, rate]:
                print("sent", await publisher.pace(float(seconds), int(rate)), flush=True)


def main() -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40), logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    with tempfile.TemporaryDirectory() as directory, Path(sys.argv[2]).open("w", encoding="utf-8") as tokens_file:
        uvloop.run(serve(Path(directory), int(sys.argv[1]), tokens_file))


if __name__ == "__main__":
    main()
