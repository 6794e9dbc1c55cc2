"""Whether a message is WeChat Pay's: over the raw bytes, by the key its serial names, within five minutes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chargecloud.infra.wechat.pay_crypto import verifies
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing
from chargecloud.infra.wechat.pay_signing import SCHEMA, answer_message

WINDOW_S = 300
"""A message whose timestamp is so far from our clock, or further, is a replay."""

PROBE = "WECHATPAY/SIGNTEST/"
"""How the signature of WeChat's probe messages begins; they must fail like any wrong signature."""

MAX_HEADER = 1_024
_NEEDED = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class _Signed:
    timestamp: str
    nonce: str
    signature: str
    serial: str


def verify(headers: Mapping[str, str], body: bytes, keys: KeyRing, now_ms: int) -> None:
    """Return when the message is WeChat Pay's, else raise NotAuthentic. `headers` by lower-case name."""
    signed = _read(headers)
    _check_window(signed.timestamp, now_ms)
    key = keys.find(signed.serial, now_ms)
    if key is None:
        raise NotAuthentic(Rejection.SERIAL_UNKNOWN, f"no key of serial {signed.serial[:60]!r} is known")
    check_signature(key, signed.signature, answer_message(signed.timestamp, signed.nonce, body))


def check_signature(key: RSAPublicKey, signature: str, message: bytes) -> None:
    """Raise NotAuthentic unless it verifies; a probe is told apart only for the log."""
    if signature.startswith(PROBE):
        raise NotAuthentic(Rejection.PROBE, "a probe of WeChat Pay, which has to be refused; the true message follows")
    if not verifies(key, message, signature):
        raise NotAuthentic(Rejection.SIGNATURE, "the signature does not fit the message")


def _read(headers: Mapping[str, str]) -> _Signed:
    found = [headers.get(name, "") for name in _NEEDED]
    missing = [name for name, value in zip(_NEEDED, found, strict=True) if not value]
    if missing:
        raise NotAuthentic(Rejection.HEADER_MISSING, f"missing: {', '.join(missing)}")
    if any(len(value) > MAX_HEADER or "\n" in value for value in found):
        raise NotAuthentic(Rejection.SIGNATURE, "a header is longer than WeChat Pay writes it")
    kind = headers.get("wechatpay-signature-type", SCHEMA)  # older messages do not say it
    if kind != SCHEMA:
        raise NotAuthentic(Rejection.SIGNATURE_TYPE, f"signature type {kind[:60]!r} instead of {SCHEMA}")
    return _Signed(*found)


def _check_window(timestamp: str, now_ms: int) -> None:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise NotAuthentic(Rejection.TIMESTAMP, "the timestamp is not a number of seconds")
    away_s = abs(now_ms // 1000 - int(timestamp))
    if away_s >= WINDOW_S:
        raise NotAuthentic(Rejection.TIMESTAMP, f"the timestamp is {away_s} s from our clock; {WINDOW_S} are too many")
