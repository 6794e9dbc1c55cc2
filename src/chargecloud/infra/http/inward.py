"""Asking a route of our own application, in this process and as somebody: its checks, its scope, its answer."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Message, Scope

from chargecloud.infra.http.auth import Principal


class Inward:
    """GET for programs inside: no socket, no header, no access log; a refusal is raised as the route raised it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def get(self, who: Principal, path: str, query: Mapping[str, str]) -> bytes:
        """The JSON of a route under its whole path, as `who` would be answered."""
        answered: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                answered.append(message.get("body", b""))

        async with AsyncExitStack() as stack:
            await self._app.router(self._scope(who, path, query, stack), receive, send)
        return b"".join(answered)

    def queries(self, path: str) -> frozenset[str]:
        """Names of what the GET route of a path, written with its `{parameters}`, takes in its query."""
        for route in iter_route_contexts(self._app.routes):
            known = isinstance(route.original_route, APIRoute) and route.path_format == path
            if known and "GET" in (route.methods or ()):
                return frozenset(_queries(route.dependant))
        raise LookupError(path)

    def _scope(self, who: Principal, path: str, query: Mapping[str, str], stack: AsyncExitStack) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(query).encode(),
            "headers": [],
            "client": None,
            "server": None,
            "app": self._app,
            "state": {"principal": replace(who, renew=None)},
            "fastapi_middleware_astack": stack,
        }


def _queries(dependant: Dependant) -> set[str]:
    own = {each.alias for each in dependant.query_params}
    return own.union(*map(_queries, dependant.dependencies))
