"""The web application: features' routers behind one edge, described by one OpenAPI document."""

import asyncio
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import text
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response

from chargecloud.infra import telemetry
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.http import docs, errors, live_api
from chargecloud.infra.http.auth import Require, Resolvers
from chargecloud.infra.http.doorkeeper import Doorkeeper
from chargecloud.infra.http.edge import Edge
from chargecloud.infra.http.live import LiveHub, LiveTopic
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import ChargeCloudError, Forbidden

API = "/api/v1"
READY_WITHIN_S = 3.0

Check = Callable[[], Awaitable[None]]
"""Raises a ChargeCloudError while the part does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What main hands to the application."""

    database: Database
    cache: Cache
    resolvers: Resolvers
    routers: Sequence[APIRouter]
    """Features' routers; they get the prefix /api/v1."""
    pages: Sequence[APIRouter] = ()
    """Routers without a prefix: the console, the drivers' app."""
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Paths under the prefix whose requests carry files, and how many bytes they may have."""
    live_topics: Sequence[LiveTopic] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    """More that has to answer before /readyz says yes."""
    state: Mapping[str, object] = field(default_factory=dict)
    """Ports features look up on the application: `request.app.state.<name>`."""
    docs: bool = False
    hosts: Sequence[str] = ()
    metrics_token: str = ""
    version: str = "0.1.0"
    role: str = "api"
    """What the process is, told by /healthz: `up` holds the ports of charge points as well."""


def build_app(parts: ApiParts) -> FastAPI:
    """The application. `app.state.live` and `app.state.doorkeeper` are what main starts and stops with it."""
    app = FastAPI(
        title="chargecloud",
        version=parts.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(
                Edge,
                clock=parts.database.clock,
                hosts=parts.hosts,
                larger={f"{API}{path}": most for path, most in parts.larger_bodies.items()},
            ),
            Middleware(errors.LastResort),
        ],
    )
    errors.install(app)
    app.state.database = parts.database
    app.state.cache = parts.cache
    app.state.resolvers = parts.resolvers
    app.state.live = LiveHub(parts.database, parts.cache, parts.live_topics)
    app.state.checks = {"database": lambda: _answers(parts.database), **parts.checks}
    app.state.doorkeeper = Doorkeeper(app.state.live, parts.cache, parts.database.clock)
    for name, value in parts.state.items():
        setattr(app.state, name, value)
    for router in (*parts.routers, live_api.router):
        app.include_router(router, prefix=API)
    for router in (_vital_signs(app, parts), *parts.pages):
        app.include_router(router)
    _describe(app, parts)
    return app


async def outcomes(app: FastAPI) -> dict[str, str]:
    """What each part the process needs says; empty when it answers."""
    checks: Mapping[str, Check] = app.state.checks
    return {name: await _outcome(check) for name, check in checks.items()}


def _vital_signs(app: FastAPI, parts: ApiParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz", operation_id="healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "service": "chargecloud", "role": parts.role}

    @router.get("/readyz", operation_id="readyz")
    async def readyz() -> Response:
        outcome = await outcomes(app)
        failed = {name: said for name, said in outcome.items() if said}
        body = {
            "status": "not ready" if failed else "ready",
            "checks": {name: said or "ok" for name, said in outcome.items()},
        }
        return JSONResponse(body, 503 if failed else 200)

    @router.get("/metrics", operation_id="metrics")
    async def metrics(request: Request) -> Response:
        if not _may_read_metrics(request, parts.metrics_token):
            raise Forbidden(
                "metrics are read from this machine or with the token of http.metrics_token", "metrics_closed"
            )
        return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


async def _answers(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))


async def _outcome(check: Check) -> str:
    """Empty when all is well."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await check()
    except TimeoutError:
        return f"no answer within {READY_WITHIN_S:.0f} s"
    except ChargeCloudError as error:
        return error.message
    return ""


def _may_read_metrics(request: Request, token: str) -> bool:
    offered = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and secrets.compare_digest(offered.encode(), token.encode()):
        return True
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for")):
        return False  # a proxy on this machine speaks for somebody else
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _describe(app: FastAPI, parts: ApiParts) -> None:
    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, parts.version)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    described = APIRouter(include_in_schema=False)

    @described.get(f"{API}/openapi.json", operation_id="openapi")
    async def document() -> dict[str, object]:
        return openapi()

    app.include_router(described)
    if parts.docs:
        app.include_router(docs.router)


def _document(app: FastAPI, version: str) -> dict[str, object]:
    """OpenAPI 3.1 with our problem document in place of the framework's error model."""
    document = get_openapi(title="chargecloud", version=version, openapi_version="3.1.0", routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    model = errors.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(model.pop("$defs"))
    schemas["Problem"] = model
    content = {errors.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refused = {"description": "Why the request was not carried out.", "content": content}
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = refused
    _name_permissions(app, document["paths"])
    return document


def _name_permissions(app: FastAPI, paths: dict[str, dict[str, dict[str, object]]]) -> None:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.path_format in paths:
            wanted = _permissions(route.dependant)
            for method in route.methods or () if wanted else ():
                paths[route.path_format][method.lower()]["x-permission"] = " ".join(sorted(wanted))


def _permissions(dependant: Dependant) -> set[str]:
    """What staff need for a route, by its dependencies."""
    own = {dependant.call.permission} if isinstance(dependant.call, Require) else set()
    return own.union(*map(_permissions, dependant.dependencies))
