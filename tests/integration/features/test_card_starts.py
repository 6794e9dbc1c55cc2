"""Starts requested at the charge point: cards, passwords, VINs, two connectors together."""

import hashlib
from typing import Any

import pytest

from chargecloud.device.commands import AnswerStart, ReplyRefusal, StopCharging
from chargecloud.device.events import (
    CameOnline,
    CommandEnded,
    CommandOutcome,
    ConnectorStatus,
    StartMethod,
    StartRefusal,
    StartRequested,
)
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewCard
from chargecloud.features.orders import service
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import SessionState
from chargecloud.features.stations import service_assets
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.kernel.message import Envelope
from tests.support.world import CODE, KWH, World, answered, record, sample

CARD = "00000000D14B0A54"
VIN = "LSVAA0000A0000001"


def asks(request_id: str = "q1", **changes: Any) -> StartRequested:
    values: dict[str, Any] = {
        "charge_point_code": CODE,
        "request_id": request_id,
        "connector_no": 1,
        "method": StartMethod.CARD,
        "card_id": CARD,
        "password_hash": "",
        "vin": "",
    }
    return StartRequested(**values | changes)


@pytest.fixture
async def holder(world: World) -> World:
    """The driver has a card."""
    async with world.database.unit() as uow:
        await drivers.add_card(uow, NewCard(driver_id=world.driver_id, card_id=CARD, card_label="573"))
    await world.pump()
    return world


async def test_a_card_charges_and_pays(holder: World) -> None:
    await holder.say(asks())
    (answer,) = holder.asked(AnswerStart)
    assert answer.accepted and answer.refusal is ReplyRefusal.NONE and answer.card_label == "573"
    assert answer.balance_fen == 10_000 and answer.request_id == "q1"
    order = await holder.order_of(answer.session_no)
    assert order is not None and order.method is StartMethod.CARD and order.hold_fen == 10_000
    holder.clock.advance(60_000)
    await holder.say(sample(answer.session_no, KWH // 2), record(answer.session_no, (0, 0, KWH // 2, 0)))
    assert (await holder.order(order.order_no)).total_fen == 55
    await holder.proven()


async def test_a_wish_that_comes_too_late_is_passed_over(holder: World) -> None:
    asked_ms = holder.clock.now_ms()
    holder.clock.advance(10_001)
    await holder.handle([Envelope(CODE, asks(), asked_ms)])
    await holder.pump()
    assert holder.asked(AnswerStart) == []
    assert (await holder.balance()).held_fen == 0
    await holder.handle([Envelope(CODE, asks(), asked_ms + 1)])
    await holder.pump()
    assert len(holder.asked(AnswerStart)) == 1


async def test_a_repeated_request_gets_the_same_session(holder: World) -> None:
    await holder.say(asks("q1"), asks("q2"))
    first, second = holder.asked(AnswerStart)
    assert second.accepted and second.session_no == first.session_no and second.command_id != first.command_id
    assert (await holder.balance()).held_fen == 10_000


async def test_a_request_long_after_the_first_does_not_get_its_number(holder: World) -> None:
    await holder.say(asks("q1"))
    holder.clock.advance(60_001)
    await holder.say(asks("q2"))
    assert [answer.refusal for answer in holder.asked(AnswerStart)] == [
        ReplyRefusal.NONE,
        ReplyRefusal.CHARGE_POINT_UNSETTLED,
    ]


async def test_a_charge_point_that_logged_in_again_does_not_get_the_same_number(holder: World) -> None:
    await holder.say(asks("q1"))
    holder.clock.advance(1_000)
    await holder.say(CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=2), asks("q2"))
    first, second = holder.asked(AnswerStart)
    assert first.accepted and second.refusal is ReplyRefusal.CHARGE_POINT_UNSETTLED


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"card_id": "00000000FFFFFFFF"}, ReplyRefusal.UNKNOWN_ACCOUNT),
        ({"method": StartMethod.ACCOUNT}, ReplyRefusal.UNKNOWN_ACCOUNT),
        ({"method": StartMethod.VIN, "vin": VIN}, ReplyRefusal.UNKNOWN_VIN),
        ({"connector_no": 7}, ReplyRefusal.OUT_OF_SERVICE),
    ],
)
async def test_strangers_are_refused(holder: World, changes: dict[str, Any], refusal: ReplyRefusal) -> None:
    await holder.say(asks(**changes))
    (answer,) = holder.asked(AnswerStart)
    assert not answer.accepted and answer.refusal is refusal and answer.session_no == "0" * 32
    assert (await holder.balance()).held_fen == 0


async def refusal_after(world: World) -> ReplyRefusal:
    await world.say(asks())
    return world.asked(AnswerStart)[-1].refusal


async def test_frozen_drivers_are_refused(holder: World) -> None:
    async with holder.database.unit() as uow:
        await drivers.freeze_driver(uow, holder.driver_id, frozen=True, reason="test")
    assert await refusal_after(holder) is ReplyRefusal.FROZEN


