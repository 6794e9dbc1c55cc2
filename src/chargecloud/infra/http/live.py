"""The hub of live topics: a snapshot for whoever subscribes, patches from then on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.watcher import GOING_AWAY, MAX_TOPIC, MAX_TOPICS, Change, Watcher
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Invalid, NotFound, TooMany

Snapshot = dict[str, object]
TakeSnapshot = Callable[[AsyncConnection, Principal, str], Awaitable[Snapshot | None]]
"""(connection, who, what follows the colon) -> the state now; None when it is not there, or not for them."""

CONNECTIONS = 10_000
CONNECTIONS_EACH = {"driver": 3, "staff": 20}


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """A kind of topic, "session" for "session:<no>"; patches come from `UnitOfWork.live`."""

    prefix: str
    snapshot: TakeSnapshot


class LiveHub:
    """Listens to the cache once and tells every watcher in this process."""

    def __init__(self, database: Database, cache: Cache, topics: Sequence[LiveTopic]) -> None:
        self._database = database
        self._cache = cache
        self._kinds = {topic.prefix: topic for topic in topics}
        self._watchers: dict[Watcher, Principal] = {}
        self._of: dict[tuple[str, int], set[Watcher]] = {}
        self._by_topic: dict[str, set[Watcher]] = {}
        self._task: asyncio.Task[None] | None = None
        self._patches = 0
        self._turned_away = 0

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Send every watcher away and stop listening."""
        for watcher in tuple(self._watchers):
            watcher.leave(GOING_AWAY)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def counts(self) -> Mapping[str, int]:
        """For metrics."""
        return {
            "watchers": len(self._watchers),
            "topics": len(self._by_topic),
            "patches": self._patches,
            "turned_away": self._turned_away,
        }

    def join(self, watcher: Watcher, principal: Principal) -> None:
        """Admit a connection; TooMany when there are too many already."""
        mine = self._of.setdefault((principal.kind, principal.id), set())
        own = sum(not each.close_code for each in mine)
        if own >= CONNECTIONS_EACH[principal.kind] or len(self._watchers) >= CONNECTIONS:
            self._turned_away += 1
            raise TooMany("too many live connections are open; close one first", "live_connections")
        self._watchers[watcher] = principal
        mine.add(watcher)

    def part(self, watcher: Watcher) -> None:
        """Forget a connection."""
        principal = self._watchers.pop(watcher, None)
        if principal is not None:
            mine = self._of[principal.kind, principal.id]
            mine.discard(watcher)
            if not mine:
                del self._of[principal.kind, principal.id]
        for topic in tuple(watcher.topics):
            self.unsubscribe(watcher, topic)

    async def subscribe(self, watcher: Watcher, topic: str) -> None:
        """Send the state of a topic now and its changes from now on; NotFound also when it is not for them."""
        if topic not in watcher.topics and len(watcher.topics) >= MAX_TOPICS:
            raise TooMany(f"one connection may watch {MAX_TOPICS} topics", "live_topics")
        kind, name = self._kind_of(topic)
        watcher.hold_back(topic)
        self._by_topic.setdefault(topic, set()).add(watcher)
        snapshot = None
        try:
            async with self._database.read() as connection:
                snapshot = await kind.snapshot(connection, self._watchers[watcher], name)
        finally:
            if snapshot is None:
                self.unsubscribe(watcher, topic)
        if snapshot is None:
            raise NotFound(f"there is nothing to watch under {topic!r}", "no_such_topic")
        watcher.release(topic, snapshot)

    async def still_may(self, watcher: Watcher, topic: str) -> bool:
        """Whether a watched topic is still there for whoever watches it; when not, it is watched no more."""
        kind, name = self._kind_of(topic)
        async with self._database.read() as connection:
            allowed = await kind.snapshot(connection, self._watchers[watcher], name) is not None
        if not allowed:
            self.unsubscribe(watcher, topic)
        return allowed

    def attach(self, watcher: Watcher, topic: str) -> None:
        """Have the platform's own word on a topic that nobody can ask for, and that has no snapshot."""
        watcher.topics.add(topic)
        self._by_topic.setdefault(topic, set()).add(watcher)

    def attached(self, topic: str) -> tuple[Watcher, ...]:
        """Who has the word on a topic in this process."""
        return tuple(self._by_topic.get(topic, ()))

    def unsubscribe(self, watcher: Watcher, topic: str) -> None:
        """No more of a topic."""
        watcher.drop(topic)
        others = self._by_topic.get(topic)
        if others is not None:
            others.discard(watcher)
            if not others:
                del self._by_topic[topic]

    def _kind_of(self, topic: str) -> tuple[LiveTopic, str]:
        prefix, colon, name = topic.partition(":")
        if len(topic) > MAX_TOPIC or not colon or not name:
            raise Invalid('a topic looks like "session:<no>"', "invalid_topic")
        if prefix not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise Invalid(f"there are no topics of the kind {prefix!r}, only {known}", "invalid_topic")
        return self._kinds[prefix], name

    async def _listen(self) -> None:
        async for topic, patch in self._cache.listen():
            if not topic:
                await self._start_over()
                continue
            watchers = self._by_topic.get(topic)
            if watchers:
                self._patches += 1
                change = Change(topic, patch)
                for watcher in watchers:
                    watcher.patch(change)

    async def _start_over(self) -> None:
        """Patches were lost: whoever watches has to come again for fresh snapshots."""
        for watcher in tuple(self._watchers):
            watcher.leave(GOING_AWAY)
