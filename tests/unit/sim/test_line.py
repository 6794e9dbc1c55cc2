"""The charge point's end of the wire."""

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.sim.line import Line, seal
from chargecloud.sim.temper import OPENUC, STANDARD, THRIFTY
from chargecloud.sim.truth import Counts
from tests.unit.sim.bench import CODE

BEAT = frames.Heartbeat(pile_code=CODE, gun_no="01", gun_status=0)


def test_sealing_is_what_the_platform_reads_in_both_orders() -> None:
    assert seal(0x03, b"\x01\x00", BEAT.pack()) == encode(BEAT, b"\x01\x00")
    assert FRAMING.seal_order(seal(0x03, b"\x01\x00", BEAT.pack(), high_first=True)) is ByteOrder.HIGH_FIRST


def test_sequences_count_per_connection_and_replies_echo() -> None:
    line = Line(STANDARD, Counts())
    line.opened()
    for reply_to in (None, b"\xaa\xbb", None):
        line.send(BEAT, reply_to)
    assert [frame[2:4] for frame in line.take_output()] == [b"\0\0", b"\xaa\xbb", b"\1\0"]
    line.opened()
    line.send(BEAT)
    assert line.take_output()[0][2:4] == b"\0\0"


def test_openuc_never_counts_and_thrifty_seals_high_first() -> None:
    for temper, expected in ((OPENUC, b"\0\0"), (THRIFTY, b"\xaa\xbb")):
        line = Line(temper, Counts())
        line.opened()
        line.send(BEAT, b"\xaa\xbb")
        frame = line.take_output()[0]
        assert frame[2:4] == expected
        assert (FRAMING.seal_order(frame) is ByteOrder.HIGH_FIRST) is temper.crc_high_first


def test_a_closed_line_sends_nothing() -> None:
    counts = Counts()
    line = Line(STANDARD, counts)
    line.send(BEAT)
    line.opened()
    line.send(BEAT)
    line.closed()
    assert line.take_output() == []
    assert counts.frames_up == 1


def test_what_the_platform_must_not_send_is_counted() -> None:
    counts = Counts()
    line = Line(STANDARD, counts)
    line.opened()
    good = encode(frames.HeartbeatAck(pile_code=CODE, gun_no="01", heartbeat_result=0), b"\1\0")
    broken = good[:-1] + bytes([good[-1] ^ 1])
    found = line.receive(good + encode(BEAT, b"\2\0") + b"noise" + broken + good)
    assert [sequence for _, sequence in found] == [b"\1\0", b"\1\0"]
    assert counts.frames_down == 2
    assert counts.bad_down == 3
