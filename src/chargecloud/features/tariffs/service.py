"""Use cases around tariffs: writing versions, assigning them to stations, pricing."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import model, model_two_wheel, sql, views
from chargecloud.features.tariffs.messages import (
    BandPrice,
    Tariff,
    TariffKind,
    TariffVersion,
    TariffVersionCreated,
    TwoWheelPlan,
)
from chargecloud.features.tariffs.model import band_at, device_tariff, price_bands, price_segments
from chargecloud.features.tariffs.model_two_wheel import affordable_s, charge, grant, new_total_s, running_hao
from chargecloud.features.tariffs.service_push import (
    finish_push,
    kind_for,
    push_current,
    push_due,
    push_station,
    push_when_idle,
    retry_push,
)
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound, Refused

__all__ = [
    "NewAssignment",
    "NewVersion",
    "affordable_s",
    "assign",
    "band_at",
    "cancel_assignment",
    "cancel_version",
    "charge",
    "create_tariff",
    "create_version",
    "device_tariff",
    "finish_push",
    "grant",
    "kind_for",
    "new_total_s",
    "plan_of",
    "price_bands",
    "price_segments",
    "push_current",
    "push_due",
    "push_station",
    "push_when_idle",
    "rename_tariff",
    "retry_push",
    "running_hao",
    "tariff",
    "version",
    "version_at",
    "version_of_tariff",
]


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A price list to take effect at a moment, or at once."""

    tariff_id: int
    bands: tuple[BandPrice | None, BandPrice | None, BandPrice | None, BandPrice | None] = (None, None, None, None)
    half_hours: tuple[int, ...] = ()
    plan: TwoWheelPlan | None = None
    """In the place of bands, for a two-wheel tariff."""
    effective_from_ms: int | None = None
    by: str = "system"


class NewAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """A station is to use a tariff from a moment on, or at once."""

    station_id: int
    tariff_id: int
    effective_from_ms: int | None = None
    by: str = "system"


async def version(uow: UnitOfWork, version_id: int) -> TariffVersion:
    """A version by id, whatever its state."""
    found = await sql.find_version(uow.connection, version_id)
    if found is None:
        raise NotFound(f"没有电价版本 {version_id}", "tariff_version_unknown", version_id=version_id)
    return found


async def plan_of(connection: AsyncConnection, version_id: int | None) -> TwoWheelPlan | None:
    """The two-wheel price list a charge was placed under; None for a car's, or where none was known."""
    found = None if version_id is None else await sql.find_version(connection, version_id)
    return found.plan if found else None


async def version_at(
    uow: UnitOfWork, station_id: int, at_ms: int, *, kind: TariffKind = TariffKind.TIME_OF_USE
) -> TariffVersion:
    """The version of a kind that counts at a station at a moment. Refused "no_tariff" when none does."""
    found = await sql.version_at(uow.connection, station_id, at_ms, kind=kind)
    if found is None:
        raise Refused(f"场站 {station_id} 在该时刻没有电价，请先指定电价", "no_tariff", station_id=station_id)
    return found


async def tariff(
    connection: AsyncConnection,
    tariff_id: int,
    operator_id: int | None,
    *,
    kind: TariffKind | None = TariffKind.TIME_OF_USE,
) -> Tariff:
    """A tariff of a kind, or of either; NotFound when there is none, or not for this operator."""
    rows = await views.tariffs_page(connection, operator_id, views.TariffFilter(tariff_id=tariff_id, kind=kind))
    if not rows:
        raise _unknown(tariff_id)
    return rows[0]


async def version_of_tariff(
    connection: AsyncConnection, tariff_id: int, *, version_id: int | None, at_ms: int
) -> TariffVersion:
    """The version named, or the one that counts at a moment."""
    if version_id is None:
        found = await sql.version_of_tariff_at(connection, tariff_id, at_ms)
    else:
        found = await sql.find_version(connection, version_id)
    if found is None or found.tariff_id != tariff_id:
        raise NotFound(f"电价 {tariff_id} 没有这个版本，或该时刻没有生效的版本", "tariff_version_unknown")
    return found


async def create_tariff(
    uow: UnitOfWork, *, operator_id: int, name: str, kind: TariffKind = TariffKind.TIME_OF_USE
) -> int:
    """A tariff without a version yet; its name is the operator's own."""
    name = model.normal_name(name)
    await _name_must_be_free(uow, operator_id, name, except_id=0)
    row = {"operator_id": operator_id, "name": name, "created_at_ms": uow.now_ms, "kind": kind.value}
    return await sql.add(uow.connection, sql.tariffs, row)


async def rename_tariff(uow: UnitOfWork, tariff_id: int, name: str) -> None:
    """Another name for people; versions and charge points do not notice."""
    name = model.normal_name(name)
    await _name_must_be_free(uow, await _operator_of(uow, tariff_id), name, except_id=tariff_id)
    await sql.rename(uow.connection, tariff_id, name)


