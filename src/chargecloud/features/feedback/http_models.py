"""What goes in and out of the routes of feedback."""

import base64
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field

from chargecloud.features.feedback.messages import Feedback, FeedbackKind, FeedbackState, PhotoFacts, Reply
from chargecloud.features.feedback.model import MAX_CONTACT, MAX_TEXT, masked_contact
from chargecloud.infra import photos
from chargecloud.infra.http.model import ApiModel, Moment
from chargecloud.kernel.errors import Invalid

MAX_PHOTO_TEXT = photos.MAX_BYTES * 4 // 3 + 4
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class FeedbackIn(ApiModel):
    """What a driver tells: a fault names a charge point or an order, a dispute an order."""

    kind: FeedbackKind
    charge_point_code: Annotated[str | None, Field(pattern=r"^([0-9]{14}|[0-9A-F]{8})$")] = None
    connector_no: Annotated[int, Field(ge=0, le=255, description="0: 整桩")] = 0
    order_no: Annotated[str | None, Field(pattern=r"^[0-9]{1,32}$", description="本人的订单；地点随订单")] = None
    text: Text
    contact: Annotated[str, Field(max_length=MAX_CONTACT, description="联系方式，可不填")] = ""


class ReplyIn(ApiModel):
    """An answer to the driver."""

    text: Text


class FeedbackClosingIn(ApiModel):
    """The end of it, with a last word to the driver if there is one."""

    text: Annotated[str, Field(max_length=MAX_TEXT, description="给车主的答复，可不填")] = ""


class FeedbackReopeningIn(ApiModel):
    """Why it is taken up again; for the audit log."""

    reason: Annotated[str, Field(min_length=1, max_length=200, description="原因，记入操作日志")]


class PhotoIn(ApiModel):
    """A photo of a fault: JPEG, PNG or WebP, at most 2 MiB and 24 million pixels."""

    content: Annotated[str, Field(min_length=1, max_length=MAX_PHOTO_TEXT, description="the file in base64")]

    def file(self) -> bytes:
        """The file as it was stored."""
        try:
            return base64.b64decode(self.content, validate=True)
        except ValueError as error:  # binascii.Error, or letters that are not ASCII
            raise Invalid("content 不是 base64", "photo_base64", field="content") from error


class PhotoOut(ApiModel):
    """A photo, to be fetched by its id; always JPEG."""

    id: int
    width_px: int
    height_px: int
    size_bytes: int

    @classmethod
    def of(cls, photo: PhotoFacts) -> Self:
        return cls(id=photo.photo_id, width_px=photo.width_px, height_px=photo.height_px, size_bytes=photo.size_bytes)


class MyReplyOut(ApiModel):
    """An answer as the driver sees it."""

    at: Moment
    text: str


class MyFeedbackOut(ApiModel):
    """Feedback as the driver sees it."""

    id: int
    kind: FeedbackKind
    charge_point_code: str
    connector_no: int
    order_no: str
    text: str
    contact: str
    state: FeedbackState
    replies: int
    unread: Annotated[bool, Field(description="有未读的答复")]
    created_at: Moment
    changed_at: Moment

    @classmethod
    def of(cls, found: Feedback) -> Self:
        return cls(**_values(found, cls.model_fields))


class MyFeedbackDetailOut(MyFeedbackOut):
    """With its photos and what was answered."""

    answers: list[MyReplyOut]
    photos: list[PhotoOut]

    @classmethod
    def with_answers(cls, found: Feedback, answers: list[Reply], photos: list[PhotoFacts]) -> Self:
        shown = [MyReplyOut(at=each.at_ms, text=each.text) for each in answers]
        pictures = [PhotoOut.of(each) for each in photos]
        return cls(**_values(found, MyFeedbackOut.model_fields), answers=shown, photos=pictures)


class ReplyOut(ApiModel):
    """An answer as staff see it."""

    at: Moment
    by: str
    by_name: str
    text: str


class FeedbackOut(ApiModel):
    """Feedback as staff see it."""

    id: int
    operator_id: int
    driver_id: int
    kind: FeedbackKind
    station_id: int | None
    charge_point_code: str
    connector_no: int
    order_no: str
    text: str
    state: FeedbackState
    replies: int
    unread: Annotated[bool, Field(description="车主还没有看最后的答复")]
    created_at: Moment
    changed_at: Moment
    closed_at: Moment | None
    closed_by: str

    @classmethod
    def of(cls, found: Feedback) -> Self:
        return cls(**_values(found, cls.model_fields))


class FeedbackDetailOut(FeedbackOut):
    """With its photos, what was answered, and how to reach the driver."""

    contact: Annotated[str, Field(description="没有 feedback.write 时只显示一部分")]
    answers: list[ReplyOut]
    photos: list[PhotoOut]

    @classmethod
    def with_answers(cls, found: Feedback, answers: list[Reply], photos: list[PhotoFacts], *, whole: bool) -> Self:
        shown = [ReplyOut(at=each.at_ms, by=each.by, by_name=each.by_name, text=each.text) for each in answers]
        contact = found.contact if whole else masked_contact(found.contact)
        pictures = [PhotoOut.of(each) for each in photos]
        return cls(**_values(found, FeedbackOut.model_fields), contact=contact, answers=shown, photos=pictures)


def _values(found: Feedback, names: Iterable[str]) -> dict[str, object]:
    values: dict[str, object] = {"id": found.feedback_id}
    for name in names:
        if name.endswith("_at"):
            values[name] = getattr(found, f"{name}_ms")
        elif name != "id":
            values[name] = getattr(found, name)
    return values
