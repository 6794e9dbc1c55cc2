"""What every answer carries and every request has to respect."""

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Request
from structlog.testing import capture_logs

from chargecloud.infra.http.edge import MAX_BODY
from chargecloud.infra.http.model import ApiModel
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.telemetry import trace_id
from tests.support.http import Tokens, app_for, client_of, staff

router = APIRouter()


class Text(ApiModel):
    text: str


@router.post("/length", operation_id="length")
async def length(body: Text) -> int:
    return len(body.text)


@router.post("/raw", operation_id="raw")
async def raw(request: Request) -> int:
    return len(await request.body())


@router.get("/trace", operation_id="trace")
async def trace() -> str:
    return trace_id.get()


@pytest.mark.parametrize(("base", "strict"), [("https://testserver", True), ("http://testserver", False)])
async def test_security_headers(database: Database, base: str, strict: bool) -> None:
    async with client_of(app_for(database, [router]), base=base) as client:
        answers = [await client.get(path) for path in ("/api/v1/trace", "/api/v1/nothing", "/healthz")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "object-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert ("strict-transport-security" in answer.headers) == strict
        assert "server" not in answer.headers
    assert [answer.headers.get("cache-control") for answer in answers] == ["no-store", "no-store", None]


TRACES = [
    ("abcdef-0123456789", True),
    ("short", False),
    ("x" * 65, False),
    ("with space 123", False),
    ("new\u00e4line", False),
]


@pytest.mark.parametrize(("offered", "taken"), TRACES)
async def test_a_decent_request_id_is_taken_over(database: Database, offered: str, taken: bool) -> None:
    async with client_of(app_for(database, [router])) as client:
        answer = await client.get("/api/v1/trace", headers={"X-Request-Id": offered.encode()})
    assert answer.headers["x-request-id"] == answer.json()
    assert (answer.json() == offered) == taken
    assert trace_id.get() == ""


PARENTS = [
    ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"),
    (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
    ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", ""),
    ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", ""),
]


@pytest.mark.parametrize(("offered", "taken"), PARENTS)
async def test_a_trace_of_a_caller_goes_on_and_its_own_id_wins(database: Database, offered: str, taken: str) -> None:
    async with client_of(app_for(database, [router])) as client:
        answer = await client.get("/api/v1/trace", headers={"traceparent": offered})
        named = await client.get("/api/v1/trace", headers={"traceparent": offered, "X-Request-Id": "my-own-id"})
    assert answer.headers["x-request-id"] == answer.json()
    assert (answer.json() == taken) == bool(taken)
    assert named.json() == "my-own-id"


@pytest.mark.parametrize("path", ["/api/v1/length", "/api/v1/raw"])
async def test_a_body_has_a_limit(database: Database, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(MAX_BODY // 1000 + 2):
            yield b"x" * 1000

    async with client_of(app_for(database, [router])) as client:
        fits = await client.post("/api/v1/length", json={"text": "x" * (MAX_BODY - 100)})
        declared = await client.post(path, json={"text": "x" * MAX_BODY})
        undeclared = await client.post(path, content=endless(), headers={"Content-Type": "application/json"})
    assert fits.json() == MAX_BODY - 100
    assert declared.status_code == undeclared.status_code == 413
    assert declared.json()["code"] == undeclared.json()["code"] == "body_too_large"
    assert undeclared.headers["content-type"] == "application/problem+json"


HOSTS = [
    ("charge.example", 200), ("CHARGE.example", 200), ("charge.example:8443", 200), ("[::1]:8443", 200), ("[::1]", 200),
    ("evil.example", 400), ("charge.example.evil.example", 400), ("", 400),
]  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS)
async def test_only_our_own_names_are_answered_to(database: Database, host: str, status: int) -> None:
    async with client_of(app_for(database, [router], hosts=("charge.example", "[::1]"))) as client:
        answer = await client.get("/api/v1/trace", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "unknown_host"


async def test_the_access_log_has_no_content(database: Database) -> None:
    app = app_for(database, [router], resolvers=Tokens(token_secret=staff()).resolvers())
    with capture_logs() as logs:
        async with client_of(app, token="token_secret") as client:
            await client.post("/api/v1/length?secret=1", json={"text": "secret"})
            await client.post("/api/v1/live/tickets", json={})
            await client.get("/api/v1/secret")
    lines = [each for each in logs if each["event"] == "http.request"]
    assert [(each["operation"], each["status"], each["by"]) for each in lines] == [
        ("length", 200, ""),
        ("create_live_ticket", 201, "staff:1"),
        ("other", 404, ""),
    ]
    assert "secret" not in str(lines)
