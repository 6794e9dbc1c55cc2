"""The directory on Redis, flushed, restarted and away: epochs only grow, one holds, and whoever lost is told."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from chargecloud.infra.cache.contract import Holder
from chargecloud.infra.cache.redis import RedisCache
from chargecloud.infra.cache.redis_line import RedisOptions
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Unavailable
from tests.support.eventually import eventually
from tests.support.redis_server import flush, own_redis
from tests.support.servers import Redis

NOWHERE = "redis://127.0.0.1:1/0"
FAST = RedisOptions(answer_s=1.0, pulse_s=0.02, settle_ms=100, assert_s=0.1, hold_s=5)


@asynccontextmanager
async def opened(url: str, options: RedisOptions = FAST, count: int = 1) -> AsyncIterator[Sequence[RedisCache]]:
    caches = [RedisCache(url, SystemClock(), options) for _ in range(count)]
    for cache in caches:
        await cache.start()
    try:
        yield caches
    finally:
        for cache in caches:
            await cache.stop()


async def until(cache: RedisCache, code: str, *wanted: Holder | None) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if await cache.holder(code) in wanted:
                    return
            except Unavailable:
                pass
            await asyncio.sleep(0.01)


async def test_without_a_server_limits_that_are_strict_fail_closed_and_others_count_here() -> None:
    async with opened(NOWHERE) as (cache,):
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 cannot be used") as caught:
            await cache.take("sign-in:a", limit=3, window_s=60)
        assert caught.value.code == "cache_unavailable"
        took = [await cache.take("orders:a", limit=2, window_s=60, strict=False) for _ in range(3)]
        assert took == [True, True, False]
        with pytest.raises(Unavailable):
            await cache.ready()


async def test_without_a_server_nothing_unknown_can_be_claimed_or_found() -> None:
    async with opened(NOWHERE) as (cache,):
        with pytest.raises(Unavailable):
            await cache.claim("1", "g1", "g1/1")
        with pytest.raises(Unavailable):
            await cache.holder("1")
        assert cache.counts()["down"] == 1


@pytest.mark.connected
async def test_a_flush_is_noticed_and_the_holder_told_again_before_anybody_can_take_its_place(tmp_path: Path) -> None:
    async with own_redis(tmp_path) as server, opened(server.url, count=2) as (one, two):
        lost: list[tuple[str, int]] = []
        one.on_fenced(lambda code, epoch: lost.append((code, epoch)))
        held = [await one.claim(str(code), "g1", f"g1/{code}") for code in range(1200)]
        for _ in range(5):
            await flush(server)
            answers = await asyncio.gather(*(two.claim(str(code), "g2", f"g2/{code}") for code in range(0, 1200, 40)))
            assert answers == held[::40]
        await until(two, "1199", held[1199])
        assert not lost


@pytest.mark.connected
async def test_who_was_replaced_unheard_is_fenced_and_cannot_come_back(tmp_path: Path) -> None:
    """The first gateway is cut off from the directory for longer than the directory waits."""
    async with own_redis(tmp_path) as server, opened(server.url, count=2) as (one, two):
        lost: list[tuple[str, int]] = []
        one.on_fenced(lambda code, epoch: lost.append((code, epoch)))
        old = await one.claim("1", "g1", "g1/1")
        assert one._keeping
        one._keeping.cancel()
        await flush(server)
        new = await two.claim("1", "g2", "g2/1")
        assert (new.link_id, new.epoch > old.epoch) == ("g2/1", True)
        one._keeping = asyncio.create_task(one._keep())
        await eventually(lambda: lost)
        assert lost[0] == ("1", new.epoch)
        await one.release("1", old.epoch)
        assert await two.holder("1") == new
        await two.release("1", new.epoch)
        assert await two.holder("1") is None


async def storm(caches: Sequence[RedisCache], codes: int, claims: int) -> dict[str, list[Holder]]:
    """Gateways that claim, replace and release the same charge points side by side; every win, in order of answers."""
    wins: dict[str, list[Holder]] = defaultdict(list)

    async def gateway(number: int, cache: RedisCache) -> None:
        for count in range(claims):
            code, link = str(count % codes), f"g{number}/{count}"
            try:
                present = await cache.claim(code, f"g{number}", link)
                if present.link_id != link and count % 3 == 0:
                    present = await cache.claim(code, f"g{number}", link, replace=present.epoch)
                if present.link_id == link:
                    wins[code].append(present)
                    if count % 5 == 0:
                        await cache.release(code, present.epoch)
            except Unavailable:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(gateway(number, cache) for number, cache in enumerate(caches)))
    return wins


async def flushing(server: Redis, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await flush(server)


@pytest.mark.connected
async def test_flushes_every_few_milliseconds_under_a_storm_of_claims_change_no_invariant(tmp_path: Path) -> None:
    """No window to settle in, so that charge points do change hands by the flushes."""
    options = replace(FAST, settle_ms=0)
    async with own_redis(tmp_path) as server, opened(server.url, options, count=4) as caches:
        fenced: list[set[str]] = [set() for _ in caches]
        for cache, lost in zip(caches, fenced, strict=True):
            cache.on_fenced(lambda code, _epoch, lost=lost: lost.add(code))
        attack = asyncio.create_task(flushing(server, 0.004))
        wins = await storm(caches, codes=25, claims=1000)
        attack.cancel()
        assert any(fenced), "no charge point changed hands by a flush: the storm proves nothing"
        for code, holders in wins.items():
            epochs = [holder.epoch for holder in holders]
            assert len(set(epochs)) == len(epochs), f"an epoch of {code} was granted twice"
        for code in wins:  # None when the last to win has released it
            best = max((cache._held[code] for cache in caches if code in cache._held), key=_epoch, default=None)
            for number, cache in enumerate(caches):
                if code in cache._held and cache._held[code] is not best:
                    await eventually(lambda code=code, number=number: code in fenced[number])
            await until(caches[0], code, best, None)


def _epoch(holder: Holder) -> int:
    return holder.epoch


@pytest.mark.connected
async def test_while_the_server_is_away_the_holder_stays_and_nobody_else_gets_in(tmp_path: Path) -> None:
    async with own_redis(tmp_path) as server, opened(server.url, count=2) as (one, two):
        old = await one.claim("1", "g1", "g1/1")
        assert await two.holder("1") == old
        server.kill()
        assert await one.holder("1") == old
        assert await two.holder("1") == old, "who held it last still does"
        assert await one.claim("1", "g1", "g1/2") == old
        newer = await one.claim("1", "g1", "g1/2", replace=old.epoch)
        assert (newer.link_id, newer.epoch > old.epoch) == ("g1/2", True)
        with pytest.raises(Unavailable):
            await two.claim("1", "g2", "g2/1", replace=old.epoch)
        await asyncio.to_thread(server.start)
        await until(two, "1", newer)
        assert await two.claim("1", "g2", "g2/1") == newer
        assert one.counts()["outages"] == 1


@pytest.mark.connected
async def test_a_frozen_server_costs_its_deadline_once_and_is_found_again(tmp_path: Path) -> None:
    options = replace(FAST, answer_s=0.2)
    async with own_redis(tmp_path) as server, opened(server.url, options) as (cache,):
        held = await cache.claim("1", "g1", "g1/1")
        server.freeze()
        async with asyncio.timeout(10):
            assert [await cache.holder("1") for _ in range(200)] == [held] * 200
        server.thaw()
        await eventually(lambda: not cache.counts()["down"])
        assert await cache.holder("1") == held


@pytest.mark.connected
async def test_an_entry_runs_out_with_its_gateway(tmp_path: Path) -> None:
    options = replace(FAST, hold_s=1)
    async with own_redis(tmp_path) as server, opened(server.url, options) as (left,):
        async with opened(server.url, options) as (gone,):
            held = await gone.claim("1", "g1", "g1/1")
        assert await left.holder("1") == held
        await until(left, "1", None)


@pytest.mark.connected
async def test_it_stops_whatever_it_is_about_to_say(tmp_path: Path) -> None:
    """A cancellation that met the end of a write was forgotten, and the stop waited for ever."""
    busy = replace(FAST, pulse_s=0.001, assert_s=0.002)
    async with own_redis(tmp_path) as server:
        for number in range(100):
            async with asyncio.timeout(20), opened(server.url, replace(busy, prefix=f"{number}:")) as (cache,):
                cache.listen()
                cache.broadcast("t", b"1")
                await asyncio.sleep(number / 10_000)


@pytest.mark.connected
async def test_a_wrong_password_is_told_at_the_start(tmp_path: Path) -> None:
    async with own_redis(tmp_path) as server:
        async with Client.from_url(server.url) as client:
            await client.config_set("requirepass", "right")
        wrong = server.url.replace("//", "//:wrong@")
        with pytest.raises(Unavailable, match=r"mend the name or password in cache\.url") as caught:
            await RedisCache(wrong, SystemClock(), FAST).start()
        assert "wrong@" not in caught.value.message
