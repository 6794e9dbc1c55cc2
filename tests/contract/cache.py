"""What both caches promise. A subclass says how to open one; `clock` drives whatever depends on time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from chargecloud.infra.cache.contract import Cache
from chargecloud.kernel.clock import ManualClock

CODE = "32010600019236"
HELLO = "hello"


async def listening(cache: Cache, count: int) -> list[AsyncIterator[tuple[str, bytes]]]:
    """Listeners that hear: what is said before a server knows of them is not for them, and that may take a while."""
    listeners = [cache.listen() for _ in range(count)]
    for listener in listeners:
        heard = asyncio.ensure_future(anext(listener))
        while not heard.done():
            cache.broadcast(HELLO, b"")
            await asyncio.wait({heard}, timeout=0.05)
    return listeners


async def next_of(listener: AsyncIterator[tuple[str, bytes]]) -> tuple[str, bytes]:
    """What it hears next, hellos apart."""
    while (heard := await asyncio.wait_for(anext(listener), 5))[0] == HELLO:
        pass
    return heard


class CacheContract:
    """Inherited by test_memory_cache and its twin."""

    def open_cache(self, clock: ManualClock) -> AbstractAsyncContextManager[Cache]:
        raise NotImplementedError

    async def pass_time(self, clock: ManualClock, seconds: int) -> None:
        """Let a window pass; a twin that lives by the server's clock sleeps instead."""
        clock.advance(seconds * 1000)

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    async def cache(self, clock: ManualClock) -> AsyncIterator[Cache]:
        async with self.open_cache(clock) as cache:
            yield cache

    async def test_nobody_holds_an_unclaimed_charge_point(self, cache: Cache) -> None:
        assert await cache.holder(CODE) is None

    async def test_the_first_claim_wins_and_later_ones_see_it(self, cache: Cache) -> None:
        first = await cache.claim(CODE, "g1", "g1/1")
        assert first.link_id == "g1/1"
        assert await cache.claim(CODE, "g2", "g2/1") == first
        assert await cache.holder(CODE) == first

    async def test_claiming_again_for_the_same_link_changes_nothing(self, cache: Cache) -> None:
        first = await cache.claim(CODE, "g1", "g1/1")
        assert await cache.claim(CODE, "g1", "g1/1") == first

    async def test_only_the_epoch_seen_can_be_replaced(self, cache: Cache) -> None:
        first = await cache.claim(CODE, "g1", "g1/1")
        second = await cache.claim(CODE, "g2", "g2/1", replace=first.epoch)
        assert (second.link_id, second.epoch > first.epoch) == ("g2/1", True)
        assert await cache.claim(CODE, "g3", "g3/1", replace=first.epoch) == second

    async def test_a_release_of_an_earlier_epoch_does_nothing(self, cache: Cache) -> None:
        first = await cache.claim(CODE, "g1", "g1/1")
        second = await cache.claim(CODE, "g2", "g2/1", replace=first.epoch)
        await cache.release(CODE, first.epoch)
        assert await cache.holder(CODE) == second
        await cache.release(CODE, second.epoch)
        assert await cache.holder(CODE) is None

    async def test_epochs_grow_after_a_release(self, cache: Cache) -> None:
        first = await cache.claim(CODE, "g1", "g1/1")
        await cache.release(CODE, first.epoch)
        assert (await cache.claim(CODE, "g1", "g1/2")).epoch > first.epoch

    async def test_of_many_simultaneous_claims_one_wins(self, cache: Cache) -> None:
        answers = await asyncio.gather(*(cache.claim(CODE, "g1", f"g1/{n}") for n in range(20)))
        assert len({answer.link_id for answer in answers}) == 1

    async def test_a_bucket_refuses_beyond_its_limit_until_the_window_has_passed(
        self, cache: Cache, clock: ManualClock
    ) -> None:
        taken = [await cache.take("login:a", limit=3, window_s=2) for _ in range(4)]
        assert taken == [True, True, True, False]
        assert await cache.take("login:b", limit=3, window_s=2)
        await self.pass_time(clock, 3)
        assert await cache.take("login:a", limit=3, window_s=2)

    async def test_every_listener_hears_every_broadcast_in_order(self, cache: Cache) -> None:
        listeners = await listening(cache, 2)
        cache.broadcast("station:1", b'{"a":1}')
        cache.broadcast("station:2", b'{"a":2}')
        for listener in listeners:
            assert await next_of(listener) == ("station:1", b'{"a":1}')
            assert await next_of(listener) == ("station:2", b'{"a":2}')

    async def test_a_listener_that_falls_behind_is_told(self, cache: Cache) -> None:
        [listener] = await listening(cache, 1)
        for number in range(10_000):
            cache.broadcast("station:1", b"%d" % number)
        seen = [await next_of(listener)]
        while seen[-1] != ("station:1", b"9999"):
            seen.append(await next_of(listener))
        assert ("", b"") in seen
        assert len(seen) < 10_000
