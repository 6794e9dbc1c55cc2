"""`/websocket`: the one connection of a driver's app. The protocol is in docs/drivers-socket.md."""

import asyncio
import contextlib
from typing import cast
from urllib.parse import urlsplit

import msgspec
import structlog
from fastapi import APIRouter
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from chargecloud.features.drivers import service_identity
from chargecloud.features.drivers.http_door import WECHAT, sign_in_by_code, wechat_app
from chargecloud.features.drivers.http_guest import DriverGuest
from chargecloud.features.drivers.messages import Session
from chargecloud.features.drivers.service_identity import SignedIn
from chargecloud.infra.http.auth import MAX_TOKEN, resolve
from chargecloud.infra.http.doorkeeper import WAITING, Doorkeeper
from chargecloud.infra.http.envelope import Said, Unreadable, encoded, fields_of, head, in_string, read, whole
from chargecloud.infra.http.errors import problem_of
from chargecloud.infra.http.live import LiveHub
from chargecloud.infra.http.watcher import MAX_TEXT, SIGNED_OUT, SLOW, TOO_FAST, TOO_LARGE
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import rfc3339
from chargecloud.kernel.errors import (
    ChargeCloudError,
    Forbidden,
    Invalid,
    TooMany,
    Unauthenticated,
    Unavailable,
)

log = structlog.get_logger("chargecloud.socket")

PATH = "/websocket"
LOGIN_WITHIN_S = 5.0
CLOSE_WITHIN_S = 2.0
TOPICS_AT_ONCE = 50
NO_LOGIN, BINARY, FAILED = 4408, 1003, 1011
WECHAT_PAGES = "servicewechat.com"
"""Where the pages of mini programs say they come from."""


