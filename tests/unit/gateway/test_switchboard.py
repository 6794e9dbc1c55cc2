"""Addresses of links, and the counters everything else relies on."""

from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.infra.bus.memory import MemoryBus
from tests.unit.gateway.fake import FakePlugin, FakeWire, house


async def test_a_link_is_found_by_its_address_and_by_no_other() -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        board = home.gateway._board
        assert board.link_of(link.link_id) is link
        serial = link.link_id.rpartition("/")[2]
        for stranger in (f"g2/{serial}", f"g1/{serial}0", "g1/", "g1/x", serial, ""):
            assert board.link_of(stranger) is None


async def test_addresses_of_a_later_life_are_later() -> None:
    async with house() as home:
        last = [home.dial()[0].serial for _ in range(500)][-1]
        home.clock.advance(1_000)
        around = Surroundings(home.clock, MemoryBus(home.clock), home.cache, home.frame_log)
        restarted = Gateway(GatewaySettings("g1"), around, {"fake": FakePlugin()})
        assert restarted.connect("fake", FakeWire(), "10.0.0.1").serial > last


async def test_a_closing_connection_is_cut_off_when_its_time_is_up_and_not_earlier() -> None:
    async with house(GatewayLimits(write_within_s=5.0)) as home:
        board = home.gateway._board
        wire, drained = FakeWire(), FakeWire()
        wire.waiting = 10
        for leaving in (wire, drained):
            leaving.close()
            board.see_off(leaving)
        assert board.leaving
        board.cut_off(home.clock.monotonic() + 4.9)
        assert wire.ended == "closed"
        board.cut_off(home.clock.monotonic() + 5.0)
        assert (wire.ended, drained.ended) == ("aborted", "closed")
        assert not board.leaving


async def test_what_is_spawned_is_waited_for() -> None:
    async with house() as home:
        board = home.gateway._board
        done: list[int] = []

        async def second() -> None:
            done.append(2)

        async def first() -> None:
            board.spawn(second())
            done.append(1)

        board.spawn(first())
        await board.settle()
        assert done == [1, 2]
