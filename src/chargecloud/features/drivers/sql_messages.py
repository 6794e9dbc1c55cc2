"""Messages to drivers that wait for their channel."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Column, Index, Integer, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork

WAITING = "waiting"

messages = Table(
    "driver_messages",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("driver_id", big_int(), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("facts", json_text(), nullable=False),
    Column("state", code(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("errcode", big_int()),
    Column("due_at_ms", epoch_ms(), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False, index=True),
    Index(None, "state", "due_at_ms"),
)


class WaitingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose time has come."""

    message_id: int
    driver_id: int
    kind: str
    facts: dict[str, object]
    tries: int
    created_at_ms: int


def add(uow: UnitOfWork, driver_id: int, kind: str, facts: Mapping[str, object]) -> None:
    """Have a message sent after the commit."""
    row = {
        "driver_id": driver_id,
        "kind": kind,
        "facts": msgspec.json.encode(facts).decode(),
        "state": WAITING,
        "tries": 0,
        "errcode": None,
        "due_at_ms": uow.now_ms,
        "created_at_ms": uow.now_ms,
    }
    uow.append(messages, row)


async def due(connection: AsyncConnection, now_ms: int, limit: int) -> list[WaitingMessage]:
    """Messages to send now, the longest waiting first."""
    c = messages.c
    wanted = select(messages).where(c.state == WAITING, c.due_at_ms <= now_ms).order_by(c.due_at_ms).limit(limit)
    return [
        WaitingMessage(
            message_id=row.id,
            driver_id=row.driver_id,
            kind=row.kind,
            facts=msgspec.json.decode(row.facts),
            tries=row.tries,
            created_at_ms=row.created_at_ms,
        )
        for row in await connection.execute(wanted)
    ]


async def take(uow: UnitOfWork, message: WaitingMessage, until_ms: int) -> bool:
    """Take a message for one try; False when somebody else did. Who dies over it leaves it to others at `until_ms`."""
    c = messages.c
    taken = update(messages).where(c.id == message.message_id, c.state == WAITING, c.tries == message.tries)
    return (await uow.connection.execute(taken.values(tries=message.tries + 1, due_at_ms=until_ms))).rowcount == 1


async def end(uow: UnitOfWork, message_id: int, state: str, errcode: int | None) -> None:
    """How it ended."""
    await uow.connection.execute(
        update(messages).where(messages.c.id == message_id).values(state=state, errcode=errcode)
    )


async def postpone(uow: UnitOfWork, message_id: int, due_at_ms: int, errcode: int | None) -> None:
    """Try again later."""
    changed = update(messages).where(messages.c.id == message_id, messages.c.state == WAITING)
    await uow.connection.execute(changed.values(due_at_ms=due_at_ms, errcode=errcode))


async def forget(uow: UnitOfWork, before_ms: int) -> None:
    """Forget what is long over."""
    await uow.connection.execute(delete(messages).where(messages.c.created_at_ms < before_ms))
