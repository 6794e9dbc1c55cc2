"""The short way for 0x03 and 0x13 and the general path say, answer and log the same, whatever the bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.device.commands import ReadSample
from chargecloud.protocols.common.conversation import LOG_MAX
from chargecloud.protocols.ykc16 import connection as connection_module
from chargecloud.protocols.ykc16.usual import take_usual
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

HEARTBEAT = ykc.heartbeat()
SAMPLE = ykc.up(ykc.realtime("3201060001923601" + "0" * 16))
IDLE_SAMPLE = ykc.up(ykc.realtime())
FOREIGN = ykc.heartbeat(ykc.OTHER_CODE)
HIGH_FIRST = HEARTBEAT[:-2] + HEARTBEAT[:-3:-1]
LONGER = HEARTBEAT[:1] + bytes((HEARTBEAT[1] + 1,)) + HEARTBEAT[2:]


def story(reads: Sequence[bytes]) -> object:
    """Everything that came of some reads: events, answers, frames for the log, and what remains to be done."""
    connection = admitted().connection
    events = [event for data in reads for event in connection.receive(data, 40.0, 0)]
    late = connection.tick(51.0, 0)
    rest = (connection.closing, connection.close_reason, connection.deadline(), connection.gun(10), connection.gun(99))
    return events, late, connection.take_output(), connection.take_frames(), rest


def both_ways(reads: Sequence[bytes]) -> tuple[object, object]:
    """The story as it is, and with the short way blocked."""
    usual = story(reads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection_module, "take_usual", lambda talk, data: 0)
        return usual, story(reads)


def changed(frame: bytes) -> Iterator[bytes]:
    for place in range(len(frame)):
        for change in (0x01, 0x80, 0xFF):
            yield frame[:place] + bytes((frame[place] ^ change,)) + frame[place + 1 :]


@pytest.mark.parametrize("frame", [HEARTBEAT, SAMPLE, IDLE_SAMPLE], ids=["heartbeat", "sample", "idle"])
def test_every_changed_byte_is_judged_alike(frame: bytes) -> None:
    for damaged in changed(frame):
        usual, general = both_ways([damaged])
        assert usual == general, damaged.hex()


@pytest.mark.parametrize("frame", [HEARTBEAT, SAMPLE], ids=["heartbeat", "sample"])
def test_every_cut_is_judged_alike(frame: bytes) -> None:
    for at in range(len(frame) + 1):
        usual, general = both_ways([frame[:at], frame[at:] + HEARTBEAT])
        assert usual == general, at


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
    usual, general = both_ways([stream[start:end] for start, end in itertools.pairwise(edges)])
    assert usual == general


@pytest.mark.parametrize("gun", ["00", "01", "09", "0A", "10", "99", "FF"])
def test_every_gun_number_is_read_and_remembered_alike(gun: str) -> None:
    usual, general = both_ways([ykc.heartbeat(gun=gun, status=1)])
    assert usual == general


def test_the_usual_frames_do_go_the_short_way() -> None:
    talk = admitted().connection
    assert take_usual(talk, HEARTBEAT) == len(HEARTBEAT)
    assert take_usual(talk, HEARTBEAT + SAMPLE + b"\x68") == len(HEARTBEAT) + len(SAMPLE)
    for other in (HIGH_FIRST, FOREIGN, LONGER, ykc.login(), HEARTBEAT[:-1], b""):
        assert take_usual(talk, other) == 0


def test_an_asked_sample_ends_its_question() -> None:
    harness = admitted()
    question = ReadSample(command_id="q", charge_point_code=ykc.CODE, expires_at_ms=expiry(harness), connector_no=1)
    harness.connection.submit(question, 40.0, harness.wall_ms)
    events = harness.connection.receive(IDLE_SAMPLE, 41.0, harness.wall_ms)
    assert [type(event).__name__ for event in events] == ["MeterSampled", "CommandEnded"]


def test_the_log_of_one_read_is_bounded() -> None:
    talk = admitted().connection
    talk.receive(HEARTBEAT * (LOG_MAX // 2 + 10), 40.0, 0)
    assert len(talk.take_frames()) == LOG_MAX
