"""From start to record."""

import pytest

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.connector import Phase
from chargecloud.sim.temper import OPENUC, TEMPERS, YKC16
from tests.unit.sim.bench import CODE, NOON_MS, TRADE_NO, Bench


def test_remote_charge_from_start_to_confirmed_record() -> None:
    bench = Bench(YKC16).ready()
    bench.plug()
    bench.forget()
    bench.start()
    assert bench.kinds() == [0x33, 0x13]
    assert bench.heard[0].start_result == 1
    bench.wait_for(lambda: bench.point.connectors[0].phase is Phase.CHARGING, 20)
    live = [kind for kind in bench.kinds() if kind != 0x03]
    assert live == [0x33, 0x13, 0x15, 0x17, 0x13, 0x23, 0x25]
    sample = bench.last(frames.RealtimeData)
    assert (sample.status, sample.trade_no) == (3, TRADE_NO)
    bench.forget()
    bench.pass_time(60)
    assert [kind for kind in bench.kinds() if kind != 0x03] == [0x13, 0x23, 0x25] * 4
    bench.forget()
    bench.stop()
    bench.pass_time(10)
    assert [kind for kind in bench.kinds() if kind != 0x03] == [0x35, 0x19, 0x21, 0x13, 0x3B]
    idle = bench.last(frames.RealtimeData)
    assert (idle.status, idle.trade_no) == (2, "0" * 32)
    record = bench.last(frames.TransactionRecord)
    assert (record.trade_no, record.stop_reason, record.trade_mark) == (TRADE_NO, 0x40, 1)
    truth = bench.point.truth.of(1, TRADE_NO)
    assert truth.confirmed
    assert truth.energy_mwh == record.total_energy * 100 > 0
    assert truth.record == record.pack()
    assert not bench.point.board.memory.records


def test_openuc_ends_in_one_burst_and_keeps_showing_the_session() -> None:
    bench = Bench(OPENUC).connect()
    bench.push_tariff()
    bench.plug()
    bench.start()
    bench.wait_for(lambda: bench.point.connectors[0].phase is Phase.CHARGING, 20)
    bench.pass_time(30)
    bench.forget()
    bench.stop()
    assert bench.kinds() == [0x35, 0x19, 0x1D, 0x21, 0x3B, 0x13]
    assert len(bench.raw[0]) == 2 + 8
    idle = bench.last(frames.RealtimeData)
    assert (idle.status, idle.trade_no) == (2, TRADE_NO)


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_record_adds_up_over_band_changes(temper: object) -> None:
    bench = Bench(temper, wall_ms=NOON_MS + 6 * 3_600_000 - 600_000)  # type: ignore[arg-type]
    bench.connect()
    bench.push_tariff()
    bench.pass_time(20)
    bench.plug(soc=0.1)
    bench.start()
    bench.pass_time(1200)
    bench.stop()
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    assert record.peak_energy > 0 < record.sharp_energy
    assert record.valley_energy == record.flat_energy == 0
    bands = ("sharp", "peak", "flat", "valley")
    assert sum(getattr(record, f"{band}_energy") for band in bands) == record.total_energy
    assert sum(getattr(record, f"{band}_amount") for band in bands) == record.total_amount
    assert (record.flat_price == 0) is (not bench.temper.prices_of_unused_bands)
    if bench.temper.reports_meter:
        assert record.meter_end - record.meter_start == record.total_energy
    exact = record.sharp_energy * record.sharp_price + record.peak_energy * record.peak_price
    assert abs(record.total_amount - exact // 100_000) <= (400 if bench.temper.name == "thrifty" else 2)


def test_stop_while_starting_has_a_record_without_energy() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.start()
    bench.stop()
    bench.pass_time(5)
    record = bench.last(frames.TransactionRecord)
    assert (record.total_energy, record.stop_reason) == (0, 0x40)


def test_unplugging_sends_the_record_at_once() -> None:
    bench = Bench().charging()
    bench.pass_time(100)
    bench.forget()
    bench.point.unplug(1, bench.now)
    bench.pump()
    assert bench.kinds() == [0x19, 0x21, 0x13, 0x3B]
    assert bench.last(frames.RealtimeData).gun_plugged == 0
    assert bench.last(frames.TransactionRecord).stop_reason == 0x6B


def test_full_battery_ends_the_charge() -> None:
    bench = Bench().charging(soc=0.79, target=0.8)
    bench.pass_time(120)
    assert bench.last(frames.BmsAbort).bms_abort_reason == 1
    assert bench.last(frames.TransactionRecord).stop_reason == 0x41
    assert bench.last(frames.ChargeEnd).end_soc == 80


@pytest.mark.parametrize(
    ("kind", "code", "bits"), [("emergency_stop", 0x72, 2), ("door", 0x6A, 0x2000), ("bms", 0x86, 0)]
)
def test_faults_end_the_charge(kind: str, code: int, bits: int) -> None:
    bench = Bench().charging()
    bench.pass_time(30)
    bench.point.break_down(1, kind, bench.now)
    bench.pass_time(10)
    assert bench.last(frames.TransactionRecord).stop_reason == code
    sample = bench.last(frames.RealtimeData)
    assert (sample.hardware_fault, sample.status) == (bits, 1 if bits else 2)
    assert bool(bench.all(frames.ChargeError)) is (kind == "bms")
    bench.point.repair(1, bench.now)
    bench.pump()
    assert bench.last(frames.RealtimeData).status == 2


def test_balance_ends_the_charge_and_a_top_up_moves_the_end() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.start(balance=100)
    bench.pass_time(20)
    update = frames.BalanceUpdate(pile_code=CODE, gun_no="01", physical_card_no=bytes(8), account_balance=200)
    bench.say(update)
    assert bench.last(frames.BalanceUpdateReply).update_result == 0
    bench.pass_time(300)
    record = bench.last(frames.TransactionRecord)
    assert record.stop_reason == 0x6E
    assert 20_000 <= record.total_amount < 26_000


def test_ticking_more_often_changes_no_energy() -> None:
    def energy(pause: float) -> int:
        bench = Bench().charging()
        until = bench.now + 600
        while bench.now < until:
            bench.pass_time(min(pause, until - bench.now))
            bench.point.connectors[0].advance(bench.now, bench.point.board.limits())
        return bench.point.truth.of(1, TRADE_NO).energy_mwh

    assert energy(600) == energy(0.37)
