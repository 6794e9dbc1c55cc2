"""Records and charges the platform did not begin, and what is kept of sessions."""

import pytest
from sqlalchemy import select

from chargecloud.device.commands import ConfirmRecord, ReadSample, StopCharging
from chargecloud.device.events import (
    BatteryDemand,
    CameOnline,
    ChargeEnded,
    ConnectorStatus,
    StartMethod,
    WentOffline,
)
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.sessions import jobs, service, sql, views
from chargecloud.features.sessions.messages import Limit, LimitKind, RecordMisplaced, SessionState, SessionSurfaced
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice
from chargecloud.features.tariffs.service import NewVersion
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Unavailable
from tests.support.world import (
    BANDS,
    CODE,
    HALF_HOURS,
    KWH,
    MINUTE_MS,
    OTHER_CODE,
    World,
    answered,
    record,
    sample,
)

STRANGE = "9" * 32
CARD = "00000000D14B0A54"
SMALL = Limit(LimitKind.MONEY, 1_000)


async def records(world: World, session_no: str) -> list[views.RecordRow]:
    async with world.database.read() as connection:
        return await views.records_of(connection, session_no)


async def start(world: World) -> str:
    order = await world.place()
    world.clock.advance(MINUTE_MS)
    await world.say(answered(order.session_no), sample(order.session_no, KWH // 10))
    return order.session_no


async def test_a_record_is_kept_byte_for_byte(world: World) -> None:
    session_no = await start(world)
    raw = bytes(range(158))
    await world.say(record(session_no, (0, 0, 100_000, 0), raw=raw))
    (stored,) = await records(world, session_no)
    assert stored.raw_hex == raw.hex().upper() and stored.standing == "first"
    assert stored.body["energy_mwh"] == 100_000


async def test_a_record_for_another_charge_points_session_is_kept_unconfirmed_and_told_once(world: World) -> None:
    """A05."""
    session_no = await start(world)
    forged = record(session_no, (0, 0, 50 * KWH, 0), charge_point_code=OTHER_CODE)
    await world.say(forged, forged)
    assert world.asked(ConfirmRecord) == []
    told = [event for event in world.told if isinstance(event, RecordMisplaced)]
    assert [(event.charge_point_code, event.owner_code) for event in told] == [(OTHER_CODE, CODE)]
    assert (await world.session(session_no)).state is SessionState.CHARGING
    assert [row.standing for row in await records(world, session_no)] == ["misplaced"]


async def test_an_unknown_charge_is_stopped_at_once(world: World) -> None:
    """A13."""
    await world.say(sample(STRANGE, KWH // 10))
    (stop,) = world.asked(StopCharging)
    assert stop.session_no == STRANGE and stop.charge_point_code == CODE
    session = await world.session(STRANGE)
    assert session.state is SessionState.UNAUTHORISED and "foreign" in session.flags
    assert [event.stopped for event in world.told if isinstance(event, SessionSurfaced)] == [True]
    await world.say(record(STRANGE, (0, 0, KWH // 10, 0)))
    order = await world.order_of(STRANGE)
    assert order is not None and order.state is OrderState.DISPUTED and "no_driver" in order.flags
    assert len(world.asked(ConfirmRecord)) == 1


async def test_energy_without_any_number_is_stopped_too(world: World) -> None:
    await world.say(sample("", 100, status=ConnectorStatus.CHARGING))
    assert len(world.asked(StopCharging)) == 1


async def test_a_number_from_an_idle_frame_proves_nothing(world: World) -> None:
    """文档 §4.14: an idle frame may still carry the number and values of the last session."""
    await world.say(sample(STRANGE, KWH, status=ConnectorStatus.AVAILABLE))
    assert world.asked(StopCharging) == []
    async with world.database.read() as connection:
        assert await views.session(connection, STRANGE) is None


async def test_an_offline_cards_charge_is_not_stopped_when_the_charge_point_comes_back(world: World) -> None:
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=2))
    await world.say(sample(STRANGE, KWH // 10))
    assert world.asked(StopCharging) == []
    assert (await world.session(STRANGE)).stop_reason == ""


async def test_an_offline_cards_record_is_billed_to_its_driver(world: World) -> None:
    async with world.database.unit() as uow:
        await drivers.add_card(uow, NewCard(driver_id=world.driver_id, card_id=CARD, card_label="573"))
    now = world.clock.now_ms()
    uploaded = record(
        STRANGE,
        (0, 0, 10 * KWH, 0),
        method=StartMethod.OFFLINE_CARD,
        card_id=CARD,
        started_at_ms=now - 40 * MINUTE_MS,
        ended_at_ms=now - 10 * MINUTE_MS,
    )
    await world.say(uploaded, uploaded)
    order = await world.order_of(STRANGE)
    assert order is not None and order.state is OrderState.SETTLED and order.driver_id == world.driver_id
    assert order.total_fen == 1_100 and order.method is StartMethod.OFFLINE_CARD
    assert (await world.balance()).cash_fen == 8_900
    await world.proven()


async def test_an_offline_charge_uploaded_after_new_prices_costs_what_it_did_then(world: World) -> None:
    """Failure F16: the record came an hour after the price list had changed."""
    began_ms = world.clock.now_ms()
    world.clock.advance(60 * MINUTE_MS)
    async with world.database.unit() as uow:
        await drivers.add_card(uow, NewCard(driver_id=world.driver_id, card_id=CARD, card_label="573"))
        tariff_id = (await tariffs.version_at(uow, world.station_id, uow.now_ms)).tariff_id
        dear = tuple(BandPrice(price.energy_si_per_kwh * 2, price.service_si_per_kwh * 2) for price in BANDS)
        new = NewVersion(tariff_id=tariff_id, bands=dear, half_hours=HALF_HOURS, effective_from_ms=uow.now_ms)
        await tariffs.create_version(uow, new)
    world.clock.advance(60 * MINUTE_MS)
    times = {"started_at_ms": began_ms, "ended_at_ms": began_ms + 30 * MINUTE_MS}
    await world.say(record(STRANGE, (0, 0, 10 * KWH, 0), method=StartMethod.OFFLINE_CARD, card_id=CARD, **times))
    order = await world.order_of(STRANGE)
    assert order is not None and order.total_fen == 1_100 and order.started_at_ms == began_ms


async def test_an_unknown_cards_record_is_an_orphan_for_people(world: World) -> None:
    await world.say(record(STRANGE, (0, 0, KWH, 0), method=StartMethod.OFFLINE_CARD, card_id="00000000AAAAAAAA"))
    order = await world.order_of(STRANGE)
    assert order is not None and order.driver_id is None and order.state is OrderState.DISPUTED


async def test_a_record_without_a_number_is_kept_under_its_content(world: World) -> None:
    blank = record("0" * 32, (0, 0, KWH, 0))
    await world.say(blank, blank)
    assert [command.session_no for command in world.asked(ConfirmRecord)] == ["0" * 32] * 2
    async with world.database.read() as connection:
        numbers = list((await connection.execute(select(sql.session_records.c.session_no))).scalars())
    assert len(numbers) == 1 and numbers[0].startswith("blank-")


async def test_invented_numbers_do_not_fill_the_database(world: World) -> None:
    for number in range(30):
        await world.say(sample(f"8{number:031d}", 1_000))
    async with world.database.read() as connection:
        kept = await views.list_sessions(connection, views.SessionFilter(), before_id=None, limit=100)
    assert len(kept) == 8 and len(world.asked(StopCharging)) == 30


async def test_silence_while_charging_is_asked_about(world: World) -> None:
    session_no = await start(world)
    world.clock.advance(61_000)
    await world.sweep()
    assert [command.connector_no for command in world.asked(ReadSample)] == [1]
    assert (await world.session(session_no)).state is SessionState.CHARGING


async def test_a_missing_record_is_asked_about_and_flagged(world: World) -> None:
    session_no = await start(world)
    ended = ChargeEnded(
        charge_point_code=CODE, connector_no=1, session_no=session_no, soc_pct=80, cell_min_voltage_mv=1,
        cell_max_voltage_mv=2, min_temp_c=20, max_temp_c=30, charged_s=60, energy_mwh=1, charger_no=1,
    )  # fmt: skip
    await world.say(ended)
    assert (await world.session(session_no)).state is SessionState.AWAITING_RECORD
    world.clock.advance(31_000)
    await world.sweep()
    assert "record_overdue" in (await world.session(session_no)).flags and len(world.asked(ReadSample)) == 1


async def test_going_offline_keeps_everything_and_coming_back_asks_soon(world: World) -> None:
    """F12, F15."""
    session_no = await start(world)
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=1, reason="silent"))
    for _ in range(6):
        world.clock.advance(600_000)
        await world.sweep()
    assert (await world.session(session_no)).state is SessionState.CHARGING
    asked = len(world.asked(ReadSample))
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=2))
    world.clock.advance(21_000)
    await world.sweep()
    assert len(world.asked(ReadSample)) == asked + 1
    await world.say(record(session_no, (0, 0, 20 * KWH, 0)))
    order = await world.order_of(session_no)
    assert order is not None and order.state is OrderState.SETTLED and order.total_fen == 2_200


async def test_curves_and_battery_reports_are_kept(world: World) -> None:
    session_no = await start(world)
    demand = BatteryDemand(
        charge_point_code=CODE, connector_no=1, session_no=session_no, voltage_demand_mv=400_000,
        current_demand_ma=100_000, constant_voltage=True, measured_voltage_mv=399_000, measured_current_ma=99_000,
        cell_max_voltage_mv=3_900, cell_group_no=1, soc_pct=50, remaining_s=600, output_voltage_mv=400_000,
        output_current_ma=100_000, charged_s=60,
    )  # fmt: skip
    await world.say(demand, sample())
    async with world.database.read() as connection:
        curve = await views.samples_of(connection, session_no, after_id=0, limit=10)
        reports = await views.reports_of(connection, session_no, after_id=0, limit=10)
    assert [point.energy_mwh for point in curve] == [KWH // 10]
    assert reports[0].kind == "BatteryDemand" and reports[0].body["soc_pct"] == 50
    assert "session_no" not in reports[0].body


@pytest.mark.parametrize("fields", [{"charge_point_code": OTHER_CODE}])
async def test_words_of_another_charge_point_move_nothing(world: World, fields: dict[str, str]) -> None:
    order = await world.place()
    await world.say(answered(order.session_no, **fields), sample(order.session_no, KWH, **fields))
    session = await world.session(order.session_no)
    assert session.state is SessionState.REQUESTED and session.energy_mwh == 0


async def test_an_idle_word_right_after_coming_back_frees_nothing_while_a_record_may_be_on_its_way(
    world: World,
) -> None:
    """F12: the charge point charged all the time it was away; its idle word comes before its record."""
    order = await world.place()
    await world.say(answered(order.session_no))
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=1, reason="silent"))
    world.clock.advance(60 * MINUTE_MS)
    await world.sweep()
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=2), sample())
    assert (await world.order(order.order_no)).hold_open
    await world.say(record(order.session_no, (0, 0, 20 * KWH, 0)))
    settled = await world.order(order.order_no)
    assert settled.state is OrderState.SETTLED and settled.total_fen == 2_200
    await world.proven()


