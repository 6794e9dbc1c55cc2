"""Keys, a merchant and signed messages for tests of WeChat Pay."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from chargecloud.infra.wechat.pay_crypto import sign
from chargecloud.infra.wechat.pay_http import PayHttp
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant, PlatformKey
from chargecloud.infra.wechat.pay_signing import SCHEMA, answer_message
from chargecloud.kernel.clock import ManualClock

NOW_MS = 1_767_225_600_000
APPID, MCHID, OPENID = "wx0123456789abcdef", "1900000001", "oTestDriver00000000000000001"
APIV3_KEY = b"0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010100000000000001"


def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """A key of its own for every number; made once a process, because it takes a tenth of a second."""
    return _made(number)


@lru_cache
def _made(_: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def merchant() -> Merchant:
    return Merchant(APPID, MCHID, "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", rsa_key(7), APIV3_KEY)


def ring() -> KeyRing:
    return KeyRing([PlatformKey(PUBLIC_KEY_ID, rsa_key().public_key())])


def certificate(
    key: rsa.RSAPrivateKey, *, from_ms: int = NOW_MS, days: int = 1825, serial: int = 0
) -> x509.Certificate:
    begins = datetime.fromtimestamp(from_ms // 1000, UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test platform")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def certificate_pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def signed(
    body: bytes, *, key: rsa.RSAPrivateKey | None = None, serial: str = PUBLIC_KEY_ID, now_ms: int = NOW_MS
) -> dict[str, str]:
    """The headers WeChat Pay puts beside a body, by lower-case name."""
    timestamp, nonce = str(now_ms // 1000), "nonce0123456789abcdef"
    return {
        "wechatpay-timestamp": timestamp,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": serial,
        "wechatpay-signature": sign(key or rsa_key(), answer_message(timestamp, nonce, body)),
        "wechatpay-signature-type": SCHEMA,
    }


class Provider:
    """A WeChat Pay that answers what a test says, in order; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception, keys: KeyRing | None = None) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.clock = ManualClock(NOW_MS)
        self.keys = ring() if keys is None else keys
        self.http = PayHttp(
            client=httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            base_url="http://127.0.0.1:9780",
            merchant=merchant(),
            keys=self.keys,
            clock=self.clock,
            pauses_s=(0.0, 0.0),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def said(self, number: int = -1) -> dict[str, Any]:
        """The JSON of a request."""
        return cast(dict[str, Any], json.loads(self.asked[number].content))


def good(body: object, status: int = 200) -> httpx.Response:
    """A signed answer."""
    raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return httpx.Response(status, content=raw, headers=signed(raw))


def refusal(status: int, code: str, message: str = "不行") -> httpx.Response:
    """An unsigned complaint."""
    return httpx.Response(status, json={"code": code, "message": message})
