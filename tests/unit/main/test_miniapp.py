"""The drivers' web app as it is served; and what is committed was built from the sources committed beside it."""

import httpx
from fastapi import FastAPI

from chargecloud.main import miniapp
from chargecloud.main.miniapp import MiniappOut
from chargecloud.main.web_files import FOREVER, WebFile, built_beside
from tests.unit.main import web_build

SOURCES = ("index.html", "package-lock.json", "vite.config.ts", "src")
CONFIG = MiniappOut(
    title="城市充电",
    hotline="400 000 0000",
    appid="wx1",
    sign_in_url="",
    cashier_url="",
    map_key="",
    templates=["t1"],
)


def client(found: dict[str, WebFile] | None = None) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(miniapp.router(CONFIG, found))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")


async def test_the_page_is_asked_for_anew_and_its_files_never_again() -> None:
    async with client() as browser:
        page = await browser.get("/m/")
        script = next(part for part in page.text.split('"') if part.startswith("./assets/") and part.endswith(".js"))
        loaded = await browser.get("/m/" + script.removeprefix("./"))
        again = await browser.get("/m/", headers={"If-None-Match": page.headers["etag"]})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers["content-type"].startswith("text/html")
    assert (loaded.status_code, loaded.headers["cache-control"]) == (200, FOREVER)
    assert loaded.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")


async def test_deep_links_lead_into_the_app_and_missing_files_are_told() -> None:
    async with client() as browser:
        assert (await browser.get("/m")).headers["location"] == "/m/"
        deep = await browser.get("/m/orders/1")
        assert (deep.status_code, deep.headers["location"]) == (307, "/m/")
        for missing in ("/m/assets/gone.js", "/m/.source-hash", "/m/../settings.py"):
            answer = await browser.get(missing)
            assert answer.status_code == 404, missing


async def test_the_app_is_told_what_is_configured_and_nothing_else() -> None:
    async with client() as browser:
        told = await browser.get("/m/config.json")
    assert told.headers["cache-control"] == "no-cache"
    assert told.json() == CONFIG.model_dump()


async def test_without_a_build_it_says_what_to_do() -> None:
    async with client({}) as browser:
        answer = await browser.get("/m/")
        assert (await browser.get("/m/config.json")).status_code == 200
    assert answer.status_code == 503
    assert answer.json()["code"] == "miniapp_not_built" and "make web" in answer.json()["detail"]


def test_what_is_served_was_built_from_these_sources() -> None:
    assert web_build.shipped_hash("miniapp") == web_build.source_hash(web_build.ROOT / "web/miniapp", SOURCES), (
        "web/miniapp was changed; run `make web` and commit what it wrote"
    )


def test_nothing_that_is_served_names_this_machine() -> None:
    assert not web_build.named_machines(built_beside(miniapp.__name__))


def test_the_lock_file_names_no_registry() -> None:
    """Whoever installs takes the packages from the registry of their npm; what they have to be is in the hashes."""
    pinned, names_registry = web_build.locked("miniapp")
    assert pinned > 500 and not names_registry
