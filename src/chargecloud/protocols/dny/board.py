"""One board on a connection: who it is, how far it has come, and what it is owed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING, Any

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import Booted, CommandOutcome
from chargecloud.protocols.common.pending import Exchange, Number, waiting
from chargecloud.protocols.common.profiles import dialect_of
from chargecloud.protocols.dny.codec import encode
from chargecloud.protocols.dny.frames.commands import QueryStatus
from chargecloud.protocols.dny.frames.uplinks import Settlement
from chargecloud.protocols.dny.mapping.values import code_of, firmware_text
from chargecloud.protocols.dny.quirks import PLAIN, Dialect, StartForm, product_of
from chargecloud.protocols.wire.schema import Frame

if TYPE_CHECKING:
    from chargecloud.protocols.dny.cards import Ask
    from chargecloud.protocols.dny.conversation import HubConversation
    from chargecloud.protocols.dny.records import Upload

COMMAND_GAP_S = 0.5
"""Between two of our frames to one board (文档 §2.3); replies go at once."""
LATE_MAX = 4


class BoardState(IntEnum):
    """How far a board has come."""

    SEEN = 0
    """Has said something, but not enough, or waits until the connection's first board is admitted."""
    ASKED = 1
    """The platform decides."""
    ADMITTED = 2
    REFUSED = 3


class Board:
    """A charge point of this connection; rarely used parts are made when they are needed."""

    __slots__ = (
        "asked",
        "asks",
        "boot",
        "boot_due",
        "boot_frame",
        "code",
        "dialect",
        "form_no",
        "form_proven",
        "free_from",
        "heard_at",
        "held",
        "hub",
        "lanes",
        "late",
        "physical_id",
        "queried_at",
        "state",
        "states",
        "uploads",
    )

    def __init__(self, hub: HubConversation, physical_id: int) -> None:
        self.hub = hub
        self.physical_id = physical_id
        self.code = code_of(physical_id)
        self.state = BoardState.SEEN
        self.heard_at = hub.now
        self.boot: Booted | None = None
        """An introduction the platform has not been told yet."""
        self.boot_due = inf
        """ASKED: when patience with the platform ends. REFUSED: when it may be asked again."""
        self.boot_frame: tuple[int, int] | None = None
        """Command and message id of the introduction that waits for its answer."""
        self.queried_at = -inf
        """When the board was last asked who it is; once it has registered, never again."""
        self.held: tuple[Settlement, int, bytes] | None = None
        """A settlement that came while the platform was deciding: to be told again when it can be answered."""
        self.free_from = 0.0
        self.states = b""
        """Port states of the last heartbeat."""
        self.dialect: Dialect = PLAIN
        self.form_no = 0
        self.form_proven = False
        """Whether a start of this form was ever answered."""
        self.asked = 0
        self.asks: dict[str, Ask] | None = None
        self.uploads: dict[tuple[str, int], Upload] | None = None
        self.lanes: dict[tuple[int, int], list[Exchange[Any, Any]]] | None = None
        self.late: dict[int, DeviceCommand] | None = None
        """Starts and stops that ended unanswered, by message id: the answer may still come."""

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.hub.now

    @property
    def wall_ms(self) -> int:
        """Wall clock."""
        return self.hub.wall_ms

    @property
    def free_at(self) -> float:
        """When the next command may go out: the board needs its pause, and so does the line they share."""
        return max(self.free_from, self.hub.free_from)

    @property
    def start_form(self) -> StartForm:
        """The form of the start command to use now."""
        forms = self.dialect.start_forms
        return forms[min(self.form_no, len(forms) - 1)]

    def learn(self, device_type: int, firmware_version: int) -> None:
        """Note how this board speaks; what was found out about another dialect is forgotten."""
        dialect = dialect_of(
            PLAIN,
            self.hub.profiles,
            code=self.code,
            product=product_of(device_type),
            firmware=firmware_text(firmware_version),
        )
        if dialect is not self.dialect and dialect != self.dialect:
            self.dialect = dialect
            self.form_no, self.form_proven = 0, False

    def dispatch(self, frame: Frame, number: Number | None) -> int:
        """Put a command on the wire; a repeat keeps its message id."""
        message_id = number if isinstance(number, int) else self.hub.next_message_id()
        self.hub.say_bytes(encode(frame, self.physical_id, message_id))
        self.free_from = self.now + COMMAND_GAP_S
        self.hub.pause()
        return message_id

    def reply(self, frame: Frame, message_id: int) -> None:
        """Answer at once, under the message id of the question."""
        self.reply_bytes(encode(frame, self.physical_id, message_id))

    def reply_bytes(self, raw: bytes) -> None:
        """Answer at once with finished bytes."""
        self.hub.say_bytes(raw)
        self.free_from = self.hub.now + COMMAND_GAP_S

    def query(self) -> None:
        """Ask for registration and state; the answer is what the board says next (0x81)."""
        self.dispatch(QueryStatus(), None)

    def wake_at(self, when: float) -> None:
        """Ask for a sweep no later than this."""
        self.hub.wake_at(when)

    def end(
        self,
        command: DeviceCommand,
        outcome: CommandOutcome,
        reason: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Tell how a command ended."""
        self.hub.end(command, outcome, reason, facts)

    def waiting_for(self, command_code: int, message_id: int) -> Exchange[Board, Any] | None:
        """The command that this answer belongs to."""
        for exchange in waiting(self):
            if exchange.code == command_code and exchange.number == message_id:
                return exchange
        return None

    def remember_late(self, message_id: int, command: DeviceCommand) -> None:
        """Keep in mind what ended unanswered."""
        if self.late is None:
            self.late = {}
        elif len(self.late) >= LATE_MAX:
            del self.late[next(iter(self.late))]
        self.late[message_id] = command
