"""Who is asking, by which proof, and what it lets them do."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Request, Response

from chargecloud.infra.http.auth import (
    CurrentDriver,
    CurrentStaff,
    Principal,
    Someone,
    clear_session_cookie,
    presented_token,
    require,
    set_session_cookie,
)
from chargecloud.infra.sql.engine import Database
from tests.support.http import Tokens, app_for, client_of, driver, staff

router = APIRouter()
Who = dict[str, str | int]


@router.get("/me", operation_id="me")
async def me(principal: Someone) -> Who:
    return {"kind": principal.kind, "id": principal.id}


@router.post("/orders", operation_id="write_orders")
async def write_orders(principal: Annotated[Principal, Depends(require("orders.write"))]) -> Who:
    return {"id": principal.id}


@router.get("/staff", operation_id="staff_only")
async def staff_only(principal: CurrentStaff) -> Who:
    return {"id": principal.id}


@router.get("/driver", operation_id="drivers_only")
async def drivers_only(principal: CurrentDriver) -> Who:
    return {"id": principal.id}


@router.post("/sign-in", operation_id="sign_in")
async def sign_in(request: Request, response: Response) -> None:
    set_session_cookie(request, response, "clerk")


@router.post("/sign-out", operation_id="sign_out")
async def sign_out(request: Request, response: Response, _: Someone) -> dict[str, str]:
    clear_session_cookie(request, response)
    return {"token": presented_token(request)}


TOKENS = Tokens(clerk=staff("orders.write"), auditor=staff("orders.read", id=2), phone=driver())


async def call(
    database: Database, method: str, path: str, *, base: str = "https://testserver", **more: object
) -> httpx.Response:
    app = app_for(database, [router], resolvers=TOKENS.resolvers())
    async with client_of(app, base=base) as client:
        return await client.request(method, f"/api/v1{path}", **more)  # type: ignore[arg-type]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


BEARERS = [
    ("Bearer clerk", 200),
    ("bearer clerk", 200),
    ("Bearer phone", 200),
    ("Bearer stranger", 401),
    ("Bearer ", 401),
    ("Bearer " + "x" * 300, 401),
    ("Basic clerk", 401),
    ("clerk", 401),
    ("", 401),
]


@pytest.mark.parametrize(("header", "status"), BEARERS)
async def test_bearer_tokens(database: Database, header: str, status: int) -> None:
    answer = await call(database, "GET", "/me", headers={"Authorization": header})
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "not_signed_in"


PERMISSIONS = [
    ("clerk", "POST", "/orders", 200, ""),
    ("auditor", "POST", "/orders", 403, "permission_missing"),
    ("phone", "POST", "/orders", 403, "staff_only"),
    ("clerk", "GET", "/staff", 200, ""),
    ("phone", "GET", "/staff", 403, "staff_only"),
    ("phone", "GET", "/driver", 200, ""),
    ("clerk", "GET", "/driver", 403, "drivers_only"),
]


@pytest.mark.parametrize(("token", "method", "path", "status", "code"), PERMISSIONS)
async def test_permissions(database: Database, token: str, method: str, path: str, status: int, code: str) -> None:
    answer = await call(database, method, path, headers=bearer(token))
    assert answer.status_code == status
    assert answer.json().get("code", "") == code


SAME, JSON = {"Sec-Fetch-Site": "same-origin"}, {"Content-Type": "application/json"}
WRITES = [
    ({**SAME, **JSON}, 200, ""),
    ({"Sec-Fetch-Site": "none", **JSON}, 200, ""),
    ({"Origin": "https://testserver", **JSON}, 200, ""),
    ({**SAME, "Content-Type": "application/json; charset=utf-8"}, 200, ""),
    ({"Sec-Fetch-Site": "cross-site", **JSON}, 403, "foreign_page"),
    ({"Sec-Fetch-Site": "same-site", **JSON}, 403, "foreign_page"),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "https://testserver", **JSON}, 403, "foreign_page"),
    ({"Origin": "https://evil.example", **JSON}, 403, "foreign_page"),
    ({"Origin": "https://testserver.evil.example", **JSON}, 403, "foreign_page"),
    ({"Origin": "null", **JSON}, 403, "foreign_page"),
    ({**JSON}, 403, "foreign_page"),
    ({**SAME}, 403, "content_type"),
    ({**SAME, "Content-Type": "text/plain"}, 403, "content_type"),
    ({**SAME, "Content-Type": "application/x-www-form-urlencoded"}, 403, "content_type"),
    ({**SAME, "Content-Type": "multipart/form-data; boundary=application/json"}, 403, "content_type"),
]


@pytest.mark.parametrize(("headers", "status", "code"), WRITES)
async def test_writes_with_a_cookie_come_from_our_own_pages(
    database: Database, headers: dict[str, str], status: int, code: str
) -> None:
    cookie = {"Cookie": "__Host-session=clerk"}
    answer = await call(database, "POST", "/orders", headers={**cookie, **headers})
    assert answer.status_code == status
    assert answer.json().get("code", "") == code


async def test_reads_with_a_cookie_need_no_proof(database: Database) -> None:
    assert (await call(database, "GET", "/me", headers={"Cookie": "__Host-session=clerk"})).status_code == 200


async def test_writes_with_a_bearer_token_need_no_proof(database: Database) -> None:
    headers = {**bearer("clerk"), "Sec-Fetch-Site": "cross-site", "Cookie": "__Host-session=auditor"}
    assert (await call(database, "POST", "/orders", headers=headers)).status_code == 200


COOKIE_NAMES = [
    ("https://testserver", "__Host-session", 200),
    ("https://testserver", "session", 401),
    ("http://testserver", "session", 200),
    ("http://testserver", "__Host-session", 401),
]


@pytest.mark.parametrize(("base", "name", "status"), COOKIE_NAMES)
async def test_the_cookie_of_https_has_its_own_name(database: Database, base: str, name: str, status: int) -> None:
    assert (await call(database, "GET", "/me", base=base, headers={"Cookie": f"{name}=clerk"})).status_code == status


async def test_the_session_cookie_is_out_of_reach(database: Database) -> None:
    cookie = (await call(database, "POST", "/sign-in")).headers["set-cookie"]
    assert cookie.startswith("__Host-session=clerk;")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax", "secure"}
    plain = (await call(database, "POST", "/sign-in", base="http://testserver")).headers["set-cookie"]
    assert plain.startswith("session=clerk;") and "secure" not in plain.lower()


async def test_signing_out_takes_the_cookie_back(database: Database) -> None:
    headers = {"Cookie": "__Host-session=clerk", **SAME, **JSON}
    answer = await call(database, "POST", "/sign-out", headers=headers)
    assert answer.json() == {"token": "clerk"}
    assert '__Host-session=""' in answer.headers["set-cookie"] and "Max-Age=0" in answer.headers["set-cookie"]


async def test_only_one_look_up_for_each_request(database: Database) -> None:
    asked: list[str] = []

    class Counting(Tokens):
        def get(self, token: str, default: Principal | None = None) -> Principal | None:  # type: ignore[override]
            asked.append(token)
            return super().get(token, default)

    nested = APIRouter()

    @nested.get("/twice", operation_id="twice")
    async def twice(_: Someone, __: CurrentStaff, ___: Annotated[Principal, Depends(require("orders.write"))]) -> None:
        return None

    app = app_for(database, [nested], resolvers=Counting(clerk=staff("orders.write")).resolvers())
    async with client_of(app, token="clerk") as client:
        assert (await client.get("/api/v1/twice")).status_code == 200
    assert asked == ["clerk"]
