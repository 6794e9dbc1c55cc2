"""One signed call to WeChat Pay: sign, send, verify, and repeat what may be repeated within its deadline."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import httpx
import msgspec
import structlog

from chargecloud.infra.wechat.pay_crypto import sign
from chargecloud.infra.wechat.pay_errors import (
    NotAuthentic,
    PayBusy,
    PayDenied,
    PayNotFound,
    PayRefused,
    PayUnknown,
    Rejection,
)
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant
from chargecloud.infra.wechat.pay_signing import Authorization, authorization, request_message
from chargecloud.infra.wechat.pay_verify import verify
from chargecloud.kernel.clock import Clock

log = structlog.get_logger("chargecloud.wechat_pay")

MAX_ANSWER = 1 << 20
DEADLINE_S = 10.0
ATTEMPT_S = 4.0
PAUSES_S: Sequence[float] = (0.2, 1.0)
"""Before the second and the third attempt."""

_BY_STATUS: Mapping[int, type[PayRefused]] = {401: PayDenied, 403: PayDenied, 404: PayNotFound, 429: PayBusy}
_AGAIN = frozenset({"SYSTEM_ERROR", "SYSTEMERROR"})


def http_client() -> httpx.AsyncClient:
    """A client of its own: no redirects, no proxies from the environment, and no lines about requests in the log."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(timeout=ATTEMPT_S, follow_redirects=False, trust_env=False)


def new_nonce() -> str:
    """32 characters nobody can guess; a new one for every attempt, because WeChat Pay refuses one it has seen."""
    return secrets.token_hex(16).upper()


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `path` has its query, exactly as it is signed and sent."""

    method: str
    path: str
    body: bytes = b""
    verified: bool = True
    """Whether a good answer has to be signed; downloads and the first certificates are not."""
    limit: int = MAX_ANSWER
    deadline_s: float = DEADLINE_S
    """For all attempts together."""
    attempt_s: float = ATTEMPT_S
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _Again(Exception):
    """This attempt ended without an answer that counts."""


@dataclass(frozen=True, slots=True)
class PayHttp:
    """Everything a call needs. `client` comes from outside and is closed there; it must not follow redirects."""

    client: httpx.AsyncClient
    base_url: str
    merchant: Merchant
    keys: KeyRing
    clock: Clock
    nonce: Callable[[], str] = new_nonce
    pauses_s: Sequence[float] = PAUSES_S

    async def ask(self, call: Call) -> Answer:
        """The good answer, or a PayError. Only server errors and lost connections are repeated, with the same body."""
        said = ""
        try:
            async with asyncio.timeout(call.deadline_s):
                for pause_s in (0.0, *self.pauses_s):
                    await asyncio.sleep(pause_s)
                    try:
                        return self._judged(call, await self._once(call))
                    except _Again as failed:
                        said = str(failed)
                        log.warning("wechat_pay.attempt_failed", method=call.method, path=_shown(call.path), why=said)
        except TimeoutError:
            said = said or f"no answer within {call.deadline_s:.0f} s"
        raise PayUnknown(f"{call.method} {_shown(call.path)}: {said}")

    async def _once(self, call: Call) -> Answer:
        url = self.base_url.rstrip("/") + call.path
        try:
            async with self.client.stream(
                call.method,
                url,
                content=call.body,
                headers=self._headers(call),
                timeout=call.attempt_s,
                follow_redirects=False,
            ) as answer:
                body = bytearray()
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > call.limit:
                        raise _Again(f"an answer of more than {call.limit} bytes")
                return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body))
        except httpx.HTTPError as error:
            raise _Again(type(error).__name__) from None

    def _headers(self, call: Call) -> dict[str, str]:
        timestamp, nonce = str(self.clock.now_ms() // 1000), self.nonce()
        message = request_message(call.method, call.path, timestamp, nonce, call.body)
        fields = Authorization(
            mchid=self.merchant.mchid,
            serial_no=self.merchant.serial_no,
            nonce_str=nonce,
            timestamp=timestamp,
            signature=sign(self.merchant.private_key, message),
        )
        headers = {
            "Authorization": authorization(fields),
            "Accept": call.accept,
            "Accept-Encoding": "identity",  # signatures are over the bytes as sent
            "User-Agent": f"chargecloud/{version('chargecloud')}",
        }
        if call.body:
            headers["Content-Type"] = "application/json"
        if self.keys.asks_for:
            headers["Wechatpay-Serial"] = self.keys.asks_for
        return headers

    def _judged(self, call: Call, answer: Answer) -> Answer:
        if answer.status in (200, 202, 204):
            if call.verified:
                try:
                    verify(answer.headers, answer.body, self.keys, self.clock.now_ms())
                except NotAuthentic as error:
                    unknown = error.reason is Rejection.SERIAL_UNKNOWN
                    serial = answer.headers.get("wechatpay-serial", "") if unknown else ""
                    what = f"{call.method} {_shown(call.path)}: answer not taken: {error}"
                    raise PayUnknown(what, serial=serial) from None
            return answer
        code, message = _complaint(answer.body)
        if answer.status >= 500 or code in _AGAIN:
            raise _Again(f"{answer.status} {code}".strip())
        if 300 <= answer.status < 400:
            raise PayUnknown(f"{call.method} {_shown(call.path)}: redirected; see whether pay_base_url is right")
        raise _BY_STATUS.get(answer.status, PayRefused)(answer.status, code or "UNKNOWN", message)


def _complaint(body: bytes) -> tuple[str, str]:
    """Code and message of a refusal; nothing where a proxy answered in WeChat Pay's place."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", body[:80].decode("utf-8", "replace")
    if not isinstance(said, dict):
        return "", ""
    return str(said.get("code", ""))[:64], str(said.get("message", ""))[:200]


def _shown(path: str) -> str:
    """A path for the log: a download's query is a secret."""
    return path.partition("?")[0]
