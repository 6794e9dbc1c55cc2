"""One subscriber of the in-memory bus: a lane for each partition, batches that linger, one task for a lane at work."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from chargecloud.infra.bus.redelivery import Redelivery
from chargecloud.kernel.message import Envelope


class Lane:
    """The queue of one partition; `busy` from the first message put until the queue is empty again."""

    __slots__ = ("busy", "queue")

    def __init__(self) -> None:
        self.queue: deque[Envelope] = deque()
        self.busy = False


class Group:
    """Keeps the order within a lane and lets lanes run side by side. Whoever puts a message into a lane rouses it."""

    def __init__(
        self,
        redelivery: Redelivery,
        *,
        lanes: int,
        batch: int,
        linger_s: float,
        finished: Callable[[Sequence[Envelope]], None],
        set_aside: Callable[[str, Envelope, str], None],
    ) -> None:
        self._redelivery = redelivery
        self.lanes = [Lane() for _ in range(lanes)]
        self._batch = batch
        self._linger_s = linger_s
        self._finished = finished
        self._set_aside = set_aside
        self._ready: list[Lane] = []
        self._timer: asyncio.Handle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = False
        self._hurried = 0

    @property
    def failures(self) -> int:
        """How often the handler raised."""
        return self._redelivery.failures

    @property
    def away(self) -> bool:
        """Whether what its handler depends on is away."""
        return self._redelivery.waiting_out > 0

    def rouse(self, lane: Lane) -> None:
        """A message was put into a lane at rest: it is handled after the linger time."""
        lane.busy = True
        self._await_turn(lane)

    def start(self) -> None:
        """Begin to deliver what has been put."""
        self._started = True
        self._arm()

    async def stop(self) -> None:
        """Deliver nothing more; what is in hand is broken off."""
        self._started = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hurry(self) -> None:
        """Do not linger until `relax`."""
        self._hurried += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()

    def relax(self) -> None:
        """Linger again."""
        self._hurried -= 1

    def _await_turn(self, lane: Lane) -> None:
        self._ready.append(lane)
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        if not self._started or not self._ready:
            return
        loop = asyncio.get_running_loop()
        if self._hurried or not self._linger_s:
            self._timer = loop.call_soon(self._release)
        else:
            self._timer = loop.call_later(self._linger_s, self._release)

    def _release(self) -> None:
        self._timer = None
        ready, self._ready = self._ready, []
        for lane in ready:
            task = asyncio.get_running_loop().create_task(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: Lane) -> None:
        """Deliver what the lane holds; a short rest lingers again, so that it can grow."""
        queue = lane.queue
        while queue:
            batch = self._take(queue)
            await self._redelivery.deliver(batch, self._give_up)
            self._finished(batch)
            if queue and len(queue) < self._batch and not self._hurried:
                self._await_turn(lane)
                return
        lane.busy = False

    def _take(self, queue: deque[Envelope]) -> Sequence[Envelope]:
        if len(queue) > self._batch:
            return [queue.popleft() for _ in range(self._batch)]
        batch = list(queue)
        queue.clear()
        return batch

    def _give_up(self, envelope: Envelope, error: str) -> None:
        self._set_aside(self._redelivery.group, envelope, error)
