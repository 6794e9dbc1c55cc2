"""The page at `/`: one HTML, one style sheet, one script, served as they are."""

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

_KINDS = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def _file(name: str) -> Response:
    content = files(__name__).joinpath(name).read_bytes()
    return Response(content, media_type=_KINDS[name.rpartition(".")[2]], headers={"Cache-Control": "no-cache"})


@router.get("/", operation_id="page")
async def page() -> Response:
    """The page itself."""
    return _file("index.html")


@router.get("/page.css", operation_id="page_style")
async def style() -> Response:
    """Its looks."""
    return _file("page.css")


@router.get("/page.js", operation_id="page_script")
async def script() -> Response:
    """What it does."""
    return _file("page.js")
