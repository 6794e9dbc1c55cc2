"""What waits in the database: outbox rows and how old the oldest is, messages nobody could handle."""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy import func, select

from chargecloud.infra.deadletters import dead_messages
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import outbox
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.depths")

EVERY_S = 5.0
MOST_COUNTED = 100_000
"""Beyond this the exact number does not matter, and counting it would cost."""
STATES = ("outbox_rows", "outbox_oldest_ms", "dead_messages")


class Depths:
    """Looks now and then; `counts` is what it saw last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = dict.fromkeys(STATES, 0)
        self._task: asyncio.Task[None] | None = None

    def counts(self) -> Mapping[str, int]:
        """Rows, and the age of the oldest in milliseconds, for metrics."""
        return self._seen

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> None:
        """Once."""
        async with self._database.read() as connection:
            some = select(outbox.c.id).limit(MOST_COUNTED).subquery()
            waiting = (await connection.execute(select(func.count()).select_from(some))).scalar_one()
            oldest = select(outbox.c.at_ms).order_by(outbox.c.id).limit(1)
            at_ms = (await connection.execute(oldest)).scalar()
            dead = (await connection.execute(select(func.count()).select_from(dead_messages))).scalar_one()
        age_ms = max(0, self._database.clock.now_ms() - at_ms) if at_ms is not None else 0
        self._seen = {"outbox_rows": waiting, "outbox_oldest_ms": age_ms, "dead_messages": dead}

    async def _go_on(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable as outage:
                log.info("depths.not_seen", error=outage.message)
            await asyncio.sleep(EVERY_S)
