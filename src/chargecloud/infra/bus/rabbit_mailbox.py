"""Commands over the broker: a mailbox lives as long as its gateway's connection, and nobody else can open it."""

import asyncio
from collections import Counter

import structlog
from aiormq import Connection
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import ChannelLockedResource, PublishError
from pamqp.commands import Basic

from chargecloud.infra.bus.contract import CommandHandler
from chargecloud.infra.bus.rabbit_line import (
    Lost,
    RabbitLimits,
    answered,
    describe,
    open_channel,
    unless_lost,
    until_closed,
)
from chargecloud.infra.bus.rabbit_names import Names
from chargecloud.infra.bus.rabbit_wire import pack, unpack
from chargecloud.infra.kinds import Kinds
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Conflict, Unavailable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.bus")

KEPT_EXPIRED_MS = 60_000
"""How long after its expiry a command may wait to be reported as expired, before the broker drops it."""
LONGEST_MS = 86_400_000
"""The broker takes no expiration of years."""
LOCKED_PAUSE_S = 0.5


class Mailbox:
    """The receiving end of one gateway."""

    def __init__(
        self,
        gateway_id: str,
        handlers: tuple[CommandHandler, CommandHandler],
        *,
        limits: RabbitLimits,
        clock: Clock,
        counts: Counter[str],
    ) -> None:
        self.queue = Names(limits.prefix).mailbox(gateway_id)
        self._gateway_id = gateway_id
        self._handler, self._on_expired = handlers
        self._limits = limits
        self._clock = clock
        self._counts = counts
        self._kinds = Kinds()
        self._channel: Channel | None = None

    async def open(self, connection: Connection) -> None:
        """Make the mailbox; Conflict when another connection keeps it for longer than a dead one can."""
        until = self._clock.monotonic() + self._limits.taken_s
        while True:
            channel = await open_channel(connection)
            try:
                await answered(channel.queue_declare(self.queue, exclusive=True, arguments={"x-queue-type": "classic"}))
                break
            except ChannelLockedResource:
                if self._clock.monotonic() >= until:
                    raise Conflict(
                        f"another gateway named {self._gateway_id!r} is connected; give each its own id",
                        "mailbox_taken",
                        gateway_id=self._gateway_id,
                    ) from None
                await asyncio.sleep(LOCKED_PAUSE_S)

        async def arrived(message: DeliveredMessage) -> None:
            self._take_in(message)

        await answered(channel.basic_consume(self.queue, arrived, no_ack=True, exclusive=True))
        self._channel = channel

    async def run(self) -> None:
        """Until the channel is lost."""
        channel = self._channel
        if channel is None:
            raise Lost("not open")
        try:
            await until_closed(channel)
        finally:
            self._channel = None

    async def empty(self) -> bool:
        """Whether everything that was put there has been handled."""
        channel = self._channel
        if channel is None:
            return False
        found = await answered(channel.queue_declare(self.queue, passive=True))
        await asyncio.sleep(0)
        return not found.message_count

    def _take_in(self, message: DeliveredMessage) -> None:
        try:
            (envelope,) = unpack(message.body, self._kinds)
        except ValueError as error:
            self._counts["unreadable"] += 1
            log.error("bus.command_unreadable", gateway_id=self._gateway_id, error=str(error))
            return
        expired = 0 < envelope.expires_at_ms <= self._clock.now_ms()
        self._counts["commands_expired" if expired else "commands"] += 1
        try:
            (self._on_expired if expired else self._handler)(envelope)
        except Exception:
            self._counts["mailbox_failed"] += 1
            log.exception("bus.mailbox_failed", gateway_id=self._gateway_id, body=type(envelope.body).__name__)


class Sender:
    """The sending end."""

    def __init__(self, limits: RabbitLimits, clock: Clock) -> None:
        self._names = Names(limits.prefix)
        self._limits = limits
        self._clock = clock
        self._channel: Channel | None = None

    async def open(self, connection: Connection) -> None:
        """Send over this connection from now on."""
        self._channel = await open_channel(connection, confirms=True)

    async def run(self) -> None:
        """Until the channel is lost."""
        channel = self._channel
        if channel is None:
            raise Lost("not open")
        try:
            await until_closed(channel)
        finally:
            self._channel = None

    async def send(self, gateway_id: str, envelope: Envelope) -> None:
        """Return when the command lies in the mailbox; Unavailable `gateway_unknown` when there is no such mailbox."""
        channel = self._channel
        if channel is None:
            raise _away("the broker does not answer")
        publishing = channel.basic_publish(
            pack((envelope,)),
            routing_key=self._names.mailbox(gateway_id),
            properties=Basic.Properties(delivery_mode=1, expiration=self._expiration(envelope)),
            mandatory=True,
            wait=False,
        )
        try:
            async with asyncio.timeout(self._limits.send_s):
                await unless_lost(publishing)
        except PublishError:
            raise Unavailable(
                f"no gateway named {gateway_id!r} has opened a mailbox", "gateway_unknown", gateway_id=gateway_id
            ) from None
        except TimeoutError:
            raise _away(f"the broker has not confirmed within {self._limits.send_s} s") from None
        except Exception as error:
            raise _away(describe(error)) from error

    def _expiration(self, envelope: Envelope) -> str | None:
        """Milliseconds after which the broker need not keep it: some time after it may only be reported as expired."""
        if not envelope.expires_at_ms:
            return None
        left_ms = max(0, envelope.expires_at_ms - self._clock.now_ms())
        return str(min(left_ms + KEPT_EXPIRED_MS, LONGEST_MS))


def _away(said: str) -> Unavailable:
    return Unavailable(f"the command was not handed over: {said}; send it again", "bus_unavailable")
