"""Committed outbox rows onto the bus, then out of the outbox.

A row leaves the outbox only after the bus has taken it over, so a crash in between delivers it a second time and never
loses it. Rows of one key go in the order they were committed. Of several workers one relays, as long as it renews its
lease. Commands that lay here before its turn began may have been sent already: they are sent again only over the
connection that would have taken them then, whose gateway knows them; otherwise they end as unanswered, and evidence
decides what became of them.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import func, select

from chargecloud.device.commands import AnswerBoot, DeviceCommand
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.infra import deadletters
from chargecloud.infra.bus.contract import Bus
from chargecloud.infra.cache.contract import Cache, Holder
from chargecloud.infra.gaps import Gaps
from chargecloud.infra.kinds import Kinds
from chargecloud.infra.schedule.lease import Lease
from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.killpoints import reach
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.relay")

BATCH = 500
BATCHES_IN_HAND = 16
SENT_AT_ONCE = 32
"""Charge points whose commands are on their way to a mailbox at the same time."""
FORGET_AFTER_S = 0.1
"""Deleting waits this long for company, so that it costs few commits of its own."""
LOOK_EVERY_S = 1.0
PAUSE_S = 0.5
POLL_S = 0.002
SHARED_LOOK_EVERY_S = 0.01
"""How often whoever relays looks for what other processes have committed: 0.4 ms of processor time each."""
RENEW_EVERY_S = 1.0
SURELY_OLDER_MS = 2_000
"""A connection that is so much older than a command was there when the command was given."""
MAILBOX_WITHIN_MS = 5_000
"""A gateway the directory names opens its mailbox again within this time after an outage of the broker."""
STOP_WITHIN_S = 5.0

Batch = tuple[list[int], list[Envelope]]


class Relay:
    """Woken by commits; also looks by itself every second for what a wake-up missed.

    With a `lease` there are others, in processes of their own: it looks often, because their commits wake nobody here.
    """

    def __init__(self, database: Database, bus: Bus, cache: Cache, *, lease: Lease | None = None) -> None:
        self.failures = 0
        self._database = database
        self._bus = bus
        self._cache = cache
        self._lease = lease
        self._turn = asyncio.Event()
        self._gaps = Gaps()
        self._stuck: set[str] = set()
        self._kinds = Kinds()
        self._wake = asyncio.Event()
        self._ready: asyncio.Queue[Batch] = asyncio.Queue(BATCHES_IN_HAND)
        self._places = asyncio.Semaphore(BATCHES_IN_HAND)
        self._in_hand: set[int] = set()
        self._done: list[int] = []
        self._gone: set[int] = set()
        self._doubtful = 0
        self._hurried = False
        self._again = False
        self._tasks: list[asyncio.Task[None]] = []
        self._handing_over: set[asyncio.Task[None]] = set()

    def counts(self) -> Mapping[str, int]:
        """Rows taken from the outbox and not yet deleted there, whose turn it is, failures so far; for metrics."""
        return {"in_hand": len(self._in_hand), "turn": int(self._ours()), "failures": self.failures}

    async def start(self) -> None:
        """Begin with what the last run left behind; with a lease, when it is our turn."""
        self._database.on_outbox(self._wake.set)
        if self._lease is None:
            await self._begin()
        works = (self._look, self._launch, self._forget, *((self._take_turns,) if self._lease else ()))
        self._tasks = [asyncio.create_task(each()) for each in works]

    async def stop(self) -> None:
        """Take nothing more, wait a little for what the bus has in hand; what is left waits for the next start."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._handing_over:
            await asyncio.wait(self._handing_over, timeout=STOP_WITHIN_S)
        for task in self._handing_over:
            task.cancel()
        await self._forget_done()
        if self._lease is not None and self._lease.held:
            await self._lease.release()

    async def drain(self) -> None:
        """Return when the outbox is empty and the bus has handled what was in it (tests, the city)."""
        self._hurried = True
        try:
            while True:
                self._wake.set()
                await asyncio.sleep(POLL_S)
                async with self._database.read(quick=True) as connection:
                    if not self._in_hand and not await outbox.oldest(connection, after=0, most=1):
                        return
        finally:
            self._hurried = False

    def _ours(self) -> bool:
        return self._turn.is_set() and (self._lease is None or self._lease.held)

    async def _begin(self) -> None:
        async with self._database.read() as connection:
            self._doubtful = (await connection.execute(select(func.max(outbox.outbox.c.id)))).scalar() or 0
        self._gaps.restart(self._doubtful)
        self._again = True
        self._wake.set()
        self._turn.set()

    async def _take_turns(self) -> None:
        lease = self._lease
        while lease is not None:
            try:
                if await lease.renew():
                    await self._begin()
                    log.info("relay.turn", rows=self._doubtful)
                elif lease.held:
                    self._turn.set()
            except Exception as error:
                self._note("relay.lease_failed", error)
            if not lease.held:
                self._turn.clear()
            await asyncio.sleep(RENEW_EVERY_S)

    async def _look(self) -> None:
        """Read on from the last row; from the first one after a failure, and now and then for rows that came late."""
        clock = asyncio.get_running_loop().time
        after, swept = 0, clock()
        while True:
            await self._turn.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHARED_LOOK_EVERY_S if self._lease else LOOK_EVERY_S):
                    await self._wake.wait()
            self._wake.clear()
            if self._again or clock() - swept >= LOOK_EVERY_S:
                after, swept, self._again = 0, clock(), False
                self._stuck.clear()
            try:
                after = await self._take(after)
            except Exception as error:
                self._note("relay.look_failed", error)
                self._again = True
                await asyncio.sleep(PAUSE_S)

    async def _take(self, after: int) -> int:
        """Take everything that waits; the id of the last row. A command that cannot be sent holds up only its like."""
        clock = asyncio.get_running_loop().time
        while self._ours():
            self._in_hand -= self._gone  # not before: a reader that began earlier may still see them
            self._gone.clear()
            async with self._database.read(quick=True) as connection:
                late = await outbox.some(connection, self._gaps.missing(clock()))
                newer = await outbox.oldest(connection, after=after, most=BATCH)
            rows = [*(row for row in late if row.id <= after), *newer]
            if not rows:
                break
            self._gaps.saw((row.id for row in rows), clock())
            left = await self._send_commands([row for row in rows if row.id not in self._in_hand])
            after = max(after, rows[-1].id)
            if left:
                ids = sorted(left)
                self._in_hand.update(ids)
                await self._ready.put((ids, [left[row_id] for row_id in ids]))
        return after

    async def _send_commands(self, rows: Sequence[outbox.Waiting]) -> dict[int, Envelope]:
        """Send what are commands; what is to be published, by row.

        Those of one charge point go one after the other, different ones side by side: an answer from directory and
        mailbox takes milliseconds, and one after the other a rush of commands would outlast its own expiry.
        """
        by_key: dict[str, list[outbox.Waiting]] = {}
        for row in rows:
            by_key.setdefault(row.key, []).append(row)
        left: dict[int, Envelope] = {}
        places = asyncio.Semaphore(SENT_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for chain in by_key.values():
                tasks.create_task(self._send_chain(chain, left, places))
        return left

    async def _send_chain(
        self, rows: Sequence[outbox.Waiting], left: dict[int, Envelope], places: asyncio.Semaphore
    ) -> None:
        async with places:
            for row in rows:
                try:
                    envelope = await self._sent_or_left(row)
                except Unavailable as outage:
                    if not self._stuck:
                        self._note("relay.send_failed", outage)
                    self._stuck.add(row.key)
                    continue
                if envelope is None:
                    self._in_hand.add(row.id)
                    self._done.append(row.id)
                else:
                    left[row.id] = envelope

    async def _sent_or_left(self, row: outbox.Waiting) -> Envelope | None:
        """Send a command at once, None when that was all; otherwise what is to be published.

        Unavailable when the command cannot be sent now, or an earlier one of its key could not.
        """
        try:
            envelope = outbox.envelope_of(row, self._kinds)
        except ValueError as error:
            await deadletters.bury_row(self._database, row, str(error))
            return None
        if not isinstance(envelope.body, DeviceCommand):
            return envelope
        if row.key in self._stuck:
            raise Unavailable("an earlier command of this charge point waits", "earlier_command_waits")
        gateway_id, holder = await self._addressee(envelope.body)
        if row.id <= self._doubtful and not self._known(envelope.body, holder, row.at_ms):
            return _ended(envelope, envelope.body, CommandOutcome.UNANSWERED, "platform_restarted")
        if gateway_id and await self._send(gateway_id, envelope):
            return None
        return _ended(envelope, envelope.body, CommandOutcome.OFFLINE, "not_connected")

    async def _addressee(self, command: DeviceCommand) -> tuple[str, Holder | None]:
        """The gateway that asked, or that holds the charge point; empty when none does."""
        if isinstance(command, AnswerBoot):
            return command.link_id.rpartition("/")[0], None
        holder = await self._cache.holder(command.charge_point_code)
        return (holder.gateway_id if holder else ""), holder

    def _known(self, command: DeviceCommand, holder: Holder | None, at_ms: int) -> bool:
        """Whether its gateway would recognise a command that was sent before; where all is one process, it is new."""
        if self._lease is None:
            return False
        was_there = holder is not None and holder.epoch + SURELY_OLDER_MS <= at_ms
        return was_there or isinstance(command, AnswerBoot)

    async def _send(self, gateway_id: str, envelope: Envelope) -> bool:
        """Into the mailbox of a gateway; False when there is none of this name."""
        try:
            await self._bus.send(gateway_id, envelope)
        except Unavailable as error:
            if error.code != "gateway_unknown":
                raise
            age_ms = self._database.clock.now_ms() - envelope.at_ms
            if self._lease is not None and age_ms < MAILBOX_WITHIN_MS:
                raise
            return False
        return True

    async def _launch(self) -> None:
        """Hand batches over side by side, but begin them in order and only while the bus takes them at once."""
        while True:
            ids, envelopes = await self._ready.get()
            if not self._ours():
                self._in_hand.difference_update(ids)
                self._again = True
                continue
            await self._places.acquire()
            while self._bus.congested:  # noqa: ASYNC110 - the contract offers nothing to wait for
                await asyncio.sleep(POLL_S)
            task = asyncio.create_task(self._hand_over(ids, envelopes))
            self._handing_over.add(task)
            task.add_done_callback(self._handing_over.discard)

    async def _hand_over(self, ids: list[int], envelopes: Sequence[Envelope]) -> None:
        try:
            await self._bus.publish_durably(envelopes)
        except Exception as error:
            self._note("relay.publish_failed", error)
            await asyncio.sleep(PAUSE_S)
            self._in_hand.difference_update(ids)
            self._again = True
            self._wake.set()
        else:
            reach("K7")
            self._done += ids
        finally:
            self._places.release()

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(POLL_S if self._hurried else FORGET_AFTER_S)
            try:
                await self._forget_done()
            except Exception as error:
                self._note("relay.forget_failed", error)
                await asyncio.sleep(PAUSE_S)

    async def _forget_done(self) -> None:
        done = self._done[:BATCH]
        while done:
            async with self._database.unit() as uow:
                await outbox.remove(uow.connection, done)
            del self._done[: len(done)]
            self._gone.update(done)
            done = self._done[:BATCH]

    def _note(self, event: str, error: Exception) -> None:
        self.failures += 1
        log.warning(event, error=str(error), exc_info=None if isinstance(error, Unavailable) else error)


def _ended(envelope: Envelope, command: DeviceCommand, outcome: CommandOutcome, reason: str) -> Envelope:
    """The end of a command that is not sent, under an id of its own."""
    body = CommandEnded(
        charge_point_code=command.charge_point_code,
        command_id=command.command_id,
        command=type(command).__name__,
        outcome=outcome,
        reason=reason,
    )
    return Envelope(envelope.key, body, envelope.at_ms, id=f"{envelope.id}.e", trace_id=envelope.trace_id)
