"""Metrics of a process that serves no web application, or shares its port with others of its role.

`/metrics` for Prometheus, `/healthz` for whoever wants to know that the process lives and which it is. Nothing depends
on it: a port that is taken is logged, and the process works without.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from chargecloud.infra import telemetry
from chargecloud.kernel.errors import Unavailable
from chargecloud.main.listening import bind
from chargecloud.main.place import Place
from chargecloud.main.process import Part
from chargecloud.main.settings import Settings

log = structlog.get_logger("chargecloud.metrics")

REQUEST_WITHIN_S = 5.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"


class MetricsPort:
    """A few lines of HTTP/1.1: one GET a connection, whatever its headers."""

    def __init__(self, host: str, port: int, facts: Mapping[str, object]) -> None:
        """`facts` are told by `/healthz`. Port 0 lets the system choose; `port` is the real one after the start."""
        self.port = port
        self._host = host
        self._facts = dict(facts)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, if the port is free."""
        try:
            listening = bind(self._host, self.port)
        except Unavailable as taken:
            log.error("metrics.port_taken", host=self._host, port=self.port, error=taken.message)
            return
        self.port = listening.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=16_384)

    async def stop(self) -> None:
        """Close."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        path = words[1].partition(b"?")[0] if len(words) == 3 and words[0] == b"GET" else b""
        if path == b"/metrics":
            return _response("200 OK", TEXT, telemetry.exposition())
        if path == b"/healthz":
            return _response("200 OK", JSON, msgspec.json.encode({"status": "alive", **self._facts}))
        return _response("404 Not Found", JSON, b'{"status":"there are GET /metrics and GET /healthz"}')


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def metrics_parts(settings: Settings, role: str, place: Place) -> Sequence[Part]:
    """The port of one process: the first of a role has the configured one, the next the number after it."""
    first = {"gateway": settings.metrics.gateway_port, "api": settings.metrics.api_port}.get(
        role, settings.metrics.worker_port
    )
    if not first:
        return []
    facts = {"service": "chargecloud", "role": role, "number": place.number}
    return [MetricsPort(settings.metrics.host, first + place.number - 1, facts)]
