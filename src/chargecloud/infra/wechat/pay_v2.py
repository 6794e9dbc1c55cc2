"""WeChat Pay APIv2, as far as a merchant who still gets its notices needs it: sign, payment notice, refund notice.

Works only with a key: without one a forged message with an empty key would verify, so there is no default.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_xml import parse_flat
from chargecloud.kernel.clock import from_local

V2_KEY_LENGTH = 32
MD5, HMAC_SHA256 = "MD5", "HMAC-SHA256"
ANSWER_OK = "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"
ANSWER_FAIL = "<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[REFUSED]]></return_msg></xml>"
_KIND_BY_LENGTH = {32: MD5, 64: HMAC_SHA256}


def text_to_sign(fields: Mapping[str, str], key: str) -> str:
    """Every field with a value but `sign`, in ASCII order, and the key at the end."""
    pairs = [f"{name}={fields[name]}" for name in sorted(fields) if fields[name] != "" and name != "sign"]
    return "&".join([*pairs, f"key={key}"])


def sign(fields: Mapping[str, str], key: str, kind: str = MD5) -> str:
    """The `sign` of a message, upper-case hex; `kind` is MD5 or HMAC-SHA256. ValueError without a proper key."""
    if len(key) != V2_KEY_LENGTH:
        raise ValueError(f"an APIv2 key has {V2_KEY_LENGTH} characters, this one has {len(key)}")
    text = text_to_sign(fields, key).encode()
    if kind == HMAC_SHA256:
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest().upper()
    if kind == MD5:
        return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()
    raise ValueError(f"sign type {kind!r}: {MD5} and {HMAC_SHA256} are known")


def open_v2_notice(body: bytes, key: str) -> dict[str, str]:
    """The fields of a payment notice whose sign is right; NotAuthentic otherwise. It has no time and no id."""
    fields = _parsed(body)
    given = fields.get("sign", "")
    kind = _KIND_BY_LENGTH.get(len(given))
    if kind is None or not hmac.compare_digest(sign(fields, key, kind).encode(), given.encode()):
        raise NotAuthentic(Rejection.SIGNATURE, "the sign does not fit the fields")
    return fields


def open_v2_refund_notice(body: bytes, key: str) -> dict[str, str]:
    """The fields of `req_info`. Its only protection is its encryption, which anybody's blocks can be moved in: what it
    says is a reason to query the refund, not an outcome.
    """
    sealed = _parsed(body).get("req_info", "")
    if not sealed or len(key) != V2_KEY_LENGTH:
        raise NotAuthentic(Rejection.BODY, "no req_info, or no APIv2 key")
    try:
        return parse_flat(open_ecb(refund_key(key), sealed), root="root")
    except ValueError as error:
        raise NotAuthentic(Rejection.SEALED, f"req_info: {error}") from None


def local_moment(text: str) -> int:
    """ "20140903131540", Beijing time, as epoch milliseconds; ValueError for anything else."""
    if not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError(f"{text[:20]!r} is no time such as 20260131080000")
    return from_local(datetime.fromisoformat(f"{text[:8]}T{text[8:]}"))


def refund_key(key: str) -> bytes:
    """What `req_info` is sealed with."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest().encode()


def open_ecb(key: bytes, ciphertext: str) -> bytes:
    """AES-256-ECB with PKCS#7, base64; ValueError when it does not open."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        unpadder = PKCS7(128).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except (binascii.Error, ValueError):
        raise ValueError("it does not open with this key") from None


def seal_ecb(key: bytes, plaintext: bytes) -> str:
    """The other direction."""
    padder = PKCS7(128).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")


def _parsed(body: bytes) -> dict[str, str]:
    try:
        return parse_flat(body)
    except ValueError as error:
        raise NotAuthentic(Rejection.BODY, str(error)) from None
