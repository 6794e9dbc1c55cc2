"""A connection to RabbitMQ that is opened again and again, and what is done with it each time."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import structlog
from aiormq import Connection
from aiormq.base import Base
from aiormq.channel import Channel
from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from yarl import URL

from chargecloud.infra.bus.contract import PARTITIONS
from chargecloud.infra.bus.redelivery import RetryPolicy
from chargecloud.kernel.errors import ChargeCloudError, Invalid, Unavailable

log = structlog.get_logger("chargecloud.bus")
logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # says each failure in several lines; ours say it once

T = TypeVar("T")

CLOSE_S = 3.0
"""How long the broker may take to say goodbye."""
ANSWER_S = 10.0
"""How long the broker may take to answer; one that is starting again may never answer what came too early."""
START_S = 30.0
"""How long a start waits for everything to be set up; it goes on in the background."""

Ready = Callable[[], None]
Use = Callable[[Connection, Ready], Awaitable[None]]
"""Works with a connection until it is over; says when everything is set up."""


class Lost(Exception):
    """The connection or one of its channels is gone."""


@dataclass(frozen=True, slots=True)
class RabbitLimits:
    """Sizes and times of the bus on RabbitMQ; all processes of a platform share prefix and partitions."""

    prefix: str = "chargecloud"
    """What the names of queues begin with."""
    partitions: int = PARTITIONS
    parcel: int = 250
    """Events in one message of the broker, at most."""
    window: int = 64
    """Messages on their way to the broker and not confirmed; beyond it events gather into larger ones."""
    prefetch: int = 16
    """Messages of a partition a worker may hold unacknowledged."""
    batch: int = 500
    """Events a handler is given at once, about."""
    high_water: int = 20_000
    low_water: int = 10_000
    ceiling: int = 200_000
    """Events published beyond this are dropped and counted; gateways stop reading long before."""
    heartbeat_s: int = 5
    """A connection on which nothing came for three of them is given up."""
    connect_s: float = 5.0
    first_delay_s: float = 0.2
    longest_delay_s: float = 5.0
    stalled_s: float = 5.0
    """A confirm that takes longer makes the bus unavailable, as when the broker is out of memory or disk."""
    durable_s: float = 10.0
    send_s: float = 5.0
    taken_s: float = 20.0
    """How long a gateway waits for its mailbox when the broker still thinks another one has it."""
    deleted_s: float = 1.0
    """How long to wait before a queue that somebody has deleted is made again."""
    balance_s: float = 5.0
    stop_s: float = 10.0
    poison_kept: int = 1_000
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class RabbitLine:
    """Keeps one connection; `use` is called with every new one and ends when that is lost."""

    def __init__(self, url: str, purpose: str, limits: RabbitLimits, use: Use) -> None:
        self.name, self._url = _checked(url, purpose, limits)
        self.up = False
        self.outages = 0
        self._purpose = purpose
        self._limits = limits
        self._use = use
        self._said = ""
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Return when the connection is in use, or when the broker is away and will be tried again and again.

        Unavailable when the broker turns us away: that does not mend itself.
        """
        self._first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep())
        try:
            await asyncio.wait([self._first], timeout=START_S)
            self._settle()
            await self._first
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connection and try no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.up = False

    async def _keep(self) -> None:
        failures = 0
        while True:
            error: Exception
            try:
                await self._once()
            except ChargeCloudError as refusal:
                if self._first is not None and not self._first.done():
                    self._first.set_exception(refusal)
                    return
                error = refusal
            except Exception as trouble:
                error = trouble
            failures = 1 if self.up else failures + 1
            self._note(error)
            delay_s = min(self._limits.longest_delay_s, self._limits.first_delay_s * (1 << min(failures - 1, 20)))
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # not all at once

    async def _once(self) -> None:
        connection = await self._open()
        try:
            await side_by_side(self._use(connection, self._ready), until_closed(connection))
        finally:
            await _close(connection)
        raise Lost("its use has ended")

    def _ready(self) -> None:
        if self.outages:
            log.info("bus.back", broker=self.name, purpose=self._purpose)
        self.up = True
        self._settle()

    def _note(self, error: Exception) -> None:
        """Once for each outage and reason, not for each attempt."""
        said = describe(error)
        if self.up or (self._first is not None and not self._first.done()):
            self.outages += 1
            self._said = ""
        if said != self._said:
            log.warning("bus.lost", broker=self.name, purpose=self._purpose, error=said)
        self.up, self._said = False, said
        self._settle()

    def _settle(self) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    async def _open(self) -> Connection:
        connection = Connection(self._url)
        try:
            async with asyncio.timeout(self._limits.connect_s):
                await connection.connect()
        except (AuthenticationError, ProbableAuthenticationError) as error:
            raise self._refused(f"{error}; mend the name or password in bus.url") from error
        except InvalidFrameError as error:
            if "Connection.OpenOk" not in str(error):
                raise
            raise self._refused(
                f"there is no virtual host {connection.vhost!r}, or it is not open to this name; "
                "make it with `rabbitmqctl add_vhost`, allow it with `rabbitmqctl set_permissions`, or mend bus.url"
            ) from error
        return connection

    def _refused(self, said: str) -> Unavailable:
        return Unavailable(f"the broker at {self.name} turns us away: {said}", "bus_refused")


