"""T-DUP: two connections for one charge point (abuse A02), at one gateway and at two."""

import random

import pytest

from chargecloud.device.events import (
    Beat,
    CameOnline,
    CommandEnded,
    CommandOutcome,
    LoginContested,
    RecordUploaded,
    WentOffline,
)
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.link import Link, LinkState
from tests.unit.gateway.fake import FakeWire, House, house

CODE = "32010600019236"
HOME, ELSEWHERE = "10.0.0.1", "10.9.9.9"
PATIENT = GatewayLimits(logins_per_code=1_000_000, failed_logins_per_source=1_000_000)


def outcomes(home: House) -> list[str]:
    return [event.outcome for event in home.told(LoginContested)]


def epochs(home: House) -> tuple[list[int], list[int]]:
    return [event.epoch for event in home.told(CameOnline)], [event.epoch for event in home.told(WentOffline)]


async def old_and_new(
    home: House, source: str, *, charging: bool, gateways: tuple[int, int] = (0, 0)
) -> tuple[tuple[Link, FakeWire], tuple[Link, FakeWire]]:
    """An admitted connection (with a command pending when it charges) and a second one that has just said its name."""
    old = await home.log_in(CODE, HOME, gateway=gateways[0])
    if charging:
        await home.reboot(CODE, "running", gateway_id=f"g{gateways[0] + 1}")
    new = await home.log_in(CODE, source, gateway=gateways[1])
    return old, new


@pytest.mark.parametrize("gateways", [(0, 0), (0, 1)])
@pytest.mark.parametrize("charging", [False, True])
@pytest.mark.parametrize("source", [HOME, ELSEWHERE])
async def test_the_old_one_is_alive(source: str, charging: bool, gateways: tuple[int, int]) -> None:
    async with house(gateways=2) as home:
        (old, old_wire), (new, new_wire) = await old_and_new(home, source, charging=charging, gateways=gateways)
        assert new.state is LinkState.QUARANTINED
        assert old_wire.sent.endswith(b"probe\n")
        await home.wait(5)
        await home.say(old, "beat")
        await home.wait(1.2)
        assert (new_wire.sent, new_wire.ended) == (b"no\n", "closed")
        assert old.state is LinkState.ONLINE
        assert outcomes(home) == ["rejected"]
        await home.reboot(CODE, "later", gateway_id=f"g{gateways[0] + 1}")
        assert old_wire.sent.endswith(b"reboot\n")
        assert epochs(home) == ([old.epoch], [])


@pytest.mark.parametrize("gateways", [(0, 0), (0, 1)])
@pytest.mark.parametrize("charging", [False, True])
@pytest.mark.parametrize("source", [HOME, ELSEWHERE])
async def test_the_old_one_is_silent(source: str, charging: bool, gateways: tuple[int, int]) -> None:
    async with house(gateways=2) as home:
        (old, old_wire), (new, new_wire) = await old_and_new(home, source, charging=charging, gateways=gateways)
        await home.wait(19)
        assert (old.state, new.state) == (LinkState.ONLINE, LinkState.QUARANTINED)
        await home.wait(2)
        assert (old_wire.ended, new_wire.sent) == ("aborted", b"welcome\n")
        assert outcomes(home) == ["replaced"]
        assert new.epoch > old.epoch
        assert epochs(home) == ([old.epoch, new.epoch], [old.epoch])
        ended = [event.outcome for event in home.told(CommandEnded) if event.command_id == "running"]
        assert ended == ([CommandOutcome.UNANSWERED] if charging else [])
        old.connection_lost(None)
        await home.settle()
        assert (await home.cache.holder(CODE)).link_id == new.link_id
        await home.reboot(CODE, "later", gateway_id=f"g{gateways[1] + 1}")
        assert new_wire.sent.endswith(b"reboot\n")
        assert b"reboot" not in old_wire.sent.partition(b"probe\n")[2]


@pytest.mark.parametrize("gateways", [(0, 0), (0, 1)])
@pytest.mark.parametrize("source", [HOME, ELSEWHERE])
async def test_the_old_one_is_half_open_and_its_host_says_so(source: str, gateways: tuple[int, int]) -> None:
    async with house(gateways=2) as home:
        (old, _), (_, new_wire) = await old_and_new(home, source, charging=False, gateways=gateways)
        old.connection_lost(ConnectionResetError())
        await home.settle()
        assert new_wire.sent == b"welcome\n"
        assert outcomes(home) == []


async def test_a_connection_that_has_closed_is_in_nobodys_way() -> None:
    async with house() as home:
        old, _ = await home.log_in(CODE, HOME)
        old.connection_lost(None)
        _, wire = await home.log_in(CODE, HOME)
        assert wire.sent == b"welcome\n"


