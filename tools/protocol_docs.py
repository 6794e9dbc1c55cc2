"""Writes docs/protocols/ykc16.md from the frame declarations; `render` gives the text for the drift test."""

from collections.abc import Iterator
from pathlib import Path

from chargecloud.protocols.wire.kinds import Column, CountColumn
from chargecloud.protocols.wire.parts import Choices
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply
from chargecloud.protocols.wire.tails import AsciiTail, RepeatColumn, Tail
from chargecloud.protocols.ykc16 import tables
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.protocols.ykc16.framing import LENGTH_BASE
from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON, stop_class

TARGET = Path(__file__).resolve().parents[1] / "docs" / "protocols" / "ykc16.md"

HEAD = """# 云快充 V1.6 frames

Generated from `chargecloud.protocols.ykc16.frames` by `make docs`; do not edit. What the paper leaves open is in
`src/chargecloud/protocols/ykc16/NOTES.md`.

| offset | bytes | meaning |
|---|---|---|
| 0 | 1 | 起始标志 `68` |
| 1 | 1 | 数据长度: body length + 4; at most 200 sent, 255 received |
| 2 | 2 | 序列号域: two opaque bytes, echoed in replies |
| 4 | 1 | 加密标志: `00`; anything else is rejected |
| 5 | 1 | 帧类型标志: odd from the charge point, even from the platform |
| 6 | N | 消息体 |
| 6+N | 2 | 帧校验域: CRC-16/MODBUS over offsets 2 to 5+N; received in either byte order, sent low byte first |

BCD is packed decimal kept as hex text; BIN is an unsigned little-endian integer, value = raw × scale + offset; ASCII is
padded with NUL; CP56Time2a is seven bytes of Beijing time.

"""

REPLIES = {
    Reply.NONE: "",
    Reply.AUTO: "at once",
    Reply.ASK: "when the business has decided",
    Reply.AFTER_COMMIT: "once stored durably",
    Reply.AWAIT: "by the charge point",
}


def render() -> str:
    """The whole document."""
    frames = (line for kind in FRAMES.values() for line in _frame(kind))
    return HEAD + "".join(f"{line}\n" for line in (*_index(), "", "## Frames\n", *frames, *_long_tables()))


def _index() -> Iterator[str]:
    yield "## Index\n"
    yield "| type | 中文 | identifier | from | body | length byte | answered by |"
    yield "|---|---|---|---|---|---|---|"
    for kind in FRAMES.values():
        answer = f"0x{kind.answered_by:02X}, {REPLIES[kind.reply]}" if kind.answered_by is not None else "—"
        sender = "charge point" if kind.direction is Direction.UP else "platform"
        name = f"[{kind.identifier}](#{_anchor(kind)})"
        body, length = _length(kind, 0), _length(kind, LENGTH_BASE)
        yield f"| 0x{kind.code:02X} | {kind.title} | {name} | {sender} | {body} | {length} | {answer} |"


def _anchor(kind: type[Frame]) -> str:
    return f"0x{kind.code:02x}-{kind.identifier}"


def _length(kind: type[Record], more: int) -> str:
    fixed = kind.layout.size + more
    tail = kind.layout.tail
    if tail is None:
        return str(fixed)
    return f"{fixed}+n" if tail.size == 1 else f"{fixed}+{tail.size}n"


def _frame(kind: type[Frame]) -> Iterator[str]:
    yield f"### 0x{kind.code:02X} {kind.identifier}\n"
    yield f"{kind.title}. {kind.__doc__}\n"
    variants = sorted(layout.size for layout in kind.variants)
    if variants:
        yield f"Also accepted with a body of {' or '.join(map(str, variants))} bytes.\n"
    yield from _columns(kind)
    yield from _parts(kind)


def _columns(kind: type[Record]) -> Iterator[str]:
    yield "| offset | length | type | 中文 | identifier | unit, values |"
    yield "|---|---|---|---|---|---|"
    at = 0
    for column in kind.columns:
        yield f"| {at} | {_size(column)} | {column.type_text} | {column.label} | {column.name} | {_meaning(column)} |"
        at += column.size
    yield ""
    for column in kind.columns:
        if isinstance(column, RepeatColumn):
            yield f"Each of {column.name}:\n"
            yield from _columns(column.of)


def _size(column: Column) -> str:
    if not isinstance(column, Tail):
        return str(column.size)
    return "n" if isinstance(column, AsciiTail) else f"{column.size}n"


def _meaning(column: Column) -> str:
    scale = f"× {'0.' + '0' * (column.scale - 1)}1" if column.scale else ""
    offset = f"{'+' if column.offset > 0 else '−'} {abs(column.offset)}" if column.offset else ""
    number = " ".join(piece for piece in (scale, offset, column.unit) if piece)
    counted = f"number of {column.of}" if isinstance(column, CountColumn) else ""
    pieces = (number, counted, _values(column.values), column.note)
    return "; ".join(piece for piece in pieces if piece)


def _values(values: Choices | None) -> str:
    if values is None:
        return ""
    if values is STOP_REASON:
        return "see [停止原因](#stop-reasons)"
    return " · ".join(f"`{number:02X}` {choice.text}" for number, choice in values.items())


def _parts(kind: type[Record]) -> Iterator[str]:
    for column in kind.columns:
        if not column.parts:
            continue
        yield f"Packed in {column.name} (bits of the little-endian integer):\n"
        yield "| place | 中文 | identifier | values |"
        yield "|---|---|---|---|"
        for part in column.parts:
            values = (
                "see [硬件故障](#hardware-faults)" if part.values is tables.HARDWARE_FAULT else _values(part.values)
            )
            yield f"| {part.place} | {part.label} | {part.name} | {values} |"
        yield ""


def _long_tables() -> Iterator[str]:
    yield "## Stop reasons\n"
    yield "| code | class | 中文 | identifier |"
    yield "|---|---|---|---|"
    for number, choice in STOP_REASON.items():
        yield f"| 0x{number:02X} | {stop_class(number)} | {choice.text} | {choice.identifier} |"
    yield ""
    yield "## Hardware faults\n"
    yield "| bit | mask | 中文 | identifier |"
    yield "|---|---|---|---|"
    for bit, choice in tables.HARDWARE_FAULT.items():
        yield f"| {bit} | 0x{1 << bit:04X} | {choice.text} | {choice.identifier} |"


def main() -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(render(), "utf-8")
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
