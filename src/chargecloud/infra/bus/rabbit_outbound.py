"""Events on their way to the broker: gathered by queue, sent as parcels, kept until confirmed, sent again in order."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from aiormq import Connection
from aiormq.channel import Channel
from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from chargecloud.infra.bus.rabbit_line import (
    Lost,
    RabbitLimits,
    Ready,
    describe,
    open_channel,
    side_by_side,
    until_closed,
)
from chargecloud.infra.bus.rabbit_wire import pack
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.message import Envelope

PERSISTENT = 2


class Receipt:
    """What somebody who hands events over durably waits for: so many confirmations are missing."""

    __slots__ = ("done", "given_up", "missing")

    def __init__(self, missing: int, done: asyncio.Future[None]) -> None:
        self.missing = missing
        self.done = done
        self.given_up = False

    def sign(self) -> None:
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(None)


Waiting = tuple[Envelope, Receipt | None]


class OutQueue:
    """What waits for one queue of the broker."""

    __slots__ = ("linger_s", "name", "ready", "waiting")

    def __init__(self, name: str, linger_s: float) -> None:
        self.name = name
        self.linger_s = linger_s
        self.waiting: deque[Waiting] = deque()
        self.ready = False


@dataclass(eq=False, slots=True)
class _Parcel:
    """One message of the broker."""

    no: int
    queue: str
    body: bytes
    events: int
    receipts: list[Receipt]
    sent_at: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class _Session:
    """One channel to publish on, until something goes wrong with it."""

    channel: Channel
    broken: "asyncio.Future[None]"

    def end(self, said: str) -> None:
        if not self.broken.done():
            self.broken.set_exception(Lost(said))


class Outbound:
    """The publishing side; belongs to one event loop. Order within a queue is the order of `put`.

    At most `window` parcels are unconfirmed; while it is full, or the broker is away, events gather. When anything
    goes wrong with a parcel all unconfirmed ones are sent again on a new channel, in order: twice rather than never.
    """

    def __init__(self, limits: RabbitLimits, clock: Clock, counts: Counter[str]) -> None:
        self.congested = False
        self.queued = 0
        """Events put and not confirmed yet."""
        self._limits = limits
        self._monotonic = clock.monotonic
        self._counts = counts
        self._ready: deque[OutQueue] = deque()
        self._lingering: dict[float, list[OutQueue]] = {}
        self._timers: set[asyncio.Handle] = set()
        self._hurried = 0
        self._numbers = count()
        self._unconfirmed: dict[int, _Parcel] = {}
        self._session: _Session | None = None
        self._publishing: set[asyncio.Task[None]] = set()
        self._flush_soon: asyncio.Handle | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._receipts: set[Receipt] = set()

    @property
    def available(self) -> bool:
        """Whether what is put now gets anywhere."""
        if self._session is None:
            return False
        for oldest in self._unconfirmed.values():
            return self._monotonic() - oldest.sent_at < self._limits.stalled_s
        return True

    def put(self, queues: Sequence[OutQueue], envelope: Envelope, receipt: Receipt | None = None) -> None:
        """Take an event for these queues; above the ceiling it is dropped and counted."""
        if self.queued >= self._limits.ceiling:
            self._counts["dropped_at_ceiling"] += 1
            return
        for queue in queues:
            queue.waiting.append((envelope, receipt))
            if not queue.ready:
                queue.ready = True
                self._await_turn(queue)
        self.queued += len(queues)
        if self.queued > self._limits.high_water:
            self.congested = True

    async def put_durably(self, events: Sequence[tuple[Sequence[OutQueue], Envelope]]) -> None:
        """Return when the broker has confirmed all of them.

        Unavailable at once while the broker is away, otherwise after `durable_s`; what has not been sent by then is
        taken back, what has may still arrive.
        """
        if not self.available:
            raise _away("the broker does not answer")
        receipt = Receipt(sum(len(queues) for queues, _ in events), asyncio.get_running_loop().create_future())
        if not receipt.missing:
            return
        self._receipts.add(receipt)
        try:
            async with asyncio.timeout(self._limits.durable_s):
                while self.congested:
                    await self._progress()
                for queues, envelope in events:
                    self.put(queues, envelope, receipt)
                await receipt.done
        except TimeoutError:
            raise _away(f"the broker has not confirmed within {self._limits.durable_s} s") from None
        finally:
            self._receipts.discard(receipt)
            if receipt.missing:
                self._take_back(receipt, {queue.name: queue for queues, _ in events for queue in queues}.values())

    async def run(self, connection: Connection, ready: Ready) -> None:
        """Send and send again over this connection until something goes wrong with it."""
        channel = await open_channel(connection, confirms=True)
        session = self._session = _Session(channel, asyncio.get_running_loop().create_future())
        try:
            for parcel in self._unconfirmed.values():
                self._send(session, parcel)
            ready()
            self._flush()
            await side_by_side(session.broken, until_closed(channel))
        finally:
            self._session = None
            for task in self._publishing:
                task.cancel()
            await asyncio.gather(*self._publishing, return_exceptions=True)

    async def flushed(self) -> None:
        """Return when everything put so far is confirmed; does not linger meanwhile."""
        self._hurried += 1
        try:
            for linger_s in list(self._lingering):
                self._release(linger_s)
            while self.queued:
                await self._progress()
        finally:
            self._hurried -= 1

    def give_up(self) -> int:
        """Confirm nothing more: those who wait are told; how many events are lost."""
        for handle in (*self._timers, self._flush_soon):
            if handle is not None:
                handle.cancel()
        self._timers.clear()
        for receipt in list(self._receipts):
            if not receipt.done.done():
                receipt.done.set_exception(_away("the bus has been stopped"))
        return self.queued

    @property
    def unconfirmed(self) -> int:
        """Parcels on their way."""
        return len(self._unconfirmed)

    def _await_turn(self, queue: OutQueue) -> None:
        if self._hurried or not queue.linger_s:
            self._ready.append(queue)
            self._flush_later()
            return
        gathering = self._lingering.setdefault(queue.linger_s, [])
        if not gathering:
            self._after(queue.linger_s, lambda: self._release(queue.linger_s))
        gathering.append(queue)

    def _after(self, delay_s: float, call: Callable[[], None]) -> None:
        def due() -> None:
            self._timers.discard(handle)
            call()

        handle = asyncio.get_running_loop().call_later(delay_s, due)
        self._timers.add(handle)

    def _release(self, linger_s: float) -> None:
        self._ready += self._lingering.pop(linger_s, ())
        self._flush_later()

    def _flush_later(self) -> None:
        """At the end of this turn of the loop, so that what is published in it shares parcels."""
        if self._flush_soon is None:
            self._flush_soon = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        if self._flush_soon is not None:
            self._flush_soon.cancel()
            self._flush_soon = None
        session = self._session
        while self._ready and session is not None and len(self._unconfirmed) < self._limits.window:
            queue = self._ready.popleft()
            parcel = self._parcel(queue)
            if queue.waiting:
                self._ready.append(queue)
            else:
                queue.ready = False
            if parcel is not None:
                self._unconfirmed[parcel.no] = parcel
                self._send(session, parcel)

    def _parcel(self, queue: OutQueue) -> _Parcel | None:
        waiting = queue.waiting
        most = min(len(waiting), self._limits.parcel)
        if not most:
            return None
        taken = [waiting.popleft() for _ in range(most)]
        body = pack([envelope for envelope, _ in taken])
        receipts = [receipt for _, receipt in taken if receipt is not None]
        return _Parcel(next(self._numbers), queue.name, body, most, receipts)

    def _send(self, session: _Session, parcel: _Parcel) -> None:
        parcel.sent_at = self._monotonic()
        task = asyncio.get_running_loop().create_task(self._publish(session, parcel))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def _publish(self, session: _Session, parcel: _Parcel) -> None:
        """Tasks begin in the order they are made, and the channel's lock keeps it."""
        try:
            await session.channel.basic_publish(
                parcel.body,
                routing_key=parcel.queue,
                properties=Basic.Properties(delivery_mode=PERSISTENT, content_type="application/msgpack"),
                mandatory=True,
                wait=False,
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            session.end("given up")
        except PublishError as error:
            self._session = None
            # consumers are to be told first, or they stay with a queue of this name that is no more (RabbitMQ 3.10)
            await asyncio.sleep(self._limits.deleted_s)
            session.end(describe(error))
        except Exception as error:
            session.end(describe(error))
        else:
            self._confirmed(parcel)

    def _confirmed(self, parcel: _Parcel) -> None:
        del self._unconfirmed[parcel.no]
        for receipt in parcel.receipts:
            receipt.sign()
        self._counts["published"] += parcel.events
        self._settled(parcel.events)
        self._flush()

    def _settled(self, events: int) -> None:
        self.queued -= events
        if self.queued <= self._limits.low_water:
            self.congested = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _take_back(self, receipt: Receipt, queues: Iterable[OutQueue]) -> None:
        taken = 0
        for queue in queues:
            kept = [each for each in queue.waiting if each[1] is not receipt]
            taken += len(queue.waiting) - len(kept)
            queue.waiting = deque(kept)
        self._settled(taken)

    async def _progress(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter


def _away(said: str) -> Unavailable:
    return Unavailable(f"{said}; hand the messages over again when the broker is back", "bus_unavailable")
