"""The gateway as a whole on real sockets: orderly end, slow readers, floods, and what it tells of itself."""

import asyncio
import contextlib
import socket

import uvloop

from chargecloud.device.events import WentOffline
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.listener import ListenerSettings
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.kernel.clock import SystemClock
from tests.unit.gateway.fake import FakePlugin, House
from tests.unit.gateway.test_listener import greet, listening

PATIENCE_S = 10
LOCAL = ListenerSettings("fake", "127.0.0.1")


async def until(gateway: Gateway, name: str, value: int) -> None:
    """Wait until a figure has reached a value."""
    for _ in range(PATIENCE_S * 100):
        if gateway.stats().get(name, 0) >= value:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name} is {gateway.stats().get(name, 0)}, not {value}: {gateway.stats()}")


async def test_stop_says_goodbye_to_everybody_and_tells_the_platform() -> None:
    home = House()
    around = Surroundings(SystemClock(), home.bus, home.cache, home.frame_log)
    gateway = Gateway(GatewaySettings("real", (LOCAL,)), around, {"fake": FakePlugin()})
    home.gateways = [gateway]
    await home.bus.start()
    await gateway.start()
    port = gateway.addresses()[0][1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"boot 1\n")
    assert await asyncio.wait_for(reader.readline(), PATIENCE_S) == b"welcome\n"
    await gateway.stop()
    assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    writer.close()
    await home.bus.stop()
    assert [event.reason for event in home.told(WentOffline)] == ["gateway_stopped"]
    assert await home.cache.holder("1") is None
    assert [frame.raw for frame in home.frame_log.frames] == [b"boot 1", b"welcome"]
    assert gateway.stats()["connections"] == 0


async def slow_reader_is_closed() -> None:
    """A peer that sends and never reads, on the loop the product uses."""
    limits = GatewayLimits(sweep_s=0.02, write_within_s=0.3)
    async with listening(LOCAL, limits=limits) as gateway:
        port = gateway.addresses()[0][1]
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, ("127.0.0.1", port))
        await loop.sock_sendall(slow, b"boot slow\n")
        await until(gateway, "online", 1)
        flood = asyncio.ensure_future(loop.sock_sendall(slow, b"shout\n" * 1_000))
        await until(gateway, "closed.slow_reader", 1)
        assert await greet(port, "honest") == b"welcome\n"
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)
        slow.close()


def test_a_slow_reader_is_closed_on_either_loop() -> None:
    asyncio.run(slow_reader_is_closed())
    uvloop.run(slow_reader_is_closed())


async def test_slow_and_mad_connections_disturb_no_honest_one() -> None:
    """T-SLOW in small: 40 that never speak, 40 that send garbage, 20 that are honest."""
    limits = GatewayLimits(sweep_s=0.02, login_within_s=0.5, waiting_per_source=1_000, failed_logins_per_source=1_000)
    async with listening(LOCAL, limits=limits) as gateway:
        port = gateway.addresses()[0][1]
        honest = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for number, (reader, writer) in enumerate(honest):
            writer.write(f"boot {number}\n".encode())
            assert await asyncio.wait_for(reader.readline(), PATIENCE_S) == b"welcome\n"
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        mad = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        for _, writer in mad:
            writer.write(b"bad\nbad\nhopeless\n")
        for _ in range(20):
            for reader, writer in honest:
                writer.write(b"beat\n")
                assert await asyncio.wait_for(reader.readline(), 1) == b"ok\n"
            await asyncio.sleep(0.03)
        await until(gateway, "closed.login_timeout", 40)
        assert gateway.stats()["closed.bad_frames"] == 40
        assert gateway.stats()["online"] == 20
        for _, writer in honest + silent + mad:
            writer.close()


async def test_a_banned_source_is_refused_before_anything_is_made_for_it() -> None:
    limits = GatewayLimits(sweep_s=0.02, waiting_per_source=0)
    async with listening(LOCAL, limits=limits) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses()[0][1])
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        writer.close()
        assert gateway.stats()["refused.source_crowded"] == 1
        assert gateway.stats()["connections"] == 0


async def test_the_sweep_tells_how_late_it_was() -> None:
    async with listening(LOCAL) as gateway:
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + 0.1
        while loop.time() < until_s:
            pass
        await asyncio.sleep(0.05)
        assert gateway.stats()["sweep_late_ms_max"] >= 50
