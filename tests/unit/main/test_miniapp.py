"""The drivers' web app as it is served; and what is committed was built from the sources committed beside it."""

import gzip
import hashlib
from pathlib import Path

import httpx
from fastapi import FastAPI

from chargecloud.main import miniapp
from chargecloud.main.miniapp import MiniappOut, WebFile

ROOT = Path(__file__).parents[3]
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
    assert (loaded.status_code, loaded.headers["cache-control"]) == (200, miniapp.FOREVER)
    assert loaded.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")


async def test_who_understands_gzip_gets_less() -> None:
    found = {"index.html": WebFile(b"charge " * 500, miniapp.KINDS["html"], miniapp.ANEW)}
    async with client(found) as browser:
        for _ in range(2):
            packed = await browser.get("/m/", headers={"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip" and int(packed.headers["content-length"]) < 200
            assert packed.text == "charge " * 500
        plain = await browser.get("/m/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(gzip.compress(plain.content)) == b"charge " * 500


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


def test_a_folder_without_files_is_an_app_that_was_not_built(tmp_path: Path) -> None:
    assert miniapp.load(tmp_path / "none") == {}
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1", "utf-8")
    (tmp_path / "notes.txt").write_text("no kind of ours", "utf-8")
    found = miniapp.load(tmp_path)
    assert list(found) == ["assets/a.js"] and found["assets/a.js"].cache == miniapp.FOREVER


def source_hash(root: Path) -> str:
    """SHA-256 over "path, size, content" of every source, by path; `web/miniapp/tools/ship.mjs` reckons the same."""
    paths = [
        path for name in SOURCES for path in ([root / name] if (root / name).is_file() else root.glob(f"{name}/**/*"))
    ]
    hashed = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in paths if path.is_file()):
        if not name.endswith(".d.ts"):
            content = path.read_bytes()
            hashed.update(f"{name} {len(content)}\n".encode())
            hashed.update(content)
    return hashed.hexdigest()


def test_what_is_served_was_built_from_these_sources() -> None:
    shipped = (ROOT / "src/chargecloud/main/miniapp/static/.source-hash").read_text("utf-8").strip()
    assert shipped == source_hash(ROOT / "web/miniapp"), (
        "web/miniapp was changed; run `make web` and commit what it wrote"
    )


def test_a_changed_source_changes_the_hash_and_a_changed_type_does_not(tmp_path: Path) -> None:
    (tmp_path / "src/api").mkdir(parents=True)
    for name in ("index.html", "package-lock.json", "vite.config.ts", "src/main.ts", "src/api/schema.d.ts"):
        (tmp_path / name).write_text(name, "utf-8")
    before = source_hash(tmp_path)
    (tmp_path / "src/api/schema.d.ts").write_text("other", "utf-8")
    assert source_hash(tmp_path) == before
    (tmp_path / "src/main.ts").write_text("other", "utf-8")
    assert source_hash(tmp_path) != before


def test_nothing_that_is_served_names_this_machine() -> None:
    """Paths of a machine are looked for in every file by tests/tidy."""
    for path, file in miniapp.load().items():
        if not file.kind.startswith("image/png"):
            for word in (b"localhost:", b"node_modules/"):
                assert word not in file.content, (path, word)


def test_the_lock_file_names_no_registry() -> None:
    """Whoever installs takes the packages from the registry of their npm; what they have to be is in the hashes."""
    text = (ROOT / "web/miniapp/package-lock.json").read_text("utf-8")
    assert text.count('"integrity": "sha512-') > 500 and '"resolved"' not in text
