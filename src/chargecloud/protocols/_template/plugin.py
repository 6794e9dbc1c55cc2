"""The template as the catalogue would hold it; it is not listed there."""

from __future__ import annotations

from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.protocols._template.connection import Connection
from chargecloud.protocols._template.lines import LineCutter, words
from chargecloud.protocols._template.mapping import PROTOCOL, read


class Plugin:
    """See `chargecloud.device.contract.ProtocolPlugin`."""

    name: ClassVar[str] = PROTOCOL
    title: ClassVar[str] = "模板协议"
    introduction_s: ClassVar[float] = 0.0
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.START, Capability.STOP, Capability.READ_SAMPLE}
    )

    def connect(self, now: float) -> Connection:
        """A fresh conversation."""
        return Connection(now)

    def decode(self, data: bytes) -> list[dict[str, object]]:
        """One object a line."""
        return [self._describe(unit or b"") for unit in LineCutter().feed(data)]

    def _describe(self, unit: bytes) -> dict[str, object]:
        event = read("", words(unit))
        name = type(event).__name__ if event else ""
        return {"hex": unit.hex().upper(), "verdict": "decode" if event else "garbage", "name": name}