async def side_by_side(*works: Awaitable[None]) -> None:
    """Until the first ends, which ends the others. What it raised is raised; Lost when it was cancelled from within.

    The client answers everybody who waits with CancelledError when a connection is given up: that is no wish of ours.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    errors = [Lost("given up") if task.cancelled() else task.exception() for task in done]
    for error in errors:
        if error is not None:
            raise error


async def open_channel(connection: Connection, *, confirms: bool = False) -> Channel:
    """A channel of its own for one purpose; with `confirms`, what no queue takes is an error of its publisher."""
    opening = connection.channel(publisher_confirms=confirms, on_return_raises=True)
    return cast(Channel, await answered(opening))


async def answered(call: Awaitable[T]) -> T:
    """What the broker answers; Lost when it does not."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await call
    except TimeoutError:
        raise Lost(f"no answer within {ANSWER_S} s") from None


async def until_closed(resource: Base) -> None:
    """Raise Lost when a connection or channel has closed."""
    closing = resource.closing
    await asyncio.wait([closing])
    error = None if closing.cancelled() else closing.exception()
    raise Lost(describe(error) if error else "closed") from error


async def unless_lost(call: Awaitable[object]) -> None:
    """Wait for a call to the broker; Lost also when the client ends it by a cancellation of its own."""
    try:
        await call
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Lost("given up") from None


def refusal(error: Exception, name: str) -> ChargeCloudError | None:
    """What an operator has to mend before a queue can be used; None when it may mend itself."""
    if isinstance(error, ChannelAccessRefused):
        said = f"{error}; give the name in bus.url the permissions of docs/operating/broker.md"
        return Unavailable(f"the broker at {name} turns us away: {said}", "bus_refused")
    if isinstance(error, ChannelPreconditionFailed):
        said = f"{error}; a queue of this name was made otherwise: empty and delete it, or give another virtual host"
        return Unavailable(f"the broker at {name} turns us away: {said}", "bus_refused")
    return None


def describe(error: BaseException) -> str:
    """What an error says, or its name."""
    return str(error) or type(error).__name__


async def _close(connection: Connection) -> None:
    closing = asyncio.ensure_future(connection.close())
    await asyncio.wait([closing], timeout=CLOSE_S)
    if not closing.done():
        closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)


def _checked(url: str, purpose: str, limits: RabbitLimits) -> tuple[str, URL]:
    """Host and port without a password, and the URL with what we want of a connection."""
    try:
        parsed = URL(url)
        port = parsed.port or {"amqp": 5672, "amqps": 5671}[parsed.scheme]
        host = parsed.host or ""
    except (ValueError, KeyError) as error:
        raise Invalid("bus.url: not a URL like amqp://name:password@host:5672/vhost", "bus_url") from error
    if not host:
        raise Invalid("bus.url: no host; give amqp://name:password@host:5672/vhost", "bus_url")
    wanted = {"heartbeat": str(limits.heartbeat_s), "name": f"{limits.prefix} {purpose}"} | dict(parsed.query)
    return f"{host}:{port}", parsed.with_query(wanted)
