"""Use cases of feedback: a driver tells, staff answer, close and reopen; the driver hears of it at once."""

from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import service as drivers
from chargecloud.features.feedback import model, sql, views
from chargecloud.features.feedback.messages import Feedback, FeedbackKind, FeedbackState, PhotoFacts
from chargecloud.features.feedback.model import Act
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.orders import service as orders
from chargecloud.features.stations import service as stations
from chargecloud.infra.photos import Photo
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused


class NewFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver tells."""

    driver_id: int
    kind: FeedbackKind
    charge_point_code: str | None = None
    connector_no: int = 0
    order_no: str | None = None
    text: str
    contact: str = ""


class Answerer(NamedTuple):
    """Who of the staff does something."""

    by: str
    name: str


class _Subject(NamedTuple):
    operator_id: int
    station_id: int | None = None
    charge_point_code: str = ""
    connector_no: int = 0


async def send(uow: UnitOfWork, new: NewFeedback) -> Feedback:
    """Write down what a driver tells. It goes to the operator of the order or the station it is about."""
    model.check_reference(new.kind, charge_point_code=new.charge_point_code, order_no=new.order_no)
    text = model.cleaned(new.text, field="text", most=model.MAX_TEXT)
    if not text:
        raise Invalid("请填写内容", "feedback_text", field="text", most=model.MAX_TEXT)
    subject = await _subject(uow, new)
    row: dict[str, object] = {
        **subject._asdict(),
        "driver_id": new.driver_id,
        "kind": new.kind.value,
        "order_no": new.order_no or "",
        "text": text,
        "contact": model.cleaned(new.contact, field="contact", most=model.MAX_CONTACT),
    }
    feedback_id = await sql.add(uow, row)
    await _show_staff(uow, subject.operator_id)
    return await feedback_for(uow.connection, feedback_id, EVERYWHERE)


async def _subject(uow: UnitOfWork, new: NewFeedback) -> _Subject:
    """Whose it is and where; an order has to be the driver's own, a connector one that drivers see."""
    if new.order_no is not None:
        order = await orders.order(uow, new.order_no, driver_id=new.driver_id)
        return _Subject(order.operator_id, order.station_id, order.charge_point_code, order.connector_no)
    if new.charge_point_code is not None:
        await stations.place_of(uow.connection, new.charge_point_code)
        at = await stations.charge_point(uow, new.charge_point_code)
        if new.connector_no:
            await stations.connector(uow, at.code, new.connector_no)
        return _Subject(at.operator_id, at.station_id, at.code, new.connector_no)
    driver = await drivers.driver(uow, new.driver_id)
    return _Subject(driver.operator_id or DEFAULT_OPERATOR_ID)


async def feedback_for(connection: AsyncConnection, feedback_id: int, reach: Reach) -> Feedback:
    """Feedback as staff see it; NotFound when there is none within reach."""
    found = await views.find(connection, feedback_id)
    if found is None or not reach.covers(found.operator_id, found.station_id):
        raise _unknown(feedback_id)
    return found


async def feedback_by(connection: AsyncConnection, feedback_id: int, driver_id: int) -> Feedback:
    """Feedback as the driver sees it who sent it; NotFound for everybody else."""
    found = await views.find(connection, feedback_id)
    if found is None or found.driver_id != driver_id:
        raise _unknown(feedback_id)
    return found


def _unknown(feedback_id: int) -> NotFound:
    return NotFound(f"没有反馈 {feedback_id}", "feedback_unknown", feedback_id=feedback_id)


async def demand_room(connection: AsyncConnection, feedback_id: int, driver_id: int) -> None:
    """Refuse a photo where none may come any more: somebody else's feedback, a closed one, one that has three."""
    found = await feedback_by(connection, feedback_id, driver_id)
    if found.state is FeedbackState.CLOSED:
        raise Refused("反馈已关闭，不能再添加照片", "feedback_state", state=found.state)
    if len(await views.photos_of(connection, feedback_id)) >= model.MAX_PHOTOS:
        raise Refused(f"最多 {model.MAX_PHOTOS} 张照片", "feedback_photos", most=model.MAX_PHOTOS)


