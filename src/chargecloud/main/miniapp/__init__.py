"""The drivers' web app at `/m/`: files built from `web/miniapp` and committed beside this module (ADR 33)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from chargecloud.infra.http.errors import problem
from chargecloud.infra.http.model import ApiModel
from chargecloud.main.web_files import ANEW, WebFile, built_beside

NOT_BUILT = "the drivers' web app is not built; run `make web` (needs Node), or take a release that has it"


class MiniappOut(ApiModel):
    """What the operator has configured for the app; nothing secret."""

    title: str
    hotline: str
    appid: str
    sign_in_url: str
    cashier_url: str
    map_key: str
    templates: list[str]


def router(config: MiniappOut, found: Mapping[str, WebFile] | None = None) -> APIRouter:
    """`/m/` and everything below it."""
    web = built_beside(__name__) if found is None else found
    routes = APIRouter(include_in_schema=False)

    @routes.get("/m", operation_id="miniapp_root")
    async def root() -> Response:
        return RedirectResponse("/m/", 308)

    @routes.get("/m/config.json", operation_id="miniapp_config")
    async def configured() -> Response:
        return JSONResponse(config.model_dump(), headers={"Cache-Control": ANEW})

    @routes.get("/m/{path:path}", operation_id="miniapp")
    async def file(path: str, request: Request) -> Response:
        if not web:
            return problem(503, "miniapp_not_built", NOT_BUILT)
        known = web.get(path or "index.html")
        if known is not None:
            return known.answer(request)
        if "." in path.rpartition("/")[2]:
            return problem(404, "no_such_path", f"there is no file {path[:100]} in the drivers' app")
        return RedirectResponse("/m/", 307)  # where in the app stands behind the #, which the browser keeps

    return routes
