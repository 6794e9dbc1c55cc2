"""While the bus is away: heartbeats are answered, starts refused, events bounded; afterwards the truth is told."""

from chargecloud.device.events import Beat, CommandEnded, StartRequested, WireFaulted
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.outage import Outage
from chargecloud.infra.bus.memory import MemoryBus, MemoryBusLimits
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope
from tests.unit.gateway.fake import House, house


def beat(code: str, *, faulted: bool = False, connector_no: int = 1) -> Envelope:
    return Envelope(code, Beat(charge_point_code=code, connector_no=connector_no, faulted=faulted), 1)


def fault(code: str) -> Envelope:
    return Envelope(code, WireFaulted(charge_point_code=code, counts={}), 1)


async def take_away(home: House) -> None:
    home.bus.away = True
    await home.wait(0.1, step_ms=100)


async def give_back(home: House) -> None:
    home.bus.away = False
    await home.wait(0.1, step_ms=100)


async def test_heartbeats_are_answered_and_only_the_last_is_told() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await take_away(home)
        before = len(home.told(Beat))
        await home.say(link, *["beat"] * 50)
        assert wire.sent.count(b"ok") == 50
        assert len(home.told(Beat)) == before
        assert home.gateway.stats()["events_held"] == 1
        await give_back(home)
        assert len(home.told(Beat)) == before + 1
        assert (home.gateway.stats()["bus_away"], home.gateway.stats()["events_held"]) == (0, 0)


async def test_a_card_is_refused_at_once_with_the_protocols_reason() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await take_away(home)
        await home.say(link, "swipe 9")
        assert wire.sent.endswith(b"start out_of_service\n")
        await give_back(home)
        assert home.told(StartRequested) == [], "nobody decides about it later"
        assert home.gateway.stats()["starts_refused_in_outage"] == 1
        await home.say(link, "swipe 9")
        assert len(home.told(StartRequested)) == 1


async def test_what_does_not_replace_itself_is_told_in_order() -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        await home.reboot("1", "c1")
        await take_away(home)
        await home.say(link, "bad", "done", "bad")
        heard = len(home.heard)
        await give_back(home)
        kinds = [type(event) for event in home.heard[heard:] if not isinstance(event, Beat)]
        assert kinds == [WireFaulted, CommandEnded, WireFaulted]


async def test_a_full_bus_does_not_silence_charge_points_while_it_is_away() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await take_away(home)
        home.bus.congested = True
        await home.say(link, "beat")
        assert wire.reading
        home.bus.away = False
        await home.wait(0.1, step_ms=100)
        assert home.gateway.stats()["bus_away"] == 1, "not before the bus has room for what was held"
        home.bus.congested = False
        await home.wait(0.1, step_ms=100)
        assert home.gateway.stats()["bus_away"] == 0


async def test_an_outage_at_the_start_of_the_day_is_noticed_before_anything_is_published() -> None:
    limits = GatewayLimits(held_events=10)
    async with house(limits) as home:
        links = [(await home.log_in(str(number)))[0] for number in range(12)]
        await take_away(home)
        for link in links:
            await home.say(link, "beat", "bad")
        stats = home.gateway.stats()
        assert (stats["events_held"], stats["events_dropped"]) == (10, 14)
        await give_back(home)


def test_latest_state_of_each_connector_wins_and_moves_to_the_end() -> None:
    outage, bus = Outage(10), MemoryBus(ManualClock())
    for envelope in (beat("1"), beat("1", connector_no=2), fault("1"), beat("1", faulted=True)):
        outage.hold(envelope)
    assert len(outage) == 3
    told: list[Envelope] = []
    bus.publish = told.append
    assert outage.release(bus)
    assert told == [beat("1", connector_no=2), fault("1"), beat("1", faulted=True)]


def test_release_stops_when_the_bus_is_full() -> None:
    outage, bus = Outage(10), MemoryBus(ManualClock(), MemoryBusLimits())
    outage.hold(fault("1"))
    bus.congested = True
    assert not outage.release(bus)
    assert len(outage) == 1
