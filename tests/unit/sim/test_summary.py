"""Totals of a run."""

import json

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.actor import Actor
from chargecloud.sim.summary import Tally, progress, summarise
from tests.unit.sim.bench import CODE, Bench


def test_everything_is_added_up() -> None:
    benches = [Bench().charging(), Bench(confirms=False).charging()]
    for bench in benches:
        bench.pass_time(30)
        bench.stop()
        bench.pass_time(10)
    actors = [Actor(bench.point, now=0, seed=1) for bench in benches]
    tally = Tally(connects=3, disconnects=1)
    tally.errors["TimeoutError"] += 2
    tally.latencies_s.extend(number / 1000 for number in range(1, 201))
    summary = summarise(actors, tally, 12.3456)
    assert (summary.charge_points, summary.online, summary.charging, summary.sessions) == (2, 2, 0, 2)
    assert (summary.records_confirmed, summary.records_waiting) == (1, 1)
    assert summary.energy_mwh == sum(actor.point.truth.sessions[0].energy_mwh for actor in actors)
    assert (summary.confirm_ms_p50, summary.confirm_ms_p99, summary.confirm_ms_max) == (101, 199, 200)
    assert json.loads(summary.to_json())["errors"] == {"TimeoutError": 2}
    assert "2/2 online" in progress(summary) and "errors 2" in progress(summary)


def test_charge_points_without_a_tariff_are_told_of() -> None:
    bench = Bench(auto=False).connect()
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=0))
    summary = summarise([Actor(bench.point, now=0, seed=1)], Tally(), 1)
    assert (summary.online, summary.without_tariff) == (1, 1)
    assert "1/1 online (1 without a tariff)" in progress(summary)


def test_nothing_happened() -> None:
    summary = summarise([], Tally(), 0)
    assert (summary.charge_points, summary.confirm_ms_max) == (0, 0)
