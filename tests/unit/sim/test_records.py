"""Records until they are confirmed."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.faults import Faults
from chargecloud.sim.memory import RECORD_ROOM
from chargecloud.sim.temper import OPENUC, YKC16
from tests.unit.sim.bench import TRADE_NO, Bench


def test_unconfirmed_records_come_again() -> None:
    bench = Bench(YKC16, confirms=False).charging()
    bench.pass_time(30)
    bench.stop()
    bench.wait_for(lambda: 0x3B in bench.kinds(), 10)
    bench.forget()
    times = []
    for _ in range(400):
        bench.pass_time(1)
        if 0x3B in bench.kinds():
            times.append(_ + 1)
            bench.forget()
    assert times == [30, 60, 90, 300]


def test_openuc_repeats_the_same_bytes_and_ignores_illegal() -> None:
    bench = Bench(OPENUC, confirms=False).connect()
    bench.push_tariff()
    bench.plug()
    bench.start()
    bench.pass_time(30)
    bench.stop()
    bench.confirm(TRADE_NO, 1)
    bench.pass_time(25)
    uploads = {raw for raw in bench.raw if raw[5] == 0x3B}
    assert len(uploads) == 1
    assert bench.kinds().count(0x3B) == 3


def test_an_illegal_record_is_kept_but_not_sent_again() -> None:
    bench = Bench(YKC16, confirms=False).charging()
    bench.stop()
    bench.wait_for(lambda: 0x3B in bench.kinds(), 10)
    bench.confirm(TRADE_NO, 1)
    bench.forget()
    bench.pass_time(400)
    assert 0x3B not in bench.kinds()
    assert bench.point.truth.of(1, TRADE_NO).refused
    assert TRADE_NO in bench.point.board.memory.records


def test_offline_charging_is_uploaded_after_login() -> None:
    bench = Bench().charging(soc=0.78, target=0.8)
    bench.drop()
    bench.forget()
    bench.pass_time(300)
    assert bench.heard == []
    assert bench.point.connectors[0].session is None
    bench.connect()
    bench.pass_time(1)
    kinds = bench.kinds()
    assert kinds.index(0x3B) > kinds.index(0x01)
    assert bench.last(frames.TransactionRecord).stop_reason == 0x41
    assert bench.point.truth.of(1, TRADE_NO).confirmed


def test_a_duplicated_record_is_confirmed_once() -> None:
    bench = Bench(faults=Faults(duplicate_record=1)).charging()
    bench.stop()
    bench.pass_time(10)
    assert bench.kinds().count(0x3B) == 2
    truth = bench.point.truth.of(1, TRADE_NO)
    assert (truth.uploads, bench.point.truth.counts.records_confirmed) == (2, 1)


def test_a_late_record_comes_within_its_limit() -> None:
    bench = Bench(faults=Faults(late_record=1, late_s=100)).charging()
    bench.pass_time(30)
    bench.stop()
    bench.wait_for(lambda: 0x3B in bench.kinds(), 110)
    assert bench.point.truth.of(1, TRADE_NO).ended_at_ms < bench.point.board.clock.true_ms(bench.now) - 5_000


def test_many_stored_records_leave_one_after_the_other() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.drop()
    card = bytes.fromhex("0A0B")
    bench.point.board.memory.cards[card] = "1"
    for _ in range(5):
        assert bench.point.swipe(1, "0A0B", bench.now)
        bench.pass_time(30)
        bench.point.press_stop(1, bench.now)
        bench.pass_time(10)
    bench.forget()
    bench.connect()
    assert bench.kinds().count(0x3B) == 0
    bench.pass_time(2)
    records = bench.all(frames.TransactionRecord)
    assert len({record.trade_no for record in records}) == len(records) == 5


def test_a_full_memory_refuses_to_start() -> None:
    bench = Bench(confirms=False).charging()
    bench.stop()
    bench.pass_time(10)
    memory = bench.point.board.memory
    stored = memory.records[TRADE_NO]
    memory.records.update({f"{number:032d}": stored for number in range(RECORD_ROOM)})
    bench.start(TRADE_NO[:-1] + "2")
    assert bench.last(frames.RemoteStartReply).start_fail_reason == 3
