"""Tables of exports and of the files they came to, cut into pieces."""

from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.exports.messages import Export, ExportState, Wanted
from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, json_text, large_bytes, metadata
from chargecloud.infra.sql.uow import UnitOfWork

exports = Table(
    "exports",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("wanted", json_text(), nullable=False),
    Column("state", code(16), nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("more", Boolean, nullable=False),
    Column("size_bytes", big_int(), nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", code(32), nullable=False),
    Column("lease_until_ms", epoch_ms(), nullable=False),
    Column("error", code(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("started_at_ms", epoch_ms()),
    Column("ended_at_ms", epoch_ms()),
    Column("expires_at_ms", epoch_ms()),
    Index(None, "staff_id", "id"),
    Index(None, "state", "id"),
    Index(None, "expires_at_ms"),
)
"""`owner` makes it until `lease_until_ms`, unless it says so anew: whoever dies loses it to another."""

export_chunks = Table(
    "export_chunks",
    metadata,
    Column("export_id", ForeignKey("exports.id"), primary_key=True, autoincrement=False),
    Column("chunk_no", Integer, primary_key=True, autoincrement=False),
    Column("packed", large_bytes(), nullable=False),
)
"""Pieces of a file in their order, each packed by zlib."""

_OPEN = (ExportState.WAITING.value, ExportState.RUNNING.value)


def _export(row: Row[*tuple[Any, ...]]) -> Export:
    return Export(
        export_id=row.id,
        operator_id=row.operator_id,
        staff_id=row.staff_id,
        wanted=msgspec.json.decode(row.wanted, type=Wanted),
        state=ExportState(row.state),
        rows=row.row_count,
        more=row.more,
        size_bytes=row.size_bytes,
        chunks=row.chunks,
        attempts=row.attempts,
        error=row.error,
        reason=row.reason,
        created_at_ms=row.created_at_ms,
        started_at_ms=row.started_at_ms,
        ended_at_ms=row.ended_at_ms,
        expires_at_ms=row.expires_at_ms,
    )


async def add(uow: UnitOfWork, *, operator_id: int, staff_id: int, wanted: Wanted) -> int:
    """An export that waits; its id."""
    row = {
        "operator_id": operator_id,
        "staff_id": staff_id,
        "wanted": msgspec.json.encode(wanted).decode(),
        "state": ExportState.WAITING.value,
        "row_count": 0,
        "more": False,
        "size_bytes": 0,
        "chunks": 0,
        "attempts": 0,
        "owner": "",
        "lease_until_ms": 0,
        "error": "",
        "reason": "",
        "created_at_ms": uow.now_ms,
    }
    key = (await uow.connection.execute(insert(exports).values(row))).inserted_primary_key
    return int(key[0]) if key else 0


async def find(connection: AsyncConnection, export_id: int, staff_id: int) -> Export | None:
    """An export of somebody by id."""
    statement = select(exports).where(exports.c.id == export_id, exports.c.staff_id == staff_id)
    row = (await connection.execute(statement)).first()
    return _export(row) if row else None


async def of_staff(connection: AsyncConnection, staff_id: int, *, before_id: int | None, limit: int) -> list[Export]:
    """Somebody's exports, newest first."""
    statement = select(exports).where(exports.c.staff_id == staff_id).order_by(exports.c.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(exports.c.id < before_id)
    return [_export(row) for row in await connection.execute(statement)]


async def counts(connection: AsyncConnection, staff_id: int) -> tuple[int, int]:
    """How many exports somebody has, and how many of them are not over."""
    statement = select(exports.c.state, func.count()).where(exports.c.staff_id == staff_id).group_by(exports.c.state)
    by_state = {str(row[0]): int(row[1]) for row in await connection.execute(statement)}
    return sum(by_state.values()), sum(by_state.get(state, 0) for state in _OPEN)


async def stored_bytes(connection: AsyncConnection) -> int:
    """What all files together have, unpacked."""
    statement = select(func.coalesce(func.sum(exports.c.size_bytes), 0))
    return int((await connection.execute(statement)).scalar_one())


async def next_free(connection: AsyncConnection, now_ms: int) -> Export | None:
    """The oldest export that waits, or whose maker has not been heard of for too long."""
    c = exports.c
    for free in (
        c.state == ExportState.WAITING.value,
        (c.state == ExportState.RUNNING.value) & (c.lease_until_ms < now_ms),
    ):
        row = (await connection.execute(select(exports).where(free).order_by(c.id).limit(1))).first()
        if row is not None:
            return _export(row)
    return None


async def take(uow: UnitOfWork, found: Export, owner: str, until_ms: int) -> bool:
    """Become the one who makes it; False when somebody else was faster."""
    c = exports.c
    mine = (c.id == found.export_id) & (c.attempts == found.attempts) & (c.state == found.state.value)
    values = {
        "state": ExportState.RUNNING.value,
        "owner": owner,
        "lease_until_ms": until_ms,
        "attempts": found.attempts + 1,
        "row_count": 0,
        "started_at_ms": uow.now_ms,
    }
    if (await uow.connection.execute(update(exports).where(mine).values(values))).rowcount != 1:
        return False
    await uow.connection.execute(delete(export_chunks).where(export_chunks.c.export_id == found.export_id))
    return True


async def set_mine(uow: UnitOfWork, export_id: int, owner: str, **values: object) -> bool:
    """Change an export that one makes; False when it is somebody else's by now, or gone."""
    c = exports.c
    mine = (c.id == export_id) & (c.owner == owner) & (c.state == ExportState.RUNNING.value)
    return (await uow.connection.execute(update(exports).where(mine).values(values))).rowcount == 1


async def add_chunk(uow: UnitOfWork, export_id: int, chunk_no: int, packed: bytes) -> None:
    """A piece of a file."""
    row = {"export_id": export_id, "chunk_no": chunk_no, "packed": packed}
    await uow.connection.execute(insert(export_chunks).values(row))


async def chunk(connection: AsyncConnection, export_id: int, chunk_no: int) -> bytes | None:
    """A piece of a file, still packed."""
    c = export_chunks.c
    statement = select(c.packed).where(c.export_id == export_id, c.chunk_no == chunk_no)
    found = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else bytes(found)


async def due(connection: AsyncConnection, now_ms: int, limit: int) -> list[int]:
    """Exports whose time is over."""
    statement = select(exports.c.id).where(exports.c.expires_at_ms <= now_ms).order_by(exports.c.id).limit(limit)
    return list((await connection.execute(statement)).scalars())


async def remove_some_chunks(uow: UnitOfWork, export_id: int, limit: int) -> int:
    """Forget some pieces of a file; how many."""
    c = export_chunks.c
    some = select(c.chunk_no).where(c.export_id == export_id).limit(limit)
    numbers = list((await uow.connection.execute(some)).scalars())
    if numbers:
        await uow.connection.execute(delete(export_chunks).where(c.export_id == export_id, c.chunk_no.in_(numbers)))
    return len(numbers)


async def remove(uow: UnitOfWork, export_id: int) -> None:
    """Forget an export with its file."""
    await uow.connection.execute(delete(export_chunks).where(export_chunks.c.export_id == export_id))
    await uow.connection.execute(delete(exports).where(exports.c.id == export_id))
