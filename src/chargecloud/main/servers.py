"""The HTTP and HTTPS servers, inside a loop that is not theirs: no signal handling, no logging set-up of their own."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

import uvicorn

from chargecloud.kernel.errors import Unavailable
from chargecloud.main.listening import bind

AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[MutableMapping[str, Any]]], Callable[..., Awaitable[None]]],
    Awaitable[None],
]
WEBSOCKET_MESSAGE_LIMIT = 16 * 1024
PING_EVERY_S = 25.0
ANSWER_PING_WITHIN_S = 20.0
"""Whoever is asked and says nothing is gone; phones are asked often enough that nothing between cuts an idle line."""
STOP_WITHIN_S = 5


def _worth_logging(record: logging.LogRecord) -> bool:
    """uvicorn calls it an error when a WebSocket is refused with a proper answer; strangers must not fill the log."""
    return record.getMessage() != "ASGI callable returned without completing handshake."


logging.getLogger("uvicorn.error").addFilter(_worth_logging)


class _Embedded(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """One listening address, plain or TLS."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        shared_port: bool = False,
        proxies: Sequence[str] = (),
    ) -> None:
        """`shared_port`: other processes of this machine listen there too. `proxies`: addresses and networks whose word
        is taken for where a request came from and how (`X-Forwarded-For`, `X-Forwarded-Proto`).
        """
        self.host, self.port = host, port
        self._shared_port = shared_port
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self._server = _Embedded(
            uvicorn.Config(
                app,
                loop="none",
                http="httptools",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=WEBSOCKET_MESSAGE_LIMIT,
                ws_ping_interval=PING_EVERY_S,
                ws_ping_timeout=ANSWER_PING_WITHIN_S,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_graceful_shutdown=STOP_WITHIN_S,
                ssl_context_factory=(lambda _config, _default: context) if context else None,
            )
        )

    async def start(self) -> None:
        """Bind and serve; `port` is the real one afterwards."""
        self._socket = bind(self.host, self.port, shared=self._shared_port)
        self.port = self._socket.getsockname()[1]
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise Unavailable(f"the web server on {self.host}:{self.port} did not start", "server_stopped")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Stop accepting, let running requests end within a few seconds, then close."""
        if self._serving:
            self._server.should_exit = True
            await self._serving
            self._serving = None