@pytest.mark.parametrize("gateways", [(0, 0), (0, 1)])
async def test_in_quarantine_only_records_are_heard_and_no_command_arrives(gateways: tuple[int, int]) -> None:
    async with house(gateways=2) as home:
        (_, old_wire), (new, new_wire) = await old_and_new(home, ELSEWHERE, charging=False, gateways=gateways)
        await home.say(new, "beat", "record 7", "beat")
        await home.reboot(CODE, "c1")
        assert home.told(Beat) == []
        assert [record.session_no for record in home.told(RecordUploaded)] == ["7"]
        assert (b"reboot" in new_wire.sent, b"reboot" in old_wire.sent) == (False, True)


async def test_damaged_bytes_are_no_sign_of_life() -> None:
    async with house() as home:
        (old, _), (_, new_wire) = await old_and_new(home, HOME, charging=False)
        await home.wait(5)
        await home.say(old, "bad")
        await home.wait(16)
        assert new_wire.sent == b"welcome\n"


async def test_a_command_that_runs_out_of_time_is_no_sign_of_life() -> None:
    async with house() as home:
        _, (_, new_wire) = await old_and_new(home, HOME, charging=True)
        await home.wait(15)
        assert [event.outcome for event in home.told(CommandEnded)][-1] is CommandOutcome.UNANSWERED
        await home.wait(6)
        assert new_wire.sent == b"welcome\n"


async def test_a_connection_we_do_not_read_from_is_given_more_time() -> None:
    async with house() as home:
        (old, _), (new, _) = await old_and_new(home, HOME, charging=False)
        home.bus.congested = True
        old.data_received(b"")
        assert old.paused
        await home.wait(25)
        assert (old.state, new.state) == (LinkState.ONLINE, LinkState.QUARANTINED)


async def test_whoever_gives_up_and_dials_again_does_not_start_the_clock_anew() -> None:
    async with house() as home:
        (old, _), (new, _) = await old_and_new(home, HOME, charging=False)
        await home.wait(10)
        new.connection_lost(None)
        await home.wait(5)
        _, wire = await home.log_in(CODE, HOME)
        await home.wait(6)
        assert (old.state, wire.sent) == (LinkState.CLOSED, b"welcome\n")


async def test_a_silent_connection_is_closed_even_when_its_challenger_has_gone() -> None:
    async with house() as home:
        (old, _), (new, _) = await old_and_new(home, HOME, charging=False)
        new.connection_lost(None)
        await home.wait(21)
        assert old.state is LinkState.CLOSED
        assert await home.cache.holder(CODE) is None
        assert (await home.log_in(CODE, HOME))[1].sent == b"welcome\n"


async def test_of_two_challengers_the_later_one_waits() -> None:
    async with house() as home:
        _, (_, first_wire) = await old_and_new(home, HOME, charging=False)
        _, second_wire = await home.log_in(CODE, HOME)
        await home.wait(1.2)
        assert (first_wire.sent, first_wire.ended) == (b"no\n", "closed")
        await home.wait(20)
        assert second_wire.sent == b"welcome\n"


async def test_a_challenge_to_somebody_who_is_still_being_asked_about_waits_for_the_verdict() -> None:
    async with house() as home:
        home.answering = False
        old, _ = await home.log_in(CODE, HOME)
        new, _ = await home.log_in(CODE, ELSEWHERE)
        assert new.state is LinkState.QUARANTINED
        await home.answer(home.heard[0], accepted=True)
        await home.settle()
        assert old.gate - home.clock.monotonic() == pytest.approx(20)
        home.answering = True
        await home.wait(21)
        assert (old.state, new.state) == (LinkState.CLOSED, LinkState.ONLINE)


async def test_a_gateway_that_does_not_answer_loses_its_claim_and_is_fenced_when_it_is_back() -> None:
    async with house(gateways=2) as home:
        old, old_wire = await home.log_in(CODE, HOME, gateway=0)
        deliver = home.bus._mailboxes["g1"]
        home.bus._mailboxes["g1"] = (lambda envelope: None, lambda envelope: None)
        _, new_wire = await home.log_in(CODE, HOME, gateway=1)
        await home.wait(22)
        home.bus._mailboxes["g1"] = deliver
        await home.wait(2)
        assert new_wire.sent == b"welcome\n"
        assert old_wire.ended == "aborted"
        assert old.state is LinkState.CLOSED
        assert home.gateways[0].stats()["closed.fenced"] == 1


