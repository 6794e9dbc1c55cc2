"""From socket to admitted charge point: the question to the platform, refusals that tell nothing, limits and bans."""

import pytest

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import (
    Beat,
    Booted,
    CameOnline,
    CommandEnded,
    CommandOutcome,
    RecordUploaded,
    WentOffline,
)
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.link import LinkState
from chargecloud.infra.cache.contract import Holder
from chargecloud.kernel.errors import Unavailable
from tests.unit.gateway.fake import NEVER_MS, FakePlugin, House, house


async def test_a_login_is_claimed_asked_and_announced_in_this_order() -> None:
    async with house() as home:
        link, wire = await home.log_in("1", "10.0.0.1")
        booted, online = home.told(Booted)[0], home.told(CameOnline)[0]
        assert (booted.link_id, booted.source) == (link.link_id, "10.0.0.1")
        assert home.heard.index(booted) < home.heard.index(online)
        assert (online.gateway_id, online.epoch) == ("g1", link.epoch)
        assert await home.cache.holder("1") == Holder("g1", link.link_id, link.epoch)
        assert wire.sent == b"welcome\n"


async def test_nothing_counts_before_the_admission() -> None:
    async with house() as home:
        home.answering = False
        link, _ = await home.log_in("1")
        await home.say(link, "beat", "record 7")
        assert home.told(Beat) == home.told(RecordUploaded) == []
        assert home.gateway.stats()["unadmitted_events"] == 2


async def test_records_of_somebody_who_challenges_an_unknown_one_do_not_count() -> None:
    async with house() as home:
        home.unknown.add("1")
        await home.log_in("1")
        challenger, _ = await home.log_in("1")
        assert challenger.state is LinkState.QUARANTINED
        await home.say(challenger, "record 7")
        assert home.told(RecordUploaded) == []


async def test_a_record_of_somebody_nameless_is_not_published() -> None:
    async with house() as home:
        link, _ = home.dial()
        await home.say(link, "record 7")
        assert home.told(RecordUploaded) == []
        assert home.gateway.stats()["unadmitted_events"] == 1


async def test_a_protocol_whose_charge_points_are_slow_to_speak_is_given_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakePlugin, "introduction_s", 200.0)
    async with house() as home:
        link, wire = home.dial()
        await home.wait(190)
        assert link.state is LinkState.NEW
        await home.wait(11)
        assert wire.ended == "aborted"


async def test_whoever_does_not_log_in_within_ten_seconds_is_closed() -> None:
    async with house() as home:
        link, wire = home.dial()
        await home.wait(9)
        assert link.state is LinkState.NEW
        await home.wait(2)
        assert wire.ended == "aborted"
        assert home.gateway.stats()["closed.login_timeout"] == 1


async def test_a_platform_that_does_not_answer_costs_the_connection_not_the_place() -> None:
    async with house() as home:
        home.answering = False
        link, wire = await home.log_in("1")
        await home.wait(16)
        assert (link.state, wire.ended) == (LinkState.CLOSED, "aborted")
        assert await home.cache.holder("1") is None


@pytest.mark.parametrize("code", ["unknown", "disabled"])
async def test_every_refusal_has_the_same_words_at_the_same_pace(code: str) -> None:
    async with house() as home:
        home.unknown.add(code)
        link, wire = await home.log_in(code)
        await home.wait(0.9, step_ms=100)
        assert wire.sent == b""
        await home.wait(0.1, step_ms=100)
        assert (wire.sent, wire.ended) == (b"no\n", "closed")
        assert home.told(CameOnline) == home.told(WentOffline) == []
        assert await home.cache.holder(code) is None
        assert link.state is LinkState.CLOSED


async def test_a_verdict_whose_link_has_gone_still_ends() -> None:
    async with house() as home:
        home.unknown.add("1")
        link, _ = await home.log_in("1")
        link.connection_lost(None)
        await home.settle()
        ended = home.told(CommandEnded)
        assert [(event.command, event.outcome) for event in ended] == [("AnswerBoot", CommandOutcome.UNANSWERED)]


async def test_an_answer_to_a_link_of_an_earlier_life_finds_nobody() -> None:
    async with house() as home:
        answer = AnswerBoot(
            command_id="late", charge_point_code="1", expires_at_ms=NEVER_MS, link_id="g1/17", accepted=True
        )
        await home.command(answer)
        await home.settle()
        assert home.told(CommandEnded)[0].outcome is CommandOutcome.OFFLINE


async def test_a_second_answer_is_refused() -> None:
    async with house() as home:
        link, wire = await home.log_in("1")
        answer = AnswerBoot(
            command_id="again", charge_point_code="1", expires_at_ms=NEVER_MS, link_id=link.link_id, accepted=False
        )
        await home.command(answer)
        await home.settle()
        assert wire.sent == b"welcome\n"
        assert home.told(CommandEnded)[-1].outcome is CommandOutcome.REFUSED


async def test_a_connection_that_changes_its_name_is_closed() -> None:
    async with house() as home:
        home.answering = False
        link, wire = await home.log_in("1")
        await home.say(link, "boot 2")
        assert wire.ended == "aborted"


async def test_too_many_connections_of_one_source_that_have_not_logged_in() -> None:
    async with house(GatewayLimits(waiting_per_source=2)) as home:
        wires = [home.dial("10.0.0.1")[1] for _ in range(3)]
        assert [wire.ended for wire in wires] == ["", "", "aborted"]
        assert home.dial("10.0.0.2")[1].ended == ""
        assert home.gateway.stats()["refused.source_crowded"] == 1


