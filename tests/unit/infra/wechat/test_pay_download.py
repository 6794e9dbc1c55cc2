"""A download is the bill it was announced as, or nothing."""

import gzip
import hashlib

import pytest

from chargecloud.infra.wechat.pay_answers import BillLink
from chargecloud.infra.wechat.pay_download import bill_text
from chargecloud.infra.wechat.pay_errors import PayUnknown

TEXT = "交易时间,商户订单号\r\n`2026,`P1\r\n"


def link(body: bytes, kind: str = "SHA1") -> BillLink:
    return BillLink(kind, hashlib.sha1(body, usedforsecurity=False).hexdigest(), "https://host/v3/x")


def test_packed_and_plain() -> None:
    plain = TEXT.encode()
    assert bill_text(plain, link(plain)) == TEXT
    assert bill_text(gzip.compress(plain), link(plain)) == TEXT
    upper = BillLink("SHA1", link(plain).hash_value.upper(), "")
    assert bill_text(plain, upper) == TEXT


@pytest.mark.parametrize(
    ("body", "announced", "word"),
    [
        (TEXT.encode() + b" ", link(TEXT.encode()), "hash"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], link(TEXT.encode()), "cut off"),
        (b"\x1f\x8bnonsense", link(TEXT.encode()), "unpack"),
        (TEXT.encode(), link(TEXT.encode(), "MD5"), "hash type"),
        (b"\xff\xfe", link(b"\xff\xfe"), "UTF-8"),
        (b'{"code":"NO_AUTH"}', link(TEXT.encode()), "hash"),
    ],
)
def test_anything_else_is_not_taken(body: bytes, announced: BillLink, word: str) -> None:
    with pytest.raises(PayUnknown, match=word):
        bill_text(body, announced)


def test_a_bomb_is_not_unpacked() -> None:
    plain = bytes(1_000_000)
    with pytest.raises(PayUnknown, match="larger"):
        bill_text(gzip.compress(plain), link(plain), limit=1_000)
