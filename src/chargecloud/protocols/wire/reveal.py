"""Reading a body column by column, however damaged: for people who look at frames, not for the hot path."""

from __future__ import annotations

from collections.abc import Sequence

from chargecloud.protocols.wire.kinds import Column
from chargecloud.protocols.wire.layout import Layout
from chargecloud.protocols.wire.parts import Choices, Shown
from chargecloud.protocols.wire.schema import Record
from chargecloud.protocols.wire.values import hex_text

TRUNCATED = "_truncated_at"
EXTRA = "_extra"


def shown_body(kind: type[Record], body: bytes) -> dict[str, Shown]:
    """Present as many columns as the body holds; `_truncated_at` names the first missing one, `_extra` what is left."""
    layout = _layout_of(kind, body)
    shown, at = _shown_columns(layout.columns, body)
    if TRUNCATED not in shown and layout.tail is not None:
        claimed = layout.tail_size(body, 0, len(body))
        room = len(body) - at
        taken = min(claimed, room - room % layout.tail.size)
        shown[layout.tail.name] = layout.tail.shown(layout.tail.parse_many(body, at, at + taken))
        if claimed > taken:
            shown[TRUNCATED] = layout.tail.name
        at += taken
    if at < len(body):
        shown[EXTRA] = hex_text(body[at:])
    return shown | _shown_parts(layout, body)


def field_lines(kind: type[Record], body: bytes) -> list[dict[str, Shown]]:
    """A line a column that the body holds, in the vendor's order, and after a packed one a line for each part of it.

    Each has `name`, `label` (the vendor's, Chinese), `unit`, `raw_hex` (empty for a part), `value` as `shown_body` has
    it, and `text`: what a value of an enumeration means, empty for all others.
    """
    layout = _layout_of(kind, body)
    lines: list[dict[str, Shown]] = []
    at = 0
    for column in layout.columns:
        if at + column.size > len(body):
            return lines
        raw = body[at : at + column.size]
        value = column.parse(raw)
        lines.append(_line(column, raw, column.shown(value), _meaning(column.values, value)))
        pieces = column.shown_parts(value)
        for part in column.parts:
            piece = pieces[part.name]
            named = {"name": part.name, "label": part.label, "unit": "", "raw_hex": ""}
            lines.append({**named, "value": piece, "text": _meaning(part.values, piece)})
        at += column.size
    if layout.tail is not None:
        room = len(body) - at
        taken = min(layout.tail_size(body, 0, len(body)), room - room % layout.tail.size)
        value = layout.tail.shown(layout.tail.parse_many(body, at, at + taken))
        lines.append(_line(layout.tail, body[at : at + taken], value, ""))
    return lines


def _line(column: Column, raw: bytes, value: Shown, text: str) -> dict[str, Shown]:
    named: dict[str, Shown] = {"name": column.name, "label": column.label, "unit": column.unit}
    return {**named, "raw_hex": hex_text(raw), "value": value, "text": text}


def _meaning(values: Choices | None, value: object) -> str:
    if values is None:
        return ""
    if isinstance(value, int):
        return values.text(value)
    if isinstance(value, list):
        return "、".join(choice.text for choice in values.values() if choice.identifier in value)
    return ""


def _layout_of(kind: type[Record], body: bytes) -> Layout:
    return kind.layout_for(body, 0, len(body)) or (kind.shapes.shown_form(body) if kind.shapes else kind.layout)


def _shown_columns(columns: Sequence[Column], body: bytes) -> tuple[dict[str, Shown], int]:
    shown: dict[str, Shown] = {}
    at = 0
    for column in columns:
        if at + column.size > len(body):
            shown[TRUNCATED] = column.name
            break
        shown[column.name] = column.shown(column.parse(body[at : at + column.size]))
        at += column.size
    return shown, at


def _shown_parts(layout: Layout, body: bytes) -> dict[str, Shown]:
    parts: dict[str, Shown] = {}
    at = 0
    for column in layout.columns:
        if at + column.size > len(body):
            break
        parts.update(column.shown_parts(column.parse(body[at : at + column.size])))
        at += column.size
    return parts
