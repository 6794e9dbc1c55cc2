"""Every failure is a problem document with a word programs understand, and tells no more than it should."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Query
from sqlalchemy import text
from structlog.testing import capture_logs

from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import (
    ChargeCloudError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from tests.support.http import app_for, client_of

router = APIRouter()
ERRORS: dict[str, ChargeCloudError] = {}


class Limits(ApiModel):
    energy_mwh: int


class Start(ApiModel):
    code: str
    limits: Limits


@router.get("/fail/{word}", operation_id="fail")
async def fail(word: str) -> None:
    raise ERRORS[word]


@router.post("/start", operation_id="start")
async def start(body: Start, times: Annotated[int, Query(ge=1)] = 1) -> Start:
    return body


@router.get("/statement", operation_id="statement")
async def statement(sql: str, db: Db) -> None:
    async with db.unit() as uow:
        await uow.connection.execute(text(sql))


CATEGORIES = [
    (Invalid, 400), (Unauthenticated, 401), (Forbidden, 403), (NotFound, 404), (Conflict, 409), (Refused, 422),
    (Unsupported, 422), (TooMany, 429), (Unavailable, 503),
]  # fmt: skip


@pytest.mark.parametrize(("category", "status"), CATEGORIES)
async def test_each_category_has_its_status(database: Database, category: type[ChargeCloudError], status: int) -> None:
    ERRORS["it"] = category("this is why", "the_word", order_no="2026")
    async with client_of(app_for(database, [router])) as client:
        answer = await client.get("/api/v1/fail/it")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.pop("trace_id") == answer.headers["x-request-id"]
    assert body.pop("title")
    assert body == {
        "type": "about:blank",
        "status": status,
        "detail": "this is why",
        "code": "the_word",
        "facts": {"order_no": "2026"},
    }
    assert ("retry-after" in answer.headers) == (status in {429, 503})


async def test_how_long_to_wait_can_be_said(database: Database) -> None:
    ERRORS["it"] = TooMany("slow down", "sign_in_limit", retry_after_s=900)
    async with client_of(app_for(database, [router])) as client:
        assert (await client.get("/api/v1/fail/it")).headers["retry-after"] == "900"


INVALID = [
    ({"code": "1", "limits": {"energy_mwh": "12"}}, "", {"body.limits.energy_mwh"}),
    ({"code": 1, "limits": {}}, "", {"body.code", "body.limits.energy_mwh"}),
    ({"code": "1", "limits": {"energy_mwh": 1}, "price": 3}, "", {"body.price"}),
    ({"code": "1", "limits": {"energy_mwh": 1}}, "?times=0", {"query.times"}),
    (None, "", {"body"}),
]


@pytest.mark.parametrize(("body", "query", "fields"), INVALID)
async def test_a_request_that_does_not_fit_names_each_field(
    database: Database, body: object, query: str, fields: set[str]
) -> None:
    async with client_of(app_for(database, [router])) as client:
        answer = await client.post(f"/api/v1/start{query}", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert {each["field"] for each in problem["errors"]} == fields
    assert all(each["message"] and each["code"] for each in problem["errors"])
    assert sorted(fields)[0] in problem["detail"]


async def test_text_that_is_no_json(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        answer = await client.post("/api/v1/start", content=b'{"code": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "json_invalid"


async def test_text_that_is_no_utf_8(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/api/v1/start", content=b'{"code": "\xc3("}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")


async def test_paths_and_methods_nobody_knows(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        absent = await client.get("/api/v1/nothing")
        wrong = await client.delete("/api/v1/start")
        trace = await client.request("TRACE", "/api/v1/start")
    assert (absent.status_code, absent.json()["code"]) == (404, "no_such_path")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert trace.status_code == 405
    assert wrong.headers["allow"] == "POST"


async def test_what_nobody_expected_is_logged_and_not_told(database: Database) -> None:
    with capture_logs() as logs:
        async with client_of(app_for(database, [router])) as client:
            answer = await client.get("/api/v1/fail/secret-of-the-house")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret" not in answer.text and "KeyError" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    failed = [each for each in logs if each["event"] == "http.failed"]
    assert len(failed) == 1 and failed[0]["exc_info"]


async def test_the_database_speaks_in_our_words(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        create = "CREATE TABLE one (x INTEGER UNIQUE)"
        insert = "INSERT INTO one VALUES (1)"
        answers = [await client.get("/api/v1/statement", params={"sql": sql}) for sql in (create, insert, insert)]
        wrong = await client.get("/api/v1/statement", params={"sql": "SELEKT 1"})
    assert [each.status_code for each in answers] == [200, 200, 409]
    assert answers[2].json()["code"] == "constraint_broken"
    assert wrong.status_code == 500 and "SELEKT" not in wrong.text


async def test_facts_of_any_kind_can_be_told(database: Database) -> None:
    ERRORS["it"] = Conflict("why", "word", when=object, numbers=(1, 2))
    async with client_of(app_for(database, [router])) as client:
        facts = (await client.get("/api/v1/fail/it")).json()["facts"]
    assert facts["numbers"] == [1, 2] and isinstance(facts["when"], str)
