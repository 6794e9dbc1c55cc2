"""What the platform says and what a board answers, through the platform's own connection."""

import pytest

from chargecloud.device import commands as do
from chargecloud.device import events as told
from chargecloud.protocols.dny.frames import answers, commands
from chargecloud.sim.dny.orders import HANDLERS
from chargecloud.sim.faults import Faults
from tests.unit.sim.dny.bench import CODE, Bench, charger, order


def test_a_stop_needs_the_running_order() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.order(do.StopCharging, connector_no=1, session_no=order(9))
    bench.pass_time(2)
    assert bench.board.port(1).session is not None
    bench.order(do.StopCharging, connector_no=1, session_no=order(1))
    bench.pass_time(5)
    assert bench.told(told.RecordUploaded)[0].stop_reason == "server_stop"


def test_the_board_chooses_among_those_that_wait() -> None:
    bench = Bench().admitted()
    bench.start(connector_no=0)
    assert bench.told(told.StartAnswered)[-1].refusal is told.StartRefusal.NOT_PLUGGED
    for number in (3, 4):
        bench.board.plug(number, charger(), bench.now)
    bench.start(2, connector_no=0)
    several = bench.told(told.StartAnswered)[-1]
    assert (several.refusal, several.waiting_connectors) == (told.StartRefusal.CHOOSE_CONNECTOR, (3, 4))
    bench.board.unplug(3, bench.now)
    bench.start(3, connector_no=0)
    chosen = bench.told(told.StartAnswered)[-1]
    assert (chosen.accepted, chosen.connector_no) == (True, 4)


@pytest.mark.parametrize(("total_s", "reason"), [(900, "time_reached"), (60, "time_reached")])
def test_a_new_total_counts_from_the_beginning(total_s: int, reason: str) -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start(mode="by_time", duration_s=600)
    bench.pass_time(300)
    limit = do.ChargeLimit(mode=do.ChargeMode.BY_TIME, duration_s=total_s, stop_when_full=True)
    changed = bench.order(do.ChangeLimit, connector_no=1, session_no=order(1), limit=limit)
    bench.pass_time(900)
    assert bench.outcome(changed).outcome is told.CommandOutcome.DONE
    record = bench.told(told.RecordUploaded)[0]
    assert (record.usage.charged_s, record.stop_reason) == (max(total_s, 301), reason)


def test_settings_are_kept_and_read_back() -> None:
    bench = Bench().admitted()
    changed = bench.order(do.WriteParameters, group="charging", values={"float_percent": 30})
    bench.pass_time(120)
    assert bench.outcome(changed).outcome is told.CommandOutcome.DONE, bench.outcome(changed)
    assert bench.board.memory.charging.float_percent == 30


def test_smoke_and_broken_ports_refuse_a_start() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.board.break_down(1, "8", bench.now)
    bench.start()
    assert bench.told(told.StartAnswered)[-1].refusal_raw == 8
    bench.board.repair(1, bench.now)
    bench.board.break_down(1, "smoke", bench.now)
    bench.start(2)
    assert bench.told(told.StartAnswered)[-1].refusal_raw == 0x0B


def test_an_overheard_command_stays_unanswered() -> None:
    bench = Bench(faults=Faults(unanswered=1)).admitted()
    bench.board.plug(1, charger(), bench.now)
    bench.start()
    bench.pass_time(60)
    assert bench.board.port(1).session is None
    assert {seen.ignored for seen in bench.modem.truth.commands} == {True}
    assert not bench.sent(answers.ChargeControlReply)


def test_a_repeat_of_the_start_is_answered_like_the_first() -> None:
    bench = Bench().admitted()
    bench.board.plug(1, charger(), bench.now)
    frame = commands.ChargeControl(
        rate_mode=0, balance_or_expiry=0, port_no=0, action=1, amount=60, order_no=bytes.fromhex(order(1)),
        max_duration_s=0, overload_power_dw=0, qr_light=None, long_charge_mode=None, extra_float_s=None,
        skip_short_check=None, ignore_unplug=None, force_full_stop=None, full_power_w=None, full_power_judge_min=None,
    )  # fmt: skip
    results = []
    for message_id in (7, 7, 8):
        HANDLERS[type(frame)](bench.board, frame, message_id, bench.now)
        bench.exchange()
        results.append(bench.sent(answers.ChargeControlReply)[-1].result)
    assert results == [0, 0, 2]
    assert bench.board.code == CODE
    bench.board.cut(bench.board.port(1), 6, bench.now)
    HANDLERS[type(frame)](bench.board, frame, 7, bench.now)
    assert bench.board.port(1).session is None, "its charge is over already: a repeat begins no second one"
    HANDLERS[type(frame)](bench.board, frame, 9, bench.now)
    assert bench.board.port(1).session is not None
