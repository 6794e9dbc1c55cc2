"""DNY / AP3000 as the catalogue holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.device.profile import Profile
from chargecloud.protocols.common.profiles import checked
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.decode import decode_bytes, explain_bytes
from chargecloud.protocols.dny.mapping.values import PROTOCOL
from chargecloud.protocols.dny.quirks import BUILT_IN, PLAIN


class Plugin:
    """Two-wheel boards of the DNY family; see `chargecloud.device.contract.ProtocolPlugin`."""

    name: ClassVar[str] = PROTOCOL
    title: ClassVar[str] = "DNY / AP3000 两轮电单车充电桩"
    introduction_s: ClassVar[float] = 200.0
    """After its modem reconnected a board goes on as before: its next heartbeat may be 180 s away."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.START,
            Capability.STOP,
            Capability.REBOOT,
            Capability.QR_PREFIX,
            Capability.READ_SAMPLE,
            Capability.SEVERAL_CHARGE_POINTS,
            Capability.CHOOSES_CONNECTOR,
            Capability.CHARGE_LIMITS,
            Capability.CHANGE_LIMIT,
            Capability.TELL_BALANCE,
            Capability.LOCATE,
            Capability.PARAMETERS,
            Capability.MOVE_SERVER,
            Capability.VENDOR_COMMANDS,
        }
    )

    def __init__(self, profiles: Sequence[Profile] = BUILT_IN) -> None:
        self._profiles = checked(PLAIN, profiles)

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
