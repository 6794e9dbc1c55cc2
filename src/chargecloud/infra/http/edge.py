"""What happens to every request before and after its route: trace id, limits, headers, access log, metrics."""

import re
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chargecloud.infra.http.errors import problem
from chargecloud.infra.telemetry import http_requests, http_seconds, trace_id
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.ids import new_id

log = structlog.get_logger("chargecloud.http")

MAX_BODY = 64 * 1024
REQUEST_ID = "x-request-id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TRACE_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

CONTENT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
    "img-src 'self' data:"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=31536000"


class Edge:
    """The outermost layer of the application."""

    def __init__(
        self, app: ASGIApp, *, clock: Clock, hosts: Sequence[str] = (), larger: Mapping[str, int] = {}
    ) -> None:
        """`larger`: paths that take more than `MAX_BODY`, and how much; a `{name}` in them stands for digits."""
        self._app = app
        self._larger = [(re.compile(re.sub(r"\{\w+\}", "[0-9]+", path)), most) for path, most in larger.items()]
        self._clock = clock
        self._hosts = frozenset(host.lower() for host in hosts)
        self._measured: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = trace_id.set(_trace(headers))
        try:
            if scope["type"] == "http":
                await self._answer(scope, headers, receive, send)
            elif self._known_host(headers):
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        finally:
            trace_id.reset(token)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        began = self._clock.monotonic()
        status = 500
        most = next((most for path, most in self._larger if path.fullmatch(scope["path"])), MAX_BODY)

        async def complete(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(raw=message["headers"]), scope)
            await send(message)

        try:
            if not self._known_host(headers):
                await problem(400, "unknown_host", "this name is not one of ours; see the setting http.hosts")(
                    scope, receive, complete
                )
            elif _declared_length(headers) > most:
                await problem(413, "body_too_large", f"a request may have {most} bytes")(scope, receive, complete)
            else:
                await self._app(scope, _limited(receive, most), complete)
        finally:
            self._note(scope, status, self._clock.monotonic() - began)

    def _known_host(self, headers: Headers) -> bool:
        if not self._hosts:
            return True
        host = headers.get("host", "").lower()
        return (host if host.endswith("]") else host.rpartition(":")[0] or host) in self._hosts

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        operation = getattr(scope.get("route"), "operation_id", None) or "other"
        measured = self._measured.get((operation, status))
        if measured is None:
            measured = http_requests.labels(operation, str(status)), http_seconds.labels(operation)
            self._measured[operation, status] = measured
        measured[0].inc()
        measured[1].observe(seconds)
        client = scope.get("client")
        log.info(
            "http.request",
            method=scope["method"],
            operation=operation,
            status=status,
            ms=int(seconds * 1000),
            source=client[0] if client else "",
            by=_who(scope),
        )


def _trace(headers: Headers) -> str:
    """What the caller calls this request (its own id, or that of W3C's traceparent), or a new id."""
    offered = headers.get(REQUEST_ID, "")
    if _ACCEPTED_ID.fullmatch(offered):
        return offered
    parent = _TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
    return parent[1] if parent else new_id()


def _who(scope: Scope) -> str:
    principal = scope.get("state", {}).get("principal")
    return f"{principal.kind}:{principal.id}" if principal else ""


def _complete(headers: MutableHeaders, scope: Scope) -> None:
    headers[REQUEST_ID] = trace_id.get()
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = STRICT_TRANSPORT
    if scope["path"].startswith("/api/"):
        headers.setdefault("cache-control", "no-store")


def _declared_length(headers: Headers) -> int:
    declared = headers.get("content-length", "")
    return int(declared) if declared.isdecimal() and len(declared) < 20 else 0


def _limited(receive: Receive, most: int) -> Receive:
    """The same, but a body that grows beyond the limit is refused, whatever its length was said to be."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413, f"a request may have {most} bytes")
        return message

    return counted