async def test_those_admitted_do_not_count_against_their_source() -> None:
    async with house(GatewayLimits(waiting_per_source=2)) as home:
        for number in range(10):
            _, wire = await home.log_in(str(number), "10.0.0.1")
            assert wire.sent == b"welcome\n"


async def test_too_many_connections_in_total() -> None:
    async with house(GatewayLimits(connections=2)) as home:
        wires = [home.dial(f"10.0.0.{number}")[1] for number in range(3)]
        assert [wire.ended for wire in wires] == ["", "", "aborted"]
        assert home.gateway.stats()["refused.full"] == 1


async def test_failed_logins_ban_their_source_for_a_quarter_of_an_hour() -> None:
    async with house() as home:
        home.unknown.update(str(number) for number in range(20))
        for number in range(11):
            await home.log_in(str(number), "10.0.0.1")
            await home.wait(1)
        assert home.dial("10.0.0.1")[1].ended == "aborted"
        assert home.dial("10.0.0.2")[1].ended == ""
        await home.wait(901, step_ms=60_000)
        assert home.dial("10.0.0.1")[1].ended == ""


async def test_ten_failed_logins_a_minute_are_borne() -> None:
    async with house() as home:
        home.unknown.update(str(number) for number in range(30))
        for number in range(20):
            await home.log_in(str(number), "10.0.0.1")
            await home.wait(7)
        assert home.dial("10.0.0.1")[1].ended == ""


async def test_too_many_logins_of_one_charge_point_ban_it_for_five_minutes() -> None:
    async with house() as home:
        for _ in range(15):
            link, _ = await home.log_in("1")
            link.connection_lost(None)
            await home.settle()
        _, wire = await home.log_in("1")
        assert (wire.sent, wire.ended) == (b"", "aborted")
        _, other_wire = await home.log_in("2")
        assert other_wire.sent == b"welcome\n"
        await home.wait(301, step_ms=40_000)
        assert (await home.log_in("1"))[1].sent == b"welcome\n"


async def test_garbage_before_the_login_counts_as_a_failed_login() -> None:
    async with house() as home:
        for _ in range(11):
            link, _ = home.dial("10.0.0.1")
            await home.say(link, "hopeless")
        assert home.dial("10.0.0.1")[1].ended == "aborted"


async def test_logins_beyond_the_rate_wait_and_established_traffic_does_not() -> None:
    async with house(GatewayLimits(logins_per_s=10, waiting_per_source=100)) as home:
        old, old_wire = await home.log_in("old")
        await home.wait(1)
        crowd = [home.dial() for _ in range(30)]
        for number, (link, _) in enumerate(crowd):
            link.data_received(f"boot {number}\n".encode())
        await home.say(old, "beat")
        assert old_wire.sent.endswith(b"ok\n")
        admitted = sum(link.state is LinkState.ONLINE for link, _ in crowd)
        assert 1 <= admitted <= 3
        await home.wait(4, step_ms=100)
        assert all(link.state is LinkState.ONLINE for link, _ in crowd)


async def test_a_queued_login_that_has_gone_takes_no_turn() -> None:
    async with house(GatewayLimits(logins_per_s=1, waiting_per_source=100)) as home:
        await home.log_in("first")
        gone = [home.dial()[0] for _ in range(20)]
        for number, link in enumerate(gone):
            link.data_received(f"boot {number}\n".encode())
            link.connection_lost(None)
        late, wire = await home.log_in("late")
        await home.wait(1.5, step_ms=500)
        assert wire.sent == b"welcome\n"
        assert late.state is LinkState.ONLINE


async def test_a_directory_that_is_away_refuses_logins() -> None:
    async with house() as home:

        async def away(*args: object, **kwargs: object) -> Holder:
            raise Unavailable("the directory is away", "cache_away")

        home.cache.claim = away
        _, wire = await home.log_in("1")
        assert wire.ended == "aborted"
        assert home.gateway.stats()["refused.cache_away"] == 1


async def test_an_error_of_ours_during_the_admission_closes_that_connection_only() -> None:
    async with house() as home:

        async def broken(*args: object, **kwargs: object) -> Holder:
            raise RuntimeError("planned")

        claim = home.cache.claim
        home.cache.claim = broken
        _, wire = await home.log_in("1")
        home.cache.claim = claim
        _, other = await home.log_in("2")
        assert (wire.ended, other.sent) == ("aborted", b"welcome\n")
        assert home.gateway.stats()["internal_errors"] == 1


async def test_nothing_is_left_over_when_everybody_has_gone() -> None:
    async with house() as home:
        home.unknown.add("1")
        links = [(await home.log_in(code))[0] for code in ("1", "2", "3")]
        links.append(home.dial()[0])
        for link in links:
            link.connection_lost(None)
        await home.wait(60)
        assert leftovers(home) == {"connections": 0, "online": 0, "paused": 0, "logins_queued": 0, "contests": 0}
        admission = home.gateway._admission
        assert (len(admission._waiting), len(admission._boots), len(admission._verdicts)) == (0, 0, 0)


def leftovers(home: House) -> dict[str, int]:
    names = ("connections", "online", "paused", "logins_queued", "contests")
    return {name: home.gateway.stats()[name] for name in names}
