"""Connections to one Redis: every call has a deadline, and while the server does not answer calls fail at once."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, NoScriptError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from chargecloud.infra.cache.redis_scripts import PULSE, Script
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.cache")

T = TypeVar("T")

CANCEL_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """Deadlines and sizes of a cache on Redis; `prefix` is what its keys and its channel begin with."""

    prefix: str = "chargecloud:"
    connections: int = 32
    answer_s: float = 1.0
    """What one call may take, connecting included."""
    pulse_s: float = 0.5
    """How often the server is asked whether it lives and still knows us."""
    settle_ms: int = 2_000
    """How long after a flush or restart nobody may claim what the directory does not know: longer than a pulse and the
    second or so that a gateway needs to tell 50,000 charge points."""
    claim_within_s: float = 5.0
    """What a claim may take when it has to wait for that."""
    hold_s: int = 30
    """How long an entry outlives the gateway that holds it."""
    assert_s: float = 10.0
    """How often a gateway tells what it holds, unasked."""
    released_s: int = 3_600
    """How long the epoch of a charge point that nobody holds is remembered."""
    remembered: int = 100_000
    """Holders kept in mind for when the server does not answer."""
    patches: int = 2_000
    """Live patches that may wait, on their way out and before each listener."""


async def end(tasks: Collection["asyncio.Task[None]"]) -> None:
    """Cancel until they have ended: the driver may forget a cancellation (see `RedisLine._within`)."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


class RedisLine:
    """What talks to the server. Owned by `RedisCache`, which asks for the pulse that opens it again after an outage."""

    def __init__(self, url: str, options: RedisOptions) -> None:
        self._options = options
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=options.connections,
            timeout=options.answer_s,
            socket_timeout=options.answer_s,
            socket_connect_timeout=options.answer_s,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            client_name="chargecloud",
        )
        self.client: Redis = Redis(connection_pool=self._pool)
        place = self._pool.connection_kwargs
        self.name = f"{place.get('host', 'localhost')}:{place.get('port', 6379)}"
        """Host and port, without a password."""
        self.down = False
        self.outages = 0

    def key(self, kind: str, name: str = "") -> str:
        """A key of ours."""
        return f"{self._options.prefix}{kind}:{name}" if name else f"{self._options.prefix}{kind}"

    async def run(self, script: Script, keys: Sequence[str], *arguments: str | int) -> list[bytes]:
        """Run a script; Unavailable when the server does not answer, or did not at the last pulse."""
        if self.down:
            raise self._unavailable("it did not answer before")
        return await self._within(self._run(script, keys, arguments))

    async def publish(self, channel: str, payload: bytes) -> None:
        """Tell whoever listens; Unavailable like `run`."""
        if self.down:
            raise self._unavailable("it did not answer before")
        await self._within(self.client.publish(channel, payload))

    async def pulse(self) -> bytes:
        """Which directory this is: another name after a flush or a restart. Tries even when the last try failed."""
        born = await self._within(self._run(PULSE, [self.key("born")], ()))
        if self.down:
            self.down = False
            log.info("cache.back", server=self.name)
        return born[0]

    async def introduce(self) -> None:
        """Look once before the first use: a server that is away is waited for, one that turns us away is an error."""
        try:
            await self.pulse()
        except Unavailable as outage:
            if isinstance(outage.__cause__, AuthenticationError | NoPermissionError):
                said = f"the cache at {self.name} turns us away: {outage.__cause__}"
                raise Unavailable(f"{said}; mend the name or password in cache.url", "cache_refused") from None

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()
        await self._pool.disconnect()

    async def _run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | int]) -> list[bytes]:
        try:
            answer = await self.client.evalsha(script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            answer = await self.client.eval(script.lua, len(keys), *keys, *arguments)
        return cast(list[bytes], answer)

    async def _within(self, call: Awaitable[T]) -> T:
        """A call with its deadline. Whoever cancels it is obeyed, though `asyncio.wait_for`, which the driver uses,
        forgets a cancellation that meets the end of what it waits for (until Python 3.12)."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            return await self._limited(call)
        finally:
            if task and task.cancelling() > before:
                raise asyncio.CancelledError

    async def _limited(self, call: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._options.answer_s):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            said = str(error) or f"no answer within {self._options.answer_s} s"
            if not self.down:
                self.down = True
                self.outages += 1
                log.warning("cache.lost", server=self.name, error=said)
            raise self._unavailable(said) from error

    def _unavailable(self, said: str) -> Unavailable:
        return Unavailable(
            f"the cache at {self.name} cannot be used: {said}; see whether Redis runs there and cache.url is right",
            "cache_unavailable",
        )
