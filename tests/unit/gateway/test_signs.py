"""A gateway tells that it lives, how many charge points it holds, and which of its lives this is."""

import pytest

from chargecloud.device.events import GatewayReported
from chargecloud.gateway import signs
from chargecloud.gateway.signs import Signs
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope
from tests.support.eventually import eventually
from tests.unit.infra.fakes import FaultyBus


def reports(told: list[Envelope]) -> list[GatewayReported]:
    return [envelope.body for envelope in told if isinstance(envelope.body, GatewayReported)]


async def test_it_tells_at_its_start_and_goes_on_until_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "EVERY_S", 0.001)
    clock, bus, online = ManualClock(), FaultyBus(), iter(range(100_000))
    teller = Signs("g1", bus, clock, lambda: next(online))
    clock.advance(1000)
    await teller.start()
    assert len(bus.published) == 1, "before anything else of the gateway starts"
    clock.advance(1000)
    await eventually(lambda: len(bus.published) >= 3)
    await teller.stop()
    told = reports(bus.published)
    assert [report.online for report in told] == list(range(len(told)))
    assert {report.started_at_ms for report in told} == {clock.now_ms() - 1000}
    assert {envelope.key for envelope in bus.published} == {"gateway:g1"}
    before = len(bus.published)
    await teller.stop()
    assert len(bus.published) == before