async def add_photo(uow: UnitOfWork, feedback_id: int, driver_id: int, photo: Photo) -> PhotoFacts:
    """Attach a photo to one's own feedback, as long as it is not closed."""
    await sql.find(uow, feedback_id)  # locked: two at once would both find room
    await demand_room(uow.connection, feedback_id, driver_id)
    photo_id = await sql.add_photo(uow, feedback_id, photo)
    return PhotoFacts(photo_id=photo_id, width_px=photo.width_px, height_px=photo.height_px, size_bytes=len(photo.jpeg))


async def picture(connection: AsyncConnection, feedback_id: int, photo_id: int) -> bytes:
    """The JPEG of a photo, for whoever was found to see the feedback; NotFound when it has no such photo."""
    found = await views.picture(connection, feedback_id, photo_id)
    if found is None:
        raise NotFound(f"没有照片 {photo_id}", "feedback_photo_unknown", photo_id=photo_id)
    return found


async def reply(uow: UnitOfWork, before: Feedback, answerer: Answerer, text: str) -> Feedback:
    """Answer a driver, who is told at once if the app is open, and otherwise at the next visit."""
    return await _moved(uow, before, Act.REPLY, **_said(uow, before, answerer, text))


async def close(uow: UnitOfWork, before: Feedback, answerer: Answerer, text: str) -> Feedback:
    """It is dealt with; with a last word to the driver, if there is one."""
    said = _said(uow, before, answerer, text) if text.strip() else {"unread": True}
    return await _moved(uow, before, Act.CLOSE, **said, closed_at_ms=uow.now_ms, closed_by=answerer.by)


def _said(uow: UnitOfWork, before: Feedback, answerer: Answerer, text: str) -> dict[str, object]:
    answer = model.cleaned(text, field="text", most=model.MAX_TEXT)
    if not answer:
        raise Invalid("请填写回复", "feedback_text", field="text", most=model.MAX_TEXT)
    if before.replies >= model.MAX_REPLIES:
        raise Refused(f"最多回复 {model.MAX_REPLIES} 次", "feedback_replies", most=model.MAX_REPLIES)
    sql.add_reply(uow, before.feedback_id, by=answerer.by, by_name=answerer.name, text=answer)
    return {"replies": before.replies + 1, "unread": True}


async def reopen(uow: UnitOfWork, before: Feedback) -> Feedback:
    """It is not dealt with after all."""
    return await _moved(uow, before, Act.REOPEN, closed_at_ms=None, closed_by="")


async def _moved(uow: UnitOfWork, before: Feedback, act: Act, **values: object) -> Feedback:
    state = model.after(before.state, act)
    if state is None:
        raise Refused(f"反馈处于 {before.state} 状态，不能这样处理", "feedback_state", state=before.state, act=act)
    if not await sql.change(uow, before, state=state.value, **values):
        raise Conflict("反馈刚刚发生变化，请重试", "feedback_changed", feedback_id=before.feedback_id)
    after = await feedback_for(uow.connection, before.feedback_id, EVERYWHERE)
    if after.unread:
        facts: dict[str, object] = {"feedback_id": after.feedback_id, "state": after.state.value}
        drivers.notice(uow, after.driver_id, "feedback_answered", facts)
    await _show_driver(uow, after.driver_id)
    await _show_staff(uow, after.operator_id)
    return after


async def seen(uow: UnitOfWork, feedback_id: int, driver_id: int) -> None:
    """The driver has read the answers."""
    await feedback_by(uow.connection, feedback_id, driver_id)
    if await sql.see(uow, feedback_id):
        await _show_driver(uow, driver_id)


async def open_count(connection: AsyncConnection, reach: Reach) -> int:
    """How much within reach waits for an answer."""
    return await views.open_count(connection, reach)


async def _show_driver(uow: UnitOfWork, driver_id: int) -> None:
    unread = await views.unread_count(uow.connection, driver_id)
    drivers.patch_state(uow, driver_id, {"feedback": {"unread": unread}})


async def _show_staff(uow: UnitOfWork, operator_id: int) -> None:
    waiting = await views.open_count(uow.connection, Reach(operator_id))
    uow.live(f"feedback:{operator_id}", {"open": waiting})
