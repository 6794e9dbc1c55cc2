"""A connection that comes back by itself; what does not mend itself is said at the start."""

import asyncio

import pytest
from aiormq import Connection
from aiormq.exceptions import ChannelAccessRefused, ChannelNotFoundEntity, ChannelPreconditionFailed

from chargecloud.infra.bus import rabbit_line
from chargecloud.infra.bus.rabbit_line import (
    Lost,
    RabbitLimits,
    RabbitLine,
    Ready,
    answered,
    refusal,
    side_by_side,
    unless_lost,
    until_closed,
)
from chargecloud.kernel.errors import Invalid, Unavailable
from tests.support.eventually import eventually
from tests.support.proxy import Proxy
from tests.support.servers import RABBITMQ_URL

QUICK = RabbitLimits(first_delay_s=0.01, longest_delay_s=0.05)
NOWHERE = "amqp://guest:guest@127.0.0.1:1"


class Used:
    """Counts connections, and keeps each until it closes."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, connection: Connection, ready: Ready) -> None:
        self.times += 1
        ready()
        await until_closed(connection)


@pytest.mark.parametrize("url", ["amqp://", "redis://h", "amqp://u:secret@h:port/", "nonsense"])
def test_a_url_that_is_none_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(Invalid, match=r"bus\.url: ") as caught:
        RabbitLine(url, "out", QUICK, Used())
    assert "secret" not in caught.value.message


def test_its_name_has_no_password() -> None:
    assert RabbitLine("amqps://u:secret@broker/x", "out", QUICK, Used()).name == "broker:5671"


async def test_a_broker_that_is_away_is_waited_for_without_holding_up_the_start() -> None:
    line = RabbitLine(NOWHERE, "out", QUICK, Used())
    await asyncio.wait_for(line.start(), 10)
    assert not line.up and line.outages == 1
    await line.stop()
    await line.stop()


async def test_side_by_side_ends_with_the_first_and_says_what_ended_it() -> None:
    async def fail() -> None:
        raise RuntimeError("planned")

    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="planned"):
        await side_by_side(wait(), fail())


async def test_a_cancellation_that_is_not_ours_is_a_loss() -> None:
    async def given_up_by_the_client() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Lost):
        await side_by_side(given_up_by_the_client())
    with pytest.raises(Lost):
        await unless_lost(given_up_by_the_client())
    waiting = asyncio.create_task(unless_lost(asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_broker_that_never_answers_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbit_line, "ANSWER_S", 0.01)
    with pytest.raises(Lost, match="no answer"):
        await answered(asyncio.Event().wait())


def test_what_an_operator_has_to_mend_is_told_from_what_mends_itself() -> None:
    refused = refusal(ChannelAccessRefused("no access"), "h:1")
    assert refused is not None and "docs/operating/broker.md" in refused.message
    other = refusal(ChannelPreconditionFailed("inequivalent arg"), "h:1")
    assert other is not None and "empty and delete it" in other.message
    assert refusal(ChannelNotFoundEntity("gone"), "h:1") is None


@pytest.mark.connected
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"{RABBITMQ_URL}/there-is-none", "no virtual host 'there-is-none'"),
        (RABBITMQ_URL.replace("guest:guest", "guest:wrong"), "mend the name or password"),
    ],
)
async def test_a_broker_that_turns_us_away_is_an_error_of_the_start(url: str, said: str) -> None:
    line = RabbitLine(url, "out", QUICK, Used())
    with pytest.raises(Unavailable, match=said) as caught:
        await line.start()
    assert caught.value.code == "bus_refused"
    assert "wrong" not in caught.value.message


@pytest.mark.connected
async def test_it_comes_back_after_the_connection_was_cut() -> None:
    used = Used()
    async with Proxy(5672) as proxy:
        line = RabbitLine(RABBITMQ_URL.replace("5672", str(proxy.port)), "out", QUICK, used)
        await line.start()
        assert line.up and used.times == 1
        await proxy.down()
        await eventually(lambda: not line.up)
        await proxy.up()
        await eventually(lambda: line.up)
        assert used.times == 2
        await line.stop()


@pytest.mark.connected
async def test_a_half_open_connection_is_found_by_its_heartbeats() -> None:
    used = Used()
    async with Proxy(5672) as proxy:
        limits = RabbitLimits(heartbeat_s=1, connect_s=0.5, first_delay_s=0.01, longest_delay_s=0.05)
        line = RabbitLine(RABBITMQ_URL.replace("5672", str(proxy.port)), "out", limits, used)
        await line.start()
        proxy.hold()
        await eventually(lambda: not line.up)
        proxy.clear()
        await eventually(lambda: line.up)
        await line.stop()


@pytest.mark.connected
async def test_nothing_is_left_running_after_a_stop() -> None:
    before = asyncio.all_tasks()
    async with Proxy(5672) as proxy:
        line = RabbitLine(RABBITMQ_URL.replace("5672", str(proxy.port)), "out", QUICK, Used())
        for _ in range(3):
            await line.start()
            await proxy.reset_peers()
            await line.stop()
    await eventually(lambda: asyncio.all_tasks() == before)
