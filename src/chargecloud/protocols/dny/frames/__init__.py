"""Every frame of the DNY documents with a published body, by direction and command."""

from __future__ import annotations

from types import ModuleType

from chargecloud.protocols.dny.frames import acks, answers, commands, uplinks
from chargecloud.protocols.wire.schema import Frame


def _frames(*modules: ModuleType) -> dict[int, type[Frame]]:
    kinds = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    declared = [kind for kind in kinds if issubclass(kind, Frame) and kind is not Frame]
    return {kind.code: kind for kind in sorted(declared, key=lambda kind: kind.code)}


REPORTS = _frames(uplinks)
"""What boards and hosts say on their own account."""
UPLINKS = _frames(uplinks, answers)
DOWNLINKS = _frames(acks, commands)
