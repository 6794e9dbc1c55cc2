"""The doorkeeper alone: who is newer, who has to wait, and what it keeps in mind."""

import asyncio

import pytest

from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http import doorkeeper
from chargecloud.infra.http.doorkeeper import BANNED_S, FAILURES_A_MINUTE, Doorkeeper, Guest
from chargecloud.infra.http.live import LiveHub
from chargecloud.infra.http.watcher import Change
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable


class Someone(Guest):
    """Knows its keeper, and counts how often it was looked at."""

    def __init__(self, keeper: Doorkeeper, device_id: str = "d1", *, away: bool = False) -> None:
        super().__init__("door:7", device_id, keeper.stamp())
        self.keeper = keeper
        self.checks = 0
        self.away = away

    def kick(self) -> None:
        self.leave(4409)

    async def check(self) -> None:
        self.checks += 1
        if self.away:
            raise Unavailable("away", "away")

    def text_of_change(self, change: Change) -> str | None:
        self.keeper.hear(self, change.values)
        return None


@pytest.fixture
def keeper(database: Database, clock: ManualClock) -> Doorkeeper:
    cache = MemoryCache(clock)
    return Doorkeeper(LiveHub(database, cache, []), cache, clock)


def test_the_newest_of_a_device_stays_whatever_the_clock_says(keeper: Doorkeeper, clock: ManualClock) -> None:
    first = Someone(keeper)
    keeper.enter(first)
    clock.jump(-60_000)
    second, other = Someone(keeper), Someone(keeper, "d2")
    keeper.enter(second)
    keeper.enter(other)
    assert (first.close_code, second.close_code, other.close_code) == (4409, 0, 0)
    assert keeper.counts() == {"guests": 3, "waiting": 0, "kicked": 1, "refused": 0, "banned": 0}
    keeper.part(first)
    assert keeper.counts()["guests"] == 2


def test_an_older_arrival_elsewhere_is_told_who_is_newer(keeper: Doorkeeper) -> None:
    told: list[bytes] = []
    guest = Someone(keeper)
    keeper.enter(guest)
    keeper.cache.broadcast = lambda _topic, patch: told.append(patch)  # type: ignore[method-assign]
    assert keeper.hear(guest, {"arrived": ["d1", guest.stamp[0] - 5, "z"]})
    assert len(told) == 1 and not guest.close_code
    assert keeper.hear(guest, {"arrived": ["d1", guest.stamp[0] + 5, "a"]})
    assert guest.close_code == 4409


@pytest.mark.parametrize("said", [{}, {"arrived": "d1"}, {"arrived": ["d1", 1]}, {"arrived": [1, 2, 3]}])
def test_what_makes_no_sense_kicks_nobody(keeper: Doorkeeper, said: dict[str, object]) -> None:
    guest = Someone(keeper)
    keeper.enter(guest)
    keeper.hear(guest, said)
    assert not guest.close_code


async def test_failures_are_counted_by_address(
    keeper: Doorkeeper, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FAILURES_A_MINUTE):
        await keeper.failed("a")
    assert not keeper.is_banned("a")
    await keeper.failed("a")
    assert keeper.is_banned("a") and not keeper.is_banned("b")
    clock.advance(int(BANNED_S * 1000))
    assert not keeper.is_banned("a") and keeper.counts()["banned"] == 0
    monkeypatch.setattr(doorkeeper, "BANNED_AT_ONCE", 2)
    for source in "bcd":
        for _ in range(FAILURES_A_MINUTE + 1):
            await keeper.failed(source)
    assert [keeper.is_banned(source) for source in "bcd"] == [False, True, True]


async def test_guests_are_looked_at_once_a_minute(
    keeper: Doorkeeper, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "LOOK_EVERY_S", 0.001)
    usual, away, gone = Someone(keeper), Someone(keeper, "d2", away=True), Someone(keeper, "d3")
    for guest in (usual, away, gone):
        keeper.enter(guest)
    gone.leave(1001)
    await keeper.start()
    await asyncio.sleep(0.02)
    assert usual.checks == 0
    clock.advance(60_000)
    await asyncio.sleep(0.05)
    await keeper.stop()
    assert (usual.checks, away.checks, gone.checks) == (1, 1, 0)


async def test_many_who_came_at_once_are_looked_at_one_after_the_other(
    keeper: Doorkeeper, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "CHECKS_AT_ONCE", 2)
    guests = [Someone(keeper, f"d{number}") for number in range(5)]
    for guest in guests:
        keeper.enter(guest)
    clock.advance(60_000)
    seen = []
    for _ in range(4):
        await keeper.look_once()
        seen.append(sum(guest.checks for guest in guests))
    assert seen == [2, 4, 5, 5]
    assert [guest.checks for guest in guests] == [1] * 5
