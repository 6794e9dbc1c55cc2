"""Records whose integers have their high byte first."""

from __future__ import annotations

import pytest

from chargecloud.protocols.wire.columns import count, counted_words, repeat, uint
from chargecloud.protocols.wire.schema import Direction, Frame, Record


class Big(Frame, byte_order="big"):
    pass


class Entry(Record, byte_order="big"):
    power: int = uint(2, "功率")


class Everything(Big, code=1, title="各种宽度", direction=Direction.UP):
    one: int = uint(1, "一")
    two: int = uint(2, "二")
    three: int = uint(3, "三")
    four: int = uint(4, "四")
    five: int = uint(5, "五")
    entries: tuple[Entry, ...] = repeat(Entry, "各项")


class Words(Big, code=2, title="计数", direction=Direction.UP):
    word_count: int = count("个数", of="words")
    words: tuple[int, ...] = counted_words("字")


class Little(Frame, code=3, title="低字节在前", direction=Direction.UP):
    two: int = uint(2, "二")
    three: int = uint(3, "三")


def test_every_width_has_its_high_byte_first() -> None:
    frame = Everything(one=1, two=2, three=0x010203, four=4, five=0x0102030405, entries=(Entry(power=6),))
    assert frame.pack().hex() == "0100020102030000000401020304050006"
    assert Everything.parse(frame.pack()) == frame
    assert frame.shown()["three"] == 0x010203


def test_rows_of_words_too() -> None:
    frame = Words(words=(1, 0x0203))
    assert frame.pack().hex() == "0200010203" and Words.parse(frame.pack()) == frame


def test_without_a_word_it_stays_as_it_was() -> None:
    assert Little(two=1, three=2).pack().hex() == "0100020000"


@pytest.mark.parametrize(("kind", "order"), [(Everything, "big"), (Little, "little"), (Frame, "little")])
def test_the_order_is_inherited(kind: type[Frame], order: str) -> None:
    assert kind.byte_order == order
    assert all(column.order == order for column in kind.columns)


def test_values_that_do_not_fit_are_refused_alike() -> None:
    with pytest.raises(ValueError, match="two"):
        Little(two=1 << 16, three=0).pack()
    with pytest.raises(ValueError, match="three"):
        Everything(one=0, two=0, three=1 << 24, four=0, five=0, entries=()).pack()
