"""Whatever moves a driver's money says so to the driver's app, with the wallet as it is then."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.wallet import service, views
from chargecloud.features.wallet.messages import (
    Adjustment,
    Capture,
    Correction,
    Freeze,
    Hold,
    PayIn,
    PayOut,
    Release,
    TopUp,
    WalletCommand,
)
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Refused

Act = Callable[[UnitOfWork], Awaitable[object]]


async def shown(database: Database, driver_id: int, act: Act) -> list[dict[str, int]]:
    """The wallets that the acts of one unit showed; the last is the one in the database."""
    async with database.unit() as uow:
        await act(uow)
        patches = [json.loads(patch) for topic, patch in uow.patches if topic == f"driver:{driver_id}"]
        now = views.live_balance(await service.balance(uow, driver_id))
    wallets = [patch["wallet"] for patch in patches if "wallet" in patch]
    assert not wallets or wallets[-1] == now
    return wallets


@pytest.fixture
async def driver_id(database: Database) -> int:
    async with database.unit() as uow:
        return (await drivers.create_driver(uow, NewDriver(name="李雷", operator_id=1))).driver_id


async def test_every_move_shows_the_wallet_it_leaves(database: Database, driver_id: int) -> None:
    who = {"driver_id": driver_id}
    taken = {"service_fee_fen": 0, "operator_id": 1}
    by_hand = {"operator_id": 1, "reason": "x", "actor": "staff:1"}
    acts: list[tuple[Callable[[UnitOfWork, Any], Awaitable[object]], WalletCommand, tuple[int, int, int]]] = [
        (service.top_up, TopUp(**who, transfer_id="t", amount_fen=1000, source="counter"), (1000, 0, 0)),
        (service.hold, Hold(**who, hold_id="a", amount_fen=600), (400, 600, 0)),
        (service.release, Release(hold_id="a"), (1000, 0, 0)),
        (service.hold, Hold(**who, hold_id="b", amount_fen=700), (300, 700, 0)),
        (service.capture, Capture(hold_id="b", transfer_id="b:c", energy_fee_fen=500, **taken), (500, 0, 0)),
        (service.correct, Correction(**who, transfer_id="c", energy_fee_fen=900, memo="x", **taken), (0, 0, 400)),
        (service.adjust, Adjustment(**who, transfer_id="d", amount_fen=1400, **by_hand), (1000, 0, 0)),
        (service.freeze, Freeze(**who, hold_id="e", cash_fen=1000), (0, 1000, 0)),
        (service.pay_out, PayOut(hold_id="e", transfer_id="e:o", amount_fen=1000), (0, 0, 0)),
        (service.pay_in, PayIn(**who, transfer_id="f", amount_fen=100, gift_fen=50, gift_from=1), (150, 0, 0)),
        (service.hold, Hold(**who, hold_id="g", amount_fen=120), (30, 120, 0)),
    ]  # fmt: skip
    for move, command, expected in acts:
        act = partial(move, command=command)
        (wallet,) = await shown(database, driver_id, act)
        assert (wallet["available_fen"], wallet["held_fen"], wallet["arrears_fen"]) == expected
        assert await shown(database, driver_id, act) == [], "the same again moves nothing and says nothing"


async def test_many_captures_show_each_driver_once(database: Database, driver_id: int) -> None:
    async with database.unit() as uow:
        await service.top_up(uow, TopUp(driver_id=driver_id, transfer_id="t", amount_fen=1000, source="counter"))
        for hold_id in ("a", "b"):
            await service.hold(uow, Hold(driver_id=driver_id, hold_id=hold_id, amount_fen=400))
    commands = [
        Capture(hold_id=hold_id, transfer_id=hold_id * 2, energy_fee_fen=100, service_fee_fen=0, operator_id=1)
        for hold_id in ("a", "b")
    ]
    (wallet,) = await shown(database, driver_id, lambda uow: service.capture_many(uow, commands))
    assert (wallet["available_fen"], wallet["held_fen"]) == (800, 0)


async def test_what_is_refused_shows_nothing(database: Database, driver_id: int) -> None:
    async def too_much(uow: UnitOfWork) -> None:
        with pytest.raises(Refused):
            await service.hold(uow, Hold(driver_id=driver_id, hold_id="a", amount_fen=1))

    assert await shown(database, driver_id, too_much) == []
