"""A DNY board on a real socket, through the gateway, to the platform and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import Beat, Booted, CameOnline, RecordUploaded, WentOffline
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.listener import ListenerSettings
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.message import Envelope
from chargecloud.protocols.catalog import protocols
from tests.support import dny
from tests.unit.gateway.fake import House

PATIENCE_S = 10


async def test_a_board_comes_online_beats_and_settles() -> None:
    home = House()
    around = Surroundings(SystemClock(), home.bus, home.cache, home.frame_log)
    gateway = Gateway(GatewaySettings("real", (ListenerSettings("dny", "127.0.0.1"),)), around, protocols())
    home.gateways = [gateway]
    await home.bus.start()
    await gateway.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses()[0][1])
        writer.write(dny.ICCID + b"link" + dny.register(message_id=7)[:9])
        await asyncio.sleep(0.05)
        writer.write(dny.register(message_id=7)[9:])
        answer = await asyncio.wait_for(reader.readexactly(15), PATIENCE_S)
        assert (answer[11], answer[9], answer[12]) == (0x20, 7, 0)
        writer.write(dny.heartbeat(message_id=8) + dny.settlement())
        answer = await asyncio.wait_for(reader.readexactly(15), PATIENCE_S)
        assert (answer[11], answer[9], answer[12]) == (0x21, 8, 0)
        writer.close()
    finally:
        await gateway.stop()
        await home.bus.stop()
    codes = {
        event.charge_point_code for kind in (Booted, CameOnline, Beat, RecordUploaded) for event in home.told(kind)
    }
    assert codes == {dny.CODE} and len(home.told(RecordUploaded)) == 1


class SureJournal:
    """Takes every record."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    def keep(self, envelope: Envelope, kept: Callable[[bool], None]) -> None:
        self.kept.append(envelope)
        kept(True)

    def confirmed(self, charge_point_code: str, digest: str) -> None:
        raise AssertionError("no platform confirms here")


async def test_a_settlement_is_answered_from_the_journal_while_the_bus_is_away() -> None:
    home, journal = House(), SureJournal()
    around = Surroundings(SystemClock(), home.bus, home.cache, home.frame_log, journal)
    gateway = Gateway(GatewaySettings("real", (ListenerSettings("dny", "127.0.0.1"),)), around, protocols())
    home.gateways = [gateway]
    await home.bus.start()
    await gateway.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses()[0][1])
        writer.write(dny.ICCID + b"link" + dny.register(message_id=7))
        answer = await asyncio.wait_for(reader.readexactly(15), PATIENCE_S)
        assert (answer[11], answer[9]) == (0x20, 7)
        home.bus.away = True
        writer.write(dny.settlement(message_id=9))
        answer = await asyncio.wait_for(reader.readexactly(15), PATIENCE_S)
        assert (answer[11], answer[9], answer[12]) == (0x03, 9, 0)
        writer.close()
    finally:
        home.bus.away = False
        await gateway.stop()
        await home.bus.stop()
    assert [envelope.body.charge_point_code for envelope in journal.kept] == [dny.CODE]
    assert home.told(RecordUploaded) == []


async def frames_of(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """So many frames from the platform."""
    found = []
    for _ in range(count):
        head = await asyncio.wait_for(reader.readexactly(5), PATIENCE_S)
        assert head[:3] == b"DNY"
        found.append(head + await asyncio.wait_for(reader.readexactly(int.from_bytes(head[3:], "little")), PATIENCE_S))
    return found


async def test_a_host_with_fifty_slaves_on_one_socket() -> None:
    """Each registers, beats, settles and is told so by its own id; damage and the ICCID in between cost nothing."""
    home = House()
    around = Surroundings(SystemClock(), home.bus, home.cache, home.frame_log)
    gateway = Gateway(GatewaySettings("real", (ListenerSettings("dny", "127.0.0.1"),)), around, protocols())
    home.gateways = [gateway]
    await home.bus.start()
    await gateway.start()
    ids = [0x05000000 + number for number in range(50)]
    codes = {f"{physical_id:08X}" for physical_id in ids}
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses()[0][1])
        writer.write(dny.ICCID + b"".join(dny.register(physical_id=one, message_id=9) for one in ids))
        answers = await frames_of(reader, len(ids))
        assert {int.from_bytes(raw[5:9], "little") for raw in answers} == set(ids)
        assert {(raw[11], raw[9], raw[12]) for raw in answers} == {(0x20, 9, 0)}
        stream = b""
        for number, one in enumerate(ids):
            broken = dny.heartbeat(physical_id=one)[:-1] + b"\x00" if number % 10 == 5 else b"link"
            stream += dny.heartbeat(physical_id=one, message_id=10) + broken
            stream += dny.ICCID + dny.settlement(physical_id=one, order=number.to_bytes(16, "big"))
        for at in range(0, len(stream), 97):
            writer.write(stream[at : at + 97])
            await asyncio.sleep(0)
        beats = await frames_of(reader, len(ids))
        assert [int.from_bytes(raw[5:9], "little") for raw in beats] == ids and {raw[11] for raw in beats} == {0x21}
        assert gateway.stats()["online"] == len(ids) and gateway.stats()["connections"] == 1
        for number, one in enumerate(ids[:3]):
            confirm = ConfirmRecord(
                command_id=f"c{number}",
                charge_point_code=f"{one:08X}",
                expires_at_ms=SystemClock().now_ms() + 60_000,
                connector_no=1,
                session_no=number.to_bytes(16, "big").hex().upper(),
            )
            await home.bus.send("real", Envelope(confirm.charge_point_code, confirm, SystemClock().now_ms()))
        confirmed = await frames_of(reader, 3)
        assert [(int.from_bytes(raw[5:9], "little"), raw[11]) for raw in confirmed] == [(one, 0x03) for one in ids[:3]]
        writer.close()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if len(home.told(WentOffline)) == len(ids):
                break
    finally:
        await gateway.stop()
        await home.bus.stop()
    for kind in (Booted, CameOnline, Beat, RecordUploaded, WentOffline):
        told = [event.charge_point_code for event in home.told(kind)]
        assert (len(told), set(told)) == (len(ids), codes), kind
