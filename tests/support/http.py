"""The web application without a socket: a client that calls it in the same loop, and principals by made-up tokens."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http.app import ApiParts, build_app
from chargecloud.infra.http.auth import Principal, Resolver, Resolvers
from chargecloud.infra.http.live import LiveTopic
from chargecloud.infra.sql.engine import Database

BASE = "https://testserver"


def staff(*permissions: str, id: int = 1, operator_id: int | None = 1) -> Principal:
    """A member of staff who may do this."""
    return Principal("staff", id, f"staff {id}", operator_id, frozenset(permissions))


def driver(id: int = 7) -> Principal:
    """A driver."""
    return Principal("driver", id, f"driver {id}", None)


class Tokens(dict[str, Principal]):
    """Stands in for the features that keep tokens."""

    def resolver(self, kind: str) -> Resolver:
        async def resolve(_connection: AsyncConnection, token: str, _now_ms: int) -> Principal | None:
            principal = self.get(token)
            return principal if principal and principal.kind == kind else None

        return resolve

    def resolvers(self) -> Resolvers:
        return Resolvers(self.resolver("staff"), self.resolver("driver"))


def app_for(
    database: Database,
    routers: Sequence[APIRouter] = (),
    *,
    resolvers: Resolvers | None = None,
    live_topics: Sequence[LiveTopic] = (),
    **more: object,
) -> FastAPI:
    """The application over these routers."""
    return build_app(
        ApiParts(
            database=database,
            cache=MemoryCache(database.clock),
            resolvers=resolvers or Tokens().resolvers(),
            routers=routers,
            live_topics=live_topics,
            **more,  # type: ignore[arg-type]
        )
    )


@asynccontextmanager
async def client_of(app: FastAPI, *, token: str = "", base: str = BASE) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the application; `raise_app_exceptions` is off, so a 500 is an answer as it is outside."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 50000))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        yield client
