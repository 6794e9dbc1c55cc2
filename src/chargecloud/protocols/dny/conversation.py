"""What the boards of one connection share: the line, the message ids, the host, the card in the modem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chargecloud.device.profile import Profile
from chargecloud.protocols.common import pending
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

    __slots__ = ("_message_id", "boards", "free_from", "host_board", "host_frame", "host_id", "iccid", "profiles")

    def __init__(self, now: float, profiles: Sequence[Profile], *, silence_s: float) -> None:
        super().__init__(FRAMING, now, silence_s=silence_s)
        self.profiles = profiles
        self.boards: dict[int, Board] = {}
        self.iccid = ""
        self.host_id: int | None = None
        """Physical id of whoever spoke as the host; a combined host has that of its own board."""
        self.host_board: Board | None = None
        """Pace and pending commands of a host that is a box of its own."""
        self.host_frame: HostHeartbeat | None = None
        """What the host last said of itself, until somebody can be told."""
        self.free_from = 0.0
        self._message_id = 0

    @property
    def charge_point_codes(self) -> tuple[str, ...]:
        """Every charge point that is admitted on this connection now."""
        return tuple(board.code for board in self.boards.values() if board.state is BoardState.ADMITTED)

    def lines(self) -> Iterator[Board]:
        """Everybody commands may be pending for: the boards, and the host where it is none of them."""
        yield from self.boards.values()
        if self.host_board is not None:
            yield self.host_board

    def host_of(self, board: Board) -> Board:
        """Who obeys what a host is asked through one of its boards; that board itself while no host is known."""
        if self.host_id is None:
            return board
        if self.host_id in self.boards:
            return self.boards[self.host_id]
        if self.host_board is not None and self.host_board.physical_id != self.host_id:
            pending.abandon(self.host_board, "host_changed")
            self.host_board = None
        if self.host_board is None:
            self.host_board = Board(self, self.host_id)
        return self.host_board

    def take_host_board(self, physical_id: int) -> Board | None:
        """The host turns out to be a board as well: what is pending for it goes along."""
        if self.host_board is None or self.host_board.physical_id != physical_id:
            return None
        board, self.host_board = self.host_board, None
        return board

    def next_message_id(self) -> int:
        """The id of our next own command: counted per connection, never 0."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def pause(self) -> None:
        """A command has gone out: the line is not free at once."""
        self.free_from = self.now + LINE_GAP_S
