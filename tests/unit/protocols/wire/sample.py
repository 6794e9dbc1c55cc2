"""A made-up protocol that uses every kind of column once."""

from __future__ import annotations

from chargecloud.protocols.wire.columns import (
    ascii_rest,
    ascii_text,
    bcd,
    count,
    cp56time2a,
    numbers,
    raw,
    repeat,
    uint,
)
from chargecloud.protocols.wire.parts import bits
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply, Variant


class Entry(Record):
    """One entry of a list."""

    key: str = bcd(2, "键")
    size: int = uint(1, "大小")


class EveryColumn(
    Frame,
    code=0x01,
    title="全部列",
    direction=Direction.UP,
    reply=Reply.AUTO,
    answered_by=0x02,
):
    """Every kind of column."""

    code_text: str = bcd(3, "编号")
    other_text: str = bcd(1, "另一编号")
    one: int = uint(1, "一字节", unit="°C", offset=-50)
    two: int = uint(2, "二字节", unit="A", scale=1, offset=-400)
    three: int = uint(3, "三字节")
    four: int = uint(4, "四字节", scale=4, parts=(bits(0, 4, "low", "低位"), bits(28, 4, "high", "高位")))
    five: int = uint(5, "五字节", scale=4)
    name: bytes = ascii_text(6, "名称")
    opaque: bytes = raw(2, "原始", parts=(bits(8, 8, "second", "第二字节"),))
    row: bytes = numbers(3, "数列")
    at: bytes = cp56time2a("时间")


class Counted(Frame, code=0x02, title="计数列表", direction=Direction.DOWN):
    """A list with its count."""

    entry_count: int = count("个数", of="entries")
    entries: tuple[Entry, ...] = repeat(Entry, "列表")


class Uncounted(Frame, code=0x03, title="列表", direction=Direction.UP):
    """A list up to the end."""

    head: str = bcd(1, "头")
    entries: tuple[Entry, ...] = repeat(Entry, "列表")


class Texted(Frame, code=0x04, title="文本", direction=Direction.DOWN):
    """Text with its length."""

    text_length: int = count("长度", of="text")
    text: bytes = ascii_rest("文本")


class Varied(
    Frame,
    code=0x05,
    title="变长",
    direction=Direction.UP,
    variants=(Variant(only=("version", "result")), Variant(sizes=(("version", 3),))),
):
    """A frame with a shorter and a longer form."""

    owner: str = bcd(2, "所有者")
    version: bytes = ascii_text(2, "版本")
    result: int = uint(1, "结果")


KINDS: tuple[type[Frame], ...] = (EveryColumn, Counted, Uncounted, Texted, Varied)
EVERY = EveryColumn(
    code_text="0A2B3C",
    other_text="7F",
    one=60,
    two=4123,
    three=0x010203,
    four=0xA000000F,
    five=0x0102030405,
    name=b"abc",
    opaque=b"\x01\x02",
    row=b"\x03\x02\x01",
    at=bytes.fromhex("98B70E11100314"),
)
EVERY_HEX = "0A2B3C7F3C1B10030201" + "0F0000A0" + "0504030201" + "616263000000" + "0102" + "030201" + "98B70E11100314"
