"""A WebSocket to an ASGI application in the same loop, without a server."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.types import ASGIApp

PATIENCE_S = 5
Event = MutableMapping[str, Any]


class Refused(Exception):
    """The application answered the handshake with an HTTP response."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Closed(Exception):
    """The application closed the connection."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    """The client's end. `reading` may be cleared to stop taking what the application sends."""

    def __init__(self) -> None:
        self.reading = asyncio.Event()
        self.reading.set()
        self._down: asyncio.Queue[Event] = asyncio.Queue()
        self._up: asyncio.Queue[Event] = asyncio.Queue()

    async def say(self, ask: object) -> None:
        """Send JSON, or text as it is."""
        await self._up.put({"type": "websocket.receive", "text": ask if isinstance(ask, str) else json.dumps(ask)})

    async def say_bytes(self, data: bytes) -> None:
        await self._up.put({"type": "websocket.receive", "bytes": data})

    async def hear(self) -> dict[str, Any]:
        """The next JSON message; Closed when the application ends the connection."""
        event = await asyncio.wait_for(self._down.get(), PATIENCE_S)
        if event["type"] == "websocket.close":
            raise Closed(event.get("code", 1000))
        return cast(dict[str, Any], json.loads(event["text"]))

    async def ask(self, topic: str) -> dict[str, Any]:
        """Subscribe and hear the answer."""
        await self.say({"op": "subscribe", "topic": topic})
        return await self.hear()

    def quiet(self) -> bool:
        """Nothing has come."""
        return self._down.empty()

    async def receive(self) -> Event:
        return await self._up.get()

    async def send(self, event: Event) -> None:
        await self.reading.wait()
        await self._down.put(event)

    async def handshake(self) -> None:
        """Wait for the answer to the handshake."""
        event = await asyncio.wait_for(self._down.get(), PATIENCE_S)
        if event["type"] == "websocket.http.response.start":
            body = await asyncio.wait_for(self._down.get(), PATIENCE_S)
            raise Refused(event["status"], json.loads(body["body"]))
        if event["type"] == "websocket.close":
            raise Closed(event.get("code", 1000))
        assert event["type"] == "websocket.accept"


@asynccontextmanager
async def connected(
    app: ASGIApp, url: str, headers: Mapping[str, str] | None = None, *, host: str = "testserver"
) -> AsyncIterator[Socket]:
    """An accepted connection; raises Refused or Closed when there is none."""
    socket, parts = Socket(), urlsplit(url)
    sent = {"host": host, **(headers or {})}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 443),
        "subprotocols": [],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    await socket._up.put({"type": "websocket.connect"})
    serving = asyncio.create_task(cast(Any, app)(scope, socket.receive, socket.send))
    try:
        await socket.handshake()
        yield socket
    finally:
        socket.reading.set()
        await socket._up.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(asyncio.gather(serving, return_exceptions=True), PATIENCE_S)
