"""Messages no attempt could get through, kept for people to look at (table `dead_messages`)."""

import asyncio

import msgspec
import structlog
from sqlalchemy import Column, Table, Text, delete, insert, select

from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.outbox import Waiting, message_id
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.deadletters")

dead_messages = Table(
    "dead_messages",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("group_name", code(32), nullable=False),
    Column("message_id", code(48), nullable=False),
    Column("key", code(64), nullable=False),
    Column("kind", code(64), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("error", Text, nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    sqlite_autoincrement=True,
)

MAX_ERROR = 2_000
MAX_WAITING = 1_000
KEEP_ROWS = 10_000


class DeadLetters:
    """Takes what the bus set aside, without making it wait."""

    def __init__(self, database: Database) -> None:
        self.lost = 0
        self._database = database
        self._writing: set[asyncio.Task[None]] = set()

    def keep(self, group: str, envelope: Envelope, error: str) -> None:
        """Write a message down; beyond a thousand waiting ones it is only counted (the bus has logged it)."""
        if len(self._writing) >= MAX_WAITING:
            self.lost += 1
            return
        task = asyncio.create_task(self._write(group, envelope, error))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def stop(self) -> None:
        """Finish writing."""
        while self._writing:
            await asyncio.wait(self._writing)

    async def _write(self, group: str, envelope: Envelope, error: str) -> None:
        row = {
            "group_name": group,
            "message_id": envelope.id,
            "key": envelope.key,
            "kind": type(envelope.body).__name__,
            "body": msgspec.json.encode(envelope.body).decode(),
            "error": error[:MAX_ERROR],
            "at_ms": envelope.at_ms,
        }
        try:
            await _add(self._database, row)
        except ChargeCloudError as failure:
            self.lost += 1
            log.error("deadletters.lost", group=group, kind=row["kind"], error=failure.message)


async def bury_row(database: Database, row: Waiting, error: str) -> None:
    """Set aside an outbox row no message class can read."""
    log.error("relay.unreadable", kind=row.kind, key=row.key, error=error)
    facts = {"message_id": message_id(row), "key": row.key, "kind": row.kind, "body": row.body, "at_ms": row.at_ms}
    await _add(database, {"group_name": "relay", "error": error[:MAX_ERROR], **facts})


async def _add(database: Database, row: dict[str, object]) -> None:
    async with database.unit() as uow:
        await uow.connection.execute(insert(dead_messages).values(row))


async def forget_oldest(database: Database) -> None:
    """Keep the newest ten thousand."""
    async with database.unit() as uow:
        newest = select(dead_messages.c.id).order_by(dead_messages.c.id.desc()).limit(1).offset(KEEP_ROWS)
        last = (await uow.connection.execute(newest)).scalar()
        if last is not None:
            await uow.connection.execute(delete(dead_messages).where(dead_messages.c.id <= last))


JOBS = (Job("deadletters.forget_oldest", 3_600, forget_oldest),)
