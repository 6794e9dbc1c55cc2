"""The pump: bytes through, commands in, deadlines, slow readers, and one broken connection hurting no other."""

import asyncio

import pytest

from chargecloud.device.events import Beat, CommandEnded, CommandOutcome, WentOffline
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.link import LinkState
from tests.unit.gateway.fake import house


async def test_bytes_become_events_and_answers() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await home.say(link, "beat", "beat")
        assert wire.sent == b"welcome\nok\nok\n"
        assert len(home.told(Beat)) == 2


async def test_a_command_goes_out_and_its_end_comes_back() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await home.reboot("1", "c1")
        assert wire.sent.endswith(b"reboot\n")
        await home.say(link, "done")
        ended = home.told(CommandEnded)[-1]
        assert (ended.command_id, ended.command, ended.outcome) == ("c1", "Reboot", CommandOutcome.DONE)


async def test_closing_the_socket_ends_what_was_pending() -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        await home.reboot("1", "c1")
        link.connection_lost(None)
        await home.settle()
        assert [event.command_id for event in home.told(CommandEnded)][-1] == "c1"
        assert home.told(WentOffline)[0].reason == "closed_by_peer"
        assert await home.cache.holder("1") is None
        link.connection_lost(None)
        await home.settle()
        assert len(home.told(WentOffline)) == 1


async def test_a_silent_connection_is_found_dead_by_its_own_deadline() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        await home.wait(40)
        await home.say(link, "beat")
        await home.wait(44)
        assert link.state is LinkState.ONLINE
        await home.wait(2)
        assert link.state is LinkState.CLOSED
        assert wire.ended == "closed"
        assert home.told(WentOffline)[0].reason == "silent"


async def test_a_crash_in_one_connection_closes_only_that_one() -> None:
    async with house() as home:
        broken, broken_wire = await home.log_in("1")
        sound, sound_wire = await home.log_in("2")
        await home.say(broken, "crash")
        await home.say(sound, "beat")
        assert broken_wire.ended == "aborted"
        assert sound_wire.sent.endswith(b"ok\n")
        assert home.gateway.stats()["internal_errors"] == 1
        assert home.told(WentOffline)[0].reason == "internal_error"


async def test_a_crash_while_submitting_still_ends_the_command() -> None:
    async with house() as home:
        _, wire = await home.log_in("1")
        await home.reboot("1", "c1", when_idle=False)
        await home.settle()
        assert wire.ended == "aborted"
        ended = [event for event in home.told(CommandEnded) if event.command_id == "c1"]
        assert [event.outcome for event in ended] == [CommandOutcome.UNANSWERED]


async def test_a_peer_that_does_not_read_is_cut_off_after_five_seconds() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        wire.stuck = True
        await home.say(link, "beat")
        await home.wait(5)
        assert link.state is LinkState.ONLINE
        assert home.gateway.stats()["stalled"] == 1
        await home.wait(2)
        assert wire.ended == "aborted"
        assert home.told(WentOffline)[0].reason == "slow_reader"
        assert home.gateway.stats()["stalled"] == 0


async def test_a_peer_that_reads_again_in_time_stays() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        wire.stuck = True
        await home.say(link, "beat")
        await home.wait(4)
        wire.waiting = 0
        await home.wait(1)
        await home.say(link, "beat")
        await home.wait(4)
        assert link.state is LinkState.ONLINE
        assert wire.ended == ""


async def test_a_peer_that_does_not_read_is_cut_off_when_too_much_waits() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        link.pause_writing()
        await home.settle()
        assert wire.ended == "aborted"
        assert home.told(WentOffline)[0].reason == "slow_reader"


async def test_a_congested_bus_stops_the_reading_until_it_has_caught_up() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        home.bus.congested = True
        link.data_received(b"beat\n")
        await asyncio.sleep(0)
        assert not wire.reading
        home.gateway.sweep(home.clock.monotonic())
        assert not wire.reading
        home.bus.congested = False
        home.gateway.sweep(home.clock.monotonic())
        assert wire.reading
        assert home.gateway.stats()["paused"] == 0


async def test_a_closing_connection_that_does_not_drain_is_cut_off() -> None:
    async with house(GatewayLimits(refusal_delay_s=0.0)) as home:
        home.unknown.add("1")
        link, wire = home.dial()
        wire.stuck = True
        await home.say(link, "boot 1")
        await home.wait(1)
        assert (wire.sent, wire.ended) == (b"no\n", "closed")
        await home.wait(5)
        assert wire.ended == "aborted"


async def test_bytes_that_arrive_after_the_end_are_harmless() -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        link.connection_lost(None)
        link.data_received(b"beat\n")
        await home.settle()
        assert home.told(Beat) == []


async def test_usual_frames_are_answered_at_once_and_told_at_the_end_of_the_turn() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        link.data_received(b"beat\n")
        assert wire.sent.endswith(b"ok\n")
        assert home.told(Beat) == []
        await home.settle()
        assert len(home.told(Beat)) == 1


@pytest.mark.parametrize("then", ["RecordUploaded", "WentOffline", "CommandEnded"])
async def test_what_comes_after_a_usual_frame_is_told_after_it(then: str) -> None:
    async with house() as home:
        link, _ = await home.log_in("1")
        await home.reboot("1", "c1")
        link.data_received(b"beat\n")
        if then == "RecordUploaded":
            link.data_received(b"record 7\n")
        elif then == "WentOffline":
            link.drop("lost")
        else:
            link.data_received(b"done\n")
        await home.settle()
        kinds = [type(event).__name__ for event in home.heard]
        assert kinds.count("Beat") == 1
        assert then in kinds[kinds.index("Beat") + 1 :]
