"""A board against the platform's own connection: charges from start to settlement, and what people do to it."""

import pytest

from chargecloud.device import events as told
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.sim.dny.board import RESENDS_AFTER_S, BoardSpec
from chargecloud.sim.dny.ebike import ChargerFault
from chargecloud.sim.dny.port import State
from chargecloud.sim.dny.temper import CABINET, F640, OLD, TEMPERS, BoardTemper
from chargecloud.sim.faults import Faults
from tests.unit.sim.dny.bench import CARD, CODE, ID, Bench, charger, order


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_every_edition_charges_and_settles(temper: BoardTemper) -> None:
    bench = Bench(BoardSpec(physical_id=ID, temper=temper)).admitted()
    bench.board.plug(1, charger(), bench.now)
    for number in range(3):  # a form it does not know is given up after two timeouts
        if bench.board.port(1).session is None:
            bench.start(number, mode="by_energy", energy_mwh=30_000, max_duration_s=7_200)
            bench.pass_time(0 if bench.board.port(1).session else 60)
    bench.pass_time(1_000)
    record = bench.told(told.RecordUploaded)[-1]
    truth = bench.modem.truth.sessions[-1]
    assert (record.usage.charged_s, record.stop_reason) == (900, "energy_reached")
    assert record.session_no == truth.session_no and record.raw == truth.record
    assert (truth.energy_mwh, truth.charged_s, truth.confirmed, truth.uploads) == (30_000, 900, True, 1)
    assert bench.board.port(1).state(bench.now) == State.PLUGGED


def test_progress_comes_early_then_every_three_minutes_and_at_the_end() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start(mode="by_time", duration_s=600)
    bench.pass_time(700)
    told_s = [sample.charged_s for sample in bench.told(told.MeterSampled)]
    assert told_s == [10, 190, 370, 550, 600]


def test_a_full_battery_floats_then_ends() -> None:
    bench = Bench(BoardSpec(physical_id=ID, temper=CABINET)).admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.pass_time(5_500)
    assert bench.board.port(1).state(bench.now) == State.FLOATING
    assert len(bench.told(told.FullyCharged)) == 1
    bench.pass_time(3_700)
    assert bench.told(told.RecordUploaded)[0].stop_reason == "full"
    assert bench.board.port(1).state(bench.now) == State.FULL


def test_a_settlement_is_repeated_every_half_hour_until_it_is_answered() -> None:
    bench = Bench().admitted()
    bench.confirms = False
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.pass_time(100)
    bench.board.unplug(1, bench.now)
    bench.pass_time(2 * RESENDS_AFTER_S + 10)
    assert len(bench.sent(uplinks.Settlement)) == 3 and bench.modem.unsettled
    bench.confirms = True
    bench.pass_time(2 * RESENDS_AFTER_S)
    assert len(bench.sent(uplinks.Settlement)) == 4 and not bench.modem.unsettled


def test_a_doubled_settlement_is_one_record() -> None:
    bench = Bench(faults=Faults(duplicate_record=1)).admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.pass_time(100)
    bench.board.unplug(1, bench.now)
    bench.pass_time(10)
    assert len(bench.sent(uplinks.Settlement)) == 2
    assert len(bench.told(told.RecordUploaded)) >= 1 and not bench.modem.unsettled


def test_a_card_asks_and_stops_what_it_started() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    assert bench.board.swipe(1, CARD, bench.now)
    bench.pass_time(1)
    asked = bench.told(told.StartRequested)[0]
    assert (asked.card_id, asked.connector_no) == (CARD.rjust(16, "0"), 1)
    bench.start()
    assert bench.board.port(1).session is not None
    assert not bench.board.swipe(1, "00000001", bench.now)
    assert bench.board.swipe(1, CARD, bench.now)
    bench.pass_time(5)
    assert bench.told(told.RecordUploaded)[0].stop_reason == "card_stop"


def test_a_cabinet_lets_a_card_start_without_a_link() -> None:
    bench = Bench(BoardSpec(physical_id=ID, temper=CABINET)).admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.away(1)
    assert bench.board.swipe(1, CARD, bench.now)
    bench.away(600).board.unplug(1, bench.now)
    bench.admitted()
    record = bench.told(told.RecordUploaded)[0]
    assert (record.card_id, record.usage.charged_s) == (CARD.rjust(16, "0"), 600)
    assert record.session_no.endswith(f"{ID & 0xFFFFFF:08d}1E")


def test_without_an_answer_to_its_question_a_board_lives_in_1970() -> None:
    bench = Bench(BoardSpec(physical_id=ID, temper=OLD)).admitted()
    assert bench.board.clock_s(bench.now) < 86_400
    assert Bench(BoardSpec(physical_id=ID, temper=F640)).admitted().board.clock_s(90) > 1_767_000_000


@pytest.mark.parametrize("fault", list(ChargerFault))
def test_what_a_fire_guard_can_see(fault: ChargerFault) -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(fault=fault), bench.now)
    bench.start(mode="by_time", duration_s=20_000)
    bench.pass_time(12_000)
    samples = bench.told(told.MeterSampled)
    powers_w = [sample.power.now_mw // 1_000 for sample in samples if sample.power]
    seen = {
        ChargerFault.OVER_POWER: max(powers_w) == 360,
        ChargerFault.NO_TAPER: min(powers_w) == 120,
        ChargerFault.RISE_AFTER_FULL: powers_w.index(min(powers_w)) < len(powers_w) - 1 and powers_w[-1] == 72,
        ChargerFault.HOT_PORT: max(sample.cable_temp_c or 0 for sample in samples) > 100,
        ChargerFault.SMOKE: [(one.hazard, one.fire) for one in bench.told(told.HazardReported)] == [("smoke", True)],
    }
    assert seen[fault]


def test_a_broken_port_says_so_and_is_repaired() -> None:
    bench = Bench().admitted()
    bench.board.break_down(2, "9", bench.now)
    bench.pass_time(1)
    assert bench.told(told.Beat)[-1].connectors[1].fault == "relay_welded"
    bench.board.repair(2, bench.now)
    assert bench.board.port(2).state(bench.now) == State.IDLE
    with pytest.raises(ValueError, match="unknown fault 'flood'"):
        bench.board.break_down(2, "flood", bench.now)
    with pytest.raises(ValueError, match=f"board {CODE} has connectors 1 to 10, not 11"):
        bench.board.port(11)


def test_a_charge_goes_on_after_a_power_cut() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start(mode="by_time", duration_s=600)
    bench.pass_time(300)
    bench.modem.reboot(bench.now)
    bench.away(1_000).admitted().pass_time(400)
    assert bench.told(told.RecordUploaded)[0].usage.charged_s == 600


def test_an_order_that_runs_already_is_not_begun_again() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.start(2)
    assert bench.told(told.StartAnswered)[-1].accepted is False
    assert bench.board.port(1).session is not None
    assert bench.board.port(1).session.truth.session_no == order(1)
    assert bench.modem.truth.counts.sessions == 1


@pytest.mark.parametrize("fields", [{"physical_id": 0}, {"physical_id": 1 << 32}, {"physical_id": 1, "port_count": 17}])
def test_what_is_no_board(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"physical id|ports"):
        BoardSpec(**fields)
