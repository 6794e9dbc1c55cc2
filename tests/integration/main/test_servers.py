"""The embedded web servers: start, answer, stop; plain and TLS; a taken port is named."""

import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Unavailable
from chargecloud.main.certificates import self_signed, server_context
from chargecloud.main.servers import WebServer


async def hello(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[..., Awaitable[None]],
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


async def test_plain_http_answers_and_frees_its_port() -> None:
    server = WebServer(hello, host="127.0.0.1", port=0)
    await server.start()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{server.port}/")
    await server.stop()
    assert (answer.text, "server" in answer.headers) == ("http", False)
    again = WebServer(hello, host="127.0.0.1", port=server.port)
    await again.start()
    await again.stop()


async def test_https_answers_with_the_self_signed_certificate(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, SystemClock().now_ms())
    server = WebServer(hello, host="127.0.0.1", port=0, context=server_context(certificate, key))
    await server.start()
    try:
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(certificate))) as client:
            assert (await client.get(f"https://127.0.0.1:{server.port}/")).text == "https"
    finally:
        await server.stop()


async def turn_away(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[..., Awaitable[None]],
) -> None:
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def test_turning_a_websocket_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    server = WebServer(turn_away, host="127.0.0.1", port=0)
    await server.start()
    try:
        with caplog.at_level(logging.INFO), pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{server.port}/")
    finally:
        await server.stop()
    assert refused.value.response.status_code == 401
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}.*doctor"):
            await WebServer(hello, host="127.0.0.1", port=port).start()


async def test_stopping_what_never_started_is_harmless() -> None:
    await WebServer(hello, host="127.0.0.1", port=0).stop()


async def who(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[..., Awaitable[None]],
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{scope['scheme']} {scope['client'][0]}".encode()})


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (("127.0.0.1",), "203.0.113.7", "https 203.0.113.7"),
        (("127.0.0.0/8",), "203.0.113.7", "https 203.0.113.7"),
        (("127.0.0.1",), "198.51.100.1, 203.0.113.7", "https 203.0.113.7"),
        (("10.0.0.1",), "203.0.113.7", "http 127.0.0.1"),
        ((), "203.0.113.7", "http 127.0.0.1"),
    ],
)
async def test_only_a_proxy_says_for_whom_it_asks(proxies: tuple[str, ...], forwarded: str, seen: str) -> None:
    server = WebServer(who, host="127.0.0.1", port=0, proxies=proxies)
    await server.start()
    try:
        async with httpx.AsyncClient() as client:
            headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
            assert (await client.get(f"http://127.0.0.1:{server.port}/", headers=headers)).text == seen
    finally:
        await server.stop()
