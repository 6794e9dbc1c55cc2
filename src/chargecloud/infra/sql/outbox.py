"""Messages that wait for the relay, messages already handled, and messages set aside."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Column, Index, Row, Table, Text, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import Outgoing
from chargecloud.kernel.errors import Conflict, NotFound
from chargecloud.kernel.message import Envelope, Message

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
    Column("message_id", code(40), primary_key=True),
    Column("group_name", code(32), primary_key=True),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Index("ix_inbox_seen_seen_at_ms", "seen_at_ms"),
    sqlite_with_rowid=False,
)
"""Which group has handled which outbox message; makes a second delivery harmless."""

dead_messages = Table(
    "dead_messages",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("group_name", code(32), nullable=False),
    Column("message_id", code(40), nullable=False),
    Column("key", code(64), nullable=False),
    Column("kind", code(64), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("error", Text, nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    sqlite_autoincrement=True,
)
"""Messages no attempt could get through, kept for people to look at."""

_OLDEST = select(outbox).where(outbox.c.id > bindparam("after")).order_by(outbox.c.id).limit(bindparam("most"))
_INSERT = insert(outbox)
_DELETE = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))


class Kinds:
    """Message classes by name, as they stand in the outbox."""

    def __init__(self) -> None:
        self._decoders: dict[str, msgspec.json.Decoder[Message]] = {}

    def decode(self, kind: str, body: str | bytes) -> Message:
        """A message from its name and JSON text; NotFound for a name no class bears."""
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(self._find(kind))
        return decoder.decode(body)

    @staticmethod
    def _find(kind: str) -> type[Message]:
        found = [each for each in _descendants(Message) if each.__name__ == kind]
        if not found:
            raise NotFound(f"no message class is named {kind!r}; was it renamed or removed?", "unknown_message")
        if len(found) > 1:
            places = ", ".join(each.__module__ for each in found)
            raise Conflict(f"{kind!r} names messages in {places}; rename one", "ambiguous_message")
        return found[0]


def _descendants(root: type[Message]) -> Iterable[type[Message]]:
    for child in root.__subclasses__():
        yield child
        yield from _descendants(child)


async def add(connection: AsyncConnection, messages: Sequence[Outgoing], at_ms: int) -> None:
    """Write what a unit of work wants told, in one statement."""
    await connection.execute(
        _INSERT,
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


async def oldest(connection: AsyncConnection, *, after: int, most: int) -> Sequence[Row[tuple[object, ...]]]:
    """Waiting messages in order, from just after an id on."""
    return (await connection.execute(_OLDEST, {"after": after, "most": most})).all()


async def remove(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Forget messages the bus has taken over."""
    await connection.execute(_DELETE, {"ids": ids})


def envelope_of(row: Row[tuple[object, ...]], kinds: Kinds) -> Envelope:
    """A waiting message as it goes over the bus; its id stays unique even if the counter should start again."""
    return Envelope(
        row.key,
        kinds.decode(row.kind, row.body),
        row.at_ms,
        id=f"{row.at_ms:x}.{row.id:x}",
        trace_id=row.trace_id,
        expires_at_ms=row.expires_at_ms,
    )
