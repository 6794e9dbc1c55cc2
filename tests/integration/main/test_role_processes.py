"""What a process of one role runs: it starts and stops by itself, and shares its ports where it is one of several."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Unavailable
from chargecloud.main import process, schema
from chargecloud.main.demo import anywhere
from chargecloud.main.place import Place
from chargecloud.main.process import Alone
from chargecloud.main.role_api import api_alone
from chargecloud.main.role_gateway import gateway_alone
from chargecloud.main.role_worker import worker_alone
from chargecloud.main.servers import WebServer
from chargecloud.main.settings import Settings
from tests.support.platform_process import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {"gateway_port": 0, "api_port": 0, "worker_port": 0}
    return anywhere(Settings.model_validate({"data_dir": tmp_path, "metrics": ports}))


@contextlib.asynccontextmanager
async def running(alone: Alone) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(process.run_parts(alone.parts, stop, on_ready=ready.set))
    await asyncio.wait({task, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            await task
        yield
    finally:
        stop.set()
        await task


def with_listener(settings: Settings, port: int) -> Settings:
    listener = settings.listeners[0].model_copy(update={"host": "127.0.0.1", "port": port})
    return settings.model_copy(update={"listeners": (listener,)})


async def test_two_gateways_share_a_port_and_nothing_else(settings: Settings) -> None:
    shared = with_listener(settings, free_port())
    gateways = [gateway_alone(shared, SystemClock(), Place.shared(number)) for number in (1, 2)]
    async with running(gateways[0]), running(gateways[1]):
        addresses = {str(gateway.facts()["charge_points"]) for gateway in gateways}
        assert addresses == {f"['127.0.0.1:{shared.listeners[0].port}']"}
        names = {gateway.facts()["gateway_id"] for gateway in gateways}
        assert len(names) == 2
        with socket.create_connection(("127.0.0.1", shared.listeners[0].port)):
            pass
        files = {path.name for path in settings.data_dir.glob("frames-*.db")}
        assert files == {f"frames-{name}.db" for name in names}


async def test_a_second_gateway_that_does_not_share_is_refused(settings: Settings) -> None:
    exclusive = with_listener(settings, free_port())
    async with running(gateway_alone(exclusive, SystemClock(), Place())):
        with pytest.raises(Unavailable, match=str(exclusive.listeners[0].port)):
            async with running(gateway_alone(exclusive, SystemClock(), Place(2))):
                pass


async def test_an_api_answers_without_bus_or_gateway(settings: Settings) -> None:
    schema.upgrade(settings.database_url)
    alone = api_alone(settings, SystemClock(), Place.shared(1))
    (http,) = [part for part in alone.parts if isinstance(part, WebServer)]
    async with running(alone), httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{http.port}/readyz")).json()["status"] == "ready"
        with pytest.raises(Unavailable, match=str(http.port)):
            await WebServer(http_app, host="127.0.0.1", port=http.port).start()
        second = WebServer(http_app, host="127.0.0.1", port=http.port, shared_port=True)
        await second.start()
        await second.stop()


async def http_app(scope: object, receive: object, send: object) -> None:
    """Never asked."""


@pytest.mark.parametrize("role", [api_alone, worker_alone])
async def test_one_of_several_leaves_the_schema_to_the_operator(settings: Settings, role: type) -> None:
    with pytest.raises(Unavailable, match="chargecloud migrate"):
        async with running(role(settings, SystemClock(), Place())):
            pass
    schema.upgrade(settings.database_url)
    async with running(role(settings, SystemClock(), Place())):
        pass