async def test_poor_drivers_are_refused(holder: World) -> None:
    poor = await holder.driver(50)
    async with holder.database.unit() as uow:
        await drivers.add_card(uow, NewCard(driver_id=poor, card_id="00000000ABCDEF01", card_label="574"))
    await holder.say(asks(card_id="00000000ABCDEF01"))
    assert holder.asked(AnswerStart)[-1].refusal is ReplyRefusal.BALANCE_LOW


async def test_a_disabled_charge_point_is_out_of_service(holder: World) -> None:
    async with holder.database.unit() as uow:
        await service_assets.change_charge_point(uow, CODE, {"enabled": False}, reach=EVERYWHERE)
    assert await refusal_after(holder) is ReplyRefusal.OUT_OF_SERVICE


async def test_a_faulted_connector_is_out_of_service(holder: World) -> None:
    await holder.say(sample(status=ConnectorStatus.FAULTED))
    assert await refusal_after(holder) is ReplyRefusal.OUT_OF_SERVICE


async def test_an_occupied_connector_is_refused(holder: World) -> None:
    await holder.place(driver_id=await holder.driver(5_000))
    assert await refusal_after(holder) is ReplyRefusal.CHARGE_POINT_UNSETTLED


async def test_passwords_are_checked(world: World) -> None:
    new = NewCard(driver_id=world.driver_id, card_id=CARD, card_label="573", password="246810")
    async with world.database.unit() as uow:
        await drivers.add_card(uow, new)
    assert await refusal_after(world) is ReplyRefusal.WRONG_PASSWORD
    typed = hashlib.md5(b"246810", usedforsecurity=False)
    await world.say(asks("q2", password_hash=typed.digest().hex()))
    assert world.asked(AnswerStart)[-1].accepted


async def test_a_vin_charges(world: World) -> None:
    async with world.database.unit() as uow:
        await drivers.add_vehicle(uow, world.driver_id, vin=VIN, label="")
    await world.say(asks(method=StartMethod.VIN, card_id="0" * 16, vin=VIN))
    answer = world.asked(AnswerStart)[-1]
    assert answer.accepted and (await world.session(answer.session_no)).vin == VIN


async def test_an_answer_that_never_arrived_frees_the_hold(holder: World) -> None:
    await holder.say(asks())
    answer = holder.asked(AnswerStart)[0]
    ended = CommandEnded(
        charge_point_code=CODE, command_id=answer.command_id, command="AnswerStart", outcome=CommandOutcome.EXPIRED
    )
    await holder.say(ended)
    order = await holder.order_of(answer.session_no)
    assert order is not None and order.state is OrderState.FAILED and (await holder.balance()).held_fen == 0


def parallel(connector_no: int, **changes: Any) -> StartRequested:
    base: dict[str, Any] = {"parallel_no": "260101080000", "parallel_main": connector_no == 1}
    return asks(f"p{connector_no}", connector_no=connector_no, **base | changes)


async def test_two_connectors_are_authorised_together(holder: World) -> None:
    await holder.say(parallel(2))
    assert holder.asked(AnswerStart) == []
    await holder.say(parallel(1))
    answers = holder.asked(AnswerStart)
    assert [answer.connector_no for answer in answers] == [1, 2] and all(answer.accepted for answer in answers)
    assert len({answer.session_no for answer in answers}) == 2
    assert [answer.balance_fen for answer in answers] == [5_000, 5_000]
    await holder.say(parallel(1))
    assert len(holder.asked(AnswerStart)) == 3 and holder.asked(AnswerStart)[-1].session_no == answers[0].session_no


async def test_two_connectors_are_refused_together(holder: World) -> None:
    await holder.say(sample(connector_no=2, status=ConnectorStatus.FAULTED))
    await holder.say(parallel(1), parallel(2))
    assert [answer.refusal for answer in holder.asked(AnswerStart)] == [ReplyRefusal.OUT_OF_SERVICE] * 2
    assert (await holder.balance()).held_fen == 0


async def test_two_different_cards_do_not_make_a_pair(holder: World) -> None:
    await holder.say(parallel(1), parallel(2, card_id="00000000FFFFFFFF"))
    assert [answer.refusal for answer in holder.asked(AnswerStart)] == [ReplyRefusal.NOT_ALLOWED_HERE] * 2


async def test_a_partner_that_asks_too_late_waits_alone(holder: World) -> None:
    await holder.say(parallel(1))
    holder.clock.advance(20_000)
    await holder.say(parallel(2))
    assert holder.asked(AnswerStart) == []


async def test_when_one_connector_fails_the_other_is_stopped(world: World) -> None:
    async with world.database.unit() as uow:
        command = PlaceOrder(
            driver_id=world.driver_id,
            idempotency_key="both",
            charge_point_code=CODE,
            connector_no=1,
            second_connector_no=2,
        )
        first, second = await service.place(uow, command)
    await world.pump()
    assert first.parallel_no == second.parallel_no != "" and (first.hold_fen, second.hold_fen) == (5_000, 5_000)
    await world.say(answered(first.session_no, StartRefusal.FAULTED))
    assert [stop.session_no for stop in world.asked(StopCharging)] == [second.session_no]
    assert (await world.session(second.session_no)).state is SessionState.STOPPING
    async with world.database.unit() as uow:
        assert {order.order_no for order in await service.place(uow, command)} == {first.order_no, second.order_no}
