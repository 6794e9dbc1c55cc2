"""The two pages people see: the pay sheet, and who of the demo's people signs in."""

from importlib.resources import files

from starlette.responses import Response


def page(name: str) -> Response:
    """A page as it is; it may stand in a frame of whichever client is being tried."""
    content = files(__name__).joinpath(name).read_bytes()
    return Response(content, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})