class Login(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What `login` carries: a token, or a code."""

    token: str = ""
    code: str = ""
    appid: str = ""
    device_id: str = ""


class Topics(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What to watch, or to watch no more."""

    topics: list[str]


class _Refusal(Exception):
    """A login that leads nowhere: the last word, and the close code."""

    def __init__(self, error: ChargeCloudError, said: Said | None) -> None:
        super().__init__(error.code)
        self.error = error
        self.said = said

    @property
    def close_code(self) -> int:
        if self.error.code == "login_timeout":
            return NO_LOGIN
        return SLOW if isinstance(self.error, Unavailable | TooMany) else SIGNED_OUT


class DriverSocket:
    """The route, as an application: the framework's own wrapping of routes keeps more of each open connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from the handshake to the end."""
        await _converse(WebSocket(scope, receive, send), send)


async def _converse(websocket: WebSocket, send: Send) -> None:
    keeper = cast(Doorkeeper, websocket.app.state.doorkeeper)
    try:
        _refuse_pages_of_others(websocket)
        if keeper.waiting >= WAITING:
            raise Unavailable("同时登录的连接过多，请稍后再试", "too_many_logins")
    except ChargeCloudError as error:
        await websocket.send_denial_response(problem_of(error))
        return
    keeper.waiting += 1
    try:
        await websocket.accept()
        guest = await _log_in(websocket, keeper)
    except WebSocketDisconnect:
        return
    finally:
        keeper.waiting -= 1
    if guest is not None:
        await _serve(websocket, send, keeper, guest)


def _refuse_pages_of_others(websocket: WebSocket) -> None:
    origin = websocket.headers.get("origin")
    if origin is None:
        return
    place = urlsplit(origin).netloc.lower()
    if place not in {websocket.headers.get("host", "").lower(), WECHAT_PAGES}:
        raise Forbidden("the connection does not come from a page of this platform", "foreign_page")


async def _log_in(websocket: WebSocket, keeper: Doorkeeper) -> DriverGuest | None:
    """The first message decides; None when it led nowhere and the connection is closed."""
    source = websocket.client.host if websocket.client else ""
    try:
        if keeper.is_banned(source):
            raise _Refusal(TooMany("登录失败过多，请一分钟后再试", "too_many_logins"), None)
        said, wanted = await _first(websocket)
        guest = await _guest(websocket, keeper, said, wanted)
        _enter(keeper, guest, said)
        return guest
    except _Refusal as refusal:
        if refusal.close_code == SIGNED_OUT:
            await keeper.failed(source)
        await _turn_away(websocket, refusal)
        return None


async def _first(websocket: WebSocket) -> tuple[Said, Login]:
    try:
        async with asyncio.timeout(LOGIN_WITHIN_S):
            message = await websocket.receive()
    except TimeoutError:
        raise _Refusal(Unauthenticated("连接后 5 秒内须登录", "login_timeout"), None) from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    said: Said | None = None
    try:
        text = message.get("text")
        said = read(text if text is not None and len(text) <= MAX_TEXT else "")
        if said.cmd != "login":
            raise _Refusal(Unauthenticated("第一条消息须为 login", "login_first"), said)
        return said, msgspec.convert(fields_of(said), Login)
    except (Unreadable, msgspec.ValidationError) as error:
        raise _Refusal(Invalid(str(error)[:200], "invalid_message"), said) from None


def _enter(keeper: Doorkeeper, guest: DriverGuest, said: Said) -> None:
    """Let in, older connections of the device out; too many devices are refused."""
    keeper.enter(guest)
    try:
        keeper.hub.join(guest, guest.principal)
    except TooMany as error:
        _forget(keeper, guest)
        raise _Refusal(error, said) from None


def _forget(keeper: Doorkeeper, guest: DriverGuest) -> None:
    keeper.part(guest)
    keeper.hub.part(guest)


async def _guest(websocket: WebSocket, keeper: Doorkeeper, said: Said, wanted: Login) -> DriverGuest:
    """Whoever has logged in, with the answer queued."""
    try:
        session, signed = await _session(websocket, said, wanted)
        if said.uid and said.uid != session.openid:
            raise Unauthenticated("uid 与登录凭证不符", "uid_mismatch")
        guest = DriverGuest(
            websocket,
            keeper,
            session,
            token=signed.token if signed else wanted.token,
            device_id=session.device_id or wanted.device_id,
            peer=(said.src or "wx"),
        )
        guest.in_strings = said.in_strings
        _welcome(guest, signed)
        return guest
    except ChargeCloudError as error:
        raise _Refusal(error, said) from None


async def _session(websocket: WebSocket, said: Said, wanted: Login) -> tuple[Session, SignedIn | None]:
    database = cast(Database, websocket.app.state.database)
    if wanted.token:
        return await _by_token(websocket, database, wanted), None
    if wanted.code:
        app = wechat_app(websocket, wanted.appid)
        operator_id = database.options.new_driver_operator_id or None
        signed = await sign_in_by_code(websocket, app, wanted.code, wanted.device_id, operator_id=operator_id)
        return signed.session, signed
    appid = str(getattr(websocket.app.state, "bare_openid_appid", ""))
    if appid and said.uid:
        async with database.read(quick=True) as connection:
            session = await service_identity.session_of_openid(connection, WECHAT, appid, said.uid)
        if session is not None:
            return session, None
    raise Unauthenticated("请带上 token 或 wx.login 的 code 登录；openid 不是凭证", "not_signed_in")


async def _by_token(websocket: WebSocket, database: Database, wanted: Login) -> Session:
    token = wanted.token if len(wanted.token) <= MAX_TOKEN else ""
    principal = await resolve(websocket, token)
    async with database.read(quick=True) as connection:
        session = await service_identity.session_of_token(connection, token, database.clock.now_ms())
    if principal is None or session is None:
        raise Unauthenticated("登录已失效，请重新登录", "not_signed_in")
    if session.device_id and session.device_id != wanted.device_id:
        raise Unauthenticated("该登录属于另一台设备，请重新登录", "device_mismatch")
    return session


def _welcome(guest: DriverGuest, signed: SignedIn | None) -> None:
    msg: dict[str, object] = {
        "ok": True,
        "openid": guest.session.openid,
        "driver_id": guest.session.driver.driver_id,
        "server_time": rfc3339(guest.clock.now_ms()),
    }
    if signed is not None:
        msg |= {"token": signed.token, "expires_at": rfc3339(signed.expires_at_ms)}
    guest.say("login", msg)


async def _turn_away(websocket: WebSocket, refusal: _Refusal) -> None:
    said, error = refusal.said, refusal.error
    log.info("socket.refused", code=error.code)
    body = encoded({"ok": False, "code": error.code, "message": error.message})
    if said is not None and said.in_strings:
        body = in_string(body)
    begun = head("login", dst=(said.src or "wx") if said else "wx", uid="")
    with contextlib.suppress(WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await websocket.send_text(whole(begun, body))
            await websocket.close(refusal.close_code)


async def _serve(websocket: WebSocket, send: Send, keeper: Doorkeeper, guest: DriverGuest) -> None:
    """Until either side has enough. Two tasks a connection: this one hears, the other speaks."""
    speaking = asyncio.create_task(_speak(websocket, send, guest))
    try:
        await keeper.hub.subscribe(guest, guest.own_topic)
        await _hear(websocket, keeper.hub, guest)
    except ChargeCloudError as error:  # the state cannot be read just now
        log.warning("socket.given_up", code=error.code)
        guest.leave(SLOW)
        await asyncio.wait({speaking}, timeout=CLOSE_WITHIN_S)
    finally:
        _forget(keeper, guest)
        speaking.cancel()
        (outcome,) = await asyncio.gather(speaking, return_exceptions=True)
    if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
        raise outcome


async def _speak(websocket: WebSocket, send: Send, guest: DriverGuest) -> None:
    """Whatever ends it closes the connection, which the other task then hears.

    What is sent goes to the server's own `send`: the framework's adds a fifth to what a message costs.
    """
    try:
        while (text := await guest.next()) is not None:
            await send({"type": "websocket.send", "text": text})
    except OSError:  # they are gone, and the other task hears of it
        return
    finally:
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):  # they may be gone already
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await websocket.close(guest.close_code or FAILED)


async def _hear(websocket: WebSocket, hub: LiveHub, guest: DriverGuest) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if guest.close_code:
            continue
        if text is None:
            guest.leave(BINARY)
        elif len(text) > MAX_TEXT:
            guest.leave(TOO_LARGE)
        elif not guest.asks(guest.clock.monotonic()):
            guest.leave(TOO_FAST)
        else:
            await _obey(hub, guest, text)


async def _obey(hub: LiveHub, guest: DriverGuest, text: str) -> None:
    cmd = ""
    try:
        said = read(text)
        cmd = said.cmd
        if said.uid and said.uid != guest.session.openid:
            raise Forbidden("uid 与登录的账号不符", "uid_mismatch")
        await _carry_out(hub, guest, said)
    except (Unreadable, msgspec.ValidationError) as error:
        guest.say("error", {"code": "invalid_message", "message": str(error)[:200], "cmd": cmd})
    except ChargeCloudError as error:
        guest.say("error", {"code": error.code, "message": error.message, "cmd": cmd})


async def _carry_out(hub: LiveHub, guest: DriverGuest, said: Said) -> None:
    match said.cmd:
        case "ping":
            guest.say("pong", {**fields_of(said), "server_time": rfc3339(guest.clock.now_ms())})
        case "state":
            await hub.subscribe(guest, guest.own_topic)
        case "watch":
            for topic in _topics(said):
                await _watch(hub, guest, topic)
        case "unwatch":
            for topic in _topics(said):
                if topic not in {guest.own_topic, guest.door}:
                    hub.unsubscribe(guest, topic)
        case "login":
            raise Invalid("这个连接已登录", "logged_in_already")
        case _:
            raise Invalid(f"没有命令 {said.cmd}；可用 ping、state、watch、unwatch", "unknown_cmd")


def _topics(said: Said) -> list[str]:
    topics = msgspec.convert(fields_of(said), Topics).topics
    if len(topics) > TOPICS_AT_ONCE:
        raise Invalid(f"一次最多 {TOPICS_AT_ONCE} 个 topic", "live_topics")
    return topics


async def _watch(hub: LiveHub, guest: DriverGuest, topic: str) -> None:
    try:
        await hub.subscribe(guest, topic)
    except ChargeCloudError as error:
        guest.say("error", {"code": error.code, "message": error.message, "cmd": "watch", "topic": topic[:100]})


socket_router = APIRouter()
socket_router.routes.append(WebSocketRoute(PATH, DriverSocket(), name="websocket"))
"""Beside the API: it has no prefix."""
