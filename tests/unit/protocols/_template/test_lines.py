"""The template's lines."""

from __future__ import annotations

import pytest

from chargecloud.protocols._template.lines import LINE_MAX, LineCutter, line, words


def test_lines_come_out_whole() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"BEAT 1") == [] and cutter.pending == b"BEAT 1"
    assert cutter.feed(b" 0\nBEAT 2 0\nBE") == [b"BEAT 1 0", b"BEAT 2 0"]
    assert cutter.expire() == b"BE" and cutter.pending == b""


def test_a_line_without_end_is_dropped_and_the_next_one_heard() -> None:
    for chunks in ([b"x" * (LINE_MAX + 1) + b"\nBEAT 1 0\n"], [b"x"] * (LINE_MAX + 1) + [b"\nBEAT 1 0\n"]):
        cutter = LineCutter()
        lines = [one for chunk in chunks for one in cutter.feed(chunk)]
        assert lines == [None, b"BEAT 1 0"]
        assert len(cutter.pending) <= LINE_MAX


def test_words() -> None:
    assert words(b"BEAT 1 0") == ["BEAT", "1", "0"]
    assert words("BEAT é".encode()) == [] and words(b"BEAT\x07") == []


def test_a_word_that_would_break_the_line_is_refused() -> None:
    assert line("START", 1, "x") == b"START 1 x\n"
    for bad in ("", "a b", "a\n", "充"):
        with pytest.raises(ValueError, match="cannot be a word"):
            line("START", bad)
