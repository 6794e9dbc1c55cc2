"""A vendor's frame tables as a document, made from the frame declarations; one short module for each vendor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chargecloud.protocols.wire.kinds import Column, CountColumn
from chargecloud.protocols.wire.parts import Choices
from chargecloud.protocols.wire.schema import Direction, Frame, Record, Reply
from chargecloud.protocols.wire.tails import AsciiTail, RepeatColumn, Tail

REPLIES = {
    Reply.NONE: "",
    Reply.AUTO: "at once",
    Reply.ASK: "when the business has decided",
    Reply.AFTER_COMMIT: "once stored durably",
    Reply.AWAIT: "by the charge point",
}


@dataclass(frozen=True, kw_only=True)
class LongTable:
    """An enumeration too long for a cell: it has a section of its own that cells point to."""

    title: str
    link: str
    values: Choices
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    @property
    def reference(self) -> str:
        """What a cell says instead of the values."""
        return f"see [{self.link}](#{self.title.lower().replace(' ', '-')})"


@dataclass(frozen=True, kw_only=True)
class Document:
    """What differs between vendors."""

    head: str
    frames: Sequence[type[Frame]]
    length_base: int
    """What the length field counts beside the body."""
    both_ways: bool = False
    """The same number means one thing from the charge point and another from the platform."""
    tables: Sequence[LongTable] = field(default=())


def render(document: Document) -> str:
    """The whole text."""
    return document.head + "".join(f"{line}\n" for line in _lines(document))


def _lines(document: Document) -> Iterator[str]:
    references = {id(table.values): table.reference for table in document.tables}
    yield from _index(document)
    yield from ("", "## Frames\n")
    for kind in document.frames:
        yield f"### {_heading(document, kind)}\n"
        yield from _frame(kind, references)
    for number, table in enumerate(document.tables):
        yield from ([""] if number else [])
        yield f"## {table.title}\n"
        yield _row(table.head)
        yield _row(["---"] * len(table.head)).replace(" ", "")
        yield from map(_row, table.rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _index(document: Document) -> Iterator[str]:
    yield "## Index\n"
    yield "| type | 中文 | identifier | from | body | length field | answered by |"
    yield "|---|---|---|---|---|---|---|"
    for kind in document.frames:
        answer = f"0x{kind.answered_by:02X}, {REPLIES[kind.reply]}" if kind.answered_by is not None else "—"
        sender = "charge point" if kind.direction is Direction.UP else "platform"
        name = f"[{kind.identifier}](#{_heading(document, kind).lower().replace(' ', '-')})"
        body, length = _length(kind, 0), _length(kind, document.length_base)
        yield _row((f"0x{kind.code:02X}", kind.title, name, sender, body, length, answer))


def _heading(document: Document, kind: type[Frame]) -> str:
    name = f"0x{kind.code:02X} {kind.identifier}"
    return f"{kind.direction.value.capitalize()} {name}" if document.both_ways else name


def _length(kind: type[Record], more: int) -> str:
    """Bytes of the newest form, with what a counted row adds for each entry, and of the shortest form."""
    fixed = sum(column.size for column in kind.columns if not _repeated(column)) + more
    each = sum(column.size for column in kind.columns if _repeated(column))
    least = _shortest(kind)
    shorter = f"{least + more}…" if least is not None else ""
    return f"{shorter}{fixed}" + (f"+{each if each > 1 else ''}n" if each else "")


def _shortest(kind: type[Record]) -> int | None:
    first = next((place for place, column in enumerate(kind.columns) if column.optional), None)
    if first is None:
        return None
    return sum(column.size for column in kind.columns[:first] if not _repeated(column))


def _repeated(column: Column) -> bool:
    return column.counted or isinstance(column, Tail)


def _frame(kind: type[Frame], references: Mapping[int, str]) -> Iterator[str]:
    yield f"{kind.title}. {kind.__doc__}\n"
    variants = sorted(layout.size for layout in kind.variants)
    if variants:
        yield f"Also accepted with a body of {' or '.join(map(str, variants))} bytes.\n"
    if not kind.columns:
        yield "No body.\n"
        return
    yield from _columns(kind, references)
    for column in kind.columns:
        if column.parts:
            yield from _parts(column, references)


def _columns(kind: type[Record], references: Mapping[int, str]) -> Iterator[str]:
    yield "| offset | length | type | 中文 | identifier | unit, values |"
    yield "|---|---|---|---|---|---|"
    fixed = each = 0
    for column in kind.columns:
        offset = str(fixed) if not each else f"{fixed}+{each if each > 1 else ''}n"
        meaning = _meaning(column, references)
        yield _row((offset, _size(column), column.type_text, column.label, column.name, meaning))
        fixed, each = (fixed, each + column.size) if _repeated(column) else (fixed + column.size, each)
    yield ""
    for column in kind.columns:
        if isinstance(column, RepeatColumn):
            yield f"Each of {column.name}:\n"
            yield from _columns(column.of, references)


def _size(column: Column) -> str:
    if not _repeated(column):
        return str(column.size)
    return "n" if column.size == 1 or isinstance(column, AsciiTail) else f"{column.size}n"


def _meaning(column: Column, references: Mapping[int, str]) -> str:
    scale = f"× {'0.' + '0' * (column.scale - 1)}1" if column.scale else ""
    offset = f"{'+' if column.offset > 0 else '−'} {abs(column.offset)}" if column.offset else ""
    number = " ".join(piece for piece in (scale, offset, column.unit) if piece)
    counted = f"number of {column.of}" if isinstance(column, CountColumn) else ""
    absent = "absent with old firmware" if column.optional else ""
    pieces = (number, counted, _values(column.values, references), column.note, absent)
    return "; ".join(piece for piece in pieces if piece)


def _values(values: Choices | None, references: Mapping[int, str]) -> str:
    if values is None:
        return ""
    if id(values) in references:
        return references[id(values)]
    return " · ".join(f"`{number:02X}` {choice.text}" for number, choice in values.items())


def _parts(column: Column, references: Mapping[int, str]) -> Iterator[str]:
    yield f"Packed in {column.name} (bits of the little-endian integer):\n"
    yield "| place | 中文 | identifier | values |"
    yield "|---|---|---|---|"
    for part in column.parts:
        yield _row((part.place, part.label, part.name, _values(part.values, references)))
    yield ""
