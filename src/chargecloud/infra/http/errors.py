"""Errors as RFC 9457 problem documents with a stable `code` front ends translate."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chargecloud.infra.sql.errors import translated
from chargecloud.infra.telemetry import trace_id
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

log = structlog.get_logger("chargecloud.http")

STATUS: dict[type[ChargeCloudError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Refused: 422,
    Unsupported: 422,
    TooMany: 429,
    Unavailable: 503,
}
CODES = {400: "body_unreadable", 404: "no_such_path", 405: "method_not_allowed", 413: "body_too_large"}
"""Of refusals the framework makes, or that come before a route is known."""
RETRY_AFTER_S = {429: 60, 503: 5}
MEDIA_TYPE = "application/problem+json"
MAX_FIELDS = 50
MAX_SHOWN = 200


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description='where it is, such as "body.limits.energy_mwh"')
    code: str
    message: str


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="stable word for programs and translations")
    trace_id: str = Field(description="names this request in the log")
    facts: dict[str, object] | None = None
    errors: list[FieldProblem] | None = None


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    facts: Mapping[str, object] | None = None,
    errors: Sequence[Mapping[str, object]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "trace_id": trace_id.get(),
    }
    if facts:
        content["facts"] = facts
    if errors:
        content["errors"] = errors
    return Response(
        msgspec.json.encode(content, enc_hook=str), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def problem_of(error: ChargeCloudError) -> Response:
    """The document of an error raised on purpose."""
    status = next((each for category, each in STATUS.items() if isinstance(error, category)), 500)
    headers: dict[str, str] = {}
    if status in RETRY_AFTER_S:
        headers["Retry-After"] = str(error.facts.get("retry_after_s", RETRY_AFTER_S[status]))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    log.info("http.refused", code=error.code, status=status, detail=error.message)
    return problem(status, error.code, error.message, facts=error.facts, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of a route with a problem document."""
    app.add_exception_handler(ChargeCloudError, _on_refusal)
    app.add_exception_handler(DBAPIError, _on_database)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_refusal(_: Request, error: Exception) -> Response:
    return problem_of(cast(ChargeCloudError, error))


async def _on_database(_: Request, error: Exception) -> Response:
    known = translated(cast(DBAPIError, error))
    if known is None:
        raise error
    return problem_of(known)


async def _on_validation(_: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    errors = [
        {
            "field": ".".join(str(part) for part in each["loc"])[:MAX_SHOWN],
            "code": each["type"],
            "message": each["msg"].removeprefix("Value error, ")[:MAX_SHOWN],
        }
        for each in found[:MAX_FIELDS]
    ]
    named = ", ".join(dict.fromkeys(str(each["field"]) for each in errors[:5]))
    return problem(422, "invalid_request", f"the request does not fit: {named}", errors=errors)


async def _on_http(_: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    code = CODES.get(raised.status_code, HTTPStatus(raised.status_code).phrase.lower().replace(" ", "_"))
    return problem(raised.status_code, code, str(raised.detail), headers=raised.headers)


class LastResort:
    """Answers 500 for what nobody expected: logged and counted, nothing of it told to the caller."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failures = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] in {"http.response.start", "websocket.accept", "websocket.close"}
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            self.failures += 1
            log.exception("http.failed", path=scope.get("path", ""))
            if started:
                raise
            if scope["type"] == "http":
                answer = problem(
                    500, "internal_error", "something went wrong here; quote the trace id when you report it"
                )
                await answer(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1011})
