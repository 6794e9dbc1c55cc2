"""What several processes share: driver packages, broker, Redis, database server and whose clock is wrong."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import ChargeCloudError, Unavailable
from chargecloud.main import schema_state
from chargecloud.main.doctor_finding import Finding, fine, note, wrong
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import EMBEDDED, scheme_of

if TYPE_CHECKING:
    from aiormq.abc import AbstractConnection

    from chargecloud.infra.cache.redis_line import RedisLine

PACKAGES = {"database": ("asyncmy",), "bus": ("aiormq",), "cache": ("redis", "hiredis")}
ANSWER_WITHIN_S = 5.0
SKEW_NOTED_MS = 1_000
SKEW_WRONG_MS = 10_000
"""Epochs, expiry of commands and signs of life compare clocks of different machines."""


def servers(settings: Settings) -> Iterator[Finding]:
    """Bus and cache, and the clock of the database; what is in the database is looked at elsewhere."""
    checks = {"bus": broker, "cache": redis, "database": database_clock}
    for name, check in checks.items():
        if scheme_of(settings, name) == EMBEDDED[name]:
            if name != "database":
                yield fine(name, "in memory, one process")
            continue
        missing = [package for package in PACKAGES[name] if find_spec(package) is None]
        if missing:
            yield wrong(name, f"{', '.join(missing)} not installed; pip install 'chargecloud[cluster]'")
            continue
        try:
            yield from check(settings)
        except (ChargeCloudError, OSError, TimeoutError) as error:
            yield wrong(name, str(error) or f"no answer within {ANSWER_WITHIN_S:.0f} s")


def _within(work: Coroutine[Any, Any, list[Finding]]) -> list[Finding]:
    async def limited() -> list[Finding]:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await work

    return asyncio.run(limited())


def broker(settings: Settings) -> list[Finding]:
    """Connects, opens the virtual host, and does once what the bus does all the time: declare, publish, get."""
    return _within(_broker(settings.bus.url))


async def _broker(url: str) -> list[Finding]:
    from aiormq.exceptions import AMQPError, ProbableAuthenticationError, ProtocolSyntaxError

    parsed = make_url(url)
    place = f"{parsed.host}:{parsed.port or 5672}"
    vhost = parsed.database or "/"
    try:
        async with _connected(url) as connection:
            version = str(connection.server_properties.get("version", "")).removeprefix("b").strip("'")
            await _use(connection)
    except ProbableAuthenticationError:
        return [wrong("bus", f"RabbitMQ at {place} turns us away; mend name and password in bus.url")]
    except ProtocolSyntaxError:
        mend = f"rabbitmqctl add_vhost '{vhost}', and set_permissions for the user of bus.url"
        return [wrong("bus", f"RabbitMQ at {place} does not let us into the virtual host {vhost!r}; {mend}")]
    except AMQPError as error:
        said = str(error)
        if "ACCESS_REFUSED" in said:
            mend = f"rabbitmqctl set_permissions -p '{vhost}' {parsed.username} '.*' '.*' '.*'"
            return [wrong("bus", f"the user of bus.url may not declare, write and read in {vhost!r}; {mend}")]
        return [wrong("bus", f"RabbitMQ at {place} cannot be used: {said}; see whether it runs and bus.url is right")]
    found = [fine("bus", f"RabbitMQ {version} at {place}, virtual host {vhost!r}")]
    if parsed.username == "guest":
        found.append(note("bus account", "guest is known to everybody; rabbitmqctl add_user, and delete_user guest"))
    return found


@asynccontextmanager
async def _connected(url: str) -> "AsyncIterator[AbstractConnection]":
    import aiormq

    connection = await aiormq.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _use(connection: "AbstractConnection") -> None:
    channel = await connection.channel()
    declared = await channel.queue_declare(exclusive=True, auto_delete=True)
    queue = declared.queue or ""
    await channel.basic_publish(b"doctor", routing_key=queue)
    await channel.basic_get(queue, no_ack=True)
    await channel.queue_delete(queue)


def redis(settings: Settings) -> list[Finding]:
    """Connects, runs a script as the directory does, and looks at what the server may forget."""
    return _within(_redis(settings.cache.url))


async def _redis(url: str) -> list[Finding]:
    from chargecloud.infra.cache.redis_line import RedisLine, RedisOptions

    line = RedisLine(url, RedisOptions())
    try:
        await line.introduce()
        facts = await _facts(line)
        found = [fine("cache", f"Redis {facts['redis_version']} at {line.name}"), *_memory(facts)]
        try:
            await line.pulse()
        except Unavailable as outage:
            return [*found[1:], wrong("cache", outage.message)]
        before_ms = SystemClock().now_ms()
        seconds, micros = await line.client.time()
        now_ms = (before_ms + SystemClock().now_ms()) // 2
    finally:
        await line.close()
    return [*found, *_skew("clock of Redis", int(seconds) * 1000 + int(micros) // 1000 - now_ms)]


async def _facts(line: "RedisLine") -> dict[str, Any]:
    from redis.exceptions import RedisError

    try:
        return dict(await line.client.info())
    except (RedisError, OSError):
        await line.pulse()  # says what is wrong in our own words
        raise


def _memory(facts: Mapping[str, Any]) -> Iterator[Finding]:
    policy = str(facts.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        mend = "it forgets who holds which charge point when memory runs short; CONFIG SET maxmemory-policy noeviction"
        yield wrong("cache memory", f"maxmemory-policy is {policy}: {mend}, and in redis.conf")
    limit, used = int(facts.get("maxmemory", 0)), int(facts.get("used_memory", 0))
    if limit and used * 10 > limit * 9:
        yield wrong("cache memory", f"{used >> 20} of {limit >> 20} MiB are used; raise maxmemory")
    if int(facts.get("cluster_enabled", 0)):
        yield wrong("cache kind", "this is a Redis Cluster, where no script may touch two keys; use a single server")


def database_clock(settings: Settings) -> list[Finding]:
    """How far the database server's clock is from ours."""
    from chargecloud.main.schema_server import on_server

    if not schema_state.is_server(settings.database_url):
        return []
    before_ms = SystemClock().now_ms()
    query = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
    there_ms = int(on_server(settings.database_url, lambda connection: connection.exec_driver_sql(query).scalar_one()))
    now_ms = (before_ms + SystemClock().now_ms()) // 2
    return _skew("clock of the database", there_ms - now_ms)


def _skew(subject: str, skew_ms: int) -> list[Finding]:
    """Positive when the other clock is ahead."""
    said = f"{abs(skew_ms)} ms {'ahead of' if skew_ms > 0 else 'behind'} ours"
    if abs(skew_ms) >= SKEW_WRONG_MS:
        return [wrong(subject, f"{said}; let chrony or systemd-timesyncd set the clocks of both machines")]
    if abs(skew_ms) >= SKEW_NOTED_MS:
        return [note(subject, f"{said}; see whether the clocks of both machines are set by NTP")]
    return [fine(subject, said)]
