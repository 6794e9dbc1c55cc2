"""Hubs: they make themselves known through the charge points behind them; people name, note and retire them."""

from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.events import HubReported, HubSampled
from chargecloud.features.stations import sql, sql_hubs
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.stations.sql_hubs import Hub
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound

log = structlog.get_logger("chargecloud.hubs")

PER_STATION = 200
"""A charge point may name any hub it likes; a station has room for so many."""
SAMPLED_EVERY_MS = 60_000
"""Reports and measured values are kept so often; at once what is new in a report, and a change of smoke or breaker."""
SILENT_MS = 86_400_000
"""A hub its operator's charge points have not spoken for so long may be somebody else's by now."""
SIGNED_32 = 2**31


async def reported(uow: UnitOfWork, event: HubReported) -> None:
    """What a hub says of itself, and who is behind it."""
    values: dict[str, Any] = {
        "firmware_version": event.firmware_version[:64],
        "hub_type": event.hub_type % SIGNED_32,
        "modem_type": event.modem_type % SIGNED_32,
        "signal_raw": event.signal_raw % SIGNED_32,
        "sim_iccid": event.sim_iccid[:64],
        "imei": event.imei[:64],
        "modem_version": event.modem_version[:64],
        "clock_skew_ms": event.clock_skew_ms,
        "seen_at_ms": uow.now_ms,
    }
    if await _keep(uow, event.charge_point_code, event.hub_code, values):
        behind = event.charge_point_codes or (event.charge_point_code,)
        await sql_hubs.put_behind(uow, event.hub_code, behind)


async def sampled(uow: UnitOfWork, event: HubSampled) -> None:
    """What a hub measures."""
    known = await sql_hubs.find(uow.connection, event.hub_code)
    if known is None:
        return  # its report comes within minutes
    changed = (known.smoke, known.breaker_closed) != (event.smoke, event.breaker_closed)
    if not changed and uow.now_ms - (known.sampled_at_ms or 0) < SAMPLED_EVERY_MS:
        return
    values: dict[str, Any] = {
        "voltage_mv": event.voltage_mv,
        "current_ma": event.current_ma,
        "energy_mwh": event.energy_mwh,
        "leakage_ma": event.leakage_ma,
        "temp_c": event.temp_c,
        "smoke": event.smoke,
        "breaker_closed": event.breaker_closed,
        "sampled_at_ms": uow.now_ms,
        "seen_at_ms": uow.now_ms,
    }
    await _keep(uow, event.charge_point_code, event.hub_code, values)


async def _keep(uow: UnitOfWork, charge_point_code: str, hub_code: str, values: dict[str, Any]) -> bool:
    """Write it down where the charge point that spoke for it stands; False when there is no such one, or no room.

    A hub's code is only said on the line: it stays another operator's as long as charge points of theirs use it.
    """
    speaker = await sql.find_charge_point(uow, charge_point_code)
    if speaker is None:
        return False
    where = {"operator_id": speaker.operator_id, "station_id": speaker.station_id}
    known = await sql_hubs.find(uow.connection, hub_code)
    if known is not None:
        if await _held(uow, known, speaker):
            log.warning("hubs.of_another", hub=hub_code, charge_point=charge_point_code)
            return False
        if not _nothing_new(uow, known, where, values):
            await sql_hubs.change(uow, hub_code, **_unnamed(known, speaker), **where, **values)
    elif await sql_hubs.count_at(uow, speaker.station_id) < PER_STATION:
        await sql_hubs.add(uow, hub_code, **where, **values)
    else:
        log.warning("hubs.no_room", station=speaker.station_id, hub=hub_code, limit=PER_STATION)
        return False
    return True


async def _held(uow: UnitOfWork, known: Hub, speaker: ChargePoint) -> bool:
    """Whether it is another operator's still."""
    if known.operator_id == speaker.operator_id or uow.now_ms - known.seen_at_ms >= SILENT_MS:
        return False
    return await sql_hubs.has_behind(uow, known.code, known.operator_id)


def _nothing_new(uow: UnitOfWork, known: Hub, where: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether a row says all of it and was written within the minute; that clocks drift is no news."""
    said = {name: value for name, value in (where | values).items() if name not in ("seen_at_ms", "clock_skew_ms")}
    lately = uow.now_ms - known.seen_at_ms < SAMPLED_EVERY_MS
    return lately and all(getattr(known, name) == value for name, value in said.items())


def _unnamed(known: Hub, speaker: ChargePoint) -> dict[str, Any]:
    """What another operator wrote about a hub is not for the next one."""
    if known.operator_id == speaker.operator_id:
        return {}
    return {"name": "", "note": "", "retired": False}


async def visible(connection: AsyncConnection, hub_code: str, reach: Reach) -> Hub:
    """A hub somebody may see, or NotFound."""
    found = await sql_hubs.find(connection, hub_code)
    if found is None or not reach.covers(found.operator_id, found.station_id):
        raise NotFound(f"没有主机 {hub_code}", "hub_unknown", hub_code=hub_code)
    return found


async def change(uow: UnitOfWork, hub_code: str, changes: dict[str, object], *, reach: Reach) -> Hub:
    """Change what a hub is described by."""
    await visible(uow.connection, hub_code, reach)
    if changes:
        await sql_hubs.change(uow, hub_code, **changes)
    return await visible(uow.connection, hub_code, reach)
