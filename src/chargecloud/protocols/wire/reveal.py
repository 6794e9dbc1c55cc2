"""Reading a body column by column, however damaged: for people who look at frames, not for the hot path."""

from __future__ import annotations

from collections.abc import Sequence

from chargecloud.protocols.wire.kinds import Column
from chargecloud.protocols.wire.layout import Layout
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.schema import Record
from chargecloud.protocols.wire.values import hex_text

TRUNCATED = "_truncated_at"
EXTRA = "_extra"


def shown_body(kind: type[Record], body: bytes) -> dict[str, Shown]:
    """Present as many columns as the body holds; `_truncated_at` names the first missing one, `_extra` what is left."""
    layout = kind.layout_for(body, 0, len(body)) or (kind.shapes.shown_form(body) if kind.shapes else kind.layout)
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
