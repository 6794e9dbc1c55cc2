"""Signs of life come from the running loop, and only where somebody asked for them."""

import asyncio
from collections.abc import Callable

import pytest

from chargecloud.main import notify, watchdog


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> "asyncio.Queue[str]":
    said: asyncio.Queue[str] = asyncio.Queue()
    put: Callable[[str], None] = said.put_nowait
    monkeypatch.setattr(notify, "tell", put)
    return said


async def test_again_and_again_until_the_end(told: "asyncio.Queue[str]") -> None:
    async with asyncio.timeout(20), watchdog.signs_of_life({watchdog.VARIABLE: "3000"}):
        assert [await told.get() for _ in range(3)] == [notify.ALIVE] * 3
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others


@pytest.mark.parametrize("environment", [{}, {watchdog.VARIABLE: "0"}, {watchdog.VARIABLE: "soon"}])
async def test_silence_where_nobody_asked(environment: dict[str, str], told: "asyncio.Queue[str]") -> None:
    async with watchdog.signs_of_life(environment):
        await asyncio.sleep(0)
    assert told.empty()
