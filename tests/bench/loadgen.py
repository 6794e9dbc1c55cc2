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
OF_DNY = {0x20: WELCOME, 0x21: ANSWER}
"""What the commands of DNY, whose frames begin with D, mean here."""
PATIENCE_S = 120.0
REST_S = 0.0001


class Caller:
    """One connection."""

    def __init__(self, source: str, login: bytes, writes: list[bytes]) -> None:
        self.source = source
        self.login = login
        self.writes = writes
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
        while len(data) - at >= 6:
            dny = data[at : at + 1] == b"D"
            whole = int.from_bytes(data[at + 3 : at + 5], "little") + 5 if dny else data[at + 1] + 4
            if len(data) - at < whole:
                break
            yield OF_DNY.get(data[at + 11], 0) if dny else data[at + 5]
            at += whole
        self.rest = data[at:]


class Generator:
    """All connections and what they do together."""

    def __init__(self, callers: list[Caller], *, echo: bool) -> None:
        self.callers = callers
        self.echo = echo
        self.sent = 0
        self.answered = 0
        self.mode = ""
        self._place = {caller: place for place, caller in enumerate(callers)}
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
        if answers and self.mode == "pingpong":
            self._put(caller, 0)
        elif answers and self.mode == "pairs":
            neighbour = self.callers[self._place[caller] ^ 1]
            if not (self.echo and neighbour.owed):
                self._put_pair(caller, neighbour)

    def _put(self, caller: Caller, which: int) -> None:
        caller.put(caller.writes[which])
        self.sent += 1

    def _put_pair(self, first: Caller, second: Caller) -> None:
        self._put(first, 0)
        self._put(second, 1)

    def run(self, mode: str, seconds: float) -> None:
        self.sent = self.answered = 0
        self.mode = mode
        until = time.monotonic() + seconds
        if mode == "pairs":
            for first, second in zip(self.callers[::2], self.callers[1::2], strict=False):
                self._put_pair(first, second)
        else:
            for caller in self.callers:
                self._put(caller, 0)
        while time.monotonic() < until:
            time.sleep(REST_S)  # asleep in epoll it would be woken at the server's expense, see loadgen.c
            self.poll(0)
        self.mode = ""


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
        generator.run(words[0], float(words[1]))
        print("sent", generator.sent, "answered", generator.answered, flush=True)
        rest = time.monotonic() + 0.2
        while time.monotonic() < rest:
            generator.poll(0.01)


if __name__ == "__main__":
    main()
