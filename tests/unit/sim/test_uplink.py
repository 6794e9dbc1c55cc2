"""Frames at the edges of what a column can carry."""

from dataclasses import replace

import pytest

from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim import uplink
from chargecloud.sim.battery import LFP, Battery
from chargecloud.sim.car import Car
from chargecloud.sim.temper import TEMPERS, Temper
from tests.unit.sim.bench import Bench


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_currents_have_the_sign_of_the_maker(temper: Temper) -> None:
    bench = Bench(temper)
    bench.connect()
    bench.push_tariff()
    bench.pass_time(20)
    bench.plug()
    bench.start()
    bench.pass_time(60)
    demand = bench.last(frames.BmsDemandChargerOutput)
    sample = bench.last(frames.RealtimeData)
    assert demand.pile_output_current - 4_000 == temper.current_sign * sample.output_current
    assert abs(demand.pile_output_current - 4_000) > 500


@pytest.mark.parametrize(
    ("local_ms", "year"), [(-(10**13), 2000), (uplink.FIRST_MS, 2000), (uplink.LAST_MS, 2127), (10**14, 2127)]
)
def test_a_clock_wrong_by_decades_stops_at_the_years_of_the_wire(local_ms: int, year: int) -> None:
    moment = read_cp56(uplink.wire_time(local_ms))
    assert moment is not None
    assert moment.year == year


def test_extreme_batteries_still_fit_the_wire() -> None:
    bench = Bench().charging()
    connector = bench.point.connectors[0]
    session = connector.session
    assert session is not None
    for soc, temp_c in ((0.0, -40.0), (1.0, 190.0)):
        battery = Battery(LFP, 300, 2_000, soc=soc, temp_c=temp_c, max_rate_c=3)
        session.car = Car("LZZS1MTEST0000001", battery)
        session.units = [4_000_000, 0, 0, 0]
        board, now = bench.point.board, bench.now
        for frame in (
            uplink.handshake(board, connector, session, session.car),
            uplink.parameters(board, connector, session, session.car),
            uplink.demand(board, connector, session, now),
            uplink.battery_info(board, connector, session),
            uplink.charge_end(board, connector, session, now),
            uplink.realtime(board, connector, now),
            uplink.record(board, connector, session),
        ):
            frame.pack()


def test_a_session_without_a_car_has_nothing_to_tell() -> None:
    bench = Bench().charging()
    connector = bench.point.connectors[0]
    assert connector.session is not None
    session = replace(connector.session, car=None)
    with pytest.raises(RuntimeError, match="has no car"):
        uplink.demand(bench.point.board, connector, session, bench.now)
