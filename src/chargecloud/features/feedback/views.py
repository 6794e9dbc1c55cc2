"""Reading feedback: plain rows, newest first."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.feedback.messages import Feedback, FeedbackState, PhotoFacts, Reply
from chargecloud.features.feedback.model import MAX_PHOTOS, MAX_REPLIES
from chargecloud.features.feedback.sql import feedback, feedback_of, photos, replies
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.walk import unwalked


class FeedbackFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which feedback is wanted; None and empty: all."""

    operator_id: int | None = None
    station_ids: frozenset[int] | None = None
    """None: also what is about no station."""
    driver_id: int | None = None
    station_id: int | None = None
    state: str = ""
    kind: str = ""
    order_no: str = ""
    charge_point_code: str = ""


async def page(
    connection: AsyncConnection, wanted: FeedbackFilter, *, before_id: int | None, limit: int
) -> list[Feedback]:
    """Feedback, newest first."""
    c = feedback.c
    values = msgspec.structs.asdict(wanted)
    del values["station_ids"]
    conditions = [c[name] == value for name, value in values.items() if value not in (None, "")]
    if wanted.station_ids is not None:
        conditions.append(unwalked(c.station_id).in_(sorted(wanted.station_ids)))
    if before_id is not None:
        conditions.append(c.id < before_id)
    statement = select(feedback).where(*conditions).order_by(c.id.desc()).limit(limit)
    return [feedback_of(row) for row in await connection.execute(statement)]


async def find(connection: AsyncConnection, feedback_id: int) -> Feedback | None:
    """Feedback by its id."""
    row = (await connection.execute(select(feedback).where(feedback.c.id == feedback_id))).first()
    return feedback_of(row) if row else None


async def replies_of(connection: AsyncConnection, feedback_id: int) -> list[Reply]:
    """What was answered, in order."""
    c = replies.c
    columns = [c[name] for name in Reply.__struct_fields__]
    statement = select(*columns).where(c.feedback_id == feedback_id).order_by(c.id).limit(MAX_REPLIES)
    return [Reply(**row._mapping) for row in await connection.execute(statement)]


async def photos_of(connection: AsyncConnection, feedback_id: int) -> list[PhotoFacts]:
    """What photos there are, in order, without the pictures."""
    c = photos.c
    columns = (c.id.label("photo_id"), c.width_px, c.height_px, c.size_bytes)
    statement = select(*columns).where(c.feedback_id == feedback_id).order_by(c.id).limit(MAX_PHOTOS)
    return [PhotoFacts(**row._mapping) for row in await connection.execute(statement)]


async def picture(connection: AsyncConnection, feedback_id: int, photo_id: int) -> bytes | None:
    """The JPEG of a photo of this feedback."""
    c = photos.c
    statement = select(c.jpeg).where(c.id == photo_id, c.feedback_id == feedback_id)
    found = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else bytes(found)


async def open_count(connection: AsyncConnection, reach: Reach) -> int:
    """How much within reach waits for an answer."""
    c = feedback.c
    statement = select(func.count()).where(
        *reach.within(c.operator_id, unwalked(c.station_id)), c.state == FeedbackState.OPEN.value
    )
    return int((await connection.execute(statement)).scalar_one())


async def unread_count(connection: AsyncConnection, driver_id: int) -> int:
    """How many answers a driver has not seen."""
    c = feedback.c
    statement = select(func.count()).where(c.driver_id == driver_id, c.unread.is_(True))
    return int((await connection.execute(statement)).scalar_one())
