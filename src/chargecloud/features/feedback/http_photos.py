"""Photos of feedback: drivers attach and see their own, staff see those of feedback they see."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import Response

from chargecloud.features.feedback import service
from chargecloud.features.feedback.http_models import MAX_PHOTO_TEXT, PhotoIn, PhotoOut
from chargecloud.infra.http.auth import CurrentDriver, Principal, require
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.idempotency import OnceOnly
from chargecloud.infra.http.model import Id
from chargecloud.infra.photos import MEDIA_TYPE, reduced
from chargecloud.kernel.errors import TooMany

photos = APIRouter()
Reader = Annotated[Principal, Depends(require("feedback.read"))]
LARGER_BODIES = {"/driver/feedback/{feedback_id}/photos": MAX_PHOTO_TEXT + 4_096}
A_DAY = 30
"""Photos of one driver, those that turn out to be none included."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
    "Vary": "Authorization, Cookie",
}


@photos.post(
    "/driver/feedback/{feedback_id}/photos",
    operation_id="addMyFeedbackPhoto",
    status_code=201,
    summary="添加反馈照片",
    response_model=PhotoOut,
)
async def add_photo(
    feedback_id: Id, body: PhotoIn, driver: CurrentDriver, once: OnceOnly, db: Db, limits: Limits
) -> Response:
    """Attach a photo to my feedback. It is kept smaller than it came, and without place, time and camera."""
    async with db.unit() as uow:
        if known := await once.kept(uow, driver):
            return known
        await service.demand_room(uow.connection, feedback_id, driver.id)
    if not await limits.take(f"feedback-photos:{driver.id}", limit=A_DAY, window_s=86_400, strict=False):
        raise TooMany("今天上传的照片过多，请明天再试", "feedback_photos_too_often", limit=A_DAY, retry_after_s=14_400)
    photo = await reduced(body.file())
    async with db.unit() as uow:

        async def work() -> BaseModel:
            return PhotoOut.of(await service.add_photo(uow, feedback_id, driver.id, photo))

        return await once.answer(uow, driver, work, status=201)


@photos.get(
    "/driver/feedback/{feedback_id}/photos/{photo_id}",
    operation_id="getMyFeedbackPhoto",
    summary="我的反馈照片",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
async def photo_of_mine(feedback_id: Id, photo_id: Id, driver: CurrentDriver, db: Db) -> Response:
    """A photo I attached."""
    async with db.read() as connection:
        await service.feedback_by(connection, feedback_id, driver.id)
        return _picture(await service.picture(connection, feedback_id, photo_id))


@photos.get(
    "/feedback/{feedback_id}/photos/{photo_id}",
    operation_id="getFeedbackPhoto",
    summary="反馈照片",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
async def photo_of(feedback_id: Id, photo_id: Id, reader: Reader, db: Db) -> Response:
    """A photo of feedback within one's reach."""
    async with db.read() as connection:
        await service.feedback_for(connection, feedback_id, reader.reach)
        return _picture(await service.picture(connection, feedback_id, photo_id))


def _picture(jpeg: bytes) -> Response:
    return Response(jpeg, media_type=MEDIA_TYPE, headers=HEADERS)
