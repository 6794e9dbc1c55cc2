"""BKV as the platform's catalogue finds it through the entry point `chargecloud.protocols`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chargecloud.device.capability import Capability
from chargecloud.device.profile import Profile
from chargecloud.protocols.common.profiles import checked
from chargecloud_bkv.connection import Connection
from chargecloud_bkv.decode import PROTOCOL, decode_bytes
from chargecloud_bkv.memory import Memory
from chargecloud_bkv.quirks import BUILT_IN, PLAIN


class Plugin:
    """Gateways with sockets for two-wheelers; see `chargecloud.device.contract.ProtocolPlugin`."""

    name: ClassVar[str] = PROTOCOL
    title: ClassVar[str] = "BKV / GN 组网两轮车插座"
    introduction_s: ClassVar[float] = 90.0
    """A gateway says nothing but heartbeats before it is answered: one a minute."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.START,
            Capability.STOP,
            Capability.READ_SAMPLE,
            Capability.CHARGE_LIMITS,
            Capability.POWER_TIERS,
            Capability.TELL_BALANCE,
            Capability.PARAMETERS,
        }
    )

    def __init__(self, profiles: Sequence[Profile] = BUILT_IN) -> None:
        self._profiles = checked(PLAIN, profiles)
        self._memory = Memory()

    def adapt(self, profiles: Sequence[Profile]) -> Plugin:
        """The same with these profiles behind the built-in ones."""
        return Plugin((*BUILT_IN, *profiles))

    def connect(self, now: float) -> Connection:
        """A fresh conversation."""
        return Connection(now, self._memory, self._profiles)

    def decode(self, data: bytes) -> list[dict[str, object]]:
        """Every unit in the bytes, as `chargecloud decode` prints it."""
        return decode_bytes(data)
