"""The console as it is served; and what is committed was built from the sources committed beside it."""

import re

import httpx
from fastapi import FastAPI

from chargecloud.infra.http.edge import CONTENT_POLICY
from chargecloud.main import console
from chargecloud.main.console import ConsoleOut
from chargecloud.main.web_files import FOREVER, WebFile, built_beside
from tests.unit.main import web_build

CONFIG = ConsoleOut(demo=True, docs=False, version="1.2.3")
SOURCES = (
    "index.html",
    "package-lock.json",
    "vite.config.ts",
    "tools/pages.mjs",
    "tools/messages.mjs",
    "public",
    "src",
)


def client(found: dict[str, WebFile] | None = None) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(console.router(CONFIG, found))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")


async def test_the_page_is_asked_for_anew_and_its_files_never_again() -> None:
    async with client() as browser:
        page = await browser.get("/")
        named = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page.text)
        files = [await browser.get(f"/{name}") for name in named]
        icon = await browser.get("/favicon.svg")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers["content-type"].startswith("text/html")
    assert len(files) >= 2 and {file.status_code for file in files} == {200}
    assert {file.headers["cache-control"] for file in files} == {FOREVER}
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


async def test_the_page_keeps_to_the_content_policy() -> None:
    """No script and no style stands in the page, and none comes from elsewhere."""
    assert "unsafe" not in CONTENT_POLICY
    async with client() as browser:
        page = (await browser.get("/")).text
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|https?://", page)


async def test_missing_files_and_other_paths_are_told() -> None:
    async with client() as browser:
        for missing in ("/assets/gone.js", "/assets/../index.html", "/assets/", "/.source-hash", "/stations"):
            assert (await browser.get(missing)).status_code == 404, missing


async def test_the_console_is_told_what_it_needs_before_anybody_has_signed_in() -> None:
    async with client() as browser:
        told = await browser.get("/config.json")
    assert told.headers["cache-control"] == "no-cache" and told.json() == CONFIG.model_dump()


async def test_without_a_build_it_says_what_to_do() -> None:
    async with client({}) as browser:
        answer = await browser.get("/")
    assert answer.status_code == 503
    assert answer.json()["code"] == "console_not_built" and "make web" in answer.json()["detail"]


def test_what_is_served_was_built_from_these_sources() -> None:
    assert web_build.shipped_hash("console") == web_build.source_hash(web_build.ROOT / "web/console", SOURCES), (
        "web/console was changed; run `make web` and commit what it wrote"
    )


def test_nothing_that_is_served_names_this_machine() -> None:
    assert not web_build.named_machines(built_beside(console.__name__))


def test_the_lock_file_names_no_registry() -> None:
    pinned, names_registry = web_build.locked("console")
    assert pinned > 200 and not names_registry
