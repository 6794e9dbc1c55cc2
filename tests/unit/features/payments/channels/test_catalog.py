"""Which channels there are, and what is said of those that are not."""

import pytest

from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import NotFound, Unavailable
from tests.support.till import Till, TillChannel


def channel(name: str) -> TillChannel:
    return TillChannel(Till(ManualClock()), name)


def test_channels_are_found_by_name() -> None:
    first, second = channel("till"), channel("other")
    channels = Channels(first, second)
    assert channels.named("other") is second and list(channels) == [first, second]
    assert "till" in channels and "cash" not in channels


def test_a_channel_that_is_not_configured_says_what_is_missing() -> None:
    channels = Channels(closed={"wechat": "CHARGECLOUD_WECHAT__MCHID"})
    with pytest.raises(Unavailable) as refused:
        channels.named("wechat")
    assert refused.value.code == "channel_not_configured"
    assert refused.value.facts == {"channel": "wechat", "missing": "CHARGECLOUD_WECHAT__MCHID"}


def test_a_channel_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFound, match="till"):
        Channels(channel("till")).named("cash")


def test_two_channels_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Channels(channel("till"), channel("till"))
