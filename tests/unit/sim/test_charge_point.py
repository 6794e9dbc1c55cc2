"""A virtual charge point as a whole: power, clock, seed, people, strangers."""

import pytest

from chargecloud.kernel.clock import from_local
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.connector import Phase
from chargecloud.sim.faults import Faults
from tests.unit.sim.bench import NOON_MS, TRADE_NO, Bench


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ValueError, match="unknown fault 'flood'; known are emergency_stop"):
        Bench().point.break_down(1, "flood", 0)


def test_reboot_in_mid_charge_keeps_the_record() -> None:
    bench = Bench().charging()
    bench.pass_time(60)
    bench.forget()
    bench.point.reboot(bench.now)
    assert bench.point.closing
    bench.drop()
    assert not bench.point.wants_link(bench.now)
    bench.pass_time(20)
    assert bench.point.wants_link(bench.now)
    bench.connect()
    bench.pass_time(1)
    record = bench.last(frames.TransactionRecord)
    assert record.stop_reason == 0x83
    assert record.total_energy * 100 == bench.point.truth.of(1, TRADE_NO).energy_mwh > 0


def test_reboot_may_lose_everything() -> None:
    bench = Bench().charging()
    bench.pass_time(60)
    bench.point.reboot(bench.now, lose_memory=True)
    bench.drop()
    bench.forget()
    bench.pass_time(20)
    bench.connect()
    bench.pass_time(5)
    assert 0x3B not in bench.kinds()
    assert bench.last(frames.BillingModelVerifyRequest).billing_model_no == "0000"
    truth = bench.point.truth.of(1, TRADE_NO)
    assert truth.lost
    assert truth.energy_mwh > 0
    assert bench.point.board.clock.local_ms(bench.now) < NOON_MS


def test_skewed_clock_is_told_and_mended() -> None:
    bench = Bench(skew_ms=-3_600_000).charging()
    bench.sync_clock()
    told = read_cp56(bench.last(frames.TimeSyncReply).current_time)
    assert told is not None
    assert from_local(told) == bench.point.board.clock.true_ms(bench.now)
    bench.stop()
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    start, end = read_cp56(record.start_time), read_cp56(record.end_time)
    assert start is not None and end is not None
    assert (end - start).total_seconds() > 3_600


def test_never_answering() -> None:
    bench = Bench(faults=Faults(unanswered=1)).ready()
    bench.plug()
    bench.forget()
    bench.start()
    bench.sync_clock()
    assert bench.heard == []
    assert [seen.ignored for seen in bench.point.truth.commands] == [True, True]


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    def life(seed: int) -> list[bytes]:
        bench = Bench(seed=seed).charging()
        bench.pass_time(200)
        bench.stop()
        bench.pass_time(20)
        return bench.raw

    assert life(1) == life(1)
    assert life(1) != life(2)


def test_frames_for_another_charge_point_are_refused_or_ignored() -> None:
    other = "32010600000002"
    bench = Bench().charging()
    bench.forget()
    bench.say(frames.RemoteStop(pile_code=other, gun_no="01"))
    assert bench.last(frames.RemoteStopReply).stop_fail_reason == 1
    bench.forget()
    bench.say(frames.ReadRealtimeData(pile_code=other, gun_no="01"))
    assert bench.heard == []
    assert bench.point.truth.counts.bad_down == 1
    assert bench.point.connectors[0].phase is Phase.CHARGING
