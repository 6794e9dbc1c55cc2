"""Feedback over the API: drivers send and read, staff list, answer, close and reopen."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from chargecloud.features.drivers import service as drivers
from chargecloud.features.feedback import service, views
from chargecloud.features.feedback.http_models import (
    FeedbackClosingIn,
    FeedbackDetailOut,
    FeedbackIn,
    FeedbackOut,
    FeedbackReopeningIn,
    MyFeedbackDetailOut,
    MyFeedbackOut,
    ReplyIn,
)
from chargecloud.features.feedback.http_photos import LARGER_BODIES as _PHOTOS
from chargecloud.features.feedback.http_photos import photos
from chargecloud.features.feedback.messages import Feedback, FeedbackKind, FeedbackState
from chargecloud.features.feedback.service import Answerer, NewFeedback
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import CurrentDriver, Principal, require
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.idempotency import OnceOnly
from chargecloud.infra.http.live import LiveTopic, Snapshot
from chargecloud.infra.http.model import Id
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import TooMany

router = APIRouter(tags=["feedback"])
Reader = Annotated[Principal, Depends(require("feedback.read"))]
Writer = Annotated[Principal, Depends(require("feedback.write"))]
AN_HOUR, A_DAY = 5, 20
LARGER_BODIES = _PHOTOS
router.include_router(photos)


@router.post(
    "/driver/feedback",
    operation_id="sendFeedback",
    status_code=201,
    summary="反馈报修",
    response_model=MyFeedbackDetailOut,
)
async def send_feedback(body: FeedbackIn, driver: CurrentDriver, once: OnceOnly, db: Db, limits: Limits) -> Response:
    """Tell the operator of a fault, a dispute or a suggestion."""
    await _not_too_often(limits, driver.id)
    new = NewFeedback(driver_id=driver.id, **body.model_dump())
    async with db.unit() as uow:

        async def work() -> MyFeedbackDetailOut:
            return MyFeedbackDetailOut.with_answers(await service.send(uow, new), [], [])

        return await once.answer(uow, driver, work, status=201)


async def _not_too_often(limits: Limits, driver_id: int) -> None:
    for most, window_s in ((AN_HOUR, 3_600), (A_DAY, 86_400)):
        if not await limits.take(f"feedback:{window_s}:{driver_id}", limit=most, window_s=window_s, strict=False):
            raise TooMany("反馈过于频繁，请稍后再试", "feedback_too_often", limit=most, retry_after_s=window_s // 6)


@router.get("/driver/feedback", operation_id="listMyFeedback", summary="我的反馈")
async def my_feedback(driver: CurrentDriver, db: Db, pages: Pages) -> Page[MyFeedbackOut]:
    """What I told, newest first."""
    wanted = views.FeedbackFilter(driver_id=driver.id)
    async with db.read() as connection:
        rows = await views.page(connection, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.feedback_id)
    return Page(items=[MyFeedbackOut.of(row) for row in shown], next=following)


@router.get("/driver/feedback/{feedback_id}", operation_id="getMyFeedback", summary="我的反馈详情")
async def one_of_mine(feedback_id: Id, driver: CurrentDriver, db: Db) -> MyFeedbackDetailOut:
    """With what was answered."""
    async with db.read() as connection:
        found = await service.feedback_by(connection, feedback_id, driver.id)
        answers = await views.replies_of(connection, feedback_id)
        return MyFeedbackDetailOut.with_answers(found, answers, await views.photos_of(connection, feedback_id))


@router.put("/driver/feedback/{feedback_id}/seen", operation_id="seeMyFeedback", status_code=204, summary="答复已读")
async def see_mine(feedback_id: Id, driver: CurrentDriver, db: Db) -> None:
    """I have read the answers."""
    async with db.unit() as uow:
        await service.seen(uow, feedback_id, driver.id)


def _filter(
    state: Annotated[FeedbackState | None, Query()] = None,
    kind: Annotated[FeedbackKind | None, Query()] = None,
    station_id: Annotated[Id | None, Query()] = None,
    driver_id: Annotated[Id | None, Query()] = None,
    order_no: Annotated[str, Query(pattern="^[0-9]{0,32}$")] = "",
    charge_point_code: Annotated[str, Query(pattern="^([0-9]{14}|[0-9A-F]{8})?$")] = "",
) -> views.FeedbackFilter:
    return views.FeedbackFilter(
        state=state.value if state else "",
        kind=kind.value if kind else "",
        station_id=station_id,
        driver_id=driver_id,
        order_no=order_no,
        charge_point_code=charge_point_code,
    )


@router.get("/feedback", operation_id="listFeedback", summary="反馈列表")
async def list_feedback(
    reader: Reader, wanted: Annotated[views.FeedbackFilter, Depends(_filter)], db: Db, pages: Pages
) -> Page[FeedbackOut]:
    """What drivers told, within one's reach, newest first."""
    theirs = msgspec.structs.replace(wanted, operator_id=reader.operator_id, station_ids=reader.station_ids)
    async with db.read() as connection:
        rows = await views.page(connection, theirs, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.feedback_id)
    return Page(items=[FeedbackOut.of(row) for row in shown], next=following)


