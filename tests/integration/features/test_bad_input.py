"""What charge points say that is not so, and what the platform makes of it."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import AnswerBoot, ConfirmRecord
from chargecloud.features.stations import service
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.errors import NotFound
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, booted, record, sample

BOARD = "04CEAA40"


@pytest.mark.parametrize("opened", [False, True])
async def test_an_unknown_board_is_refused_unless_enrolment_is_open(world: World, opened: bool) -> None:
    world.database.options = Options(enrolment_open=opened)
    async with world.database.unit() as uow:
        await service.answer_boot(uow, booted(BOARD, connector_count=10, link_id="x"))
    await world.pump()
    (answer,) = world.asked(AnswerBoot)
    assert (answer.charge_point_code, answer.accepted) == (BOARD, opened)
    async with world.database.unit() as uow:
        if opened:
            assert (await service.charge_point(uow, BOARD)).connector_count == 10
        else:
            with pytest.raises(NotFound):
                await service.charge_point(uow, BOARD)


@pytest.mark.parametrize("clock_ms", [7_000, 4_294_967_295_000, -3_593_000])
async def test_clocks_nobody_set_are_told_and_not_believed(world: World, clock_ms: int) -> None:
    """The charge point's times are kept with its record; when the session ran is known by our clock."""
    order = await world.place()
    await world.say(answered(order.session_no), sample(order.session_no, KWH))
    world.clock.advance(30 * MINUTE_MS)
    await world.say(sample(order.session_no, 2 * KWH))
    now_ms = world.clock.now_ms()
    body = record(
        order.session_no, (0, 0, 2 * KWH, 0), started_at_ms=clock_ms, ended_at_ms=clock_ms, closed_at_ms=clock_ms
    )
    for _ in range(3):
        await world.say(body)
    session = await world.session(order.session_no)
    assert session.record_id is not None and session.record_count == 1
    assert session.began_at_ms is not None and session.began_at_ms >= order.placed_at_ms
    assert session.ended_at_ms is not None and session.began_at_ms <= session.ended_at_ms <= now_ms
    assert [confirm.charge_point_code for confirm in world.asked(ConfirmRecord)] == [CODE] * 3, "each copy is confirmed"
    await world.proven()
