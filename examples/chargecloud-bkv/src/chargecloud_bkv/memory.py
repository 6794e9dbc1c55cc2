"""Which session a gateway's own numbers mean: kept beside the connections, because charges outlive them."""

from __future__ import annotations

from chargecloud_bkv.mapping.uplink import Charge

CHARGES_MAX = 20_000
"""The oldest is forgotten first."""
Key = tuple[str, int, int]
"""Gateway, connector, business number."""


class Memory:
    """Charges by the number their gateway gave them. One for all connections of a process; it dies with the process."""

    __slots__ = ("_charges",)

    def __init__(self) -> None:
        self._charges: dict[Key, Charge] = {}

    def learn(self, key: Key, charge: Charge) -> None:
        """This number means that session now; numbers come round again."""
        self._charges.pop(key, None)
        if len(self._charges) >= CHARGES_MAX:
            del self._charges[next(iter(self._charges))]
        self._charges[key] = charge

    def find(self, key: Key) -> Charge | None:
        """Whose number this is; 0 is nobody's."""
        return self._charges.get(key) if key[2] else None
