"""Asking one's own routes from inside: as somebody, with the route's own refusals."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError

from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.inward import Inward
from chargecloud.kernel.errors import Forbidden


def _more(flag: str = "") -> str:
    return flag


def _app() -> FastAPI:
    router = APIRouter()

    @router.get("/things/{kind}")
    async def things(
        kind: str,
        who: Annotated[Principal, Depends(require("things.read"))],
        more: Annotated[str, Depends(_more)],
        limit: Annotated[int, Query(le=10)] = 5,
    ) -> dict[str, object]:
        return {"kind": kind, "who": who.id, "flag": more, "limit": limit}

    app = FastAPI()
    app.include_router(router, prefix="/api")
    return app


WHO = Principal("staff", 7, "x", 1, frozenset({"things.read"}))


async def test_answers_as_the_route_does() -> None:
    said = await Inward(_app()).get(WHO, "/api/things/a", {"limit": "3", "flag": "甲&b"})
    assert said == '{"kind":"a","who":7,"flag":"甲&b","limit":3}'.encode()


async def test_refusals_are_raised() -> None:
    inward = Inward(_app())
    with pytest.raises(Forbidden):
        await inward.get(Principal("staff", 7, "x", 1), "/api/things/a", {})
    with pytest.raises(RequestValidationError):
        await inward.get(WHO, "/api/things/a", {"limit": "11"})


def test_knows_what_a_route_takes() -> None:
    inward = Inward(_app())
    assert inward.queries("/api/things/{kind}") == {"limit", "flag"}
    with pytest.raises(LookupError):
        inward.queries("/api/nothing")
