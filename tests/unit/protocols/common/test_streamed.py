"""Cutting, silence, stale beginnings and the frame log, with a protocol of one byte a unit."""

from __future__ import annotations

from math import inf

from chargecloud.device.events import WireFaulted
from chargecloud.device.unitlog import units_of
from chargecloud.protocols.common.conversation import LOG_MAX
from chargecloud.protocols.common.streamed import PARTIAL_S, StreamedConversation
from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME

SILENCE_S = 50.0


class Pairs:
    """A unit is `<` and one more byte; `<!` is damaged."""

    def find(self, data: bytes, at: int) -> int:
        return data.find(b"<", at)

    def measure(self, data: bytes, at: int) -> int:
        if data[at : at + 1] != b"<":
            return NO_FRAME
        return 2 if len(data) - at >= 2 else NEED_MORE

    def seal_order(self, frame: bytes) -> ByteOrder | None:
        return None if frame == b"<!" else ByteOrder.LOW_FIRST


class Toy(StreamedConversation):
    def __init__(self) -> None:
        super().__init__(Pairs(), 0.0, silence_s=SILENCE_S)
        self.heard: list[bytes] = []
        self.swept = 0
        self.charge_point_code = "toy"

    def hear(self, raw: bytes) -> None:
        self.heard.append(raw)
        if raw == b"<x":
            self.close("asked_to")

    def sweep(self) -> None:
        self.swept += 1

    def drop_pending(self, reason: str) -> None:
        self.heard.append(reason.encode())


def test_good_units_are_heard_and_everything_is_logged() -> None:
    toy = Toy()
    toy.receive(b"<a??<b<!<c", 1.0, 0)
    assert toy.heard == [b"<a", b"<b", b"<c"]
    assert b"".join(raw for _, up, raw in units_of(toy.take_frames()) if up) == b"<a??<b<!<c"
    assert toy.faults is not None and toy.faults.counts == {"garbage": 2, "crc": 1}
    assert toy.take_frames() == [] and toy.take_output() == []


def test_nothing_is_heard_after_closing() -> None:
    toy = Toy()
    toy.receive(b"<x<a", 1.0, 0)
    assert toy.heard == [b"<x"] and toy.deadline() == inf
    toy.receive(b"<a", 2.0, 0)
    assert list(toy.tick(1e6, 0)) == [] and toy.heard == [b"<x"]


def test_silence_closes_and_a_good_unit_renews_it() -> None:
    toy = Toy()
    assert toy.deadline() == SILENCE_S
    toy.receive(b"<a", 20.0, 0)
    toy.receive(b"??", 30.0, 0)
    toy.wake = inf
    assert toy.deadline() == 20.0 + SILENCE_S, "garbage is no sign of life"
    toy.tick(20.0 + SILENCE_S, 0)
    assert toy.close_reason == "silent"


def test_a_beginning_without_its_end_is_given_up() -> None:
    toy = Toy()
    toy.receive(b"<", 1.0, 0)
    assert toy.deadline() == 1.0 + PARTIAL_S
    told = list(toy.tick(1.0 + PARTIAL_S, 0))
    assert told == [WireFaulted(charge_point_code="toy", counts={"incomplete": 1})]
    toy.receive(b"<a", 12.0, 0)
    assert toy.heard == [b"<a"] and toy.deadline() == 12.0 + SILENCE_S


def test_scheduled_work_is_swept_when_due() -> None:
    toy = Toy()
    toy.wake_at(5.0)
    toy.tick(4.9, 0)
    assert toy.swept == 0 and toy.deadline() == 5.0
    toy.tick(5.0, 0)
    assert toy.swept == 1 and toy.wake == inf


def test_a_lost_socket_ends_what_is_pending_and_reports() -> None:
    toy = Toy()
    toy.receive(b"??", 1.0, 0)
    events = toy.abandon("gone")
    assert toy.heard == [b"gone"] and toy.close_reason == "gone"
    assert events == [WireFaulted(charge_point_code="toy", counts={"garbage": 2})]


def test_the_log_is_bounded() -> None:
    toy = Toy()
    toy.receive(b"<a" * LOG_MAX, 1.0, 0)
    assert len(toy.take_frames()) == LOG_MAX and len(toy.heard) == LOG_MAX
