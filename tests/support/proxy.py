"""A TCP proxy that misbehaves on order: what a bad network does to a connection, between any client and any server.

Toxics are looked up at every chunk, so that what is set or cleared takes effect on connections that are open already.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Self

CHUNK = 65_536
QUEUED = 64
"""Chunks on their way in one direction; a sender beyond that is held back."""
HELD_POLL_S = 0.02

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Toxics:
    """What happens to bytes in one direction; the default does nothing."""

    latency_s: float = 0.0
    """Every chunk arrives so much later; order is kept."""
    jitter_s: float = 0.0
    """Up to so much is added to or taken from the latency."""
    slow_close_s: float = 0.0
    """The end of the stream is passed on so much later."""
    slice_bytes: int = 0
    """Chunks are cut into pieces of so many bytes; 0 leaves them whole."""
    slice_pause_s: float = 0.0
    """Pause between two pieces."""
    bytes_per_s: int = 0
    """The line is so thin; 0 is unlimited."""
    limit_bytes: int = 0
    """The connection ends after so many bytes; 0 is unlimited."""
    held: bool = False
    """Half-open: nothing passes and nobody is told. What was held passes when it is cleared, as TCP would repeat it."""
    held_for_s: float = 0.0
    """With `held`: the connection ends after so long; 0 is never."""


NONE = Toxics()


class Proxy:
    """Listens on `port` and connects every client to `(host, target)`.

    `to_server` and `to_client` may be set at any time. `sleep` is for tests that must not wait.
    """

    def __init__(
        self, target: int, *, host: str = "127.0.0.1", port: int = 0, seed: int = 1, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.port = port
        self.to_server = self.to_client = NONE
        self.accepted = 0
        self._target = (host, target)
        self._dice = random.Random(seed)
        self._sleep = sleep
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._links)

    async def up(self) -> None:
        """Accept connections (again), always on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse new connections and cut the open ones, as a server that is gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.reset_peers()

    async def reset_peers(self) -> None:
        """RST to both ends of every open connection."""
        links = list(self._links)
        for link in links:
            link.reset()
        await asyncio.gather(*(link.over.wait() for link in links))

    def hold(self) -> None:
        """Half-open in both directions: connections stay, nothing arrives."""
        self.to_server = self.to_client = Toxics(held=True)

    def slow(self, latency_s: float, jitter_s: float = 0.0) -> None:
        """Latency in both directions."""
        self.to_server = self.to_client = Toxics(latency_s=latency_s, jitter_s=jitter_s)

    def clear(self) -> None:
        """No toxics."""
        self.to_server = self.to_client = NONE

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _abort(writer)
            return
        link = _Link(writer, onward_writer)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as tasks:
                link.tasks = [
                    tasks.create_task(self._carry(reader, onward_writer, lambda: self.to_server)),
                    tasks.create_task(self._carry(onward_reader, writer, lambda: self.to_client)),
                ]
        except* (OSError, _Over):
            link.reset()
        finally:
            self._links.discard(link)
            for end in (writer, onward_writer):
                end.close()
            link.over.set()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, toxics: Callable[[], Toxics]
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUED)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(reader, queue, toxics))
            tasks.create_task(self._write(writer, queue, toxics))

    async def _read(
        self, reader: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]], toxics: Callable[[], Toxics]
    ) -> None:
        loop, data = asyncio.get_running_loop(), b"."
        while data:
            data = await reader.read(CHUNK)
            now = toxics()
            later = now.latency_s + (self._dice.uniform(-now.jitter_s, now.jitter_s) if now.jitter_s else 0.0)
            await queue.put((loop.time() + max(0.0, later), data))

    async def _write(
        self, writer: asyncio.StreamWriter, queue: asyncio.Queue[tuple[float, bytes]], toxics: Callable[[], Toxics]
    ) -> None:
        loop, passed = asyncio.get_running_loop(), 0
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await self._sleep(due - loop.time())
            await self._while_held(toxics)
            now = toxics()
            if not data:
                if now.slow_close_s:
                    await self._sleep(now.slow_close_s)
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            for piece in _pieces(data, now.slice_bytes):
                allowed = piece[: max(0, now.limit_bytes - passed)] if now.limit_bytes else piece
                if now.bytes_per_s:
                    await self._sleep(len(allowed) / now.bytes_per_s)
                writer.write(allowed)
                await writer.drain()
                passed += len(allowed)
                if now.limit_bytes and passed >= now.limit_bytes:
                    raise _Over
                if now.slice_pause_s:
                    await self._sleep(now.slice_pause_s)

    async def _while_held(self, toxics: Callable[[], Toxics]) -> None:
        waited = 0.0
        while (now := toxics()).held:
            if now.held_for_s and waited >= now.held_for_s:
                raise _Over
            await self._sleep(HELD_POLL_S)
            waited += HELD_POLL_S


class _Over(Exception):
    """A toxic ends the connection."""


class _Link:
    """Both ends of one connection."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.over = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self._ends = (client, server)

    def reset(self) -> None:
        for end in self._ends:
            _abort(end)
        for task in self.tasks:
            task.cancel()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with RST: the other end learns that the connection broke, not that it ended."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    if not size:
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]
