"""云快充 V1.6 as the catalogue holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.device.profile import Profile
from chargecloud.protocols.common.profiles import checked
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.protocols.ykc16.decode import decode_bytes, explain_bytes
from chargecloud.protocols.ykc16.mapping.live import PROTOCOL
from chargecloud.protocols.ykc16.quirks import BUILT_IN, TOLERANT


class Plugin:
    """云快充 V1.6; see `chargecloud.device.contract.ProtocolPlugin`."""

    name: ClassVar[str] = PROTOCOL
    title: ClassVar[str] = "云快充 V1.6"
    introduction_s: ClassVar[float] = 0.0
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.START,
            Capability.STOP,
            Capability.PARALLEL,
            Capability.BALANCE,
            Capability.OFFLINE_CARDS,
            Capability.WORK_PARAMETERS,
            Capability.CLOCK,
            Capability.TARIFF,
            Capability.PARKING_LOCK,
            Capability.REBOOT,
            Capability.FIRMWARE,
            Capability.QR_PREFIX,
            Capability.READ_SAMPLE,
        }
    )

    def __init__(self, profiles: Sequence[Profile] = BUILT_IN) -> None:
        self._profiles = checked(TOLERANT, profiles)

    def adapt(self, profiles: Sequence[Profile]) -> Plugin:
        """The same with these profiles behind the built-in ones."""
        return Plugin((*BUILT_IN, *profiles))

    def connect(self, now: float) -> Connection:
        """A fresh conversation."""
        return Connection(now, profiles=self._profiles)

    def decode(self, data: bytes) -> list[dict[str, object]]:
        """Every unit in the bytes, as `chargecloud decode` prints it."""
        return decode_bytes(data)

    def explain(self, data: bytes) -> list[dict[str, object]]:
        """Every unit in the bytes with its columns, for people who read frames."""
        return explain_bytes(data)
