"""Two-wheel charges from the wish over the API to the money that comes back, with a board's real bytes between."""

import pytest

from chargecloud.device.commands import ChangeLimit, ConfirmRecord, StartCharging, StopCharging
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.protocols.dny.frames import commands as down_frames
from tests.support import dny
from tests.support.api import Api
from tests.support.board_world import (
    BY_ENERGY,
    BY_HOUR,
    CAPABILITIES,
    CHARGING,
    FLOATING,
    PER_USE,
    PLUGGED,
    TIERS,
    BoardWorld,
)

HOUR_S = 3_600
OVERLOAD = 0x06


@pytest.fixture
def street(database: Database, clock: ManualClock, api: Api) -> BoardWorld:
    return BoardWorld(database, clock, api=api)


async def test_by_time_the_rest_comes_back_with_the_settlement(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    order = await street.start(limit={"kind": "minutes", "value": 240})
    assert await street.money() == (1_760, 240)
    start = street.controls()[-1]
    assert (start.rate_mode, start.amount, start.force_full_stop, start.port_no) == (0, 4 * HOUR_S, 1, 0)
    await street.pass_time(90)
    await street.report(order, duration_s=90, energy_001kwh=0)
    assert (await street.detail(order))["state"] == "charging"
    await street.pass_time(HOUR_S)
    await street.settle(order, duration_s=HOUR_S + 90, energy_001kwh=20)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"], detail["refund_fen"]) == ("settled", 62, 178)
    assert detail["usage_bill"] == [
        {
            "kind": "time", "duration_s": 3_690, "energy_mwh": 0, "max_power_w": None, "fen_per_hour": 60,
            "energy_yuan_per_kwh": None, "service_yuan_per_kwh": None,
            "energy_fee_yuan": "0.0000", "service_fee_yuan": "0.6150",
        }
    ]  # fmt: skip
    assert detail["settlement"]["comparison"]["recorded_energy_mwh"] == 200_000 == detail["energy_mwh"]
    assert await street.money() == (1_938, 0)
    await street.proven()


async def test_by_energy_pays_electricity_and_service_apart(street: BoardWorld) -> None:
    await street.build(BY_ENERGY)
    order = await street.start(limit={"kind": "energy", "value": 2_000_000})
    start = street.controls()[-1]
    assert (start.rate_mode, start.amount, start.max_duration_s) == (2, 200, 43_200)
    await street.pass_time(HOUR_S)
    await street.settle(order, duration_s=HOUR_S, energy_001kwh=75)
    detail = await street.detail(order)
    assert (detail["energy_fee_fen"], detail["service_fee_fen"], detail["refund_fen"]) == (45, 30, 125)
    assert await street.money() == (1_925, 0)


async def test_by_amount_and_until_full(street: BoardWorld) -> None:
    await street.build(BY_HOUR | {"full_hold_fen": 600})
    order = await street.start(limit={"kind": "money", "value": 90})
    assert street.controls()[-1].amount == HOUR_S * 3 // 2
    await street.pass_time(2 * HOUR_S)
    await street.settle(order, duration_s=HOUR_S * 3 // 2, energy_001kwh=30, stop_reason=3)
    assert (await street.detail(order))["total_fen"] == 90
    full = await street.start()
    start = street.controls()[-1]
    assert (start.rate_mode, start.amount, start.max_duration_s) == (0, 0, 36_000)
    await street.pass_time(3 * HOUR_S)
    await street.settle(full, duration_s=3 * HOUR_S, energy_001kwh=50)
    detail = await street.detail(full)
    assert (detail["total_fen"], detail["refund_fen"], detail["hold_fen"]) == (180, 420, 600)
    await street.proven()


async def test_a_charge_by_use_costs_its_price_and_nothing_when_the_board_failed(street: BoardWorld) -> None:
    await street.build(PER_USE | {"max_power_w": 800, "max_duration_s": 6 * HOUR_S})
    order = await street.start()
    assert street.controls()[-1].rate_mode == 3
    await street.pass_time(HOUR_S)
    await street.settle(order, duration_s=HOUR_S, energy_001kwh=20)
    assert (await street.detail(order))["total_fen"] == 150
    failed = await street.start()
    await street.pass_time(HOUR_S)
    await street.settle(failed, duration_s=HOUR_S, energy_001kwh=20, stop_reason=OVERLOAD)
    detail = await street.detail(failed)
    assert (detail["total_fen"], detail["refund_fen"]) == (0, 150) and "by_fault" in detail["flags"]
    assert (detail["stop_class"], detail["stop_reason"]) == ("aborted", "overload")
    assert detail["two_wheel_limits"] == {"max_duration_s": 6 * HOUR_S, "max_power_w": 800}


async def test_a_higher_tier_shortens_the_time_the_money_lasts(street: BoardWorld) -> None:
    await street.build({"basis": "time", "tiers": TIERS})
    order = await street.start(limit={"kind": "money", "value": 120})
    assert street.controls()[-1].amount == 4 * HOUR_S
    await street.pass_time(300)
    await street.report(order, duration_s=300, max_power_dw=1_500, avg_power_dw=1_400)
    assert not street.asked(ChangeLimit)
    await street.pass_time(300)
    await street.report(order, duration_s=600, max_power_dw=3_500, avg_power_dw=3_000)
    (change,) = street.asked(ChangeLimit)
    # 2.5 fen for the first five minutes, 5 for the next; 112.5 fen last 6,750 s at 60 fen an hour
    assert change.limit.duration_s == 600 + 6_750
    modified = [frame for frame in street.heard if isinstance(frame, down_frames.ModifyCharge)]
    assert [(frame.rate_mode, frame.amount) for frame in modified] == [(1, 7_350)]
    await street.pass_time(7_350 - 600)
    await street.settle(
        order, duration_s=7_350, energy_001kwh=60, stop_reason=3, max_power_dw=3_500, second_max_power_dw=1_500
    )
    detail = await street.detail(order)
    assert [(line["max_power_w"], line["duration_s"]) for line in detail["usage_bill"]] == [(200, 300), (400, 7_050)]
    assert (detail["total_fen"], detail["refund_fen"]) == (120, 0)


async def test_a_short_try_is_free_and_a_small_rest_is_kept(street: BoardWorld) -> None:
    await street.build(BY_HOUR | {"free_s": 300, "min_charge_fen": 50, "no_refund_under_fen": 20})
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.pass_time(200)
    await street.settle(order, duration_s=200, energy_001kwh=1, stop_reason=5)
    assert (await street.detail(order))["refund_fen"] == 60
    order = await street.start(limit={"kind": "minutes", "value": 120})
    await street.pass_time(600)
    await street.settle(order, duration_s=600, energy_001kwh=1, stop_reason=5)
    assert (await street.detail(order))["total_fen"] == 50
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.pass_time(3_000)
    await street.settle(order, duration_s=3_000, energy_001kwh=1, stop_reason=5)
    detail = await street.detail(order)
    assert (detail["total_fen"], detail["settlement"]["comparison"]["rule"]) == (60, "kept")


async def test_float_is_not_paid_where_the_plan_says_so(street: BoardWorld) -> None:
    await street.build(BY_HOUR | {"bill_float": False})
    order = await street.start(limit={"kind": "minutes", "value": 300})
    await street.pass_time(HOUR_S)
    await street.report(order, duration_s=HOUR_S, energy_001kwh=40)
    await street.pass_time(300)
    await street.report(order, duration_s=HOUR_S + 300, energy_001kwh=40, port_state=FLOATING, max_power_dw=100)
    await street.pass_time(HOUR_S)
    await street.settle(order, duration_s=2 * HOUR_S + 300, energy_001kwh=41, stop_reason=1)
    assert (await street.detail(order))["total_fen"] == 60


async def test_the_board_chooses_and_names_the_connector(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.chosen = 1
    order = await street.start(connector_no=0, limit={"kind": "minutes", "value": 60})
    assert street.controls()[-1].port_no == 0xFF
    await street.pass_time(60)
    await street.report(order, duration_s=60, port_no=1)
    assert (await street.detail(order))["connector_no"] == 2
    await street.rider.post(f"/orders/{order['order_no']}/stop", status=202)
    await street.carry()
    stop = street.controls()[-1]
    assert (stop.action, stop.port_no, stop.order_no.hex().upper()) == (0, 1, order["session_no"])
    await street.settle(order, duration_s=62, port_no=1, energy_001kwh=0, stop_reason=7)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"], detail["flags"]) == ("settled", 1, [])


async def test_several_plugged_connectors_are_named_and_the_money_is_free(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.result = 5
    order = await street.start(connector_no=0, limit={"kind": "minutes", "value": 60})
    detail = await street.detail(order)
    session = await street.rider.get(f"/sessions/{order['session_no']}")
    assert (detail["state"], session["refusal"]) == ("failed_no_energy", "choose_connector:1,2")
    assert await street.money() == (2_000, 0)
    street.result = 0
    again = await street.start(connector_no=2, limit={"kind": "minutes", "value": 60})
    assert again["session_no"] != order["session_no"]


async def test_nothing_plugged_gives_the_money_back_at_once(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.result = 1
    order = await street.start(limit={"kind": "minutes", "value": 60})
    assert (await street.detail(order))["state"] == "failed_no_energy"
    assert await street.money() == (2_000, 0)


async def test_an_unanswered_start_keeps_the_hold_until_the_board_shows_itself(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.deaf = True
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.pass_time(120)
    assert (await street.detail(order))["state"] == "placed" and await street.money() == (1_940, 60)
    await street.report(order, duration_s=110)
    assert (await street.detail(order))["state"] == "charging"
    await street.settle(order, duration_s=115, energy_001kwh=1, stop_reason=5)
    assert (await street.detail(order))["total_fen"] == 2


async def test_an_unanswered_start_is_freed_when_heartbeats_prove_that_nothing_charges(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.deaf = True
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.pass_time(540)
    assert await street.money() == (1_940, 60)
    await street.pass_time(240)
    assert (await street.detail(order))["state"] == "failed_no_energy"
    assert await street.money() == (2_000, 0)


async def test_a_port_that_charges_keeps_an_unanswered_start_alive(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.deaf = True
    order = await street.start(limit={"kind": "minutes", "value": 60})
    street.states[0] = CHARGING
    await street.pass_time(720)
    assert (await street.detail(order))["state"] == "placed" and not street.asked(StopCharging)
    await street.report(order, duration_s=720)
    assert (await street.detail(order))["state"] == "charging"


async def test_a_settlement_that_comes_for_ever_is_billed_once(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.pass_time(1_800)
    for number in range(5):
        await street.settle(order, duration_s=1_800, energy_001kwh=10, message_id=40 + number)
        await street.pass_time(1_800)
    assert await street.money() == (1_970, 0)
    assert len(street.asked(ConfirmRecord)) == 5
    await street.settle(order, duration_s=3_000, energy_001kwh=20)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"]) == ("disputed", 30)
    assert await street.money() == (1_970, 0)
    await street.proven()


async def test_a_settlement_before_the_start_was_answered_counts(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    street.deaf = True
    order = await street.start(limit={"kind": "minutes", "value": 60})
    await street.settle(order, duration_s=2, energy_001kwh=0, stop_reason=5, timestamp=1_000)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"], detail["flags"]) == ("cancelled_no_energy", 0, ["clock_skew"])
    assert await street.money() == (2_000, 0)


async def test_a_settlement_of_an_unknown_order_is_kept_for_people(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    await street.board(dny.settlement(duration_s=1_800, timestamp=1_000))
    (order,) = (await street.staff.get("/orders"))["items"]
    assert (order["state"], order["driver_id"], order["total_fen"]) == ("disputed", None, 0)
    assert "no_driver" in order["flags"] and len(street.asked(ConfirmRecord)) == 1


async def test_a_record_that_never_comes_is_estimated_and_corrected_when_it_does(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    order = await street.start(limit={"kind": "minutes", "value": 240})
    await street.pass_time(1_800)
    await street.report(order, duration_s=1_800, energy_001kwh=20)
    street.states[0] = PLUGGED
    await street.pass_time(360)
    assert (await street.detail(order))["state"] == "finishing"
    await street.pass_time(1_860)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"]) == ("settled", 30) and "estimated" in detail["flags"]
    await street.settle(order, duration_s=1_980, energy_001kwh=22)
    detail = await street.detail(order)
    assert (detail["state"], detail["total_fen"], detail["corrections"][0]["change_fen"]) == ("settled", 33, 3)
    assert await street.money() == (1_967, 0)
    await street.proven()


async def test_a_record_below_our_samples_or_beyond_our_clock_is_looked_at(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    order = await street.start(limit={"kind": "minutes", "value": 240})
    await street.pass_time(1_800)
    await street.report(order, duration_s=1_800, energy_001kwh=20)
    await street.settle(order, duration_s=60, energy_001kwh=20)
    assert (await street.detail(order))["flags"] == ["below_samples"]
    order = await street.start(limit={"kind": "minutes", "value": 240})
    await street.settle(order, duration_s=9_000, energy_001kwh=0)
    assert (await street.detail(order))["flags"] == ["over_bound"]


@pytest.mark.parametrize(
    ("plan", "wish", "code"),
    [
        (BY_HOUR, {"limit": {"kind": "energy", "value": 1_000_000}}, "mode_not_offered"),
        (BY_HOUR, {"limit": {"kind": "soc", "value": 80}}, "mode_not_offered"),
        (BY_ENERGY, {"limit": {"kind": "minutes", "value": 60}}, "mode_not_offered"),
        (BY_HOUR, {"limit": {"kind": "minutes", "value": 10_000}}, "limit_out_of_range"),
        (BY_ENERGY, {"limit": {"kind": "energy", "value": 9_999}}, "limit_out_of_range"),
        (BY_HOUR, {"limit": {"kind": "minutes", "value": 300}}, "balance_low"),
        (PER_USE, {}, "balance_low"),
        (BY_HOUR, {"second_connector_no": 2}, "parallel_not_offered"),
    ],
)
async def test_what_cannot_be_sold_is_refused(
    street: BoardWorld, plan: dict[str, object], wish: dict[str, object], code: str
) -> None:
    await street.build(plan, cash_fen=100)
    status = 400 if code == "limit_out_of_range" else 422
    assert (await street.start(status, **wish))["code"] == code
    assert await street.money() == (100, 0)


async def test_without_a_two_wheel_tariff_nothing_starts(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    station = await street.staff.post("/stations", {"name": "无电价站"})
    await street.staff.patch(f"/charge-points/{dny.CODE}", {"station_id": station["id"]})
    assert (await street.start(422))["code"] == "no_tariff"


async def test_a_scanned_board_names_its_port_or_lets_the_board_choose(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    order = await street.start(charge_point_code=None, connector_no=None, qr_code="https://q.example/ap/40AACE04/01")
    assert (order["charge_point_code"], order["connector_no"]) == (dny.CODE, 2)


async def test_a_charge_point_that_counts_by_tier_is_told_the_tiers(street: BoardWorld) -> None:
    street.capabilities = (*CAPABILITIES, "power_tiers")
    await street.build({"basis": "time", "tiers": TIERS})
    await street.start(limit={"kind": "money", "value": 120})
    limit = street.asked(StartCharging)[-1].limit
    assert limit is not None
    assert [(tier.up_to_mw, tier.price_fen, tier.per_s) for tier in limit.tiers] == [
        (200_000, 30, 3_600),
        (400_000, 60, 3_600),
        (6_553_500, 120, 3_600),
    ]


async def test_a_board_without_prices_is_never_sent_any(street: BoardWorld) -> None:
    await street.build(BY_HOUR)
    pushed = await street.staff.post(f"/stations/{street.station_id}/tariff-pushes", status=404)
    assert pushed["code"] == "no_tariff"
    assert not [command for command in street.commands if type(command).__name__ == "ApplyTariff"]
