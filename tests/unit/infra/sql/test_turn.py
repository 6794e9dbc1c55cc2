"""The writer's turn: one after the other, and nobody waits for ever."""

import asyncio

import pytest

from chargecloud.infra.sql import turn
from chargecloud.infra.sql.turn import Turn
from chargecloud.kernel.errors import Unavailable


async def test_one_after_the_other() -> None:
    mine, order = Turn(), []

    async def work(name: str) -> None:
        async with mine.mine():
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(work("a"), work("b"))
    assert order == ["a begins", "a ends", "b begins", "b ends"]


async def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "WAIT_FOR_TURN_S", 0.01)
    mine = Turn()
    async with mine.mine():
        with pytest.raises(Unavailable, match="the database was busy"):
            async with mine.mine():
                raise AssertionError("never reached")
    async with mine.mine():
        pass
