"""What the parts of one gateway's conversation share: who it is, how it speaks, what is pending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from chargecloud.device.commands import AnswerStart, StartCharging
from chargecloud.device.profile import Profile
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.conversation import BaseConversation
from chargecloud.protocols.common.pending import Exchange, Number
from chargecloud.protocols.wire.schema import Frame
from chargecloud_bkv.codec import encode
from chargecloud_bkv.frames import BalanceQuestion, CardSwipe, TierControl
from chargecloud_bkv.framing import FRAMING
from chargecloud_bkv.mapping.uplink import Charge
from chargecloud_bkv.memory import Memory
from chargecloud_bkv.quirks import PLAIN, Dialect

HEARTBEATS_MISSED = 2.5
LATE_MAX = 8
_SERIAL_MAX = 0xFFFF_FFFF
Started = StartCharging | AnswerStart


@dataclass(slots=True)
class Ask:
    """One card at a reader that waits for the platform."""

    frame: CardSwipe | BalanceQuestion
    serial: int
    due: float


@dataclass(slots=True)
class Upload:
    """One end report that waits until it is durable."""

    session_no: str
    connector_no: int
    answer: Frame
    serial: int
    told_at: float


class Conversation(BaseConversation):
    """State of one gateway; the modules around say what moves it."""

    __slots__ = (
        "asked",
        "asks",
        "boot_due",
        "dialect",
        "lanes",
        "late",
        "memory",
        "next_serial",
        "profiles",
        "uploads",
    )

    def __init__(self, now: float, memory: Memory, profiles: Sequence[Profile]) -> None:
        super().__init__(FRAMING, now, silence_s=HEARTBEATS_MISSED * PLAIN.heartbeat_s)
        self.memory = memory
        self.profiles = profiles
        self.dialect: Dialect = PLAIN
        self.boot_due = inf
        self.next_serial = 1
        self.asked = 0
        self.lanes: dict[tuple[int, int], list[Exchange[Any, Any]]] | None = None
        self.asks: dict[str, Ask] | None = None
        self.uploads: dict[str, Upload] | None = None
        self.late: dict[int, Started] | None = None
        """Starts that ended unanswered, by serial: the answer may still come, and with it the charge's number."""

    @property
    def free_at(self) -> float:
        """A gateway takes commands at any pace we know of."""
        return 0.0

    def adopt(self, dialect: Dialect) -> None:
        """Speak, and wait, as this gateway does."""
        self.dialect = dialect
        self._silence_s = HEARTBEATS_MISSED * dialect.heartbeat_s

    def dispatch(self, frame: Frame, number: Number | None) -> int:
        """Put a command on the wire; a repeat keeps its serial, 0 belongs to what gateways begin."""
        serial = number if isinstance(number, int) else self.next_serial
        if serial == self.next_serial:
            self.next_serial = serial % _SERIAL_MAX + 1
        self.reply(frame, serial)
        return serial

    def reply(self, frame: Frame, serial: int) -> None:
        """Answer at once, under the serial of the question."""
        under = self.dialect.tier_command if isinstance(frame, TierControl) else None
        self.say_bytes(encode(frame, serial, self.charge_point_code, under=under))

    def waiting_for(self, serial: int) -> Exchange[Any, Any] | None:
        """The command that carries this serial."""
        return next((exchange for exchange in pending.waiting(self) if exchange.number == serial), None)

    def charge_of(self, connector_no: int, business_no: int) -> Charge | None:
        """What is known of a charge by the gateway's number for it."""
        return self.memory.find((self.charge_point_code, connector_no, business_no))

    def learn(self, command: Started, business_no: int) -> None:
        """The gateway has given a charge its number."""
        tiers = tuple(tier.up_to_mw for tier in command.limit.tiers) if command.limit else ()
        key = (self.charge_point_code, command.connector_no, business_no)
        self.memory.learn(key, Charge(command.session_no, tiers))

    def remember_late(self, serial: int, command: Started) -> None:
        """Keep in mind a start that ended unanswered."""
        if self.late is None:
            self.late = {}
        elif len(self.late) >= LATE_MAX:
            del self.late[next(iter(self.late))]
        self.late[serial] = command
