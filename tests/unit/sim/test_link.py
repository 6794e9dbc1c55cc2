"""One socket's protocol: back-off, and a platform that does not read."""

import asyncio

from chargecloud.kernel.clock import ManualClock
from chargecloud.sim.actor import Actor
from chargecloud.sim.link import MAX_UNSENT_BYTES, Link
from chargecloud.sim.summary import Tally
from tests.unit.sim.bench import Bench


class Pipe(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.unsent = 0
        self.state = "open"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"


def link() -> tuple[Link, ManualClock, Tally]:
    clock, tally = ManualClock(), Tally()
    actor = Actor(Bench(now=0).point, now=0, seed=1)
    return Link(actor, clock, tally, pause_s=10, jitter_s=0), clock, tally


def test_the_pause_doubles_up_to_eight_times() -> None:
    someone, _, tally = link()
    pauses = []
    for _ in range(6):
        someone.failed(ConnectionRefusedError(), 100)
        pauses.append(someone.retry_at - 100)
    assert pauses == [10, 20, 40, 80, 80, 80]
    assert tally.errors == {"ConnectionRefusedError": 6}


def test_it_speaks_first_and_wants_no_second_socket() -> None:
    someone, _, _ = link()
    assert someone.wants(0)
    pipe = Pipe()
    someone.connection_made(pipe)
    assert pipe.written[5] == 0x01
    assert not someone.wants(1_000)
    someone.connection_lost(None)
    assert not someone.wants(9)
    assert someone.wants(10)


def test_a_platform_that_does_not_read_is_left() -> None:
    someone, _, tally = link()
    pipe = Pipe()
    someone.connection_made(pipe)
    pipe.unsent = MAX_UNSENT_BYTES + 1
    someone.sweep(10)
    assert pipe.state == "aborted"
    assert tally.errors == {"platform does not read": 1}


def test_closing_waits_for_what_was_said() -> None:
    someone, _, _ = link()
    pipe = Pipe()
    someone.connection_made(pipe)
    someone.actor.cut_link(30)
    someone.flush(1)
    assert pipe.state == "closed"


def test_a_broken_socket_is_counted_by_kind() -> None:
    someone, _, tally = link()
    someone.connection_made(Pipe())
    someone.connection_lost(ConnectionResetError())
    assert tally.errors == {"ConnectionResetError": 1}
    assert tally.disconnects == 1


def test_of_half_open_sockets_only_the_last_is_kept() -> None:
    someone, clock, _ = link()
    pipes = [Pipe(), Pipe()]
    for pipe in pipes:
        someone.connection_made(pipe)
        someone.actor.cut_link(5, half_open=True)
        someone.flush(clock.monotonic())
        clock.advance(60_000)
        someone.actor.tick(clock.monotonic())
    assert [pipe.state for pipe in pipes] == ["aborted", "open"]
    someone.close()
    assert pipes[1].state == "closed"
