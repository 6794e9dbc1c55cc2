"""All roles in one process: everything starts, answers and stops; what cannot be is refused in words."""

import asyncio
import json
import re
import shutil
import socket
from pathlib import Path

import httpx
import pytest

from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Invalid, Unavailable
from chargecloud.main import process, schema_state
from chargecloud.main.demo import anywhere
from chargecloud.main.place import Place
from chargecloud.main.roles import all_alone, all_parts, wire
from chargecloud.main.servers import WebServer
from chargecloud.main.settings import HttpsSettings, Settings
from tests.support.mariadb import own_database

LOGIN = bytes.fromhex("6822001900012023121200001001011047562E393572313300898604D11722D034860602874E")


@pytest.fixture
def settings(tmp_path: Path, newest_database: Path) -> Settings:
    shutil.copy(newest_database, tmp_path / "chargecloud.db")
    return anywhere(Settings(data_dir=tmp_path)).model_copy(
        update={"https": HttpsSettings(port=0), "http": Settings().http.model_copy(update={"docs": True, "port": 0})}
    )


def built_files(page: str) -> list[str]:
    """The first script and the first style sheet the console's page asks for."""
    patterns = (r'<script[^>]* src="\./([^"]+\.js)"', r'<link[^>]* href="\./([^"]+\.css)"')
    return [found for pattern in patterns for found in re.findall(pattern, page)[:1]]


async def test_everything_starts_answers_and_stops(settings: Settings) -> None:
    alone = all_alone(settings, SystemClock(), Place())
    http, https = [part for part in alone.parts if isinstance(part, WebServer)]
    stop = asyncio.Event()
    ready = asyncio.Event()
    running = asyncio.create_task(process.run_parts(alone.parts, stop, on_ready=ready.set))
    await asyncio.wait({running, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    assert alone.facts()["charge_points"]
    async with httpx.AsyncClient(verify=False) as client:
        plain, secure = f"http://127.0.0.1:{http.port}", f"https://127.0.0.1:{https.port}"
        assert (await client.get(f"{plain}/readyz")).json()["status"] == "ready"
        assert (await client.get(f"{secure}/healthz")).headers["strict-transport-security"]
        page = await client.get(plain + "/")
        script, style = [await client.get(f"{plain}/{path}") for path in built_files(page.text)]
        document = (await client.get(f"{plain}/api/v1/openapi.json")).json()
        assert "chargecloud_gateway" in (await client.get(f"{plain}/metrics")).text
    stop.set()
    await running
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == [], "two models share a name"
    fields = {field for schema in schemas.values() for field in schema.get("properties", {})}
    assert [name for name in fields if name.endswith(("_hao", "_si_per_kwh", "_at_ms"))] == []
    assert '"type":"number"' not in json.dumps(document, separators=(",", ":")), "no float crosses the API"
    for answer, kind in ((page, "text/html"), (script, "text/javascript"), (style, "text/css")):
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "<script type" in page.text
    assert 'style="' not in page.text + script.text


@pytest.mark.connected
async def test_everything_starts_on_a_server_too(tmp_path: Path) -> None:
    async with own_database() as url:
        settings = anywhere(Settings.model_validate({"data_dir": tmp_path, "database": {"url": url}}))
        for _ in ("on an empty database", "on a migrated one"):
            alone = all_alone(settings, SystemClock(), Place())
            (http,) = [part for part in alone.parts if isinstance(part, WebServer)]
            stop, ready = asyncio.Event(), asyncio.Event()
            running = asyncio.create_task(process.run_parts(alone.parts, stop, on_ready=ready.set))
            await asyncio.wait({running, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
            async with httpx.AsyncClient() as client:
                answer = (await client.get(f"http://127.0.0.1:{http.port}/readyz")).json()
            stop.set()
            await running
            assert answer["status"] == "ready"
        assert await asyncio.to_thread(schema_state.revision, url) == schema_state.newest()
        assert not (tmp_path / "chargecloud.db").exists()


async def test_the_frame_reader_shows_frames_decoded(settings: Settings) -> None:
    platform = wire(settings, SystemClock())
    frame_log = platform.gateway_role.frame_log
    frame_log.start()
    code = "20231212000010"
    frame_log.write(code, "ykc16", [1_767_225_600_000, LOGIN])
    frame_log.write(code, "gone", [-1_767_225_600_001, b"\x01"])
    frame_log.close()
    shown = await platform.app.state.frame_reader(code, None, 10)
    assert [(entry["direction"], entry["hex"]) for entry in shown] == [("down", "01"), ("up", LOGIN.hex().upper())]
    assert shown[0]["decoded"] == []
    assert shown[1]["decoded"][0]["name"] == "login_request"


async def test_a_taken_port_stops_the_start_and_frees_the_rest(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listener = settings.listeners[0].model_copy(update={"port": taken.getsockname()[1]})
        platform = wire(settings.model_copy(update={"listeners": (listener,)}), SystemClock())
        with pytest.raises(Unavailable, match=str(taken.getsockname()[1])):
            await process.run_parts(all_parts(platform), asyncio.Event(), on_ready=lambda: None)
    await process.run_parts(all_parts(wire(settings, SystemClock())), _set(), on_ready=lambda: None)


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_a_protocol_nobody_knows_is_named(settings: Settings) -> None:
    listener = settings.listeners[0].model_copy(update={"protocol": "smoke"})
    platform = wire(settings.model_copy(update={"listeners": (listener,)}), SystemClock())
    with pytest.raises(Invalid, match=r"smoke.*ykc16"):
        await process.run_parts(all_parts(platform), asyncio.Event(), on_ready=lambda: None)
