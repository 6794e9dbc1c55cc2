"""The load generator for machines without a C compiler: same words on standard input and output as loadgen.c."""

import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ANSWER = 0x04
WELCOME = 0x02
PATIENCE_S = 120.0


class Caller:
    """One connection."""

    def __init__(self, source: str, login: bytes, writes: list[bytes]) -> None:
        self.source = source
        self.login = login
        self.writes = writes
        self.turn = 0
        self.owed = 0
        self.rest = b""
        self.welcomed = False
        self.socket = socket.socket()

    def dial(self, address: tuple[str, int]) -> None:
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        self.socket.bind((self.source, 0))
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.put(self.login)

    def put(self, data: bytes) -> None:
        self.socket.send(data)
        self.owed += len(data)

    def frame_types(self, data: bytes) -> Iterator[int]:
        data = self.rest + data
        at = 0
        while len(data) - at >= 6 and len(data) - at >= data[at + 1] + 4:
            yield data[at + 5]
            at += data[at + 1] + 4
        self.rest = data[at:]


class Generator:
    """All connections and what they do together."""

    def __init__(self, callers: list[Caller], *, echo: bool) -> None:
        self.callers = callers
        self.echo = echo
        self.sent = 0
        self.answered = 0
        self.pingpong = False
        self._by_fd = {caller.socket.fileno(): caller for caller in callers}
        self._poll = select.epoll()

    def dial(self, address: tuple[str, int]) -> int:
        for number, caller in enumerate(self.callers):
            caller.dial(address)
            self._poll.register(caller.socket.fileno(), select.EPOLLIN)
            if number % 64 == 63:
                self.poll(0)
        give_up = time.monotonic() + PATIENCE_S
        while not all(caller.welcomed for caller in self.callers) and time.monotonic() < give_up:
            self.poll(0.05)
        return sum(caller.welcomed for caller in self.callers)

    def poll(self, wait_s: float) -> None:
        for fd, _ in self._poll.poll(wait_s):
            caller = self._by_fd[fd]
            data = caller.socket.recv(65_536)
            if not data:
                raise ConnectionError(f"connection from {caller.source} lost")
            self._take(caller, data)

    def _take(self, caller: Caller, data: bytes) -> None:
        if self.echo:
            caller.welcomed = True
            caller.owed -= len(data)
            answers = 0 if caller.owed else 1
        else:
            types = list(caller.frame_types(data))
            caller.welcomed = caller.welcomed or WELCOME in types
            answers = types.count(ANSWER)
        self.answered += answers
        if self.pingpong and answers:
            self._put(caller, caller.writes[0])

    def _put(self, caller: Caller, data: bytes) -> None:
        caller.put(data)
        self.sent += 1

    def run(self, verb: str, seconds: float, rate: float) -> None:
        self.sent = self.answered = 0
        until = time.monotonic() + seconds
        if verb == "paced":
            self._run_paced(until, rate)
            return
        self.pingpong = True
        for caller in self.callers:
            self._put(caller, caller.writes[0])
        while time.monotonic() < until:
            self.poll(0.001)
        self.pingpong = False

    def _run_paced(self, until: float, rate: float) -> None:
        start = time.monotonic()
        while (now := time.monotonic()) < until:
            while self.sent < (now - start) * rate:
                caller = self.callers[self.sent % len(self.callers)]
                self._put(caller, caller.writes[caller.turn])
                caller.turn = (caller.turn + 1) % len(caller.writes)
            self.poll(0)


def read_script(path: Path) -> list[Caller]:
    """Connections as tests.bench.load wrote them."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("=I", data)
    at = 4
    callers = []
    for _ in range(count):
        source = socket.inet_ntoa(data[at : at + 4])
        at += 4
        blobs = []
        for _ in range(3):
            (size,) = struct.unpack_from("=I", data, at)
            blobs.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        callers.append(Caller(source, blobs[0], [blob for blob in blobs[1:] if blob]))
    return callers


def main() -> None:
    script, host, port = sys.argv[1:4]
    generator = Generator(read_script(Path(script)), echo=len(sys.argv) > 4)
    print("ready", generator.dial((host, int(port))), flush=True)
    while True:
        if not select.select([sys.stdin], [], [], 0.05)[0]:
            generator.poll(0)
            continue
        words = sys.stdin.readline().split()
        if not words:
            return
        generator.run(words[0], float(words[1]), float(words[2]) if len(words) > 2 else 0.0)
        print("sent", generator.sent, "answered", generator.answered, flush=True)
        rest = time.monotonic() + 0.2
        while time.monotonic() < rest:
            generator.poll(0.01)


if __name__ == "__main__":
    main()
