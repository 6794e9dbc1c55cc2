"""Metrics of a single process: a few lines of HTTP that nothing depends on."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from chargecloud.main.metrics_port import MetricsPort, metrics_parts
from chargecloud.main.place import Place
from chargecloud.main.settings import Settings


@pytest.fixture
async def port() -> AsyncIterator[int]:
    serving = MetricsPort("127.0.0.1", 0, {"role": "gateway", "number": 2})
    await serving.start()
    yield serving.port
    await serving.stop()


async def test_metrics_and_who_it_is(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        metrics = await client.get("/metrics?name=x")
        assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "chargecloud_loop_lag_seconds_bucket" in metrics.text
        assert (await client.get("/healthz")).json() == {"status": "alive", "role": "gateway", "number": 2}
        assert (await client.get("/elsewhere")).status_code == 404
        assert (await client.post("/metrics")).status_code == 404


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n", b"GET /" + b"x" * 40_000, b"\x00\xff\r\n\r\n"])
async def test_whatever_strangers_send_it_goes_on(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(20):
        await reader.read()
    writer.close()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200


async def test_a_port_that_is_taken_does_not_keep_the_process_from_working() -> None:
    with socket.socket() as holding:
        holding.bind(("127.0.0.1", 0))
        holding.listen()
        serving = MetricsPort("127.0.0.1", holding.getsockname()[1], {})
        await serving.start()
        await serving.stop()


def test_each_process_of_a_role_has_a_port_of_its_own() -> None:
    settings = Settings.model_validate({"metrics": {"worker_port": 0}})
    found = [
        part.port
        for role in ("gateway", "api", "worker")
        for number in (1, 3)
        for part in metrics_parts(settings, role, Place(number))
        if isinstance(part, MetricsPort)
    ]
    assert found == [9511, 9513, 9531, 9533]
