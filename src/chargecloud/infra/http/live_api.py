"""The routes of live topics: a ticket over REST, then the WebSocket."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Annotated, cast
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Query, Request, WebSocket
from starlette.websockets import WebSocketDisconnect

from chargecloud.infra.http import tickets
from chargecloud.infra.http.auth import Principal, Someone, presented_token, resolve
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.errors import problem_of
from chargecloud.infra.http.live import LiveHub
from chargecloud.infra.http.model import ApiModel, Moment
from chargecloud.infra.http.watcher import (
    MAX_TEXT,
    SIGNED_OUT,
    TOO_FAST,
    TOO_LARGE,
    Ping,
    Subscribe,
    Watcher,
    error_text,
    read_ask,
)
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import ChargeCloudError, Forbidden, Unauthenticated, Unavailable

router = APIRouter(tags=["live"])

CHECK_AGAIN_S = 60.0
CLOSE_WITHIN_S = 2.0


class Ticket(ApiModel):
    """Opens one WebSocket: `/api/v1/live?ticket=…`."""

    ticket: str
    expires_at: Moment


@router.post("/live/tickets", operation_id="create_live_ticket", status_code=201)
async def create_live_ticket(request: Request, _: Someone, db: Db) -> Ticket:
    """A ticket that opens one WebSocket within 30 seconds."""
    async with db.unit() as uow:
        ticket = await tickets.issue(uow, presented_token(request))
        return Ticket(ticket=ticket, expires_at=uow.now_ms + tickets.LIFETIME_MS)


@router.websocket("/live")
async def live(websocket: WebSocket, ticket: Annotated[str, Query(max_length=100)] = "") -> None:
    """Subscribe to topics: `{"op":"subscribe","topic":"session:…"}`."""
    hub = cast(LiveHub, websocket.app.state.live)
    watcher = Watcher()
    try:
        token = await _token(websocket, ticket)
        principal = await _known(websocket, token)
        hub.join(watcher, principal)
    except ChargeCloudError as error:
        await websocket.send_denial_response(problem_of(error))
        return
    try:
        await websocket.accept()
        await _serve(websocket, hub, watcher, _check(websocket, watcher, token, principal))
    finally:
        hub.part(watcher)


async def _token(websocket: WebSocket, ticket: str) -> str:
    """By ticket or bearer header; a cookie alone opens nothing, and pages of other sites open nothing either."""
    origin = websocket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != websocket.headers.get("host", "").lower():
        raise Forbidden("the connection does not come from a page of this platform", "foreign_page")
    if ticket:
        database = cast(Database, websocket.app.state.database)
        async with database.unit() as uow:
            return await tickets.redeem(uow, ticket)
    if "authorization" not in websocket.headers:
        raise Unauthenticated("come with a ticket (POST /api/v1/live/tickets) or a bearer token", "not_signed_in")
    return presented_token(websocket)


async def _known(websocket: WebSocket, token: str) -> Principal:
    principal = await resolve(websocket, token)
    if principal is None:
        raise Unauthenticated("the session has ended or the token is not valid; sign in again", "not_signed_in")
    return principal


async def _serve(websocket: WebSocket, hub: LiveHub, watcher: Watcher, check: Coroutine[None, None, None]) -> None:
    """Until either side has enough."""
    sending, receiving = _send(websocket, watcher), _receive(websocket, hub, watcher)
    parts = {asyncio.create_task(each) for each in (sending, receiving, check)}
    try:
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for part in parts:
            part.cancel()
        outcomes = await asyncio.gather(*parts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
            raise outcome
    if watcher.close_code:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect):  # they may be gone already
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await websocket.close(watcher.close_code)


async def _send(websocket: WebSocket, watcher: Watcher) -> None:
    while (text := await watcher.next()) is not None:
        await websocket.send_text(text)


async def _receive(websocket: WebSocket, hub: LiveHub, watcher: Watcher) -> None:
    clock = cast(Database, websocket.app.state.database).clock
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None or len(text) > MAX_TEXT:
            watcher.leave(TOO_LARGE)
        elif not watcher.asks(clock.monotonic()):
            watcher.leave(TOO_FAST)
        else:
            await _obey(hub, watcher, text)


async def _obey(hub: LiveHub, watcher: Watcher, text: str) -> None:
    try:
        ask = read_ask(text)
    except msgspec.MsgspecError as error:
        watcher.send(error_text("invalid_message", str(error)))
        return
    if isinstance(ask, Ping):
        watcher.send('{"op":"pong"}')
    elif isinstance(ask, Subscribe):
        try:
            await hub.subscribe(watcher, ask.topic)
        except ChargeCloudError as error:
            watcher.send(error_text(error.code, error.message, ask.topic))
    else:
        hub.unsubscribe(watcher, ask.topic)


async def _check(websocket: WebSocket, watcher: Watcher, token: str, known: Principal) -> None:
    """Rights may end while the connection lasts; once a minute is often enough to find out."""
    while True:
        await asyncio.sleep(CHECK_AGAIN_S)
        try:
            now = await resolve(websocket, token)
        except Unavailable:
            continue
        if now != known:
            watcher.leave(SIGNED_OUT)
            return
