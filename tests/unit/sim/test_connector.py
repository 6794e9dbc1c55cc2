"""Energy over time: conserved, split by band, independent of who looks when."""

import pytest

from chargecloud.sim.connector import VirtualConnector
from chargecloud.sim.uplink import amounts
from tests.unit.sim.bench import NOON_MS, TRADE_NO, Bench


def test_energy_is_power_times_time_whatever_the_speed() -> None:
    delivered = []
    for speed in (1, 60):
        bench = Bench().charging(soc=0.1, speed=speed)
        power_w = bench.point.connectors[0].draw.power_w
        connector, session = bench.point.connectors[0], bench.point.connectors[0].session
        assert session is not None
        bench.pass_time(20)
        connector.advance(bench.now, bench.point.board.limits())
        delivered.append(session.truth.energy_mwh)
        assert delivered[-1] == pytest.approx(power_w * 20 / 3.6, rel=0.05)
    assert delivered[0] == pytest.approx(delivered[1], rel=0.15)


def test_soc_only_rises_while_charging() -> None:
    bench = Bench().charging(soc=0.1)
    seen = []
    for _ in range(60):
        bench.pass_time(60)
        vehicle = bench.point.connectors[0].car
        assert vehicle is not None
        seen.append(vehicle.battery.soc)
    assert seen == sorted(seen)
    assert seen[-1] > 0.8


def test_the_half_hour_border_is_met_to_the_millisecond() -> None:
    bench = Bench(wall_ms=NOON_MS - 60_000)
    bench.charging(soc=0.1)
    connector = bench.point.connectors[0]
    session = connector.session
    assert session is not None and session.flowing_since is not None
    border_s = session.flowing_since + (NOON_MS - bench.point.board.clock.local_ms(session.flowing_since)) / 1000
    bench.pass_time(border_s - bench.now)
    connector.advance(bench.now, bench.point.board.limits())
    before = list(session.units)
    assert before[1] == 0 < before[2]
    bench.pass_time(30)
    connector.advance(bench.now, bench.point.board.limits())
    assert session.units[2] == before[2]
    assert session.units[1] > 0
    assert sum(amounts(bench.point.board, session)) > 0


def test_dc_connectors_share_the_power_of_the_charge_point() -> None:
    bench = Bench().charging(soc=0.1)
    alone = bench.point.connectors[0].draw.power_w
    bench.plug(2, soc=0.1)
    bench.start(TRADE_NO[:-1] + "2", "02")
    bench.pass_time(30)
    together = [connector.draw.power_w for connector in bench.point.connectors]
    assert all(power_w <= 60_000 < alone for power_w in together)
    assert sum(together) == pytest.approx(120_000, rel=0.01)


def test_a_contactor_without_a_car_stays_open() -> None:
    connector: VirtualConnector = Bench().point.connectors[0]
    with pytest.raises(RuntimeError, match="no session or no car"):
        connector.close_contactor(0)
