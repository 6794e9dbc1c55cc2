"""Photos of feedback: from the phone to the console, and to nobody else."""

import base64
import io
from itertools import count
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from chargecloud.features.feedback import http_photos, jobs
from chargecloud.features.feedback.model import KEEP_MS, MAX_PHOTOS
from chargecloud.features.feedback.sql import photos
from chargecloud.features.operators.messages import Role
from chargecloud.infra.photos import MAX_BYTES
from tests.support.api import Api, Caller

NUMBERS = count()
SUGGESTION = {"kind": "suggestion", "text": "雨棚漏水"}


def body(colour: str = "red") -> dict[str, str]:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), colour).save(file, "PNG")
    return {"content": base64.b64encode(file.getvalue()).decode()}


async def send(driver: Caller) -> int:
    key = {"Idempotency-Key": f"feedback-{next(NUMBERS):08d}"}
    return int((await driver.post("/driver/feedback", SUGGESTION, **key))["id"])


async def attach(driver: Caller, feedback_id: int, what: dict[str, str], status: int = 201, key: str = "") -> Any:
    """Under a new key unless one is given."""
    key = key or f"photo-{next(NUMBERS):08d}"
    return await driver.post(f"/driver/feedback/{feedback_id}/photos", what, status, **{"Idempotency-Key": key})


async def kept(api: Api) -> int:
    async with api.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(photos))).scalar_one())


async def fetch(who: Caller, path: str, status: int = 200) -> Any:
    found = await who.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {who.token}"})
    assert found.status_code == status, found.text
    return found


async def test_a_photo_is_seen_by_its_driver_and_the_staff_and_nobody_else(api: Api) -> None:
    driver = await api.driver()
    told, path = await send(driver), "/feedback/{}/photos/{}"
    photo = await attach(driver, told, body(), key="photo-of-the-roof")
    assert photo == await attach(driver, told, body(), key="photo-of-the-roof") and await kept(api) == 1
    assert (photo["width_px"], photo["height_px"]) == (32, 16)
    staff, one = await api.staff(Role.OPERATIONS), path.format(told, photo["id"])
    for who, place in ((driver, "/driver"), (staff, "")):
        assert (await who.get(f"{place}/feedback/{told}"))["photos"] == [photo]
        found = await fetch(who, f"{place}{one}")
        with Image.open(io.BytesIO(found.content)) as image:
            assert image.format == "JPEG" and len(found.content) == photo["size_bytes"]
        wanted = {"content-type": "image/jpeg", **{name.lower(): value for name, value in http_photos.HEADERS.items()}}
        assert {name: found.headers[name] for name in wanted} == wanted
    other, stranger = await api.driver("韩梅梅"), await api.staff(operator="别家")
    theirs = await send(other)
    await fetch(other, f"/driver{one}", 404)
    await fetch(other, f"/driver{path.format(theirs, photo['id'])}", 404)  # by way of one's own
    await fetch(staff, path.format(theirs, photo["id"]), 404)
    await fetch(stranger, one, 404)
    assert (await attach(other, told, body(), 404))["code"] == "feedback_unknown"
    await fetch(api.nobody(), one, 401)


async def test_what_is_no_photo_or_too_much_is_refused_and_nothing_kept(api: Api) -> None:
    driver = await api.driver()
    told = await send(driver)
    html = base64.b64encode(b"<html>photo.jpg</html>").decode()
    large = base64.b64encode(b"\xff" * MAX_BYTES).decode()
    for content, status, code in (
        (html, 400, "photo_unreadable"), ("!!!!", 400, "photo_base64"), (large, 400, "photo_unreadable"),
        (large + "AAAAAAAA", 422, "invalid_request"), (large * 2, 413, "body_too_large"),
    ):  # fmt: skip
        assert (await attach(driver, told, {"content": content}, status))["code"] == code
    assert await kept(api) == 0
    for _ in range(MAX_PHOTOS):
        await attach(driver, told, body())
    assert (await attach(driver, told, body(), 422))["code"] == "feedback_photos"
    closed = await send(driver)
    await (await api.staff()).post(f"/feedback/{closed}/closing", {}, 200)
    assert (await attach(driver, closed, body(), 422))["code"] == "feedback_state"


async def test_a_driver_sends_so_many_a_day(api: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(http_photos, "A_DAY", 1)
    driver = await api.driver()
    told = await send(driver)
    await attach(driver, told, body(), key="photo-number-one")
    assert (await attach(driver, told, body(), 429))["code"] == "feedback_photos_too_often"
    await attach(driver, told, body(), key="photo-number-one")  # what was answered already takes no turn


async def test_photos_are_forgotten_with_their_feedback(api: Api) -> None:
    driver = await api.driver()
    old, open_still = await send(driver), await send(driver)
    for each in (old, open_still):
        await attach(driver, each, body())
    await (await api.staff()).post(f"/feedback/{old}/closing", {}, 200)
    api.clock.advance(KEEP_MS + 3_600_000)
    await jobs.forget_old(api.database)
    assert await kept(api) == 1
