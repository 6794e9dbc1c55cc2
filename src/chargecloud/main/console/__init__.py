"""The operations console at `/`: files built from `web/console` and committed beside this module (ADR 33)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from chargecloud.infra.http.errors import problem
from chargecloud.infra.http.model import ApiModel
from chargecloud.main.web_files import ANEW, WebFile, built_beside

NOT_BUILT = "the console is not built; run `make web` (needs Node), or take a release that has it"


class ConsoleOut(ApiModel):
    """What the console has to know before anybody has signed in; nothing secret."""

    demo: bool
    """Whether this is the demo, which has a public account."""
    docs: bool
    """Whether `/api/docs` answers."""
    version: str


def router(config: ConsoleOut, found: Mapping[str, WebFile] | None = None) -> APIRouter:
    """`/` and the files it needs; every other path is somebody else's."""
    web = built_beside(__name__) if found is None else found
    routes = APIRouter(include_in_schema=False)

    def answer(path: str, request: Request) -> Response:
        if not web:
            return problem(503, "console_not_built", NOT_BUILT)
        known = web.get(path)
        if known is None:
            return problem(404, "no_such_path", f"there is no file {path[:100]} in the console")
        return known.answer(request)

    @routes.get("/config.json", operation_id="console_config")
    async def configured() -> Response:
        return JSONResponse(config.model_dump(), headers={"Cache-Control": ANEW})

    @routes.get("/", operation_id="console")
    async def page(request: Request) -> Response:
        return answer("index.html", request)

    @routes.get("/favicon.svg", operation_id="console_icon")
    async def icon(request: Request) -> Response:
        return answer("favicon.svg", request)

    @routes.get("/assets/{path:path}", operation_id="console_file")
    async def file(path: str, request: Request) -> Response:
        return answer(f"assets/{path}", request)

    return routes
