"""Names of queues are known to operators and to permissions; how queues are made cannot be changed afterwards."""

from secrets import token_hex

import pytest
from aiormq import Connection
from aiormq.exceptions import ChannelPreconditionFailed

from chargecloud.infra.bus.rabbit_line import open_channel
from chargecloud.infra.bus.rabbit_names import QUORUM, Names, declare
from tests.support.rabbitmq import delete
from tests.support.servers import RABBITMQ_URL


def test_names_begin_with_the_prefix() -> None:
    names = Names("chargecloud")
    assert names.durable(["business"], 2) == [
        "chargecloud.dead",
        "chargecloud.workers.business",
        "chargecloud.events.business.00",
        "chargecloud.events.business.01",
    ]
    assert names.mailbox("g1") == "chargecloud.commands.g1"


@pytest.mark.connected
async def test_what_is_there_is_kept_and_what_was_made_otherwise_is_an_error() -> None:
    names = Names(f"chargecloud-test-{token_hex(6)}")
    connection = Connection(RABBITMQ_URL)
    await connection.connect()
    try:
        channel = await open_channel(connection)
        await declare(channel, names, ["business"], 2)
        await declare(channel, names, ["business"], 2)
        await channel.queue_delete(names.partition("business", 1))
        await channel.queue_declare(names.partition("business", 1), durable=True, arguments=dict(QUORUM))
        with pytest.raises(ChannelPreconditionFailed, match="inequivalent arg"):
            await declare(channel, names, ["business"], 2)
    finally:
        await connection.close()
        await delete(RABBITMQ_URL, set(names.durable(["business"], 2)))
