"""A line of several charge points: each comes, is contested and goes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chargecloud.device.commands import ConfirmRecord, DeviceCommand, Locate, StartCharging
from chargecloud.device.events import (
    Beat,
    CameOnline,
    CommandEnded,
    CommandOutcome,
    DeviceEvent,
    FellSilent,
    LoginContested,
    RecordUploaded,
    WentOffline,
)
from chargecloud.gateway.berth import Berth
from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.link import Link
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.kernel.message import Envelope
from chargecloud.protocols.catalog import protocols
from chargecloud.testing.commands import start
from tests.support import dny
from tests.unit.gateway.fake import FakeWire, House

BROKEN_IDS = tuple(0x04 << 24 | number for number in (10_011_001, 12_000_000, 13_000_001))


class Home(House):
    """A house whose gateway speaks DNY."""

    def __init__(self) -> None:
        super().__init__(gateways=0)
        around = Surroundings(self.clock, self.bus, self.cache, self.frame_log)
        self.gateways = [Gateway(GatewaySettings("g1"), around, protocols())]

    def line(self) -> tuple[Link, FakeWire]:
        wire = FakeWire()
        return self.gateway.connect("dny", wire, "10.0.0.1"), wire

    async def boards(self, *physical_ids: int) -> tuple[Link, FakeWire]:
        """A line with these boards admitted."""
        link, wire = self.line()
        link.data_received(dny.ICCID)
        for physical_id in physical_ids:
            link.data_received(dny.register(physical_id=physical_id))
            await self.wait(1)
        return link, wire

    def about(self, code: str, kind: type[DeviceEvent]) -> list[DeviceEvent]:
        return [event for event in self.told(kind) if event.charge_point_code == code]

    def offline(self) -> list[WentOffline]:
        return [event for event in self.told(WentOffline) if isinstance(event, WentOffline)]

    async def ask(self, command: DeviceCommand) -> None:
        envelope = Envelope(command.charge_point_code, command, self.clock.now_ms())
        await self.bus.send("g1", envelope)
        await self.wait(1)


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    made = Home()
    await made.bus.start()
    yield made
    await made.gateway.stop()
    await made.bus.stop()


async def test_each_board_is_a_charge_point_of_its_own(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    assert [event.charge_point_code for event in home.told(CameOnline)] == [dny.CODE, dny.OTHER_CODE]
    epochs = {event.epoch for event in home.told(CameOnline)}
    assert len(epochs) == 2
    link.data_received(
        dny.heartbeat(physical_id=dny.OTHER_ID) + dny.heartbeat() + dny.settlement(physical_id=dny.OTHER_ID)
    )
    await home.settle()
    assert (len(home.about(dny.CODE, Beat)), len(home.about(dny.OTHER_CODE, Beat))) == (1, 1)
    assert [event.charge_point_code for event in home.told(RecordUploaded)] == [dny.OTHER_CODE]
    assert home.gateway.stats()["connections"] == 1 and home.gateway.stats()["berths"] == 1


async def test_commands_reach_the_board_they_are_for(home: Home) -> None:
    _, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    wire.sent = b""
    expires = home.clock.now_ms() + 30_000
    await home.ask(Locate(command_id="l", charge_point_code=dny.OTHER_CODE, expires_at_ms=expires, duration_s=5))
    assert wire.sent[5:9] == dny.OTHER_ID.to_bytes(4, "little") and wire.sent[11] == 0x96
    await home.ask(start("04FFFFFF", expires, command_id="nobody"))
    (end,) = [event for event in home.told(CommandEnded) if event.command_id == "nobody"]
    assert end.outcome is CommandOutcome.OFFLINE


async def test_a_board_that_falls_silent_goes_alone_and_comes_back(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    for _ in range(16):
        link.data_received(b"link" + dny.heartbeat())
        await home.wait(30.0)
    assert [event.charge_point_code for event in home.told(FellSilent)] == [dny.OTHER_CODE]
    (gone,) = home.told(WentOffline)
    assert (gone.charge_point_code, gone.reason) == (dny.OTHER_CODE, "silent")
    link.data_received(dny.register(physical_id=dny.OTHER_ID))
    await home.wait(1)
    assert len(home.about(dny.OTHER_CODE, CameOnline)) == 2


async def test_when_the_first_falls_silent_the_line_begins_anew(home: Home) -> None:
    link, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    for _ in range(16):
        link.data_received(b"link" + dny.heartbeat(physical_id=dny.OTHER_ID))
        await home.wait(30.0)
    assert {event.charge_point_code for event in home.told(WentOffline)} == {dny.CODE, dny.OTHER_CODE}
    assert wire.ended == "closed"


async def test_the_end_of_the_line_is_the_end_of_all(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    await home.ask(start(dny.OTHER_CODE, home.clock.now_ms() + 30_000))
    link.connection_lost(None)
    await home.wait(1)
    assert {event.charge_point_code for event in home.told(WentOffline)} == {dny.CODE, dny.OTHER_CODE}
    (end,) = [event for event in home.told(CommandEnded) if event.command_id == "start"]
    assert (end.charge_point_code, end.outcome) == (dny.OTHER_CODE, CommandOutcome.UNANSWERED)
    assert home.gateway.stats()["online"] == home.gateway.stats()["berths"] == 0


async def test_an_unknown_board_is_refused_alone_and_bans_nobody(home: Home) -> None:
    home.unknown.add(dny.OTHER_CODE)
    link, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    await home.wait(5.0)
    assert [event.charge_point_code for event in home.told(CameOnline)] == [dny.CODE]
    refusals = [raw for raw in _frames(wire.sent) if raw[11] == 0x20 and raw[12] == 1]
    assert [raw[5:9] for raw in refusals] == [dny.OTHER_ID.to_bytes(4, "little")]
    assert wire.ended == "" and home.gateway.stats().get("failed_logins", 0) == 0
    link.data_received(dny.settlement(physical_id=dny.OTHER_ID) + dny.heartbeat())
    await home.settle()
    assert home.told(RecordUploaded) == [] and len(home.told(Beat)) == 1


async def test_an_unknown_first_board_ends_its_line(home: Home) -> None:
    home.unknown.add(dny.CODE)
    _, wire = await home.boards(dny.PHYSICAL_ID)
    await home.wait(5.0)
    assert wire.ended == "closed" and home.told(CameOnline) == []


@pytest.mark.parametrize("broken_id", BROKEN_IDS)
async def test_boards_with_a_broken_memory_are_never_bound_and_never_billed(home: Home, broken_id: int) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID)
    other, _ = await home.boards(dny.OTHER_ID)
    for one in (link, other):
        one.data_received(dny.register(physical_id=broken_id) + dny.settlement(physical_id=broken_id))
        one.data_received(dny.heartbeat(physical_id=broken_id) + dny.progress(dny.ORDER.hex(), physical_id=broken_id))
    await home.wait(1.0)
    codes = {event.charge_point_code for event in home.heard}
    assert codes == {dny.CODE, dny.OTHER_CODE} and home.told(RecordUploaded) == []
    assert len(home.told(LoginContested)) == 0


async def test_two_boards_with_one_id_the_one_that_is_alive_stays(home: Home) -> None:
    first, first_wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    home.heard.clear()
    first_wire.sent = b""
    second, second_wire = home.line()
    second.data_received(dny.register(physical_id=dny.OTHER_ID))
    await home.wait(1)
    asked = _frames(first_wire.sent)
    assert [(raw[5:9], raw[11]) for raw in asked] == [(dny.OTHER_ID.to_bytes(4, "little"), 0x81)], "that one is asked"
    first.data_received(dny.heartbeat(physical_id=dny.OTHER_ID))
    await home.wait(5.0)
    assert [event.outcome for event in home.told(LoginContested)] == ["rejected"]
    assert second_wire.ended == "closed" and first_wire.ended == "" and home.told(WentOffline) == []


async def test_two_boards_with_one_id_a_silent_one_gives_way_and_its_neighbours_stay(home: Home) -> None:
    first, first_wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    second, _ = home.line()
    second.data_received(dny.register(physical_id=dny.OTHER_ID))
    for _ in range(25):
        await home.wait(1)
        first.data_received(b"link" + dny.heartbeat())
    assert [event.outcome for event in home.told(LoginContested)] == ["replaced"]
    assert [event.charge_point_code for event in home.told(WentOffline)] == [dny.OTHER_CODE]
    assert len(home.about(dny.OTHER_CODE, CameOnline)) == 2 and first_wire.ended == ""
    home.heard.clear()
    first.data_received(dny.heartbeat(physical_id=dny.OTHER_ID) + dny.settlement(physical_id=dny.OTHER_ID))
    await home.settle()
    assert home.about(dny.OTHER_CODE, DeviceEvent) == [], "the one that gave way is not heard any more"


async def test_a_line_whose_boards_are_contested_at_once_ends_once_with_all_of_them(home: Home) -> None:
    """The probes end in one sweep: the first takes the line down, and the second finds its board gone already."""
    _, first_wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    lines = [home.line()[0], home.line()[0]]
    for line, physical_id in zip(lines, (dny.PHYSICAL_ID, dny.OTHER_ID), strict=True):
        line.data_received(dny.register(physical_id=physical_id))
    for _ in range(25):
        await home.wait(1)
    stats = home.gateways[0].stats()
    assert first_wire.ended == "aborted" and stats["online"] == 2 and "internal_errors" not in stats
    assert {event.charge_point_code for event in home.told(WentOffline)} == {dny.CODE, dny.OTHER_CODE}
    assert len(home.offline()) == 2


async def test_a_contested_board_on_the_line_of_its_holder_is_probed_too(home: Home) -> None:
    """The challenger may be a neighbour's line as well: here it is a berth."""
    first, _ = await home.boards(dny.OTHER_ID)
    second, second_wire = await home.boards(dny.PHYSICAL_ID)
    second.data_received(dny.register(physical_id=dny.OTHER_ID))
    await home.wait(1)
    first.data_received(dny.heartbeat(physical_id=dny.OTHER_ID))
    await home.wait(5.0)
    assert [event.outcome for event in home.told(LoginContested)] == ["rejected"]
    assert second_wire.ended == "", "its neighbour stays"
    assert [event.charge_point_code for event in home.told(WentOffline)] == []


