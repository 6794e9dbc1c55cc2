"""Whatever else the documents define: a command by its name and columns there, and frames made of such words."""

from __future__ import annotations

from collections.abc import Mapping

from chargecloud.device.commands import VendorCommand
from chargecloud.protocols.dny.frames import DOWNLINKS
from chargecloud.protocols.wire.kinds import Column, CountColumn, UintColumn
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.tails import RepeatColumn

LANE = 0xFF00
"""One at a time: these are rare, and some of them are dangerous."""

HOST_COMMANDS = frozenset({0x31, 0x32, 0x33, 0x34, 0x3A})
"""What the host obeys, whichever of its boards it was asked through."""

ALLOWED = {
    DOWNLINKS[code].identifier: DOWNLINKS[code]
    for code in (0x31, 0x32, 0x33, 0x3A, 0x72, 0x88, 0x89, 0x8B, 0x8C, 0x8D, 0x8F, 0x95, 0x97, 0x98)
}
"""Commands without a vendor-free word; all others have one."""


def frame(command: VendorCommand) -> Frame:
    """The frame of a command; ValueError names what is missing, unknown or does not fit."""
    kind = ALLOWED.get(command.name)
    if kind is None:
        raise ValueError(f"no command {command.name!r}; there are {', '.join(sorted(ALLOWED))}")
    return frame_of(kind, command.values)


def frame_of(kind: type[Frame], values: Mapping[str, int | str]) -> Frame:
    """A frame of a kind from its columns by name: numbers, and hex digits for bytes; reserved bytes are zero."""
    columns = [column for column in kind.columns if not isinstance(column, CountColumn)]
    unknown = values.keys() - {column.name for column in columns}
    if unknown:
        raise ValueError(f"{kind.identifier} has no {', '.join(sorted(unknown))}")
    return kind(**{column.name: _value(column, values) for column in columns})


def _value(column: Column, values: Mapping[str, int | str]) -> object:
    if column.name not in values:
        if column.optional:
            return None
        if column.name == "reserved":
            return bytes(column.size)
        raise ValueError(f"{column.name} ({column.label}) is missing")
    value = values[column.name]
    if isinstance(column, UintColumn):
        if not isinstance(value, int):
            raise ValueError(f"{column.name} ({column.label}) is a number, not {value!r}")
        return value
    if not isinstance(value, str):
        raise ValueError(f"{column.name} ({column.label}) is text, not {value!r}")
    return _bytes(column, value)


def _bytes(column: Column, value: str) -> object:
    if column.type_text == "ASCII":
        return value.encode("ascii")
    data = bytes.fromhex(value)
    if isinstance(column, RepeatColumn):
        if len(data) % column.size:
            raise ValueError(f"{column.name} ({column.label}) has entries of {column.size} bytes")
        return column.parse_many(data, 0, len(data))
    return data
