"""The short way for heartbeats and progress and the general path say, answer and log the same, whatever the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.device.commands import ReadSample
from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.dny import connection as connection_module
from chargecloud.protocols.dny.codec import seal
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.usual import answer_to, first_of
from tests.support import dny
from tests.support.dny_harness import admitted, expiry

Take = Callable[[Connection, bytes, list[bytes]], Sequence[DeviceEvent]]

BEAT = dny.heartbeat()
LEGACY = dny.legacy_heartbeat()
PROGRESS = dny.progress(dny.ORDER.hex())
FOREIGN = dny.heartbeat(physical_id=dny.OTHER_ID)
LONGER = dny.encode(dny.decode(BEAT).frame, dny.PHYSICAL_ID, 2)[:-2] + b"\x00" * 4  # a trailing column and a wrong sum
KINDS = {"beat": BEAT, "legacy": LEGACY, "progress": PROGRESS}


def story(reads: Sequence[bytes], take: Take) -> object:
    """Everything that came of some reads: events, answers, frames for the log, and what remains to be done."""
    connection = admitted().connection
    assert isinstance(connection, Connection)
    output: list[bytes] = []
    events = [event for data in reads for event in take(connection, data, output)]
    late = connection.tick(51.0, 0)
    output += connection.take_output()
    board = connection.boards[dny.PHYSICAL_ID]
    rest = (connection.closing, connection.close_reason, connection.deadline(), board.states, board.heard_at)
    return events, late, output, connection.take_frames(), rest, board.free_from


def received(talk: Connection, data: bytes, output: list[bytes]) -> Sequence[DeviceEvent]:
    """As a gateway gives what is not one usual frame."""
    events = talk.receive(data, 40.0, 0)
    output += talk.take_output()
    return events


def put_off(talk: Connection, data: bytes, output: list[bytes]) -> Sequence[DeviceEvent]:
    """As a gateway treats a calm link."""
    answer = talk.usual(data)
    if answer is None:
        return received(talk, data, output)
    output += [answer] if answer else []
    return [talk.take_usual(data, answer, 40.0, 0)]


def assert_alike(reads: Sequence[bytes]) -> None:
    calm, other = story(reads, put_off), story(reads, received)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection_module, "answer_to", lambda hub, data: None)
        general = story(reads, received)
    assert calm == general
    assert other == general


def changed(frame: bytes) -> Iterator[bytes]:
    for place in range(len(frame)):
        for change in (0x01, 0x80, 0xFF):
            yield frame[:place] + bytes((frame[place] ^ change,)) + frame[place + 1 :]


@pytest.mark.parametrize("frame", KINDS.values(), ids=KINDS)
def test_every_changed_byte_is_judged_alike(frame: bytes) -> None:
    for damaged in changed(frame):
        assert_alike([damaged, frame])


@pytest.mark.parametrize("frame", KINDS.values(), ids=KINDS)
def test_every_beginning_is_judged_alike(frame: bytes) -> None:
    for size in range(len(frame)):
        assert_alike([frame[:size], frame[size:]])


@pytest.mark.parametrize("command", [0x01, 0x06, 0x21])
@pytest.mark.parametrize("size", range(40))
def test_sound_frames_of_every_length_are_judged_alike(command: int, size: int) -> None:
    for filling in (b"\x00", b"\x05", b"\xff"):
        assert_alike([seal(command, filling * size, dny.PHYSICAL_ID, 9), BEAT])


@given(st.lists(st.sampled_from([BEAT, LEGACY, PROGRESS, FOREIGN, LONGER, b"link", dny.ICCID, dny.settlement()])))
def test_any_row_of_units_in_one_read_is_judged_alike(units: list[bytes]) -> None:
    assert_alike([b"".join(units)])


@pytest.mark.parametrize(("frame", "answers"), [(BEAT, 1), (LEGACY, 0), (PROGRESS, 0)])
def test_usual_frames_take_the_short_way(frame: bytes, answers: int) -> None:
    connection = admitted().connection
    assert isinstance(connection, Connection)
    answer = connection.usual(frame)
    assert answer is not None and bool(answer) == bool(answers)


def test_a_board_somebody_waits_for_takes_the_general_path() -> None:
    harness = admitted()
    connection = harness.connection
    assert isinstance(connection, Connection)
    harness.submit(
        ReadSample(command_id="c", charge_point_code=dny.CODE, expires_at_ms=expiry(harness), connector_no=1)
    )
    assert connection.usual(BEAT) is None


def test_what_other_boards_of_a_line_say_is_for_the_gateway_to_sort() -> None:
    connection = admitted(dny.PHYSICAL_ID, dny.OTHER_ID).connection
    assert isinstance(connection, Connection)
    assert connection.usual(BEAT) is not None and connection.usual(FOREIGN) is None
    assert answer_to(connection, FOREIGN) is not None
    events = connection.receive(BEAT + FOREIGN, 40.0, 0)
    assert [event.charge_point_code for event in events] == [dny.CODE, dny.OTHER_CODE]
    assert len(connection.take_output()) == 2


def test_strangers_and_other_units_take_the_general_path() -> None:
    connection = admitted().connection
    assert isinstance(connection, Connection)
    for data in (FOREIGN, LONGER, b"", b"link", dny.ICCID, dny.settlement(), BEAT + BEAT, BEAT[:-1]):
        assert answer_to(connection, data) is None
    assert first_of(BEAT + PROGRESS) == BEAT and first_of(dny.settlement()) == b""
