"""Built files as they are served, and how the hash of their sources is reckoned."""

import gzip
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from chargecloud.main.web_files import ANEW, FOREVER, KINDS, WebFile, load
from tests.unit.main.web_build import source_hash


def client(file: WebFile) -> httpx.AsyncClient:
    routes = APIRouter()

    @routes.get("/file")
    async def answer(request: Request) -> Response:
        return file.answer(request)

    app = FastAPI()
    app.include_router(routes)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")


async def test_who_understands_gzip_gets_less() -> None:
    async with client(WebFile(b"charge " * 500, KINDS["html"], ANEW)) as browser:
        for _ in range(2):
            packed = await browser.get("/file", headers={"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip" and int(packed.headers["content-length"]) < 200
            assert packed.text == "charge " * 500
        plain = await browser.get("/file", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(gzip.compress(plain.content)) == b"charge " * 500


async def test_pictures_are_not_packed_again_and_known_files_not_sent_again() -> None:
    async with client(WebFile(b"png", KINDS["png"], FOREVER)) as browser:
        picture = await browser.get("/file", headers={"Accept-Encoding": "gzip"})
        again = await browser.get("/file", headers={"If-None-Match": picture.headers["etag"]})
    assert "content-encoding" not in picture.headers and picture.headers["cache-control"] == FOREVER
    assert (again.status_code, again.content) == (304, b"")


def test_a_folder_without_files_is_an_app_that_was_not_built(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == {}
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1", "utf-8")
    (tmp_path / "notes.txt").write_text("no kind of ours", "utf-8")
    found = load(tmp_path)
    assert list(found) == ["assets/a.js"] and found["assets/a.js"].cache == FOREVER


def test_a_changed_source_changes_the_hash_and_a_changed_type_does_not(tmp_path: Path) -> None:
    sources = ("index.html", "package-lock.json", "src")
    (tmp_path / "src/api").mkdir(parents=True)
    for name in ("index.html", "package-lock.json", "src/main.ts", "src/api/schema.d.ts"):
        (tmp_path / name).write_text(name, "utf-8")
    before = source_hash(tmp_path, sources)
    (tmp_path / "src/api/schema.d.ts").write_text("other", "utf-8")
    assert source_hash(tmp_path, sources) == before
    (tmp_path / "src/main.ts").write_text("other", "utf-8")
    assert source_hash(tmp_path, sources) != before
