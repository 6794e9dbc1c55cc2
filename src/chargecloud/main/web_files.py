"""Built web apps as the platform serves them: files committed beside the module that offers them (ADR 33)."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import Request
from starlette.responses import Response

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


def built_beside(package: str) -> Mapping[str, WebFile]:
    """Files of the app that was built into a package."""
    return load(files(package).joinpath(STATIC))


def load(root: Traversable) -> Mapping[str, WebFile]:
    """Path below the app's own -> file; empty when the app was not built."""
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
