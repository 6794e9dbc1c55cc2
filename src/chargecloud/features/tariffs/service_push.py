"""Getting versions to charge points, and keeping how that went.

A charge point that comes online gets the version of its station at once, because it may not charge without one; a new
version goes to a charge point only while nothing charges there (文档 §4.3).
"""

import msgspec

from chargecloud.device.capability import Capability
from chargecloud.device.commands import ApplyTariff
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ChargePoint, ConnectorState
from chargecloud.features.tariffs import model, sql, sql_push
from chargecloud.features.tariffs.messages import PushState, TariffKind, TariffVersion
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound
from chargecloud.kernel.ids import new_id

EXPIRES_MS = 60_000
SYSTEM = "system"

_STATES = {outcome: PushState(outcome.value) for outcome in CommandOutcome}


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a push at once: sent, waiting for the end of a charge, or offline."""

    charge_point_code: str
    state: PushState


def kind_for(charge_point: ChargePoint) -> TariffKind:
    """Which kind of tariff a charge point is billed by: one that takes limits and holds no prices only counts."""
    counts = stations.can(charge_point, Capability.CHARGE_LIMITS) and not stations.can(charge_point, Capability.TARIFF)
    return TariffKind.TWO_WHEEL if counts else TariffKind.TIME_OF_USE


async def push_current(uow: UnitOfWork, charge_point_code: str) -> None:
    """Give a charge point that came online the version of its station, even if it charges: the running charge keeps
    its own, and without one the charge point cannot answer for the next."""
    charge_point = await stations.find_charge_point(uow, charge_point_code)
    if charge_point is None or kind_for(charge_point) is not TariffKind.TIME_OF_USE:
        return
    version = await sql.version_at(uow.connection, charge_point.station_id, uow.now_ms)
    if version is not None:
        await _send(uow, charge_point, version, SYSTEM)


async def push_station(uow: UnitOfWork, station_id: int, *, requested_by: str) -> list[Pushed]:
    """Push the station's version to each of its charge points."""
    await stations.station(uow, station_id)
    version = await sql.version_at(uow.connection, station_id, uow.now_ms)
    if version is None:
        raise NotFound(f"场站 {station_id} 当前没有电价，请先指定电价", "no_tariff", station_id=station_id)
    charge_points = await stations.charge_points_at(uow, station_id)
    return [
        await _push(uow, charge_point, version, requested_by)
        for charge_point in charge_points
        if kind_for(charge_point) is TariffKind.TIME_OF_USE
    ]


async def push_when_idle(uow: UnitOfWork, charge_point_code: str) -> None:
    """A charge ended: send what was waiting for it, or rather what counts by now."""
    requested_by = await sql_push.waiting_push(uow.connection, charge_point_code)
    charge_point = await stations.find_charge_point(uow, charge_point_code) if requested_by else None
    if charge_point is None or requested_by is None or await _charging(uow, charge_point):
        return
    version = await sql.version_at(uow.connection, charge_point.station_id, uow.now_ms)
    if version is not None:
        await _send(uow, charge_point, version, requested_by)


async def finish_push(uow: UnitOfWork, event: CommandEnded) -> None:
    """Keep how a push ended; commands that were no push of ours are none of our business."""
    await sql_push.end_push(uow, event.command_id, _STATES[event.outcome], event.reason[:200])


async def push_due(uow: UnitOfWork, station_id: int) -> None:
    """What counts at a station changed because of the time: tell its charge points."""
    if await sql.version_at(uow.connection, station_id, uow.now_ms) is not None:
        await push_station(uow, station_id, requested_by=SYSTEM)


async def retry_push(uow: UnitOfWork, charge_point_code: str) -> None:
    """Try again where a charge point stayed silent, if it still needs the push."""
    charge_point = await stations.find_charge_point(uow, charge_point_code)
    if charge_point is None:
        return
    version = await sql.version_at(uow.connection, charge_point.station_id, uow.now_ms)
    if version is not None:
        await _push(uow, charge_point, version, SYSTEM)


async def _push(uow: UnitOfWork, charge_point: ChargePoint, version: TariffVersion, requested_by: str) -> Pushed:
    if not charge_point.online:
        state = PushState.OFFLINE
    elif await _charging(uow, charge_point):
        state = PushState.WAITING
    else:
        return await _send(uow, charge_point, version, requested_by)
    await sql_push.note_push(uow, charge_point, version, state=state, command_id="", requested_by=requested_by)
    return Pushed(charge_point_code=charge_point.code, state=state)


async def _send(uow: UnitOfWork, charge_point: ChargePoint, version: TariffVersion, requested_by: str) -> Pushed:
    command = ApplyTariff(
        command_id=new_id(),
        charge_point_code=charge_point.code,
        expires_at_ms=uow.now_ms + EXPIRES_MS,
        tariff=model.device_tariff(version),
    )
    await sql_push.note_push(
        uow, charge_point, version, state=PushState.SENT, command_id=command.command_id, requested_by=requested_by
    )
    await stations.ask(uow, command, requested_by=requested_by)
    return Pushed(charge_point_code=charge_point.code, state=PushState.SENT)


async def _charging(uow: UnitOfWork, charge_point: ChargePoint) -> bool:
    for connector_no in range(1, charge_point.connector_count + 1):
        connector = await stations.connector(uow, charge_point.code, connector_no)
        if connector.reported is ConnectorState.CHARGING:
            return True
    return False
