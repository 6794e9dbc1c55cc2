"""Messages that wait for the relay, and which of them have been handled."""

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec
from sqlalchemy import Column, Index, Table, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.kinds import Kinds
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import Outgoing
from chargecloud.kernel.message import Envelope

outbox = Table(
    "outbox",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("key", code(64), nullable=False),
    Column("kind", code(64), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("trace_id", code(64), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False),
    sqlite_autoincrement=True,
)
"""`id` gives the order; it never returns, also after the newest rows were deleted."""

inbox_seen = Table(
    "inbox_seen",
    metadata,
    Column("message_id", code(48), primary_key=True),
    Column("group_name", code(32), primary_key=True),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Index("ix_inbox_seen_seen_at_ms", "seen_at_ms"),
    sqlite_with_rowid=False,
)
"""Which group has handled which outbox message; makes a second delivery harmless."""

_OLDEST = select(outbox).where(outbox.c.id > bindparam("after")).order_by(outbox.c.id).limit(bindparam("most"))
_OLDEST_AT = (
    select(outbox.c.at_ms)
    .where((outbox.c.key == bindparam("key")) | (outbox.c.expires_at_ms == 0))
    .order_by(outbox.c.id)
    .limit(1)
)
_SOME = select(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True))).order_by(outbox.c.id)
_DELETE = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))


class Waiting(Protocol):
    """A row of the outbox."""

    id: int
    key: str
    kind: str
    body: str
    trace_id: str
    at_ms: int
    expires_at_ms: int


async def add(connection: AsyncConnection, messages: Sequence[Outgoing], at_ms: int) -> None:
    """Write what a unit of work wants told, in one statement."""
    await insert_many(
        connection,
        outbox,
        [
            {
                "key": message.key,
                "kind": type(message.body).__name__,
                "body": msgspec.json.encode(message.body).decode(),
                "trace_id": message.trace_id,
                "at_ms": at_ms,
                "expires_at_ms": message.expires_at_ms,
            }
            for message in messages
        ],
    )


async def oldest(connection: AsyncConnection, *, after: int, most: int) -> Sequence[Waiting]:
    """Waiting messages in order, from just after an id on."""
    rows = (await connection.execute(_OLDEST, {"after": after, "most": most})).all()
    return cast(Sequence[Waiting], rows)


async def oldest_at_ms(connection: AsyncConnection, key: str) -> int | None:
    """When the message was written that has waited longest, events of all keys and all of this key; None: none waits.

    Commands of other keys do not count: one may wait because nobody knows who holds its charge point just now.
    """
    return cast("int | None", (await connection.execute(_OLDEST_AT, {"key": key})).scalar())


async def some(connection: AsyncConnection, ids: Sequence[int]) -> Sequence[Waiting]:
    """Waiting messages of these ids, in order."""
    if not ids:
        return ()
    rows = (await connection.execute(_SOME, {"ids": ids})).all()
    return cast(Sequence[Waiting], rows)


async def remove(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Forget messages the bus has taken over."""
    await connection.execute(_DELETE, {"ids": ids})


def message_id(row: Waiting) -> str:
    """Names the message for good, also if the counter should start again."""
    return f"{row.at_ms:x}.{row.id:x}"


def envelope_of(row: Waiting, kinds: Kinds) -> Envelope:
    """A waiting message as it goes over the bus; ValueError when it cannot be read."""
    return Envelope(
        row.key,
        kinds.decode(row.kind, row.body),
        row.at_ms,
        id=message_id(row),
        trace_id=row.trace_id,
        expires_at_ms=row.expires_at_ms,
    )