async def test_an_idle_word_some_time_after_coming_back_is_proof(world: World) -> None:
    order = await world.place()
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=1, reason="silent"))
    world.clock.advance(60 * MINUTE_MS)
    await world.sweep()
    await world.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=2), sample())
    world.clock.advance(90_000)
    await world.say(sample())
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    await world.proven()


async def test_old_curves_are_forgotten(world: World) -> None:
    await jobs.prune_curves(world.database)
    session_no = await start(world)
    world.clock.advance(92 * 86_400_000)
    await jobs.prune_curves(world.database)
    async with world.database.read() as connection:
        assert await views.samples_of(connection, session_no, after_id=0, limit=10) == []
        assert await views.session(connection, session_no) is not None


async def test_one_session_that_cannot_be_swept_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await world.place(limit=SMALL), await world.place(connector_no=2, limit=SMALL)
    sweep_one = service.sweep_one

    async def failing(uow: UnitOfWork, session_no: str) -> None:
        if session_no == first.session_no:
            raise Unavailable("broken on purpose", "broken")
        await sweep_one(uow, session_no)

    monkeypatch.setattr(service, "sweep_one", failing)
    world.clock.advance(95_000)
    with pytest.raises(ExceptionGroup, match="could not be swept"):
        await jobs.sweep(world.database)
    assert (await world.session(first.session_no)).state is SessionState.REQUESTED
    assert (await world.session(second.session_no)).state is SessionState.STOPPING
