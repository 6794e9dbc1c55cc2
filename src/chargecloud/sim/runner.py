"""Hundreds to thousands of virtual charge points over real sockets in one process: one protocol each, one sweep."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any

from chargecloud.kernel.clock import Clock, SystemClock
from chargecloud.sim import control
from chargecloud.sim.kinds import KINDS, Moment
from chargecloud.sim.ledger import Ledger
from chargecloud.sim.link import Link
from chargecloud.sim.openfiles import allow_sockets
from chargecloud.sim.options import SimOptions
from chargecloud.sim.summary import SimSummary, Tally, progress, summarise
from chargecloud.sim.truth import SessionTruth

SWEEP_S = 0.05
CONNECTING_AT_ONCE = 200
CONNECT_WITHIN_S = 10
Tell = Callable[[str], None]


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


async def run(options: SimOptions, *, stop: asyncio.Event | None = None) -> SimSummary:
    """Run until stopped, until the duration is over, or until every scenario has been played."""
    return await Runner(options).run(stop or asyncio.Event())


class Runner:
    """A running simulation. `specs` replaces what the options would make: `ChargePointSpec`s, or `ModemSpec`s."""

    def __init__(
        self,
        options: SimOptions,
        *,
        specs: Iterable[Any] | None = None,
        clock: Clock | None = None,
        tell: Tell = _to_stderr,
    ) -> None:
        self._options = options
        self._clock = clock or SystemClock()
        self._tell = tell
        self._tally = Tally()
        self._ledger = Ledger(options.ledger)
        self._began = self._clock.monotonic()
        self._attempts: set[asyncio.Task[None]] = set()
        self._tokens = 0.0
        self._next_source = 0
        self._kind = KINDS[options.protocol]
        self._links = [self._link(spec) for spec in (self._kind.specs(options) if specs is None else specs)]
        self._by_code = {code: link for link in self._links for code in self._kind.codes(link.actor)}
        self.actors = {code: link.actor for code, link in self._by_code.items()}

    @property
    def protocol(self) -> str:
        """What its charge points speak."""
        return self._options.protocol

    @property
    def controls(self) -> control.Controls:
        """What its charge points can be told."""
        return self._kind.controls

    def execute(self, line: str) -> control.Answer:
        """Do a line of the control language now; see `control.HELP`."""
        now = self._clock.monotonic()
        answer = control.execute(self.actors, line, now, speed=self._options.speed, controls=self._kind.controls)
        for word in line.split()[1:2]:
            if word in self._by_code:
                self._by_code[word].flush(now)
        return answer

    def summary(self) -> SimSummary:
        """How things stand."""
        return summarise((link.actor for link in self._links), self._tally, self._clock.monotonic() - self._began)

    async def run(self, stop: asyncio.Event) -> SimSummary:
        """Everything from the first connection to the summary."""
        allow_sockets(len(self._links), self._tell)
        async with AsyncExitStack() as stack:
            stack.enter_context(self._ledger)
            if self._options.control_port:
                await stack.enter_async_context(control.serving(self._options.control_port, self.execute))
            try:
                await self._go_on(stop)
                await self._settle(stop)
                summary = self.summary()
            finally:
                await self._hang_up()
            for link in self._links:
                self._ledger.ended(link.actor.point.truth.sessions)
        return summary

    async def _go_on(self, stop: asyncio.Event) -> None:
        options = self._options
        ends_at = self._began + options.duration_s if options.duration_s else float("inf")
        tell_at = self._began + options.progress_s if options.progress_s else float("inf")
        while not stop.is_set() and not self._over():
            now = self._clock.monotonic()
            if now >= ends_at:
                return
            if now >= tell_at:
                tell_at = now + options.progress_s
                self._tell(progress(self.summary()))
            self._sweep(now)
            await asyncio.sleep(SWEEP_S)

    async def _settle(self, stop: asyncio.Event) -> None:
        """Give the confirmations that are on their way a moment."""
        ends_at = self._clock.monotonic() + self._options.settle_s
        while (now := self._clock.monotonic()) < ends_at and not stop.is_set() and self._waiting():
            self._sweep(now)
            await asyncio.sleep(SWEEP_S)

    def _over(self) -> bool:
        return all((link.actor.visits or link.actor.guests) and link.actor.over for link in self._links)

    def _waiting(self) -> bool:
        return any(link.actor.point.unsettled for link in self._links)

    def _sweep(self, now: float) -> None:
        ramp = self._options.ramp_per_s
        self._tokens = min(max(1.0, ramp), self._tokens + ramp * SWEEP_S)
        for link in self._links:
            if link.due_at <= now:
                link.sweep(now)
            if self._tokens >= 1 and len(self._attempts) < CONNECTING_AT_ONCE and link.wants(now):
                self._tokens -= 1
                link.connecting = True
                attempt = asyncio.create_task(self._connect(link))
                self._attempts.add(attempt)
                attempt.add_done_callback(self._attempts.discard)

    async def _connect(self, link: Link) -> None:
        options = self._options
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: link, options.host, options.port, local_addr=self._source()
                )
        except OSError as error:
            link.failed(error, self._clock.monotonic())
        finally:
            link.connecting = False

    def _source(self) -> tuple[str, int] | None:
        if not self._options.sources:
            return None
        self._next_source = self._next_source % self._options.sources + 1
        return f"127.0.0.{self._next_source}", 0

    async def _hang_up(self) -> None:
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)
        for link in self._links:
            link.close()
        await asyncio.sleep(0)

    def _link(self, spec: Any) -> Link:
        options = self._options
        actor = self._kind.actor(options, spec, Moment(self._began, self._clock.now_ms()))
        actor.point.truth.on_confirmed = self._confirmed
        return Link(actor, self._clock, self._tally, pause_s=options.reconnect_s, jitter_s=options.jitter_s)

    def _confirmed(self, session: SessionTruth, latency_s: float) -> None:
        self._tally.latencies_s.append(latency_s)
        self._ledger.confirmed(session, latency_s)
