"""Hex as people paste it."""

import pytest

from chargecloud.main.hexadecimal import NotHex, parsed, pasted


@pytest.mark.parametrize(
    "text", ["680D0001", "68 0d 00 01", "68:0D:00:01", "0x68, 0x0D, 0x00, 0x01", " 68-0D\t00 01\n"]
)
def test_any_notation_is_the_same_bytes(text: str) -> None:
    assert parsed(text) == bytes.fromhex("680D0001")


def test_what_is_no_hex_is_named() -> None:
    assert parsed("68 0G") == "'G' is no hex digit"
    assert parsed("680") == "3 hex digits are no whole bytes"


def test_a_dump_that_breaks_within_a_byte_is_whole_again() -> None:
    assert pasted("680\nD00\n01") == [bytes.fromhex("680D0001")]


def test_words_between_lines_stay_where_they_are() -> None:
    assert pasted("68 0D\n00 01\n收到：\n68\n\n02\n") == [
        bytes.fromhex("680D0001"),
        NotHex(3, "收到：", "'收' is no hex digit"),
        bytes.fromhex("6802"),
    ]


def test_nothing_is_nothing() -> None:
    assert pasted("") == pasted(" \n\t\n") == []
