"""Phones: many WebSockets that log in, then count what they are sent and how old it is. Plain sockets and one epoll.

`python -m tests.bench.socket_load TOKENS PORT`; orders on standard input: `connect N`, `forget`, `count`, `delays`.
"""

import base64
import json
import os
import re
import select
import socket
import struct
import sys
import time
from pathlib import Path

AT_ONCE = 250
"""Connections that log in at a time."""
PER_SOURCE = 2_000
PATIENCE_S = 60.0
_TIME = re.compile(rb'"t":(\d+)')
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA


class Phone:
    """One connection; frames of the server are not masked."""

    __slots__ = ("login", "opened", "rest", "socket", "welcomed")

    def __init__(self, address: tuple[str, int], source: str, token: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        self.socket.bind((source, 0))
        self.socket.connect(address)
        self.rest = b""
        self.opened = self.welcomed = False
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        login = {"cmd": "login", "src": "wx", "dst": "srv", "uid": "", "msg": {"token": token, "device_id": "d" * 8}}
        self.login = _masked(json.dumps(login).encode())
        self.socket.sendall(head.encode())

    def take(self, data: bytes) -> list[bytes]:
        """Texts that have arrived whole."""
        data = self.rest + data
        if not self.opened:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.rest = data
                return []
            if b" 101 " not in data[:20]:
                raise ConnectionError(data[:200].decode("latin-1"))
            self.opened, data = True, data[end + 4 :]
            self.socket.sendall(self.login)
        texts, at = [], 0
        while len(data) - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                if len(data) - at < 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < start + size:
                break
            if data[at] & 0xF == _TEXT:
                texts.append(data[start : start + size])
            elif data[at] & 0xF == _PING:
                self.socket.sendall(_masked(data[start : start + size], _PONG))
            elif data[at] & 0xF == _CLOSE:
                raise ConnectionError(f"closed: {data[start : start + size]!r}")
            at = start + size
        self.rest = data[at:]
        return texts


def _masked(payload: bytes, kind: int = _TEXT) -> bytes:
    size = len(payload)
    long = size > 125
    head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size) if long else bytes((0x80 | kind, 0x80 | size))
    return head + bytes(4) + payload  # a mask of zeros changes nothing


class Phones:
    """All of them."""

    def __init__(self, address: tuple[str, int], tokens: list[str]) -> None:
        self._address = address
        self._tokens = tokens
        self._by_fd: dict[int, Phone] = {}
        self._poll = select.epoll()
        self.count = 0
        self.welcomed = 0
        self.delays_ns: list[int] = []

    def connect(self, upto: int) -> int:
        """Log in until there are so many; how many are in."""
        while len(self._by_fd) < upto:
            for number in range(len(self._by_fd), min(upto, len(self._by_fd) + AT_ONCE)):
                phone = Phone(self._address, f"127.0.0.{2 + number // PER_SOURCE}", self._tokens[number])
                self._by_fd[phone.socket.fileno()] = phone
                self._poll.register(phone.socket.fileno(), select.EPOLLIN)
            give_up = time.monotonic() + PATIENCE_S
            while self.welcomed < len(self._by_fd) and time.monotonic() < give_up:
                self.poll(0.05)
        return self.welcomed

    def poll(self, wait_s: float) -> None:
        for fd, _ in self._poll.poll(wait_s):
            phone = self._by_fd[fd]
            data = phone.socket.recv(65_536)
            if not data:
                raise ConnectionError("a connection was lost")
            texts = phone.take(data)
            self.count += len(texts)
            if not phone.welcomed:
                if any(b'"cmd":"state"' in text for text in texts):
                    phone.welcomed = True
                    self.welcomed += 1
                continue
            now = time.monotonic_ns()
            for text in texts:
                told = _TIME.search(text)
                if told:
                    self.delays_ns.append(now - int(told[1]))

    def quantile_ms(self, share: float) -> float:
        delays = sorted(self.delays_ns)
        return delays[min(len(delays) - 1, int(len(delays) * share))] / 1e6 if delays else 0.0


def main() -> None:
    phones = Phones(("127.0.0.1", int(sys.argv[2])), Path(sys.argv[1]).read_text("utf-8").split())
    print("ready", flush=True)
    while True:
        if not select.select([sys.stdin], [], [], 0)[0]:
            phones.poll(0.005)
            continue
        match sys.stdin.readline().split():
            case []:
                return
            case ["connect", upto]:
                print("in", phones.connect(int(upto)), flush=True)
            case ["forget"]:
                phones.count, phones.delays_ns = 0, []
                print("forgotten", flush=True)
            case ["count"]:
                print("count", phones.count, flush=True)
            case ["delays"]:
                print("ms", phones.quantile_ms(0.5), phones.quantile_ms(0.99), phones.quantile_ms(1.0), flush=True)


if __name__ == "__main__":
    main()
