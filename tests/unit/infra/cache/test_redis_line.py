"""Nobody at the other end: calls fail within their deadline, then at once, and say where and without secrets."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from chargecloud.infra.cache import redis_line
from chargecloud.infra.cache.redis_line import RedisLine, RedisOptions, end
from chargecloud.infra.cache.redis_scripts import TAKE
from chargecloud.kernel.errors import Unavailable


@pytest.fixture
def deaf() -> AsyncIterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


async def opened(port: int) -> RedisLine:
    return RedisLine(f"redis://:secret@127.0.0.1:{port}/0", RedisOptions(answer_s=0.05))


async def test_a_server_that_says_nothing_is_given_up_and_then_left_alone(deaf: int) -> None:
    line = await opened(deaf)
    async with asyncio.timeout(10):
        for _ in range(3):
            with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{deaf}") as caught:
                await line.run(TAKE, ["k"], 1, 1, "x")
            assert "secret" not in caught.value.message
    assert (line.down, line.outages) == (True, 1)
    await line.close()


async def test_a_pulse_tries_again_and_publishing_does_not(deaf: int) -> None:
    line = await opened(deaf)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"no answer|Timeout"):
            await line.pulse()
    with pytest.raises(Unavailable, match="did not answer before"):
        await line.publish("c", b"")
    await line.close()


async def test_a_server_that_is_away_at_the_start_is_waited_for(deaf: int) -> None:
    line = await opened(deaf)
    await line.introduce()
    assert line.down
    await line.close()


def test_keys_begin_with_the_prefix() -> None:
    line = RedisLine("redis://localhost", RedisOptions(prefix="p:"))
    assert (line.key("born"), line.key("holder", "1"), line.name) == ("p:born", "p:holder:1", "localhost:6379")


async def forgetful(seconds: float) -> None:
    """Goes on once when it is cancelled, as the driver may."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await asyncio.sleep(0)


async def test_a_call_that_was_cancelled_is_cancelled_though_the_driver_forgot() -> None:
    line = RedisLine("redis://127.0.0.1:1", RedisOptions(answer_s=20))
    task = asyncio.create_task(line._within(forgetful(20)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not line.down
    await line.close()


async def test_a_deadline_the_driver_forgot_is_not_taken_for_a_cancellation() -> None:
    line = RedisLine("redis://127.0.0.1:1", RedisOptions(answer_s=0.01))
    await line._within(forgetful(20))
    await line.close()


async def test_tasks_end_though_they_forget_the_first_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stubborn() -> None:
        for _ in range(3):
            await forgetful(20)

    monkeypatch.setattr(redis_line, "CANCEL_AGAIN_S", 0.01)
    tasks = [asyncio.create_task(stubborn()) for _ in range(2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end(tasks)
    assert all(task.done() for task in tasks)
