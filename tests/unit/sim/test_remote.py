"""Starts and stops the platform commands."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.connector import Phase
from chargecloud.sim.temper import OPENUC, YKC16
from tests.unit.sim.bench import TRADE_NO, Bench


def test_start_without_cable_waits_sixty_seconds() -> None:
    bench = Bench(YKC16).ready()
    bench.start()
    reply = bench.last(frames.RemoteStartReply)
    assert (reply.start_result, reply.start_fail_reason) == (0, 5)
    request = bench.sequences[-1]
    bench.pass_time(30)
    bench.forget()
    bench.plug()
    bench.pump()
    late = bench.last(frames.RemoteStartReply)
    assert (late.start_result, late.trade_no) == (1, TRADE_NO)
    assert bench.sequences[bench.kinds().index(0x33)] != request
    assert bench.point.connectors[0].phase is Phase.STARTING


def test_the_sixty_seconds_end() -> None:
    bench = Bench().ready()
    bench.start()
    bench.pass_time(61)
    bench.plug()
    bench.pass_time(30)
    assert len(bench.all(frames.RemoteStartReply)) == 1
    assert bench.point.connectors[0].session is None


def test_refused_starts_name_the_reason() -> None:
    bench = Bench().charging()
    bench.start(TRADE_NO[:-1] + "2")
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 2
    bench.start()
    assert bench.last(frames.RemoteStartReply).start_result == 1
    bench.point.break_down(2, "module", bench.now)
    bench.start(TRADE_NO[:-1] + "3", "02")
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 3
    bench.start(TRADE_NO[:-1] + "4", "07")
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 1


def test_openuc_puts_the_reason_into_the_result() -> None:
    bench = Bench(OPENUC).connect()
    bench.push_tariff()
    bench.start()
    reply = bench.last(frames.RemoteStartReply)
    assert (reply.start_result, reply.start_fail_reason) == (5, 0)


def test_stop_without_charge_is_refused() -> None:
    bench = Bench().ready()
    bench.stop()
    reply = bench.last(frames.RemoteStopReply)
    assert (reply.stop_result, reply.stop_fail_reason) == (0, 2)


def test_a_start_is_not_executed_twice_while_its_record_waits() -> None:
    bench = Bench(confirms=False).charging()
    bench.stop()
    bench.pass_time(10)
    bench.start()
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 2
    bench.confirm(TRADE_NO)
    bench.start()
    assert bench.last(frames.RemoteStartReply).start_result == 1
    assert len(bench.point.truth.sessions) == 2
