"""A DNY board on a real socket, through the gateway, to the platform and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chargecloud.device.events import Beat, Booted, CameOnline, RecordUploaded
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