async def test_a_gateway_that_died_and_is_back_says_at_once_that_it_holds_nothing() -> None:
    async with house(gateways=2) as home:
        before = await home.cache.claim(CODE, "g1", "g1/17")
        alive = home.bus._mailboxes.pop("g1")
        new, wire = await home.log_in(CODE, HOME, gateway=1)
        await home.wait(5)
        assert (new.state, wire.sent) == (LinkState.QUARANTINED, b"")
        home.bus._mailboxes["g1"] = alive
        await home.wait(2)
        assert wire.sent == b"welcome\n"
        assert new.epoch > before.epoch
        assert outcomes(home) == [], "an ordinary reconnect, and no alarm"


async def test_a_gateway_that_died_and_stays_away_is_given_up_when_the_time_is_up() -> None:
    async with house(gateways=2) as home:
        await home.cache.claim(CODE, "g1", "g1/17")
        del home.bus._mailboxes["g1"]
        new, wire = await home.log_in(CODE, HOME, gateway=1)
        await home.wait(22)
        assert (new.state, wire.sent) == (LinkState.QUARANTINED, b"")
        await home.wait(2)
        assert wire.sent == b"welcome\n"
        assert outcomes(home) == ["replaced"]


async def test_who_lost_its_place_in_the_directory_is_fenced_and_only_up_to_the_winners_epoch() -> None:
    async with house() as home:
        link, wire = await home.log_in(CODE, HOME)
        fenced = home.cache.fenced
        assert fenced
        fenced(CODE, link.epoch - 1)
        assert link.state is LinkState.ONLINE
        fenced(CODE, link.epoch + 1)
        fenced(CODE, link.epoch + 1)
        assert (link.state, wire.ended) == (LinkState.CLOSED, "aborted")
        assert home.gateway.stats()["closed.fenced"] == 1


async def test_a_holder_of_a_gateways_earlier_life_is_replaced_at_once() -> None:
    async with house() as home:
        before = await home.cache.claim(CODE, "g1", "g1/17")
        link, wire = await home.log_in(CODE, HOME)
        assert wire.sent == b"welcome\n"
        assert link.epoch > before.epoch


async def random_life(home: House, chance: random.Random) -> None:
    """Dial, speak, fall silent, close and wait in any order."""
    links: list[Link] = []
    for _ in range(chance.randint(5, 14)):
        act = chance.choice(("dial", "dial", "beat", "lose", "wait", "wait_long"))
        if act == "dial":
            link, _ = home.dial(chance.choice((HOME, ELSEWHERE)), gateway=chance.randrange(2))
            link.data_received(f"boot {CODE}\n".encode())
            links.append(link)
        elif act == "beat" and links:
            link = chance.choice(links)
            if link.state is not LinkState.CLOSED:
                link.data_received(b"beat\n")
        elif act == "lose" and links:
            chance.choice(links).connection_lost(None)
        elif act == "wait":
            await home.wait(chance.choice((0.1, 1.1)), step_ms=550)
        elif act == "wait_long":
            await home.wait(chance.choice((12, 21)), step_ms=3_000)
        if chance.random() < 0.7:
            await home.settle()
            check_one_holder(home, links)


def check_one_holder(home: House, links: list[Link]) -> None:
    """I9: at most one connection may get commands, and the directory names it."""
    online = [link for link in links if link.state is LinkState.ONLINE]
    assert len(online) <= 1
    if online:
        holder = home.cache._holders[CODE]
        assert (holder.link_id, holder.epoch) == (online[0].link_id, online[0].epoch)


def check_story(home: House) -> None:
    """Every epoch comes once and goes at most once, and none comes before the one before it has gone."""
    present = 0
    for event in home.heard:
        if isinstance(event, CameOnline):
            assert present == 0
            present = event.epoch
        elif isinstance(event, WentOffline):
            assert event.epoch == present
            present = 0


@pytest.mark.parametrize("lot", range(10))
async def test_the_clean_up_of_an_old_connection_never_harms_a_new_one(lot: int) -> None:
    """1,000 random lives, seeded; afterwards the charge point can always log in within the promised time."""
    for seed in range(lot * 100, lot * 100 + 100):
        async with house(PATIENT, gateways=2) as home:
            await random_life(home, random.Random(seed))
            await home.settle()
            check_story(home)
            for _ in range(4):
                link, wire = await home.log_in(CODE, HOME)
                await home.wait(8, step_ms=4_000)
                if wire.sent == b"welcome\n":
                    break
                link.connection_lost(None)
                await home.settle()
            assert wire.sent == b"welcome\n", f"seed {seed}: locked out"
            check_story(home)
