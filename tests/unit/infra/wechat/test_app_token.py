"""One token at a time, renewed before it dies, fetched once however many ask."""

import asyncio

import pytest

from chargecloud.infra.wechat.app_token import EARLY_S, TRY_AGAIN_S, AccessToken, TokenHolder
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable


class Source:
    def __init__(self) -> None:
        self.fetched = 0
        self.away = False
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self) -> AccessToken:
        await self.open.wait()
        if self.away:
            raise Unavailable("away", "wechat_unavailable")
        self.fetched += 1
        return AccessToken(access_token=f"t{self.fetched}", expires_in=7200)


@pytest.fixture
def source() -> Source:
    return Source()


async def test_many_who_ask_at_once_cause_one_fetch(source: Source, clock: ManualClock) -> None:
    holder = TokenHolder(source.fetch, clock)
    source.open.clear()
    asking = [asyncio.create_task(holder.token()) for _ in range(20)]
    await asyncio.sleep(0)
    source.open.set()
    assert set(await asyncio.gather(*asking)) == {"t1"}
    assert source.fetched == 1


async def test_it_is_renewed_before_it_dies(source: Source, clock: ManualClock) -> None:
    holder = TokenHolder(source.fetch, clock)
    assert await holder.token() == "t1"
    clock.advance(int((7200 - EARLY_S) * 1000) - 1)
    assert await holder.token() == "t1"
    clock.advance(1)
    assert await holder.token() == "t2"


async def test_while_wechat_is_away_the_old_one_serves_until_it_dies(source: Source, clock: ManualClock) -> None:
    holder = TokenHolder(source.fetch, clock)
    await holder.token()
    source.away = True
    clock.advance(int((7200 - EARLY_S) * 1000))
    assert await holder.token() == "t1"
    source.away = False
    assert await holder.token() == "t1", "not asked again at once"
    clock.advance(int(TRY_AGAIN_S * 1000))
    assert await holder.token() == "t2"
    source.away = True
    clock.advance(7_200_000)
    with pytest.raises(Unavailable):
        await holder.token()


async def test_only_the_one_in_force_is_dropped(source: Source, clock: ManualClock) -> None:
    holder = TokenHolder(source.fetch, clock)
    first = await holder.token()
    holder.drop(first)
    second = await holder.token()
    holder.drop(first)
    assert await holder.token() == second == "t2"


async def test_who_waited_in_vain_hears_why(source: Source, clock: ManualClock) -> None:
    source.away = True
    with pytest.raises(Unavailable):
        await TokenHolder(source.fetch, clock).token()
