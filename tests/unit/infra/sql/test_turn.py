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


async def served(turn: Turn, *waiting: tuple[str, float]) -> list[str]:
    """Who gets the turn in which order, of those who ask one after the other while it is taken."""
    order: list[str] = []

    async def work(name: str, patience_s: float) -> None:
        async with turn.mine(patience_s):
            order.append(name)

    async with turn.mine():
        tasks = [asyncio.create_task(work(name, patience_s)) for name, patience_s in waiting]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return order


async def test_who_has_patience_lets_others_go_first() -> None:
    assert await served(Turn(), ("job", 60.0), ("events", 1.0), ("phone", 0.0), ("another phone", 0.0)) == [
        "phone",
        "another phone",
        "events",
        "job",
    ]


async def test_patience_runs_out() -> None:
    turn, order = Turn(), []

    async def work(name: str, patience_s: float) -> None:
        async with turn.mine(patience_s):
            order.append(name)

    async with turn.mine():
        first = asyncio.create_task(work("events", 0.01))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(work("phone", 0.0))
        await asyncio.sleep(0)
    await asyncio.gather(first, second)
    assert order == ["events", "phone"]


@pytest.mark.parametrize("given", [False, True])
async def test_whoever_is_cancelled_does_not_keep_it(given: bool) -> None:
    turn = Turn()

    async def work() -> None:
        async with turn.mine():
            raise AssertionError("never reached")

    async with turn.mine():
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0)
        if not given:
            waiting.cancel()
    waiting.cancel()  # with `given` the turn is on its way to it
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1), turn.mine():
        pass
