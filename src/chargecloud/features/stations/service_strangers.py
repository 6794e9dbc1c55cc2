"""Charge points that called and that nobody has entered: noted, admitted, put aside."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.events import Booted
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import model, service_assets, sql_strangers
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.stations.service_assets import NewChargePoint
from chargecloud.features.stations.sql_strangers import Stranger
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Forbidden, NotFound

PER_SOURCE = 20
IN_ALL = 1_000
NOTED_EVERY_MS = 60_000
"""Calls that follow each other more closely are one."""
KEPT_MS = 30 * 86_400_000


def demand_platform(who: Principal) -> None:
    """Whose an unknown charge point is nobody can tell: the platform's own people see it, other operators do not."""
    if who.operator_id not in (None, DEFAULT_OPERATOR_ID):
        raise Forbidden("未登记的桩由平台管理；您的桩请按桩身编号直接登记，登记后下次登录即可接入", "platform_only")
    who.demand_whole_operator()


async def note(uow: UnitOfWork, event: Booted) -> None:
    """A charge point nobody has entered was turned away."""
    code = event.charge_point_code
    values: dict[str, object] = {
        "protocol": event.protocol[:32],
        "protocol_version": event.protocol_version[:32],
        "firmware_version": event.firmware_version[:64],
        "sim_iccid": event.sim_iccid[:64],
        "power_type": event.power_type.value,
        "connector_count": max(1, min(event.connector_count, model.MAX_CONNECTORS)),
        "source": event.source[:64],
    }
    known = await sql_strangers.find(uow.connection, code)
    if known is None:
        await sql_strangers.make_room(uow, event.source[:64], per_source=PER_SOURCE, in_all=IN_ALL)
        await sql_strangers.add(uow, code, **values)
    elif uow.now_ms - known.last_seen_at_ms >= NOTED_EVERY_MS:
        await sql_strangers.again(uow, code, **values)


async def stranger(connection: AsyncConnection, charge_point_code: str) -> Stranger:
    """One of them, or NotFound."""
    found = await sql_strangers.find(connection, charge_point_code)
    if found is None:
        raise NotFound(f"没有未登记的桩 {charge_point_code}", "stranger_unknown", charge_point_code=charge_point_code)
    return found


async def admit(
    uow: UnitOfWork, who: Principal, charge_point_code: str, *, station_id: int, name: str, rated_power_w: int
) -> ChargePoint:
    """Enter it into a station; its next log-in is admitted."""
    demand_platform(who)
    found = await stranger(uow.connection, charge_point_code)
    new = NewChargePoint(
        code=found.code,
        station_id=station_id,
        name=name or found.code,
        power_type=found.power_type,
        connector_count=found.connector_count,
        rated_power_w=rated_power_w,
    )
    return await service_assets.create_charge_point(uow, new, reach=who.reach)


async def set_ignored(uow: UnitOfWork, who: Principal, charge_point_code: str, *, ignored: bool) -> Stranger:
    """Put it aside: it goes on being turned away, and is not shown among those to decide about."""
    demand_platform(who)
    await stranger(uow.connection, charge_point_code)
    await sql_strangers.set_ignored(uow, charge_point_code, ignored=ignored)
    return await stranger(uow.connection, charge_point_code)
