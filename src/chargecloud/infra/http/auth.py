"""Who is asking: staff or a driver, by bearer token or session cookie, and what they may do.

A cookie is sent along by browsers whoever made them send the request, so a write that comes with one has to prove
that it started on our own pages. Bearer tokens need no such proof.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection
from starlette.responses import Response

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Forbidden, Unauthenticated

Kind = Literal["staff", "driver"]

SECURE_COOKIE = "__Host-session"
PLAIN_COOKIE = "session"
"""Browsers take the `__Host-` prefix over HTTPS only."""

Renew = Callable[[UnitOfWork], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody we know. Drivers carry no permissions: their routes ask for `CurrentDriver`."""

    kind: Kind
    id: int
    name: str
    operator_id: int | None
    permissions: frozenset[str] = frozenset()
    station_ids: frozenset[int] | None = None
    """Staff may be limited to some stations of their operator; None: all of them."""
    source: str = ""
    """The address they call from."""
    renew: Renew | None = None
    """Set when the use of the token is to be written down, which keeps it alive."""

    @property
    def reach(self) -> Reach:
        """What of the platform they may see and touch."""
        return Reach(self.operator_id, self.station_ids)

    def demand_whole_operator(self) -> None:
        """Forbidden for staff who are limited to some stations: this concerns more than these."""
        if self.station_ids is not None:
            raise Forbidden("您的账号仅限部分站点，此操作涉及整个运营商，请联系管理员", "station_limited")


Resolver = Callable[[AsyncConnection, str, int], Awaitable[Principal | None]]
"""(connection, token, now_ms) -> who holds this token, if anybody does now."""


@dataclass(frozen=True, slots=True)
class Resolvers:
    """How tokens become principals; wired by main."""

    staff: Resolver
    driver: Resolver


_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="a driver's token or a staff session")
_COOKIE = APIKeyCookie(name=SECURE_COOKIE, auto_error=False, scheme_name="cookie", description="a staff session")


async def current_principal(
    connection: HTTPConnection,
    _bearer: Annotated[object, Depends(_BEARER)],
    _cookie: Annotated[object, Depends(_COOKIE)],
) -> Principal:
    """Whoever is asking; Unauthenticated when nobody we know. The two schemes are there for the OpenAPI document."""
    known = getattr(connection.state, "principal", None)
    if known is not None:
        return cast(Principal, known)
    token, from_cookie = _token(connection)
    if from_cookie:
        demand_own_page(connection)
    principal = await resolve(connection, token)
    if principal is None:
        raise Unauthenticated("the session has ended or the token is not valid; sign in again", "not_signed_in")
    connection.state.principal = principal
    return principal


async def principal_if_any(
    connection: HTTPConnection,
    _bearer: Annotated[object, Depends(_BEARER)],
    _cookie: Annotated[object, Depends(_COOKIE)],
) -> Principal | None:
    """Whoever is asking, where nobody has to say; a token that opens nothing is still refused."""
    named = connection.headers.get("authorization") or connection.cookies.get(cookie_name(connection))
    return await current_principal(connection, _bearer, _cookie) if named else None


async def resolve(connection: HTTPConnection, token: str) -> Principal | None:
    """Who holds a token: staff first, drivers next."""
    database = cast(Database, connection.app.state.database)
    resolvers = cast(Resolvers, connection.app.state.resolvers)
    now_ms = database.clock.now_ms()
    async with database.read(quick=True) as reader:
        principal = await resolvers.staff(reader, token, now_ms) or await resolvers.driver(reader, token, now_ms)
    if principal is None:
        return None
    if principal.renew is not None:
        async with database.unit() as uow:
            await principal.renew(uow)
    return replace(principal, source=connection.client.host if connection.client else "", renew=None)


async def current_staff(principal: Annotated[Principal, Depends(current_principal)]) -> Principal:
    """Whoever is asking, if they are staff."""
    if principal.kind != "staff":
        raise Forbidden("only staff may do this", "staff_only")
    return principal


async def current_driver(principal: Annotated[Principal, Depends(current_principal)]) -> Principal:
    """Whoever is asking, if they are a driver."""
    if principal.kind != "driver":
        raise Forbidden("only drivers may do this", "drivers_only")
    return principal


Someone = Annotated[Principal, Depends(current_principal)]
Anyone = Annotated[Principal | None, Depends(principal_if_any)]
CurrentStaff = Annotated[Principal, Depends(current_staff)]
CurrentDriver = Annotated[Principal, Depends(current_driver)]


@dataclass(frozen=True, slots=True)
class Require:
    """A dependency: staff who may do this. The document names the permission of each route that has one."""

    permission: str

    async def __call__(self, principal: CurrentStaff) -> Principal:
        if self.permission not in principal.permissions:
            raise missing(self.permission)
        return principal


def require(permission: str) -> Require:
    """`staff: Annotated[Principal, Depends(require("orders.write"))]`."""
    return Require(permission)


def missing(permission: str) -> Forbidden:
    """What somebody without a permission is told."""
    return Forbidden(f"this needs the permission {permission}", "permission_missing", permission=permission)


def demand_own_page(connection: HTTPConnection) -> None:
    """Refuse a write that another site made the browser send; JSON cannot be sent across sites without our consent."""
    if connection.scope.get("method", "GET") in SAFE_METHODS:
        return
    headers = connection.headers
    site = headers.get("sec-fetch-site")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        own = urlsplit(headers.get("origin", "")).netloc.lower() == headers.get("host", "").lower() != ""
    if not own:
        raise Forbidden("the request does not come from a page of this platform", "foreign_page")
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise Forbidden("with a session cookie, writes have to be application/json", "content_type")


def set_session_cookie(connection: HTTPConnection, response: Response, token: str) -> None:
    """Keep a session token in the browser, out of reach of scripts, until the browser closes."""
    response.set_cookie(
        cookie_name(connection), token, path="/", secure=_is_https(connection), httponly=True, samesite="lax"
    )


def clear_session_cookie(connection: HTTPConnection, response: Response) -> None:
    """Make the browser forget the session."""
    response.delete_cookie(
        cookie_name(connection), path="/", secure=_is_https(connection), httponly=True, samesite="lax"
    )


def cookie_name(connection: HTTPConnection) -> str:
    """Name of the session cookie over this connection."""
    return SECURE_COOKIE if _is_https(connection) else PLAIN_COOKIE


def _is_https(connection: HTTPConnection) -> bool:
    return connection.scope.get("scheme") in {"https", "wss"}


def presented_token(connection: HTTPConnection) -> str:
    """The token that came with the request, for signing out; Unauthenticated when there is none."""
    return _token(connection)[0]


def _token(connection: HTTPConnection) -> tuple[str, bool]:
    """The token and whether it came in a cookie."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and 0 < len(token.strip()) <= MAX_TOKEN:
        return token.strip(), False
    cookie = connection.cookies.get(cookie_name(connection), "")
    if 0 < len(cookie) <= MAX_TOKEN:
        return cookie, True
    raise Unauthenticated("sign in first: no bearer token and no session cookie came along", "not_signed_in")
