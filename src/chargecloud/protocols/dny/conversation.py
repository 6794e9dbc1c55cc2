"""What the boards of one connection share: the line, the message ids, the host, the card in the modem."""

from __future__ import annotations

from chargecloud.protocols.common.conversation import BaseConversation
from chargecloud.protocols.dny.board import Board, BoardState
from chargecloud.protocols.dny.frames.uplinks import HostHeartbeat
from chargecloud.protocols.dny.framing import FRAMING

LINE_GAP_S = 0.1
"""Between two commands on a line that several boards share."""
BOARDS_MAX = 64
"""A host polls up to fifty boards and speaks for itself; more ids than that are noise."""


class HubConversation(BaseConversation):
    """State of one connection; `connection.py` adds what moves it."""

    __slots__ = ("_message_id", "boards", "free_from", "host_frame", "host_id", "iccid")

    def __init__(self, now: float, *, silence_s: float) -> None:
        super().__init__(FRAMING, now, silence_s=silence_s)
        self.boards: dict[int, Board] = {}
        self.iccid = ""
        self.host_id: int | None = None
        """Physical id of whoever spoke as the host; a combined host has that of its own board."""
        self.host_frame: HostHeartbeat | None = None
        """What the host last said of itself, until somebody can be told."""
        self.free_from = 0.0
        self._message_id = 0

    @property
    def charge_point_codes(self) -> tuple[str, ...]:
        """Every charge point that is admitted on this connection now."""
        return tuple(board.code for board in self.boards.values() if board.state is BoardState.ADMITTED)

    def next_message_id(self) -> int:
        """The id of our next own command: counted per connection, never 0."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def pause(self) -> None:
        """A command has gone out: the line is not free at once."""
        self.free_from = self.now + LINE_GAP_S
