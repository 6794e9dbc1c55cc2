"""Marks, lengths and checksums of YKC frames."""

from __future__ import annotations

import pytest

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME
from chargecloud.protocols.ykc16.framing import FRAMING

LOGIN_RESPONSE = bytes.fromhex("680C0000000255031412782305 00DA4C".replace(" ", ""))


@pytest.mark.parametrize(
    ("data", "at", "size"),
    [
        (LOGIN_RESPONSE, 0, 16),
        (b"\x00" + LOGIN_RESPONSE, 1, 16),
        (b"\x68", 0, NEED_MORE),
        (b"\x68\x03", 0, NO_FRAME),
        (b"\x68\x04", 0, 8),
        (b"\x68\xff", 0, 259),
        (b"\x67\x0c", 0, NO_FRAME),
    ],
)
def test_size_follows_the_length_byte(data: bytes, at: int, size: int) -> None:
    assert FRAMING.measure(data, at) == size


def test_the_checksum_covers_everything_between_length_and_itself() -> None:
    assert FRAMING.seal_order(LOGIN_RESPONSE) is ByteOrder.LOW_FIRST
    assert FRAMING.seal_order(LOGIN_RESPONSE[:-2] + b"\x4c\xda") is ByteOrder.HIGH_FIRST
    for place in range(2, len(LOGIN_RESPONSE)):
        broken = bytearray(LOGIN_RESPONSE)
        broken[place] ^= 1
        assert FRAMING.seal_order(bytes(broken)) is None