async def test_a_settlement_repeated_for_ever_is_told_each_time_and_answered_when_it_is_durable(home: Home) -> None:
    link, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    for number in range(5):
        wire.sent = b""
        link.data_received(dny.settlement(physical_id=dny.OTHER_ID, message_id=40 + number))
        await home.settle()
        assert len(home.told(RecordUploaded)) == number + 1 and wire.sent == b""
        confirm = ConfirmRecord(
            command_id=f"c{number}",
            charge_point_code=dny.OTHER_CODE,
            expires_at_ms=home.clock.now_ms() + 60_000,
            connector_no=1,
            session_no=dny.ORDER.hex().upper(),
        )
        await home.ask(confirm)
        assert (wire.sent[5:9], wire.sent[9], wire.sent[11]) == (dny.OTHER_ID.to_bytes(4, "little"), 40 + number, 0x03)
        for _ in range(60):
            link.data_received(b"link" + dny.heartbeat() + dny.heartbeat(physical_id=dny.OTHER_ID))
            await home.wait(30.0)


async def test_a_platform_that_answers_too_late_finds_the_board_tired_of_waiting(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID)
    berth = Berth(link, dny.OTHER_CODE)
    assert link.berths == {} and berth.link_id != link.link_id
    home.answering = False
    link.data_received(dny.register(physical_id=dny.OTHER_ID))
    await home.wait(40)
    assert link.berths == {}, "given up by the connection or the admission"
    assert [event.charge_point_code for event in home.told(CameOnline)] == [dny.CODE]


