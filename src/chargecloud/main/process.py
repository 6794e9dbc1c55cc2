"""One process: its event loop, the signals that end it, and its parts, started in order and stopped in reverse."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

import structlog

from chargecloud.kernel.killpoints import reach
from chargecloud.main import notify
from chargecloud.main.watchdog import signs_of_life

log = structlog.get_logger("chargecloud.process")

STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
"""Windows services and consoles ask with SIGBREAK where others send SIGTERM."""
FORCED_EXIT_CODE = 130
GAVE_UP_EXIT_CODE = 74
"""The number sysexits.h has for an input or output error; a supervisor starts the process again."""


class Part(Protocol):
    """Something that runs between start and stop."""

    async def start(self) -> None:
        """Return when it works."""
        ...

    async def stop(self) -> None:
        """Finish what is in hand, then stop."""
        ...


@dataclass(frozen=True)
class Alone:
    """What a process of one role runs, in order, and what its log says when all of it has started."""

    parts: Sequence[Part]
    facts: Callable[[], Mapping[str, object]] = dict


async def run_parts(parts: Sequence[Part], until: asyncio.Event, *, on_ready: Callable[[], None]) -> None:
    """Start all in order, tell, wait, stop those that were started in reverse; a part that fails to stop is logged."""
    async with AsyncExitStack() as started:
        for part in parts:
            await part.start()
            started.push_async_callback(_stop, part)
        on_ready()
        await until.wait()
        log.info("process.stopping")
        notify.tell(notify.STOPPING)


class _GaveUp:
    """Whether a part has ended the process, and why."""

    def __init__(self) -> None:
        self.reason = ""


_gave_up = _GaveUp()


def give_up(reason: str) -> None:
    """End the process in order, with an exit code that says so: it cannot do its work any more as it is."""
    log.critical("process.giving_up", reason=reason)
    _gave_up.reason = reason
    signal.raise_signal(signal.SIGTERM)


def tell_ready(role: str, alone: Alone) -> None:
    """One line when everything works."""
    log.info("process.ready", role=role, **alone.facts())
    notify.tell(notify.READY)


async def _stop(part: Part) -> None:
    reach("K16")
    try:
        await part.stop()
    except Exception:
        log.exception("process.stop_failed", part=type(part).__name__)


def run(main: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run to the end with an event that the first signal sets; a second signal ends the process at once."""

    stop = asyncio.Event()
    _gave_up.reason = ""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner, _obeyed(runner.get_loop(), stop):
        code = runner.run(_awaited(main(stop)))
    return GAVE_UP_EXIT_CODE if _gave_up.reason else code


async def _awaited(result: Awaitable[int]) -> int:
    async with signs_of_life(os.environ):
        return await result


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists; it does not on Windows, where the standard loop does the same work."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@contextmanager
def _obeyed(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Iterator[None]:
    def note(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(FORCED_EXIT_CODE)
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
