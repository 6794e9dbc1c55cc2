"""The conversation of a virtual charge point, against a platform played by hand."""

import pytest

from chargecloud.kernel.clock import from_local
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.connector import Phase
from chargecloud.sim.faults import Faults
from chargecloud.sim.temper import OPENUC, STANDARD, TEMPERS, YKC16
from tests.unit.sim.bench import CODE, NOON_MS, TRADE_NO, Bench


def test_ykc16_opens_as_observed() -> None:
    bench = Bench(YKC16).connect()
    assert bench.kinds() == [0x01, 0x05]
    bench.pass_time(14.9)
    assert bench.kinds() == [0x01, 0x05]
    bench.pass_time(0.2)
    assert bench.kinds() == [0x01, 0x05, 0x09, 0x13, 0x13]
    first = bench.all(frames.RealtimeData)
    assert [sample.gun_plugged for sample in first] == [1, 1]
    bench.pass_time(9.8)
    assert bench.kinds()[5:] == []
    bench.pass_time(10.2)
    assert bench.kinds()[5:] == [0x03, 0x03]


def test_openuc_opens_as_observed() -> None:
    bench = Bench(OPENUC).connect()
    assert bench.kinds() == [0x01]
    bench.pass_time(10)
    assert bench.kinds() == [0x01, 0x01]
    bench.sync_clock()
    bench.push_tariff()
    bench.pass_time(0)
    assert bench.kinds()[2:5] == [0x55, 0x57, 0x13]
    assert 0x03 in bench.kinds()
    assert bench.last(frames.TimeSyncReply).current_time == bytes(7)
    assert set(bench.sequences) == {bytes(2)}
    bench.pass_time(20)
    assert [beat.gun_no for beat in bench.all(frames.Heartbeat)] == ["01", "02", "01"]


def test_a_stored_tariff_is_verified_instead_of_fetched() -> None:
    bench = Bench(STANDARD).ready()
    bench.drop()
    bench.connect()
    bench.pass_time(1)
    assert bench.kinds()[:2] == [0x01, 0x05]
    assert 0x09 not in bench.kinds()
    assert bench.last(frames.BillingModelVerifyRequest).billing_model_no == "0042"


def test_login_is_repeated_and_refusal_makes_it_wait() -> None:
    bench = Bench(auto=False).connect()
    bench.pass_time(20)
    assert bench.kinds() == [0x01] * 3
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=1))
    assert bench.point.closing
    bench.drop()
    assert not bench.point.wants_link(bench.now + 29)
    assert bench.point.wants_link(bench.now + 30)


def test_tariff_is_asked_for_until_it_comes() -> None:
    bench = Bench(auto=False).connect()
    bench.say(frames.LoginResponse(pile_code=CODE, login_result=0))
    bench.pass_time(20)
    assert bench.kinds().count(0x05) == 3
    bench.say(frames.BillingModelVerifyResponse(pile_code=CODE, billing_model_no="0000", verify_result=1))
    bench.pass_time(20)
    assert bench.kinds().count(0x09) == 3


def test_nothing_but_login_before_login() -> None:
    bench = Bench(auto=False).connect()
    bench.start()
    bench.stop()
    bench.sync_clock()
    assert set(bench.kinds()) == {0x01}


def test_three_unanswered_heartbeats_end_the_link() -> None:
    bench = Bench().ready()
    bench.auto = False
    bench.pass_time(35)
    assert not bench.point.closing
    bench.pass_time(10)
    assert bench.point.closing
    bench.drop()
    assert bench.point.wants_link(bench.now)


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
    truth = bench.point.truth.sessions[1, TRADE_NO]
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


def test_stop_while_starting_has_a_record_without_energy() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.start()
    bench.stop()
    bench.pass_time(5)
    record = bench.last(frames.TransactionRecord)
    assert (record.total_energy, record.stop_reason) == (0, 0x40)


def test_stop_without_charge_is_refused() -> None:
    bench = Bench().ready()
    bench.stop()
    reply = bench.last(frames.RemoteStopReply)
    assert (reply.stop_result, reply.stop_fail_reason) == (0, 2)


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


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ValueError, match="unknown fault 'flood'; known are emergency_stop"):
        Bench().point.break_down(1, "flood", 0)


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
    assert bench.point.truth.sessions[1, TRADE_NO].refused
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
    assert bench.point.truth.sessions[1, TRADE_NO].confirmed


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
    assert record.total_energy * 100 == bench.point.truth.sessions[1, TRADE_NO].energy_mwh > 0


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
    truth = bench.point.truth.sessions[1, TRADE_NO]
    assert truth.lost
    assert truth.energy_mwh > 0
    assert bench.point.board.clock.local_ms(bench.now) < NOON_MS


def test_realtime_is_read_with_the_sequence_of_the_request() -> None:
    bench = Bench().charging()
    bench.pass_time(7)
    bench.forget()
    bench.say(frames.ReadRealtimeData(pile_code=CODE, gun_no="01"), b"\x12\x34")
    assert bench.kinds() == [0x13]
    assert bench.sequences == [b"\x12\x34"]
    assert bench.heard[0].charged_energy > 0


def test_idle_connectors_speak_every_five_minutes() -> None:
    bench = Bench().ready()
    bench.pass_time(299)
    assert 0x13 not in bench.kinds()
    bench.pass_time(1)
    assert bench.kinds().count(0x13) == 2


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


def test_ticking_more_often_changes_no_energy() -> None:
    def energy(pause: float) -> int:
        bench = Bench().charging()
        until = bench.now + 600
        while bench.now < until:
            bench.pass_time(min(pause, until - bench.now))
            bench.point.connectors[0].advance(bench.now, bench.point.board.limits())
        return bench.point.truth.sessions[1, TRADE_NO].energy_mwh

    assert energy(600) == energy(0.37)
