"""Signs of life for systemd (`WatchdogSec=`), from the event loop: a process whose loop hangs is started again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from chargecloud.main import notify

VARIABLE = "WATCHDOG_USEC"
US_PER_S = 1_000_000
SIGNS_A_PERIOD = 3
"""So many in the time after which a process that gives none is given up."""


@asynccontextmanager
async def signs_of_life(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """As long as the body runs, if the service manager asked for them."""
    period_us = environment.get(VARIABLE, "")
    if not period_us.isdecimal() or period_us == "0":
        yield
        return
    giving = asyncio.create_task(_give(int(period_us) / US_PER_S / SIGNS_A_PERIOD))
    try:
        yield
    finally:
        giving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await giving


async def _give(every_s: float) -> None:
    while True:
        notify.tell(notify.ALIVE)
        await asyncio.sleep(every_s)
