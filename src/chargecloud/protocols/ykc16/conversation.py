"""State of one YKC conversation beyond what every conversation has: sequence numbers, guns, tariff, dialect."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from chargecloud.device.commands import DeviceCommand, DeviceTariff
from chargecloud.device.profile import Profile
from chargecloud.protocols.common.conversation import BaseConversation
from chargecloud.protocols.common.pending import Exchange, Number
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.protocols.ykc16.mapping.values import gun_text
from chargecloud.protocols.ykc16.quirks import TOLERANT, Dialect

if TYPE_CHECKING:
    from chargecloud.protocols.ykc16.asks import Ask
    from chargecloud.protocols.ykc16.records import Upload
    from chargecloud.protocols.ykc16.tariffs import TariffWait

SILENCE_S = 45.0
"""Without any valid frame for so long a connection is dead (文档 §4.2: at least 30 s)."""
_FIRST_GUN_NOT_PLAIN = "0A"


class Conversation(BaseConversation):
    """What is known of one charge point while it is connected. Rarely used parts are made when they are needed."""

    __slots__ = (
        "_guns",
        "_sequence",
        "asked",
        "asks",
        "boot_due",
        "code_on_wire",
        "dialect",
        "lanes",
        "login_sequence",
        "profiles",
        "tariff",
        "tariff_after",
        "tariff_slot",
        "tariff_wait",
        "uploads",
    )

    def __init__(self, now: float, profiles: Sequence[Profile], *, silence_s: float = SILENCE_S) -> None:
        super().__init__(FRAMING, now, silence_s=silence_s)
        self.profiles = profiles
        self.code_on_wire = b""
        self.dialect: Dialect = TOLERANT
        self.login_sequence: bytes = b""
        self.boot_due = inf
        self.tariff: DeviceTariff | None = None
        self.tariff_slot = now
        self.tariff_after = now
        self.tariff_wait: TariffWait | None = None
        self.asked = 0
        self.asks: dict[str, Ask] | None = None
        self.uploads: dict[tuple[str, int], Upload] | None = None
        self.lanes: dict[tuple[int, int], list[Exchange[Any, Any]]] | None = None
        self._sequence = 0
        self._guns: dict[int, str] | None = None

    def say(self, frame: Frame, sequence: bytes) -> None:
        """Put a frame on the wire; FieldError when a value does not fit."""
        self.say_bytes(encode(frame, sequence))

    def next_sequence(self) -> bytes:
        """The number of our next own command: counted from 0 on each connection, low byte first (文档 §1.4)."""
        sequence = self._sequence
        self._sequence = (sequence + 1) & 0xFFFF
        return sequence.to_bytes(2, "little")

    @property
    def free_at(self) -> float:
        """When the next command may go out: this protocol knows no pause of its own."""
        return 0.0

    def dispatch(self, frame: Frame, number: Number | None) -> bytes:
        """Put a command of ours on the wire; a repeat counts on, because some makers never echo the number (D2)."""
        sequence = self.next_sequence()
        self.say(frame, sequence)
        return sequence

    def about(self, command: DeviceCommand) -> str:
        """This line is one charge point's, whoever a misled command was for."""
        return self.charge_point_code or command.charge_point_code

    def note_gun(self, gun_no: str, connector_no: int) -> None:
        """Remember how this charge point writes a connector above 9, to write it the same way."""
        if gun_no >= _FIRST_GUN_NOT_PLAIN:
            if self._guns is None:
                self._guns = {}
            self._guns[connector_no] = gun_no

    def gun(self, connector_no: int) -> str:
        """The gun number byte of a connector, as this charge point writes it."""
        if self._guns is not None and connector_no in self._guns:
            return self._guns[connector_no]
        return gun_text(connector_no)