async def create_version(uow: UnitOfWork, new: NewVersion) -> TariffVersion:
    """Write a version; it never changes afterwards. Its wire number is the next that no living version uses."""
    operator_id = await _operator_of(uow, new.tariff_id)
    kind = await sql.kind_of(uow.connection, new.tariff_id)
    if (new.plan is not None) != (kind is TariffKind.TWO_WHEEL):
        raise Refused("电价种类与价格内容不符", "tariff_kind_mismatch", kind=kind.value)
    if new.plan is None:
        sharp, peak, flat, valley = model.check_prices(new.bands, new.half_hours)
    else:
        model_two_wheel.check_plan(new.plan)
        sharp = peak = flat = valley = BandPrice(0, 0)
    effective_from_ms = uow.now_ms if new.effective_from_ms is None else new.effective_from_ms
    others = await sql.versions_of(uow.connection, new.tariff_id)
    model.check_effective(
        effective_from_ms,
        now_ms=uow.now_ms,
        others_ms=[other.effective_from_ms for other in others if not other.cancelled],
    )
    written = TariffVersion(
        version_id=0,
        tariff_id=new.tariff_id,
        operator_id=operator_id,
        version_no=max((other.version_no for other in others), default=0) + 1,
        tariff_no="" if new.plan else await _next_number(uow),
        bands=(sharp, peak, flat, valley),
        half_hours=bytes(new.half_hours),
        effective_from_ms=effective_from_ms,
        plan=new.plan,
    )
    row = sql.row_of(written) | {"created_at_ms": uow.now_ms, "created_by": new.by}
    version_id = await sql.add(uow.connection, sql.versions, row)
    uow.publish(
        TariffVersionCreated(tariff_id=new.tariff_id, version_id=version_id, effective_from_ms=effective_from_ms),
        key=f"tariff:{new.tariff_id}",
    )
    return msgspec.structs.replace(written, version_id=version_id)


async def cancel_version(uow: UnitOfWork, tariff_id: int, version_id: int) -> None:
    """Withdraw a version that has not begun."""
    found = await version(uow, version_id)
    if found.tariff_id != tariff_id:
        raise NotFound(f"电价 {tariff_id} 没有版本 {version_id}", "tariff_version_unknown")
    if not await sql.cancel(uow.connection, sql.versions, version_id, uow.now_ms):
        raise Refused("只能取消尚未生效的版本", "not_pending", version_id=version_id)


async def assign(uow: UnitOfWork, new: NewAssignment) -> int:
    """Let a station use a tariff; earlier assignments end when this one begins."""
    station = await stations.station(uow, new.station_id)
    if await _operator_of(uow, new.tariff_id) != station.operator_id:
        raise _unknown(new.tariff_id)
    effective_from_ms = uow.now_ms if new.effective_from_ms is None else new.effective_from_ms
    kind = await sql.kind_of(uow.connection, new.tariff_id)
    others_ms = await sql.assignment_moments(uow.connection, new.station_id, kind)
    model.check_effective(effective_from_ms, now_ms=uow.now_ms, others_ms=others_ms)
    versions = await sql.versions_of(uow.connection, new.tariff_id)
    if not any(other.effective_from_ms <= effective_from_ms and not other.cancelled for other in versions):
        raise Refused("该电价届时没有生效的版本，请先创建版本", "tariff_without_version")
    row = {
        "operator_id": station.operator_id,
        "station_id": new.station_id,
        "tariff_id": new.tariff_id,
        "effective_from_ms": effective_from_ms,
        "created_at_ms": uow.now_ms,
        "created_by": new.by,
        "kind": kind.value,
    }
    return await sql.add(uow.connection, sql.assignments, row)


async def cancel_assignment(uow: UnitOfWork, station_id: int, assignment_id: int) -> None:
    """Withdraw an assignment that has not begun."""
    if await sql.station_of(uow.connection, assignment_id) != station_id:
        raise NotFound(f"场站 {station_id} 没有电价指定 {assignment_id}", "assignment_unknown")
    if not await sql.cancel(uow.connection, sql.assignments, assignment_id, uow.now_ms):
        raise Refused("只能取消尚未生效的指定", "not_pending")


async def _next_number(uow: UnitOfWork) -> str:
    """A wire number, taken from the expired version that had it last, if any."""
    await sql.lock_numbers(uow.connection)
    last = await sql.last_tariff_no(uow.connection)
    number = model.next_tariff_no(last, await sql.numbers_in_use(uow.connection, uow.now_ms))
    await sql.free_number(uow.connection, number)
    return number


async def _operator_of(uow: UnitOfWork, tariff_id: int) -> int:
    operator_id = await sql.operator_of(uow.connection, tariff_id)
    if operator_id is None:
        raise _unknown(tariff_id)
    return operator_id


def _unknown(tariff_id: int) -> NotFound:
    return NotFound(f"没有电价 {tariff_id}", "tariff_unknown", tariff_id=tariff_id)


async def _name_must_be_free(uow: UnitOfWork, operator_id: int, name: str, *, except_id: int) -> None:
    if await sql.holder_of_name(uow.connection, operator_id, name) not in (None, except_id):
        raise Conflict(f"已有名为“{name}”的电价", "tariff_name_taken", field="name")
