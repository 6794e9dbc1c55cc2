"""Tables of feedback, its replies and photos, and the conditional updates that keep it in one state."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Row, String, Table, delete, insert, select, update

from chargecloud.features.feedback.messages import Feedback, FeedbackKind, FeedbackState
from chargecloud.features.feedback.model import MAX_CONTACT, MAX_TEXT
from chargecloud.infra.photos import Photo
from chargecloud.infra.sql.types import big_id, code, epoch_ms, large_bytes, metadata
from chargecloud.infra.sql.uow import UnitOfWork

feedback = Table(
    "feedback",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("kind", code(16), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("charge_point_code", code(32), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("order_no", code(32), nullable=False),
    Column("text", String(MAX_TEXT), nullable=False),
    Column("contact", String(MAX_CONTACT), nullable=False),
    Column("state", code(16), nullable=False),
    Column("replies", Integer, nullable=False),
    Column("unread", Boolean, nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("changed_at_ms", epoch_ms(), nullable=False),
    Column("closed_at_ms", epoch_ms()),
    Column("closed_by", code(64), nullable=False),
    Index(None, "operator_id", "id"),
    Index(None, "operator_id", "state", "id"),
    Index(None, "station_id", "id"),
    Index(None, "driver_id", "id"),
    Index(None, "state", "closed_at_ms"),
)

replies = Table(
    "feedback_replies",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("feedback_id", ForeignKey("feedback.id"), nullable=False, index=True),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("by", code(64), nullable=False),
    Column("by_name", String(80), nullable=False),
    Column("text", String(MAX_TEXT), nullable=False),
)

photos = Table(
    "feedback_photos",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("feedback_id", ForeignKey("feedback.id"), nullable=False, index=True),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("jpeg", large_bytes(), nullable=False),
)


def feedback_of(row: Row[*tuple[Any, ...]]) -> Feedback:
    """Feedback from its columns."""
    values = dict(row._mapping)
    values["feedback_id"] = values.pop("id")
    return Feedback(**values | {"kind": FeedbackKind(row.kind), "state": FeedbackState(row.state)})


async def add(uow: UnitOfWork, row: dict[str, object]) -> int:
    """Write it down; its id."""
    fixed = {
        "state": FeedbackState.OPEN.value,
        "replies": 0,
        "unread": False,
        "created_at_ms": uow.now_ms,
        "changed_at_ms": uow.now_ms,
        "closed_by": "",
    }
    key = (await uow.connection.execute(insert(feedback).values({**row, **fixed}))).inserted_primary_key
    return int(key[0]) if key else 0


async def find(uow: UnitOfWork, feedback_id: int) -> Feedback | None:
    """Feedback by id, locked where the engine locks rows."""
    statement = select(feedback).where(feedback.c.id == feedback_id).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return feedback_of(row) if row else None


async def change(uow: UnitOfWork, before: Feedback, **values: object) -> bool:
    """Change what is still as it was read; False when somebody was faster."""
    c = feedback.c
    here = (c.id == before.feedback_id, c.state == before.state.value, c.replies == before.replies)
    statement = update(feedback).where(*here).values(values | {"changed_at_ms": uow.now_ms})
    return (await uow.connection.execute(statement)).rowcount == 1


async def see(uow: UnitOfWork, feedback_id: int) -> bool:
    """The driver has seen the answer; False when that was known."""
    c = feedback.c
    statement = update(feedback).where(c.id == feedback_id, c.unread.is_(True)).values(unread=False)
    return (await uow.connection.execute(statement)).rowcount == 1


def add_reply(uow: UnitOfWork, feedback_id: int, *, by: str, by_name: str, text: str) -> None:
    """Keep an answer."""
    row = {"feedback_id": feedback_id, "at_ms": uow.now_ms, "by": by, "by_name": by_name[:80], "text": text}
    uow.append(replies, row)


async def add_photo(uow: UnitOfWork, feedback_id: int, photo: Photo) -> int:
    """Keep a photo; its id."""
    row = {"feedback_id": feedback_id, "at_ms": uow.now_ms, "size_bytes": len(photo.jpeg), **photo._asdict()}
    key = (await uow.connection.execute(insert(photos).values(row))).inserted_primary_key
    return int(key[0]) if key else 0


async def forget(uow: UnitOfWork, closed_before_ms: int, *, limit: int) -> int:
    """Forget what was closed before then, with its replies and photos; how much."""
    c = feedback.c
    wanted = select(c.id).where(c.state == FeedbackState.CLOSED.value, c.closed_at_ms < closed_before_ms)
    old = list((await uow.connection.execute(wanted.order_by(c.closed_at_ms).limit(limit))).scalars())
    if old:
        await uow.connection.execute(delete(photos).where(photos.c.feedback_id.in_(old)))
        await uow.connection.execute(delete(replies).where(replies.c.feedback_id.in_(old)))
        await uow.connection.execute(delete(feedback).where(c.id.in_(old)))
    return len(old)
