"""An event loop whose time is the manual clock: it jumps to the next timer, uses no thread and no socket.

Everything of the product that waits (linger times, sweeps, retries, leases) waits on this loop, so a run depends on
nothing but its seed. What belongs to the platform is started in a context of its own, which is how a kill finds it.
"""

import asyncio
import math
import selectors
from asyncio import events
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, ContextVar
from typing import Any
from weakref import WeakSet

from chargecloud.kernel.clock import ManualClock

LIFE: ContextVar[int] = ContextVar("city_life", default=0)
"""Which life of the platform runs this; 0 is the city itself."""
DISK: Context = Context()
"""What a thread of the product would do finishes even when the life that asked for it ends."""


class Stuck(RuntimeError):
    """Nothing is scheduled and nothing is ready: everything waits for ever."""


class _Jump(selectors.SelectSelector):
    """Instead of waiting for a socket, lets the clock pass."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck("everything waits and nothing is scheduled")
        if timeout > 0:
            self._clock.advance(max(1, math.ceil(timeout * 1000 - 1e-6)))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`disk_ms` draws how long the work of a product's thread (a commit) takes, in virtual milliseconds."""

    def __init__(self, clock: ManualClock, disk_ms: Callable[[], int] | None = None) -> None:
        self.clock = clock
        self._disk_ms = disk_ms
        self._lives: dict[int, WeakSet[asyncio.Task[Any]]] = {}
        super().__init__(_Jump(clock))
        self._clock_resolution = 1e-6
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        return self.clock.monotonic()

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self.create_future()
        pause_ms = self._disk_ms() if self._disk_ms else 0
        if pause_ms:
            self.call_later(pause_ms / 1000, _work, future, func, args, context=DISK)
        else:
            _work(future, func, args)
        return future

    def _make_task(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> Any:
        task = asyncio.Task(work, loop=loop, **more)
        context = more.get("context")
        life = context.get(LIFE, 0) if context is not None else LIFE.get()
        self._lives.setdefault(life, WeakSet()).add(task)
        return task

    async def end_life(self, life: int) -> int:
        """Let nothing of this life happen any more, as when its process is killed; how many tasks that were."""
        tasks = [task for task in self._lives.pop(life, ()) if not task.done()]
        tasks.sort(key=lambda task: int(task.get_name().rpartition("-")[2] or 0))
        self._forget_timers(life)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._forget_timers(life)
        return len(tasks)

    def _forget_timers(self, life: int) -> None:
        pending: list[events.Handle] = [*self._scheduled, *self._ready]
        for handle in pending:
            callback = getattr(handle, "_callback", None)
            of_task = isinstance(getattr(callback, "__self__", None), asyncio.Task)
            if handle._context.get(LIFE, 0) == life and not of_task:
                handle.cancel()


def _work(future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        future.set_result(func(*args))
    except Exception as error:
        future.set_exception(error)
