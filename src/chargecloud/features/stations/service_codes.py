"""What charge points are told to show on their screens."""

from chargecloud.features.stations import model_codes, sql
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Refused


async def screen_prefix(uow: UnitOfWork, charge_point: ChargePoint) -> str:
    """Our address with this charge point's alias behind it; the charge point adds its code. Empty where none is set."""
    if not uow.options.qr_prefix:
        return ""
    alias = charge_point.screen_alias
    if alias is None:
        alias = model_codes.new_screen()
        await sql.set_charge_point(uow, charge_point.code, screen_alias=alias)
    return uow.options.qr_prefix + alias


async def required_prefix(uow: UnitOfWork, charge_point: ChargePoint) -> str:
    """The same for somebody who asked for it; Refused names the setting that is missing."""
    prefix = await screen_prefix(uow, charge_point)
    if not prefix:
        raise Refused("平台没有配置二维码网址，请设置 qr.prefix", "qr_prefix_missing", setting="qr.prefix")
    return prefix
