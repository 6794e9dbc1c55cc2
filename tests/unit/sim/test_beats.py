"""Heartbeats and what happens without answers."""

import pytest

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.temper import STANDARD, YKC16, Temper
from tests.unit.sim.bench import Bench


def test_three_unanswered_heartbeats_end_the_link() -> None:
    bench = Bench().ready()
    bench.auto = False
    bench.pass_time(35)
    assert not bench.point.closing
    bench.pass_time(10)
    assert bench.point.closing
    bench.drop()
    assert bench.point.wants_link(bench.now)


@pytest.mark.parametrize(("temper", "speakers"), [(STANDARD, ["01", "02"]), (YKC16, ["01"])])
def test_who_a_heartbeat_speaks_for(temper: Temper, speakers: list[str]) -> None:
    bench = Bench(temper).ready()
    bench.pass_time(19.9)
    heard = [beat.gun_no for beat in bench.all(frames.Heartbeat)]
    assert heard[: len(speakers)] == speakers
    assert set(heard) == set(speakers)


def test_a_faulted_connector_speaks_first() -> None:
    bench = Bench(YKC16).ready()
    bench.point.break_down(2, "door", bench.now)
    bench.pass_time(20)
    beat = bench.last(frames.Heartbeat)
    assert (beat.gun_no, beat.gun_status) == ("02", 1)
