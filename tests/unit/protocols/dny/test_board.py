"""One board's own state."""

from __future__ import annotations

from chargecloud.protocols.dny.board import COMMAND_GAP_S, LATE_MAX, Board
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.conversation import LINE_GAP_S
from chargecloud.protocols.dny.quirks import OF_2022, OLDEST
from chargecloud.testing.commands import stop
from tests.support import dny


def board() -> Board:
    return Board(Connection(0.0), dny.PHYSICAL_ID)


def test_its_code_is_its_id() -> None:
    assert board().code == dny.CODE


def test_a_command_makes_the_board_wait_half_a_second_and_the_line_a_tenth() -> None:
    one = board()
    other = Board(one.hub, dny.OTHER_ID)
    one.query()
    assert (one.free_at, other.free_at) == (COMMAND_GAP_S, LINE_GAP_S)
    other.reply_bytes(b"x")
    assert other.free_at == COMMAND_GAP_S, "a reply counts as well"


def test_the_form_of_a_start_follows_dialect_and_luck() -> None:
    one = board()
    one.learn(0x31, 640)
    assert one.start_form is OF_2022
    one.form_no = 9
    assert one.start_form is OLDEST, "the last one stays"
    one.learn(0x31, 640)
    assert one.form_no == 9, "nothing new was learnt"
    one.learn(0x21, 640)
    assert one.form_no == 0


def test_few_late_commands_are_remembered() -> None:
    one = board()
    for number in range(LATE_MAX + 2):
        one.remember_late(number, stop(dny.CODE, 1, command_id=str(number)))
    assert list(one.late or {}) == list(range(2, LATE_MAX + 2))
