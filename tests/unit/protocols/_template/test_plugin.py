"""What the template tells people about its bytes."""

from __future__ import annotations

import pytest

from chargecloud.protocols._template.lines import LINE_MAX
from chargecloud.protocols._template.plugin import Plugin


@pytest.mark.parametrize(
    ("data", "verdicts"),
    [
        (b"", []),
        (b"BEAT 1 0\n", ["decode"]),
        (b"BEAT 1 0\nBEA", ["decode", "incomplete"]),
        (b"BEAT 1 0", ["incomplete"]),
        (b"\xff", ["garbage"]),
        (b"HELLO\n\xff\n\n", ["garbage", "garbage", "garbage"]),
        (b"x" * (LINE_MAX + 1) + b"\nBEAT 1 0\n", ["garbage", "decode"]),
    ],
)
def test_one_object_a_line(data: bytes, verdicts: list[str]) -> None:
    units = Plugin().decode(data)
    assert [unit["verdict"] for unit in units] == verdicts
    assert all((unit["error"] is None) is (unit["verdict"] == "decode") for unit in units)


def test_words_and_unreadable_bytes_are_shown() -> None:
    beat, garbage = Plugin().decode(b"BEAT 1 0\n\xff\n")
    assert (beat["frame_type"], beat["name"], beat["direction"]) == ("BEAT", "Beat", "up")
    assert beat["fields"] == {"word_0": "BEAT", "word_1": "1", "word_2": "0"}
    assert garbage["extra_hex"] == "FF"
