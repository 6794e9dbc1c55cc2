"""Monthly cards and packs: sold or given to a rider, used by orders, given back when the charge failed."""

import msgspec

from chargecloud.features.drivers import service as drivers
from chargecloud.features.orders import sql_passes
from chargecloud.features.orders.sql_passes import Pass
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Capture, Hold
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused


class NewPass(msgspec.Struct, frozen=True, kw_only=True):
    """A pass to be sold (with a price) or given (without)."""

    driver_id: int
    name: str
    valid_from_ms: int
    valid_until_ms: int
    max_per_day: int = 0
    max_s_per_session: int = 43_200
    uses: int | None = None
    price_fen: int = 0
    station_id: int | None = None
    request_key: str
    by: str


async def sell(uow: UnitOfWork, new: NewPass, *, operator_id: int) -> Pass:
    """Take the price from the rider's wallet and write the pass; the same request again gives the same pass."""
    known = await sql_passes.pass_of_request(uow.connection, new.request_key)
    if known is not None:
        if known.driver_id != new.driver_id or known.price_fen != new.price_fen or known.name != new.name:
            raise Conflict(
                "同一 Idempotency-Key 已用于另一个请求，请换一个", "idempotency_key_reused", pass_id=known.id
            )
        return known
    if new.valid_until_ms <= max(new.valid_from_ms, uow.now_ms):
        raise Invalid("有效期须晚于开始时间和现在", "pass_validity", field="valid_until")
    rider = await drivers.driver(uow, new.driver_id)
    if rider.operator_id not in (None, operator_id):
        raise NotFound(f"没有车主 {new.driver_id}", "driver_unknown", driver_id=new.driver_id)
    if new.station_id is not None and (await stations.station(uow, new.station_id)).operator_id != operator_id:
        raise NotFound(f"没有场站 {new.station_id}", "station_unknown", station_id=new.station_id)
    values = msgspec.structs.asdict(new)
    row = {
        **{name: values[name] for name in values if name not in ("uses", "by")},
        "operator_id": operator_id,
        "uses_left": new.uses,
        "created_at_ms": uow.now_ms,
        "created_by": new.by,
    }
    pass_id = await sql_passes.add_pass(uow, row)
    await _pay(uow, new, pass_id, operator_id)
    return await find(uow, pass_id)


async def _pay(uow: UnitOfWork, new: NewPass, pass_id: int, operator_id: int) -> None:
    if new.price_fen:
        hold_id = f"pass-{pass_id}"
        await wallet.hold(
            uow, Hold(hold_id=hold_id, driver_id=new.driver_id, amount_fen=new.price_fen, reason=new.name)
        )
        capture = Capture(
            hold_id=hold_id,
            transfer_id=f"{hold_id}:capture",
            energy_fee_fen=0,
            service_fee_fen=new.price_fen,
            operator_id=operator_id,
            memo=hold_id,
        )
        await wallet.capture(uow, capture)


async def find(uow: UnitOfWork, pass_id: int) -> Pass:
    """A pass, or NotFound."""
    found = await sql_passes.find_pass(uow.connection, pass_id)
    if found is None:
        raise _unknown(pass_id)
    return found


def _unknown(pass_id: int) -> NotFound:
    return NotFound(f"没有卡券 {pass_id}", "pass_unknown", pass_id=pass_id)


async def end(uow: UnitOfWork, pass_id: int, *, operator_id: int | None) -> None:
    """A pass counts no more; charges that run under it go on."""
    found = await find(uow, pass_id)
    if operator_id not in (None, found.operator_id):
        raise _unknown(pass_id)
    if not await sql_passes.end_pass(uow, pass_id):
        raise Refused("卡券已停用", "pass_ended", pass_id=pass_id)


async def usable(uow: UnitOfWork, pass_id: int, *, driver_id: int, at: ChargePoint) -> Pass:
    """The rider's pass, if it counts here and now; the quota is looked at when it is taken."""
    found = await find(uow, pass_id)
    if found.driver_id != driver_id:
        raise _unknown(pass_id)
    if found.ended_at_ms is not None or not found.valid_from_ms <= uow.now_ms < found.valid_until_ms:
        raise Refused("卡券不在有效期内", "pass_not_valid", pass_id=pass_id)
    if found.operator_id != at.operator_id or found.station_id not in (None, at.station_id):
        raise Refused("卡券不能在该站使用", "pass_not_here", pass_id=pass_id)
    return found


async def best(uow: UnitOfWork, *, driver_id: int, at: ChargePoint) -> int | None:
    """Of a rider's passes that count here and have something left, the one that ends first."""
    for found in await sql_passes.valid_passes(uow, driver_id):
        here = found.operator_id == at.operator_id and found.station_id in (None, at.station_id)
        if here and found.uses_left != 0 and await _left_today(uow, found):
            return found.id
    return None


async def _left_today(uow: UnitOfWork, found: Pass) -> bool:
    used = await sql_passes.uses_on(uow.connection, found.id, sql_passes.day_of(uow.now_ms))
    return not found.max_per_day or used < found.max_per_day


async def take(uow: UnitOfWork, found: Pass, order_no: str) -> None:
    """One use for an order. Refused "pass_day_used_up" or "pass_used_up"; nothing of the unit is written then."""
    if not await sql_passes.count_day(uow, found.id, max_per_day=found.max_per_day):
        raise Refused("今日次数已用完", "pass_day_used_up", pass_id=found.id, max_per_day=found.max_per_day)
    if found.uses_left is not None and not await sql_passes.count_use(uow, found.id):
        raise Refused("卡券次数已用完", "pass_used_up", pass_id=found.id)
    await sql_passes.note_use(uow, found.id, order_no)


async def give_back(uow: UnitOfWork, order_no: str) -> None:
    """The charge failed: the use counts no more, once."""
    await sql_passes.give_back(uow, order_no)
