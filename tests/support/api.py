"""The API in process: every feature's routes over a test database, and people who call them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache as once
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.routing import BaseRoute

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.operators import service as operators
from chargecloud.features.operators import sql_sign_in, sql_staff
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.model import secret_hash
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http.app import API, ApiParts, build_app
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.ids import new_secret
from chargecloud.main.features import (
    APPROVAL_KINDS,
    DRIVER_HOLDINGS,
    LARGER_BODIES,
    LIVE_TOPICS,
    OWN_STATIONS,
    PAGES,
    ROUTERS,
    resolvers,
)


@once
def _routes() -> list[BaseRoute]:
    """The features' routes, analysed once a process: that takes most of the time of building an application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    for router in PAGES:
        app.include_router(router)
    return app.routes


_DOCUMENT: dict[str, Any] = {}


@dataclass(frozen=True)
class Caller:
    """Somebody with a token."""

    client: httpx.AsyncClient
    id: int
    token: str

    async def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Call a path under /api/v1, check the status, give the answer (None when empty)."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        response = await self.client.request(method, f"/api/v1{path}", headers=headers, **more)
        assert response.status_code == status, (method, path, response.status_code, response.text)
        return response.json() if response.content else None

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return await self.call("GET", path, status, params=params)

    async def post(self, path: str, body: object = None, status: int = 201, **headers: str) -> Any:
        return await self.call("POST", path, status, json=body if body is not None else {}, headers=headers)

    async def patch(self, path: str, body: object, status: int = 200) -> Any:
        return await self.call("PATCH", path, status, json=body)

    async def put(self, path: str, body: object, status: int = 200) -> Any:
        return await self.call("PUT", path, status, json=body)

    async def delete(self, path: str, status: int = 204) -> Any:
        return await self.call("DELETE", path, status)


@dataclass
class Api:
    """The API under test."""

    client: httpx.AsyncClient
    database: Database
    clock: ManualClock
    app: FastAPI
    count: int = 0

    @classmethod
    @asynccontextmanager
    async def over(
        cls, database: Database, clock: ManualClock, *, cache: Cache | None = None, state: Mapping[str, object] = {}
    ) -> AsyncIterator["Api"]:
        """`state`: ports that main puts there, such as `wechat_apps`."""
        parts = ApiParts(
            database=database,
            cache=cache or MemoryCache(clock),
            resolvers=resolvers(database.options),
            routers=(),
            larger_bodies=LARGER_BODIES,
            live_topics=LIVE_TOPICS,
            state={
                "driver_holdings": DRIVER_HOLDINGS,
                "approval_kinds": APPROVAL_KINDS,
                "own_stations": OWN_STATIONS,
                "channels": Channels(),
                **state,
            },
        )
        app = build_app(parts)
        app.router.routes[:0] = _routes()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield cls(client, database, clock, app)

    def document(self) -> dict[str, Any]:
        """What the API says of itself, written once a process: the routes are always the same."""
        if not _DOCUMENT:
            _DOCUMENT.update(self.app.openapi())
        return _DOCUMENT

    async def staff(
        self, role: Role = Role.ADMINISTRATOR, *, operator: str = "", stations: frozenset[int] | None = None
    ) -> Caller:
        """Somebody of a role, signed in without a password.

        `operator`: of another operator of that name; `stations`: limited to these.
        """
        self.count += 1
        token = new_secret()
        async with self.database.unit() as uow:
            operator_id = 1
            if operator:
                await sql_staff.add_operator(uow, name=operator)
                operator_id = await sql_staff.operator_named(uow.connection, operator) or 0
            new = operators.NewStaff(
                username=f"{role.value}{self.count}",
                display_name=f"{role.value} {self.count}",
                role=role,
                password_hash="",
                operator_id=operator_id,
                station_ids=stations,
            )
            member = await operators.create_staff(uow, new)
            await sql_sign_in.add_session(
                uow, member.staff_id, token_hash=secret_hash(token), source="127.0.0.1", agent="test"
            )
        return Caller(self.client, member.staff_id, token)

    async def staff_again(self, caller: Caller) -> Caller:
        """The same person with a new session: the clock ends those of before."""
        token = new_secret()
        async with self.database.unit() as uow:
            await sql_sign_in.add_session(
                uow, caller.id, token_hash=secret_hash(token), source="127.0.0.1", agent="test"
            )
        return Caller(self.client, caller.id, token)

    async def driver(self, name: str = "李雷", *, operator_id: int | None = 1) -> Caller:
        """A new driver with a token."""
        async with self.database.unit() as uow:
            driver = await drivers.create_driver(uow, NewDriver(name=name, operator_id=operator_id))
            issued = await drivers.issue_token(uow, driver.driver_id)
        return Caller(self.client, driver.driver_id, issued.token)

    def nobody(self) -> Caller:
        """Somebody whose token opens nothing."""
        return Caller(self.client, 0, new_secret())
