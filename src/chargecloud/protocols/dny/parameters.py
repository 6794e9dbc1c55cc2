"""Groups of settings: read with 0x90 to 0x93; written with 0x83 to 0x86 between two readings.

Reading first lets a part of a group be written; reading afterwards shows what the board made of it. Columns that old
firmware does not have are not compared.
"""

from __future__ import annotations

from typing import Any

from chargecloud.device.commands import ReadParameters, WriteParameters
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.pending import Answer, Exchange
from chargecloud.protocols.dny.board import Board
from chargecloud.protocols.dny.frames import commands
from chargecloud.protocols.dny.vendor import frame_of
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.schema import Frame

LANE = 0xFF01
STEPS = ("read", "write", "compare")
GROUPS: dict[str, tuple[type[Frame], type[Frame]]] = {
    "charging": (commands.GetParamsA, commands.SetParamsA),
    "protection": (commands.GetParamsB, commands.SetParamsB),
    "limits": (commands.GetMaxTimePower, commands.SetMaxTimePower),
    "card_keys": (commands.GetCardKeys, commands.SetCardKeys),
}


def build(board: Board, exchange: Exchange[Board, Any]) -> Frame:
    """The frame of the step the command has come to."""
    command: ReadParameters | WriteParameters = exchange.command
    if command.group not in GROUPS:
        raise ValueError(f"no group {command.group!r}; there are {', '.join(GROUPS)}")
    reading, writing = GROUPS[command.group]
    if isinstance(command, WriteParameters) and STEPS[exchange.step] == "write":
        return frame_of(writing, _wanted(exchange, command, writing))
    if isinstance(command, WriteParameters) and exchange.step == 0:
        unknown = command.values.keys() - {column.name for column in writing.columns}
        if unknown:
            raise ValueError(f"group {command.group} has no {', '.join(sorted(unknown))}")
    return reading()


def on_values(board: Board, frame: Frame, message_id: int) -> None:
    """0x90 to 0x93: the values, to be told, or to be compared with what was written."""
    exchange = board.waiting_for(frame.code, message_id)
    if exchange is None:
        board.hub.fault("unmatched")
        return
    command, values = exchange.command, frame.shown()
    differs: list[str] = []
    if isinstance(command, WriteParameters) and STEPS[exchange.step] == "compare":
        differs = [name for name, value in command.values.items() if name in values and values[name] != _shown(value)]
    facts: dict[str, object] = {"values": values}
    if differs:
        facts["differs"] = differs
    pending.answered(board, exchange, Answer(accepted=not differs, reason="differs", facts=facts))


def _wanted(exchange: Exchange[Board, Any], command: WriteParameters, writing: type[Frame]) -> dict[str, int | str]:
    """What the board has, changed by what the command says."""
    before: dict[str, Any] = exchange.facts["values"]  # type: ignore[assignment]
    return {column.name: before[column.name] for column in writing.columns if column.name in before} | command.values


def _shown(value: int | str) -> Shown:
    return value.upper() if isinstance(value, str) else value
