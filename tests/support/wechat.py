"""WeChat's application interface in a few lines, behind a transport: enough to answer and to refuse as it does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from chargecloud.infra.wechat.app import AppOptions, WechatApp
from chargecloud.kernel.clock import Clock

APPID, SECRET = "wx0123456789abcdef", "canary-app-secret"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
Answer = dict[str, Any] | bytes


@dataclass
class WechatStub:
    """`codes` and `phones` are good once; `says` and `fails` make a path answer otherwise."""

    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    phones: dict[str, dict[str, Any]] = field(default_factory=dict)
    says: dict[str, list[Answer]] = field(default_factory=dict)
    fails: dict[str, Exception | int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    tokens: int = 0
    token_in_force: str = ""

    def app(self, clock: Clock, *, appid: str = APPID, **more: Any) -> WechatApp:
        """A client that talks to this."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return WechatApp(AppOptions(appid=appid, secret=SECRET, base_url="https://wechat.test", **more), client, clock)

    def of(self, path: str) -> list[dict[str, Any]]:
        """Bodies that came to a path."""
        return [body for asked, _, body in self.asked if asked == path]

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, dict(request.url.params)
        body = json.loads(request.content) if request.content else {}
        self.asked.append((path, query, body))
        failing = self.fails.get(path)
        if isinstance(failing, Exception):
            raise failing
        if failing is not None:
            return httpx.Response(failing)
        said = self.says.get(path)
        return self._response(said.pop(0) if said else self._usual(path, query, body))

    def _response(self, answer: Answer) -> httpx.Response:
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer, headers={"content-type": "image/png"})
        # WeChat says text/plain over the JSON of code2Session
        return httpx.Response(200, content=json.dumps(answer).encode(), headers={"content-type": "text/plain"})

    def _usual(self, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        own: dict[str, Callable[[], Answer]] = {
            "/sns/jscode2session": lambda: self._session(query),
            "/cgi-bin/stable_token": lambda: self._token(body),
        }
        if path in own:
            return own[path]()
        if query.get("access_token") != self.token_in_force:
            return {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid or not latest"}
        if path == "/wxa/business/getuserphonenumber":
            return self._phone(body)
        if path == "/wxa/getwxacodeunlimit":
            return PNG
        if path == "/wxa/sec/order/is_trade_managed":
            return {"errcode": 0, "errmsg": "ok", "is_trade_managed": True}
        return {"errcode": 0, "errmsg": "ok"}

    def _session(self, query: dict[str, str]) -> Answer:
        if query["secret"] != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        known = self.codes.pop(query["js_code"], None)
        if known is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        return {"session_key": "canary-session-key", **known}

    def _token(self, body: dict[str, Any]) -> Answer:
        if body["secret"] != SECRET or body["grant_type"] != "client_credential":
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if not self.token_in_force:
            self.tokens += 1
            self.token_in_force = f"canary-access-token-{self.tokens}"
        return {"access_token": self.token_in_force, "expires_in": 7200}

    def _phone(self, body: dict[str, Any]) -> Answer:
        known = self.phones.pop(body["code"], None)
        if known is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        return {"errcode": 0, "errmsg": "ok", "phone_info": {"watermark": {"timestamp": 1, "appid": APPID}, **known}}


def phone(number: str, country: str = "86") -> dict[str, Any]:
    """What the button gives for a number."""
    return {"phoneNumber": number, "purePhoneNumber": number, "countryCode": country}
