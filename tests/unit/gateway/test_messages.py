"""What gateways say to each other crosses a broker as bytes."""

import msgspec
import pytest

from chargecloud.gateway.messages import FenceHolder, HolderAnswered, ProbeHolder
from chargecloud.kernel.message import Message


@pytest.mark.parametrize(
    "message",
    [
        ProbeHolder(charge_point_code="1", holder_link_id="g1/1", challenger_link_id="g2/1", source="10.0.0.1"),
        HolderAnswered(challenger_link_id="g2/1", outcome="alive", epoch=7),
        FenceHolder(charge_point_code="1", epoch=7),
    ],
)
def test_every_message_survives_the_way(message: Message) -> None:
    anything = ProbeHolder | HolderAnswered | FenceHolder
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=anything) == message
