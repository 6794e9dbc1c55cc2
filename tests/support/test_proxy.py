"""Each toxic does what its name says, on a connection that is open already."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.proxy import Proxy, Toxics

TEXT = b"0123456789" * 10


class Waits:
    """Takes the place of sleeping: notes how long and goes on at once, so that no test waits."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._more = asyncio.Condition()

    async def __call__(self, seconds: float) -> None:
        async with self._more:
            self.asked.append(seconds)
            self._more.notify_all()
        await asyncio.sleep(0)

    async def reach(self, count: int) -> None:
        """Until so many waits were asked for."""
        async with self._more:
            await self._more.wait_for(lambda: len(self.asked) >= count)


class Echo:
    """A server that says everything again, and notes in which pieces it came."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.broken = asyncio.Event()
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                self.pieces.append(data)
                writer.write(data)
                await writer.drain()
            self.ended.set()
        except ConnectionError:
            self.broken.set()
        finally:
            writer.close()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(waits: Waits, echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with Proxy(server.sockets[0].getsockname()[1], sleep=waits) as started:
        yield started
    server.close()


async def opened(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has carried something."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said_again(reader, writer, b"?") == b"?"
    return reader, writer


async def said_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes) -> bytes:
    writer.write(text)
    return await reader.readexactly(len(text))


async def test_without_toxics_everything_passes(proxy: Proxy, waits: Waits, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    assert await said_again(reader, writer, TEXT * 5_000) == TEXT * 5_000
    writer.write_eof()
    assert await reader.read() == b""
    await echo.ended.wait()
    assert not waits.asked
    writer.close()


async def test_down_breaks_what_is_open_and_refuses_until_it_is_up(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    await proxy.down()
    with pytest.raises(ConnectionError):
        await reader.read(1)
    await echo.broken.wait()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    await proxy.up()
    again, further = await opened(proxy)
    assert await said_again(again, further, TEXT) == TEXT
    further.close()
    writer.close()


async def test_reset_breaks_connections_and_takes_new_ones(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    await proxy.reset_peers()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    await echo.broken.wait()
    assert proxy.connections == 0
    _, further = await opened(proxy)
    further.close()
    writer.close()


async def test_latency_delays_every_chunk_within_the_jitter(proxy: Proxy, waits: Waits) -> None:
    reader, writer = await opened(proxy)
    proxy.slow(2.0, 0.5)
    assert await said_again(reader, writer, TEXT) == TEXT
    assert len(waits.asked) == 2
    assert all(1.4 < asked <= 2.5 for asked in waits.asked)
    writer.close()


async def test_slow_close_passes_the_end_on_later(proxy: Proxy, waits: Waits, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    proxy.to_server = Toxics(slow_close_s=7)
    writer.write_eof()
    assert await reader.read() == b""
    assert waits.asked == [7]
    writer.close()


async def test_held_passes_nothing_and_everything_once_it_is_cleared(proxy: Proxy, waits: Waits, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    proxy.hold()
    writer.write(TEXT)
    await waits.reach(5)
    assert echo.pieces == [b"?"]
    proxy.clear()
    assert await reader.readexactly(len(TEXT)) == TEXT
    writer.close()


async def test_held_for_a_time_ends_the_connection(proxy: Proxy, waits: Waits, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    proxy.to_server = Toxics(held=True, held_for_s=1)
    writer.write(TEXT)
    with pytest.raises(ConnectionError):
        await reader.read(1)
    assert sum(waits.asked) == pytest.approx(1)
    assert echo.pieces == [b"?"]
    writer.close()


async def test_slicer_cuts_into_pieces_with_pauses(proxy: Proxy, waits: Waits) -> None:
    reader, writer = await opened(proxy)
    proxy.to_client = Toxics(slice_bytes=30, slice_pause_s=0.25)
    assert await said_again(reader, writer, TEXT) == TEXT
    await waits.reach(4)
    assert waits.asked == [0.25] * 4
    writer.close()


async def test_bandwidth_takes_as_long_as_the_line_is_thin(proxy: Proxy, waits: Waits) -> None:
    reader, writer = await opened(proxy)
    proxy.to_client = Toxics(bytes_per_s=50)
    assert await said_again(reader, writer, TEXT) == TEXT
    assert sum(waits.asked) == pytest.approx(len(TEXT) / 50)
    writer.close()


async def test_limit_ends_the_connection_after_so_many_bytes(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await opened(proxy)
    proxy.to_server = Toxics(limit_bytes=11)
    writer.write(TEXT)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(len(TEXT))
    assert b"".join(echo.pieces) in (b"?" + TEXT[:10], b"?")
    writer.close()


async def test_a_server_that_is_gone_breaks_the_client() -> None:
    async with Proxy(1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionError):
            await reader.read(1)
        writer.close()
