"""The drivers' web app at `/m/`: files built from `web/miniapp` and committed beside this module (ADR 33)."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from chargecloud.infra.http.errors import problem
from chargecloud.infra.http.model import ApiModel

STATIC = "static"
KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
}
FOREVER = "public, max-age=31536000, immutable"
"""For files whose name changes with their content."""
ANEW = "no-cache"
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


@dataclass(frozen=True)
class WebFile:
    """A file as it is served."""

    content: bytes
    kind: str
    cache: str
    _packed: dict[str, bytes] = field(default_factory=dict, compare=False)

    @cached_property
    def tag(self) -> str:
        """Its entity tag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:20]}"'

    def answer(self, request: Request) -> Response:
        """The file, packed where that helps and is understood; 304 for who has it."""
        headers = {"Cache-Control": self.cache, "ETag": self.tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        if self.kind.startswith("image/png") or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.content, media_type=self.kind, headers=headers)
        packed = self._packed.setdefault("gzip", b"") or gzip.compress(self.content, mtime=0)
        self._packed["gzip"] = packed
        return Response(packed, media_type=self.kind, headers=headers | {"Content-Encoding": "gzip"})


def load(directory: Traversable | None = None) -> Mapping[str, WebFile]:
    """Path below `/m/` -> file; empty when the app was not built."""
    root = directory if directory is not None else files(__name__).joinpath(STATIC)
    found: dict[str, WebFile] = {}
    if root.is_dir():
        _gather(root, "", found)
    return found


def _gather(directory: Traversable, prefix: str, found: dict[str, WebFile]) -> None:
    for entry in directory.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            _gather(entry, f"{path}/", found)
        elif (ending := entry.name.rpartition(".")[2]) in KINDS:
            cache = FOREVER if path.startswith("assets/") else ANEW
            found[path] = WebFile(entry.read_bytes(), KINDS[ending], cache)


def router(config: MiniappOut, found: Mapping[str, WebFile] | None = None) -> APIRouter:
    """`/m/` and everything below it."""
    web = load() if found is None else found
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