@router.get("/feedback/{feedback_id}", operation_id="getFeedback", summary="反馈详情")
async def get_feedback(feedback_id: Id, reader: Reader, db: Db) -> FeedbackDetailOut:
    """With what was answered, and how to reach the driver."""
    async with db.read() as connection:
        found = await service.feedback_for(connection, feedback_id, reader.reach)
        return await _detail(connection, found, reader)


async def _detail(connection: AsyncConnection, found: Feedback, who: Principal) -> FeedbackDetailOut:
    answers = await views.replies_of(connection, found.feedback_id)
    pictures = await views.photos_of(connection, found.feedback_id)
    return FeedbackDetailOut.with_answers(found, answers, pictures, whole="feedback.write" in who.permissions)


@router.post("/feedback/{feedback_id}/replies", operation_id="replyFeedback", status_code=201, summary="答复反馈")
async def reply_feedback(feedback_id: Id, body: ReplyIn, writer: Writer, db: Db) -> FeedbackDetailOut:
    """Answer the driver."""
    async with db.unit() as uow:
        before = await service.feedback_for(uow.connection, feedback_id, writer.reach)
        after = await service.reply(uow, before, _answerer(writer), body.text)
        _audit(uow, writer, "reply", after, {"text": body.text})
    return await _told(db, after, writer)


@router.post("/feedback/{feedback_id}/closing", operation_id="closeFeedback", summary="关闭反馈")
async def close_feedback(feedback_id: Id, body: FeedbackClosingIn, writer: Writer, db: Db) -> FeedbackDetailOut:
    """It is dealt with."""
    async with db.unit() as uow:
        before = await service.feedback_for(uow.connection, feedback_id, writer.reach)
        after = await service.close(uow, before, _answerer(writer), body.text)
        _audit(uow, writer, "close", after, {"text": body.text})
    return await _told(db, after, writer)


@router.post("/feedback/{feedback_id}/reopening", operation_id="reopenFeedback", summary="重新打开反馈")
async def reopen_feedback(feedback_id: Id, body: FeedbackReopeningIn, writer: Writer, db: Db) -> FeedbackDetailOut:
    """It is not dealt with after all."""
    async with db.unit() as uow:
        before = await service.feedback_for(uow.connection, feedback_id, writer.reach)
        after = await service.reopen(uow, before)
        _audit(uow, writer, "reopen", after, {"reason": body.reason})
    return await _told(db, after, writer)


def _answerer(writer: Principal) -> Answerer:
    return Answerer(f"staff:{writer.id}", writer.name)


def _audit(uow: UnitOfWork, writer: Principal, act: str, after: Feedback, facts: dict[str, object]) -> None:
    said = {"driver_id": after.driver_id, "state": after.state.value}
    operators.audit(uow, writer, f"feedback.{act}", f"feedback:{after.feedback_id}", said | facts)


async def _told(db: Database, after: Feedback, writer: Principal) -> FeedbackDetailOut:
    async with db.read() as connection:
        return await _detail(connection, after, writer)


async def driver_part(connection: AsyncConnection, driver_id: int) -> dict[str, object]:
    """How many answers a driver has not seen, for the state of the app."""
    return {"unread": await views.unread_count(connection, driver_id)}


async def has_feedback(connection: AsyncConnection, driver_id: int) -> bool:
    """Whether anything of feedback hangs on a driver."""
    return bool(await views.page(connection, views.FeedbackFilter(driver_id=driver_id), before_id=None, limit=1))


async def _snapshot(connection: AsyncConnection, who: Principal, operator: str) -> Snapshot | None:
    """How much waits for an answer, for the operator's own staff."""
    if not (operator.isascii() and operator.isdecimal() and len(operator) < 16):
        return None
    if "feedback.read" not in who.permissions or not who.reach.covers(int(operator), None):
        return None
    return {"open": await views.open_count(connection, Reach(int(operator)))}


DRIVER_PARTS = (drivers.DriverPart("feedback", driver_part),)
DRIVER_HOLDINGS = (has_feedback,)
LIVE_TOPICS = (LiveTopic("feedback", _snapshot),)
