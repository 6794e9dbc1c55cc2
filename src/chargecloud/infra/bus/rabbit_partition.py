"""One queue of the broker, consumed in order: acknowledged after the handler has returned, handed over on request."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from aiormq import Connection
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import AMQPError

from chargecloud.infra.bus.rabbit_line import (
    CLOSE_S,
    Lost,
    RabbitLimits,
    answered,
    open_channel,
    side_by_side,
    unless_lost,
    until_closed,
)
from chargecloud.infra.bus.rabbit_wire import foreign, unpack
from chargecloud.infra.bus.redelivery import Redelivery
from chargecloud.infra.kinds import Kinds, Unreadable
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.bus")

SetAside = Callable[[str, Envelope, str], None]
"""(group, envelope, error)"""


class Partition:
    """The consumer of one partition of one group. Only the one the broker has chosen is given messages.

    It has a channel of its own: when that closes, the broker gives back what was not acknowledged and lets the next
    consumer begin, in one step and in order. So a partition is handed over by closing it between two batches.
    """

    def __init__(
        self,
        queue: str,
        redelivery: Redelivery,
        *,
        limits: RabbitLimits,
        linger_s: float,
        set_aside: SetAside,
        counts: Counter[str],
    ) -> None:
        self.queue = queue
        self.handled = 0
        """Events handled so far."""
        self.retired = asyncio.Event()
        self._redelivery = redelivery
        self._limits = limits
        self._linger_s = linger_s
        self._set_aside = set_aside
        self._counts = counts
        self._kinds = Kinds()
        self._waiting: deque[tuple[int, list[Envelope]]] = deque()
        self._in_hand = False
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._releasing = False
        self._retiring = False
        self._channel: Channel | None = None
        self._looked_at = 0

    async def open(self, connection: Connection) -> None:
        """Stand in line for the queue."""
        self._waiting.clear()
        self._arrived.clear()
        self._releasing = False
        channel = await open_channel(connection)
        await answered(channel.basic_qos(prefetch_count=self._limits.prefetch))
        self._channel = channel

        async def arrived(message: DeliveredMessage) -> None:
            self._take_in(message)

        await answered(channel.basic_consume(self.queue, arrived))

    async def run(self, connection: Connection) -> None:
        """Handle what comes until the connection or the channel is lost; stand in line again after a hand-over."""
        while True:
            channel = self._channel
            if channel is None:
                raise Lost("not open")
            try:
                await side_by_side(self._work(channel), until_closed(channel), until_cancelled(channel))
            finally:
                self._channel = None
                await _close(channel)
            if self._retiring:
                self.retired.set()
                await asyncio.Event().wait()
            await self.open(connection)

    def release(self) -> None:
        """Let somebody else have the partition as soon as the batch in hand is done."""
        self._releasing = True
        self._arrived.set()

    def retire(self) -> None:
        """Like `release`, and do not stand in line again; `retired` says when."""
        self._retiring = True
        self.release()

    def was_active(self) -> bool:
        """Whether anything was handled or is in hand since this was asked last."""
        active = self._in_hand or bool(self._waiting) or self.handled != self._looked_at
        self._looked_at = self.handled
        return active

    async def empty(self) -> bool:
        """Whether nothing is in hand here and nothing waits on the broker."""
        channel = self._channel
        if channel is None or self._in_hand or self._waiting:
            return False
        found = await answered(channel.queue_declare(self.queue, passive=True))
        # what came before the answer has been scheduled before it, so look again after a turn of the loop
        await asyncio.sleep(0)
        return not found.message_count and not self._in_hand and not self._waiting

    def hurry(self) -> None:
        """Do not linger until `relax`."""
        self._hurry.set()

    def relax(self) -> None:
        """Linger again."""
        self._hurry.clear()

    def _take_in(self, message: DeliveredMessage) -> None:
        if message.channel is not self._channel or message.delivery_tag is None:
            return  # of a channel given up meanwhile: it comes again
        try:
            envelopes = unpack(message.body, self._kinds)
        except ValueError as error:
            envelopes = [foreign(message.body, str(error))]
        self._waiting.append((message.delivery_tag, envelopes))
        self._arrived.set()

    async def _work(self, channel: Channel) -> None:
        while True:
            await self._arrived.wait()
            if self._releasing:
                return
            if self._linger_s and not self._hurry.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), self._linger_s)
            self._in_hand = True
            try:
                tag, envelopes = self._batch()
                await self._handle(envelopes)
                await unless_lost(channel.basic_ack(tag, multiple=True))
                self.handled += len(envelopes)
            finally:
                self._in_hand = False

    def _batch(self) -> tuple[int, list[Envelope]]:
        """Whole messages, about `batch` events of them; the tag of the last."""
        tag, envelopes = self._waiting.popleft()
        while self._waiting and len(envelopes) + len(self._waiting[0][1]) <= self._limits.batch:
            tag, more = self._waiting.popleft()
            envelopes += more
        if not self._waiting and not self._releasing:
            self._arrived.clear()
        return tag, envelopes

    async def _handle(self, envelopes: Sequence[Envelope]) -> None:
        readable: list[Envelope] = []
        for envelope in envelopes:
            if isinstance(envelope.body, Unreadable):
                self._counts["unreadable"] += 1
                self._set_aside(self._redelivery.group, envelope, envelope.body.error)
            else:
                readable.append(envelope)
        if readable:
            await self._redelivery.deliver(readable, self._give_up)

    def _give_up(self, envelope: Envelope, error: str) -> None:
        self._set_aside(self._redelivery.group, envelope, error)


async def until_cancelled(channel: Channel) -> None:
    """Raise Lost when the broker ends the consumer, as when somebody deletes the queue."""
    cancelled = asyncio.Event()
    channel.on_consumer_cancel_callbacks.add(lambda _frame: cancelled.set())
    await cancelled.wait()
    raise Lost("the broker took the queue away")


async def _close(channel: Channel) -> None:
    """Given back in order; a connection that is lost does the same."""
    with suppress(AMQPError, OSError, RuntimeError, TimeoutError, Lost):
        await unless_lost(channel.close(timeout=CLOSE_S))
