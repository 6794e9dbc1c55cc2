"""Live patches between processes: PUBLISH in batches, one subscription a process that listens.

Redis keeps nothing for a subscriber that is away, so whoever may have missed something is told so and starts over.
"""

import asyncio
from collections.abc import AsyncIterator
from weakref import WeakSet

import msgspec
import structlog
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from chargecloud.infra.cache.backlog import BEHIND, Backlog, Patch
from chargecloud.infra.cache.redis_line import RedisLine, RedisOptions, end
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.cache")

BATCH = 200
QUIET_S = 5.0
"""After so long without a patch the subscription is tried; as long again without an answer and it is made anew."""

_decoder = msgspec.msgpack.Decoder(list[Patch])


class RedisLive:
    """What leaves this process, and who listens in it."""

    def __init__(self, line: RedisLine, options: RedisOptions) -> None:
        self._line = line
        self._options = options
        self._channel = line.key("live")
        self._outgoing = Backlog(options.patches)
        self._listeners: WeakSet[Backlog] = WeakSet()
        self._tasks: list[asyncio.Task[None]] = []
        self._subscribed = False
        self.lost_batches = 0

    def start(self) -> None:
        """Begin to send."""
        self._tasks.append(asyncio.create_task(self._send()))

    async def stop(self) -> None:
        """Stop sending and listening; patches under way are lost, and only fresh snapshots need them."""
        await end(self._tasks)
        self._tasks.clear()
        self._subscribed = False

    def broadcast(self, topic: str, patch: bytes) -> None:
        """Hand over without waiting."""
        self._outgoing.offer(topic, patch)

    def listen(self) -> AsyncIterator[Patch]:
        """Everything from now on; the first listener makes the process subscribe."""
        listener = Backlog(self._options.patches)
        self._listeners.add(listener)
        if not self._subscribed:
            self._subscribed = True
            self._tasks.append(asyncio.create_task(self._receive()))
        return listener.follow()

    async def _send(self) -> None:
        lost = False
        while True:
            batch = [BEHIND] if lost else await self._outgoing.take(BATCH)
            try:
                await self._line.publish(self._channel, msgspec.msgpack.encode(batch))
                lost = False
            except Unavailable:
                self.lost_batches += 1
                lost = True
                await asyncio.sleep(self._options.pulse_s)

    async def _receive(self) -> None:
        missed = False
        while True:
            try:
                async with self._line.client.pubsub() as subscription:
                    await self._follow(subscription, missed=missed)
            except (RedisError, OSError, TimeoutError, msgspec.MsgspecError) as error:
                log.warning("cache.subscription_lost", server=self._line.name, error=str(error) or "silent")
            missed = True
            await asyncio.sleep(self._options.pulse_s)

    async def _follow(self, subscription: PubSub, *, missed: bool) -> None:
        """Until the connection breaks or falls silent."""
        async with asyncio.timeout(self._options.answer_s):
            await subscription.subscribe(self._channel)
        tried = False
        while True:
            message = await subscription.get_message(timeout=QUIET_S)
            if message is None:
                if tried:
                    raise TimeoutError
                tried = True
                await subscription.ping()
                continue
            tried = False
            if message["type"] == "subscribe" and missed:
                for listener in self._listeners:
                    listener.restart()
            elif message["type"] == "message":
                self._deliver(_decoder.decode(message["data"]))

    def _deliver(self, patches: list[Patch]) -> None:
        for listener in self._listeners:
            for topic, patch in patches:
                if topic:
                    listener.offer(topic, patch)
                else:
                    listener.restart()