async def test_a_start_for_a_board_of_the_line_is_refused_once_it_expired(home: Home) -> None:
    _, wire = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    wire.sent = b""
    await home.ask(start(dny.OTHER_CODE, home.clock.now_ms() - 1))
    assert [end.outcome for end in home.told(CommandEnded) if end.command == StartCharging.__name__] == [
        CommandOutcome.EXPIRED
    ]
    assert wire.sent == b""


async def test_each_frame_is_logged_under_its_board(home: Home) -> None:
    link, _ = await home.boards(dny.PHYSICAL_ID, dny.OTHER_ID)
    await home.wait(1)
    home.frame_log.frames.clear()
    damaged = dny.heartbeat(physical_id=dny.OTHER_ID)[:-1] + b"\x00"
    link.data_received(b"link" + dny.heartbeat() + dny.heartbeat(physical_id=dny.OTHER_ID) + damaged + b"link")
    await home.wait(1)
    shown = [(frame.charge_point_code, frame.up, frame.raw[:4]) for frame in home.frame_log.frames]
    first = [entry for entry in shown if entry[0] == dny.CODE]
    other = [entry for entry in shown if entry[0] == dny.OTHER_CODE]
    assert [(up, raw) for _, up, raw in first] == [
        (True, b"link"), (True, dny.heartbeat()[:4]), (False, b"DNY\x0a"), (True, b"link"),
    ]  # fmt: skip
    assert [up for _, up, _ in other] == [True, False, True] and len(first) + len(other) == len(shown)


def _frames(stream: bytes) -> list[bytes]:
    """What we sent, frame by frame."""
    found = []
    while stream:
        size = 5 + int.from_bytes(stream[3:5], "little")
        found.append(stream[:size])
        stream = stream[size:]
    return found
