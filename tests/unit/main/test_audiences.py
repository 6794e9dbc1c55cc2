"""Gateways send to the groups of workers exactly what those subscribe to."""

import pytest

from chargecloud.device.events import DeviceEvent, GatewayReported
from chargecloud.infra.bus.contract import BUSINESS, LINGER_MS, TELEMETRY
from chargecloud.kernel.message import Event
from chargecloud.main import features
from chargecloud.main.audiences import AUDIENCES


def told_by_gateways() -> set[type[Event]]:
    found: set[type[Event]] = set()
    todo: list[type[Event]] = [DeviceEvent, GatewayReported]
    while todo:
        found.add(each := todo.pop())
        todo += each.__subclasses__()
    return {each for each in found if each.__module__.startswith("chargecloud.")}


@pytest.mark.parametrize("group", [BUSINESS, TELEMETRY])
def test_a_gateway_sends_what_is_subscribed_and_nothing_else(group: str) -> None:
    (audience,) = (each for each in AUDIENCES if each.name == group)
    subscribed = tuple(each.body for each in features.SUBSCRIPTIONS if each.telemetry == (group == TELEMETRY))
    wanted = {each for each in told_by_gateways() if issubclass(each, subscribed)}
    sent = {each for each in told_by_gateways() if issubclass(each, audience.bodies)}
    assert sent == wanted
    assert audience.linger_ms == LINGER_MS[group]
