"""A downloaded bill: unpacked within limits and held against the hash that came, signed, with its link. Pure."""

import hashlib
import hmac
import zlib

from chargecloud.infra.wechat.pay_answers import BillLink
from chargecloud.infra.wechat.pay_errors import PayUnknown

BILL_LIMIT = 256 << 20
"""Bytes of a bill, packed and unpacked; about a million rows."""
BILL_DEADLINE_S, BILL_ATTEMPT_S = 120.0, 60.0
_GZIP = b"\x1f\x8b"


def bill_text(body: bytes, link: BillLink, *, limit: int = BILL_LIMIT) -> str:
    """The text of a bill; PayUnknown when it is not what the link promised. The hash is over the unpacked text."""
    plain = _unpacked(body, limit) if body.startswith(_GZIP) else body
    if link.hash_type.upper() != "SHA1":
        raise PayUnknown(f"hash type {link.hash_type[:20]!r}; SHA1 is known")
    found = hashlib.sha1(plain, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(found, link.hash_value.lower()):
        raise PayUnknown("the bill's hash is not the one WeChat Pay announced; fetch it again")
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        raise PayUnknown("the bill is not UTF-8 text") from None


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise PayUnknown(f"the bill does not unpack: {error}") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise PayUnknown("the bill is cut off, or larger than anything we take")
    return plain
