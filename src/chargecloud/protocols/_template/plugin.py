"""The template as the catalogue would hold it; it is not listed there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.device.profile import Profile
from chargecloud.protocols._template.connection import Connection
from chargecloud.protocols._template.lines import LineCutter, words
from chargecloud.protocols._template.mapping import PROTOCOL, read
from chargecloud.protocols.common.profiles import Dialect, checked


class Plugin:
    """See `chargecloud.device.contract.ProtocolPlugin`."""

    name: ClassVar[str] = PROTOCOL
    title: ClassVar[str] = "模板协议"
    introduction_s: ClassVar[float] = 0.0
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.START, Capability.STOP, Capability.READ_SAMPLE}
    )

    def adapt(self, profiles: Sequence[Profile]) -> Plugin:
        """Nobody leaves this paper: there is nothing a profile could change."""
        checked(Dialect(), profiles)
        return self

    def connect(self, now: float) -> Connection:
        """A fresh conversation."""
        return Connection(now)

    def decode(self, data: bytes) -> list[dict[str, object]]:
        """One object a line, as `chargecloud decode` prints it; an unfinished line at the end is one as well."""
        cutter = LineCutter()
        units = [_described(line) for line in cutter.feed(data)]
        return [*units, _described(cutter.pending, whole=False)] if cutter.pending else units


def _described(unit: bytes | None, *, whole: bool = True) -> dict[str, object]:
    said = words(unit) if unit else []
    event = read("", said)
    verdict = "decode" if event and whole else "incomplete" if said and not whole else "garbage"
    return {
        "protocol": PROTOCOL,
        "frame_type": said[0] if said else None,
        "name": type(event).__name__ if event else None,
        "direction": "up" if event else None,
        "sequence": None,
        "verdict": verdict,
        "checksum": {"ok": None, "order": None, "computed": None, "on_wire": None},
        "fields": {f"word_{number}": word for number, word in enumerate(said)},
        "extra_hex": "" if said else (unit or b"").hex().upper(),
        "error": _ERRORS.get(verdict) if unit is not None else "the line is too long",
    }


_ERRORS = {"incomplete": "the line has no end", "garbage": "not a line a charge point says"}
