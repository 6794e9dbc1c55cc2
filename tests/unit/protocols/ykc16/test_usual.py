"""The short way for 0x03 and 0x13 and the general path say, answer and log the same, whatever the bytes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.device.commands import ReadSample
from chargecloud.device.events import DeviceEvent
from chargecloud.protocols.common.conversation import LOG_MAX, OUTPUT_MAX
from chargecloud.protocols.ykc16 import connection as connection_module
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.protocols.ykc16.usual import answer_to, first_of
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

Take = Callable[[Connection, bytes, list[bytes]], Sequence[DeviceEvent]]

HEARTBEAT = ykc.heartbeat()
SAMPLE = ykc.up(ykc.realtime("3201060001923601" + "0" * 16))
IDLE_SAMPLE = ykc.up(ykc.realtime())
FOREIGN = ykc.heartbeat(ykc.OTHER_CODE)
HIGH_FIRST = HEARTBEAT[:-2] + HEARTBEAT[:-3:-1]
LONGER = HEARTBEAT[:1] + bytes((HEARTBEAT[1] + 1,)) + HEARTBEAT[2:]


def story(reads: Sequence[bytes], take: Take) -> object:
    """Everything that came of some reads: events, answers, frames for the log, and what remains to be done."""
    connection = admitted().connection
    output: list[bytes] = []
    events = [event for data in reads for event in take(connection, data, output)]
    late = connection.tick(51.0, 0)
    output += connection.take_output()
    rest = (connection.closing, connection.close_reason, connection.deadline(), connection.gun(10), connection.gun(99))
    return events, late, output, connection.take_frames(), rest


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


def every_way(reads: Sequence[bytes]) -> tuple[object, object, object]:
    """The story as a calm link tells it, as any other does, and with the short way blocked."""
    ways = story(reads, put_off), story(reads, received)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection_module, "answer_to", lambda talk, data: None)
        return *ways, story(reads, received)


def assert_alike(reads: Sequence[bytes]) -> None:
    calm, other, general = every_way(reads)
    assert calm == general
    assert other == general


def changed(frame: bytes) -> Iterator[bytes]:
    for place in range(len(frame)):
        for change in (0x01, 0x80, 0xFF):
            yield frame[:place] + bytes((frame[place] ^ change,)) + frame[place + 1 :]


@pytest.mark.parametrize("frame", [HEARTBEAT, SAMPLE, IDLE_SAMPLE], ids=["heartbeat", "sample", "idle"])
def test_every_changed_byte_is_judged_alike(frame: bytes) -> None:
    for damaged in changed(frame):
        assert_alike([damaged])


@pytest.mark.parametrize("frame", [HEARTBEAT, SAMPLE], ids=["heartbeat", "sample"])
def test_every_cut_is_judged_alike(frame: bytes) -> None:
    for at in range(len(frame) + 1):
        assert_alike([frame[:at], frame[at:] + HEARTBEAT])


@given(
    st.lists(
        st.sampled_from([HEARTBEAT, SAMPLE, IDLE_SAMPLE, FOREIGN, HIGH_FIRST, LONGER, b"\x68", b"junk", ykc.login()]),
        max_size=8,
    ),
    st.lists(st.integers(0, 400), max_size=4),
)
def test_every_mixture_in_every_chunking_is_judged_alike(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    assert_alike([stream[start:end] for start, end in itertools.pairwise(edges)])


@pytest.mark.parametrize("gun", ["00", "01", "09", "0A", "10", "99", "FF"])
def test_every_gun_number_is_read_and_remembered_alike(gun: str) -> None:
    assert_alike([ykc.heartbeat(gun=gun, status=1)])


def test_the_usual_frames_do_go_the_short_way() -> None:
    talk = admitted().connection
    assert answer_to(talk, HEARTBEAT)
    assert answer_to(talk, SAMPLE) == b""
    assert first_of(HEARTBEAT + SAMPLE) == HEARTBEAT
    assert first_of(SAMPLE + b"\x68") == SAMPLE
    for other in (HIGH_FIRST, FOREIGN, LONGER, ykc.login(), HEARTBEAT[:-1], b"", HEARTBEAT + SAMPLE):
        assert answer_to(talk, other) is None


def test_an_asked_sample_ends_its_question() -> None:
    harness = admitted()
    question = ReadSample(command_id="q", charge_point_code=ykc.CODE, expires_at_ms=expiry(harness), connector_no=1)
    harness.connection.submit(question, 40.0, harness.wall_ms)
    assert harness.connection.usual(IDLE_SAMPLE) is None
    events = harness.connection.receive(IDLE_SAMPLE, 41.0, harness.wall_ms)
    assert [type(event).__name__ for event in events] == ["MeterSampled", "CommandEnded"]


def test_log_and_output_of_one_read_are_bounded() -> None:
    talk = admitted().connection
    talk.receive(HEARTBEAT * (LOG_MAX // 2 + 10), 40.0, 0)
    assert LOG_MAX <= len(talk.take_frames()) < LOG_MAX + 4
    assert len(talk.take_output()) == OUTPUT_MAX


def test_the_beginning_of_a_frame_shuts_the_short_way() -> None:
    talk = admitted().connection
    talk.receive(SAMPLE[:30], 40.0, 0)
    assert talk.usual(HEARTBEAT) is None
