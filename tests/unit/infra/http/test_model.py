"""Strict at the edge: nothing is guessed, nothing unknown is let in."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from fastapi import APIRouter
from pydantic import ValidationError

from chargecloud.infra.http.model import LARGEST, AmountFen, ApiModel, Fen, Id, Moment, MomentIn, Mwh
from chargecloud.infra.sql.engine import Database
from tests.support.http import app_for, client_of


class Shade(StrEnum):
    DARK = "dark"


class Inner(ApiModel):
    energy_mwh: Mwh


class Everything(ApiModel):
    number: int
    name: str
    on: bool
    shade: Shade
    pair: tuple[int, int]
    inner: list[Inner]
    amount_fen: AmountFen
    maybe: int | None = None
    at: MomentIn


GOOD: dict[str, object] = {
    "number": 1,
    "name": "a",
    "on": True,
    "shade": "dark",
    "pair": [1, 2],
    "inner": [{"energy_mwh": 5}],
    "amount_fen": 1,
    "at": "2026-01-01T08:00:00+08:00",
}
BAD = [
    ("number", "1"), ("number", 1.0), ("number", True), ("number", None), ("name", 1), ("on", 1), ("on", "true"),
    ("shade", "light"), ("pair", [1]), ("pair", ["1", 2]), ("inner", [{"energy_mwh": -1}]), ("inner", [{}]),
    ("inner", [{"energy_mwh": 1, "extra": 1}]), ("inner", [{"energy_mwh": LARGEST + 1}]), ("amount_fen", 0),
    ("amount_fen", 10**10), ("maybe", "1"), ("at", 1767225600000), ("at", "2026-01-01T08:00:00"), ("at", "yesterday"),
    ("at", "2026-02-30T00:00:00Z"), ("unknown", 1),
]  # fmt: skip

router = APIRouter()


@router.post("/everything", operation_id="everything")
async def everything(body: Everything) -> Everything:
    return body


async def post(database: Database, body: object) -> int:
    async with client_of(app_for(database, [router])) as client:
        return (await client.post("/api/v1/everything", json=body)).status_code


def test_what_fits_is_taken() -> None:
    taken = Everything.model_validate(GOOD)
    assert taken.shade is Shade.DARK and taken.pair == (1, 2) and taken.at == 1_767_225_600_000


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_does_not_fit_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({**GOOD, field: value})
    assert str(caught.value.errors()[0]["loc"][0]) == field


async def test_the_web_framework_sees_it_the_same_way(database: Database) -> None:
    assert await post(database, {**GOOD, "number": "1"}) == 422
    assert await post(database, {**GOOD, "number": 10**400}) == 422
    assert await post(database, GOOD) == 200


class Answer(ApiModel):
    id: Id
    cash_fen: Fen
    at: Moment
    ended_at: Moment | None


@dataclass
class Row:
    id: int = 1
    cash_fen: int = -5
    at: int = 1_767_225_600_000
    ended_at: int | None = None


def test_answers_are_made_from_any_object_and_show_times_with_an_offset() -> None:
    answer = Answer.model_validate(Row())
    expected = '{"id":1,"cash_fen":-5,"at":"2026-01-01T08:00:00.000+08:00","ended_at":null}'
    assert answer.model_dump_json() == expected


def test_models_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate(Row()).id = 2  # type: ignore[misc]


def test_times_are_described_as_times() -> None:
    assert Answer.model_json_schema(mode="serialization")["properties"]["at"]["format"] == "date-time"
    assert Everything.model_json_schema()["properties"]["at"]["format"] == "date-time"
