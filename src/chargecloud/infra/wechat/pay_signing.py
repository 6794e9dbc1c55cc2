"""What is signed, line by line: requests, the client's paySign, answers and notices. Pure: text in, text out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chargecloud.infra.wechat.pay_crypto import sign

SCHEMA = "WECHATPAY2-SHA256-RSA2048"
SIGN_TYPE = "RSA"
_AUTHORIZATION_FIELDS = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")
_AUTHORIZATION_PAIR = re.compile(r'\s*([a-z_]{1,20})="([^"\\\r\n]{0,1024})"\s*')


@dataclass(frozen=True, slots=True)
class Authorization:
    """The fields of an `Authorization` header."""

    mchid: str
    serial_no: str
    nonce_str: str
    timestamp: str
    signature: str = field(repr=False)


def lines(*parts: str) -> bytes:
    """Each part followed by a line feed, the last one too; everything WeChat Pay signs has this form."""
    return "".join(f"{part}\n" for part in parts).encode()


def request_message(method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a request's signature is over. `path` with its query exactly as sent, `body` exactly as sent."""
    return lines(method, path, timestamp, nonce) + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the signature of an answer or a notice is over; an empty body (204) is an empty line."""
    return lines(timestamp, nonce) + body + b"\n"


def authorization(fields: Authorization) -> str:
    """The value of the `Authorization` header."""
    return f"{SCHEMA} " + ",".join(f'{name}="{getattr(fields, name)}"' for name in _AUTHORIZATION_FIELDS)


def parse_authorization(header: str) -> Authorization:
    """An `Authorization` header taken apart; ValueError says what is wrong with it."""
    schema, _, rest = header.partition(" ")
    if schema != SCHEMA:
        raise ValueError(f"the scheme is not {SCHEMA}")
    found: dict[str, str] = {}
    for part in rest.split(","):
        match = _AUTHORIZATION_PAIR.fullmatch(part)
        if match is None:
            raise ValueError('not a list of name="value"')
        if match[1] in found or match[1] not in _AUTHORIZATION_FIELDS:
            raise ValueError(f"{match[1]} is unknown or comes twice")
        found[match[1]] = match[2]
    missing = [name for name in _AUTHORIZATION_FIELDS if not found.get(name)]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    return Authorization(**found)


def pay_message(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """What `paySign` of wx.requestPayment is over; `package` is `prepay_id=…` (an app signs the bare id instead)."""
    return lines(appid, timestamp, nonce, package)


def pay_parameters(key: RSAPrivateKey, appid: str, prepay_id: str, *, now_ms: int, nonce: str) -> Mapping[str, str]:
    """The five fields wx.requestPayment takes; they are handed to the client untouched."""
    timestamp, package = str(now_ms // 1000), f"prepay_id={prepay_id}"
    return {
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": SIGN_TYPE,
        "paySign": sign(key, pay_message(appid, timestamp, nonce, package)),
    }
