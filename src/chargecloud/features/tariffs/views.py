"""Lists of tariffs, versions, assignments and pushes. An operator sees its own only."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.tariffs import model
from chargecloud.features.tariffs.messages import PushState, Tariff, TariffKind, TariffVersion, VersionState
from chargecloud.features.tariffs.sql import assignments, pushes, tariffs, version_of, versions

MAX_VERSIONS = 200
"""Shown of one tariff, newest first."""
MAX_ASSIGNMENTS = 200


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version with where it stands."""

    version: TariffVersion
    state: VersionState
    created_at_ms: int
    created_by: str


class TariffFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of tariffs may be narrowed by."""

    kind: TariffKind | None = TariffKind.TIME_OF_USE
    """None: of either kind."""
    name: str | None = None
    tariff_id: int | None = None


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A station uses a tariff from a moment on."""

    assignment_id: int
    station_id: int
    tariff_id: int
    tariff_name: str
    kind: TariffKind
    effective_from_ms: int
    state: VersionState
    created_by: str


class PushRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the last push to a charge point."""

    charge_point_code: str
    tariff_id: int
    version_id: int
    version_no: int
    tariff_no: str
    state: PushState
    reason: str
    requested_by: str
    asked_at_ms: int
    ended_at_ms: int | None


async def tariffs_page(
    connection: AsyncConnection,
    operator_id: int | None,
    wanted: TariffFilter,
    *,
    before_id: int | None = None,
    limit: int = 1,
) -> list[Tariff]:
    """Tariffs, newest first."""
    count = select(func.count()).select_from(versions).where(versions.c.tariff_id == tariffs.c.id).scalar_subquery()
    statement = select(tariffs, count.label("versions")).order_by(tariffs.c.id.desc()).limit(limit)
    if wanted.kind is not None:
        statement = statement.where(tariffs.c.kind == wanted.kind.value)
    if operator_id is not None:
        statement = statement.where(tariffs.c.operator_id == operator_id)
    if wanted.tariff_id is not None:
        statement = statement.where(tariffs.c.id == wanted.tariff_id)
    if wanted.name:
        statement = statement.where(tariffs.c.name.icontains(wanted.name, autoescape=True))
    if before_id is not None:
        statement = statement.where(tariffs.c.id < before_id)
    return [
        Tariff(
            tariff_id=row.id,
            operator_id=row.operator_id,
            name=row.name,
            created_at_ms=row.created_at_ms,
            versions=row.versions,
            kind=TariffKind(row.kind),
        )
        for row in await connection.execute(statement)
    ]


async def versions_of(connection: AsyncConnection, tariff_id: int, now_ms: int) -> list[VersionRow]:
    """Versions of a tariff with their states, newest first."""
    statement = (
        select(versions)
        .where(versions.c.tariff_id == tariff_id)
        .order_by(versions.c.version_no.desc())
        .limit(MAX_VERSIONS)
    )
    rows = list(await connection.execute(statement))
    states = model.states([(row.effective_from_ms, row.cancelled_at_ms is not None) for row in rows], now_ms)
    return [
        VersionRow(version=version_of(row), state=state, created_at_ms=row.created_at_ms, created_by=row.created_by)
        for row, state in zip(rows, states, strict=True)
    ]


async def assignments_of(connection: AsyncConnection, station_id: int, now_ms: int) -> list[AssignmentRow]:
    """Tariffs of a station with where each assignment stands, newest first."""
    statement = (
        select(assignments, tariffs.c.name)
        .join(tariffs, tariffs.c.id == assignments.c.tariff_id)
        .where(assignments.c.station_id == station_id)
        .order_by(assignments.c.id.desc())
        .limit(MAX_ASSIGNMENTS)
    )
    rows = list(await connection.execute(statement))
    standing = _standing(rows, now_ms)
    return [_assignment(row, standing[row.id]) for row in rows]


async def assignments_to(
    connection: AsyncConnection,
    tariff_id: int,
    now_ms: int,
    *,
    station_ids: frozenset[int] | None = None,
    before_id: int | None,
    limit: int,
) -> list[AssignmentRow]:
    """Stations (of these, or all) that use a tariff, or did, with where each assignment stands, newest first."""
    statement = (
        select(assignments, tariffs.c.name)
        .join(tariffs, tariffs.c.id == assignments.c.tariff_id)
        .where(assignments.c.tariff_id == tariff_id)
        .order_by(assignments.c.id.desc())
        .limit(limit)
    )
    if station_ids is not None:
        statement = statement.where(assignments.c.station_id.in_(sorted(station_ids)))
    if before_id is not None:
        statement = statement.where(assignments.c.id < before_id)
    rows = list(await connection.execute(statement))
    places = {row.station_id for row in rows}
    # What else these stations use decides whether an assignment counts still.
    others = await connection.execute(select(assignments).where(assignments.c.station_id.in_(places)))
    standing = _standing(list(others), now_ms)
    return [_assignment(row, standing[row.id]) for row in rows]


def _standing(rows: Sequence[Row[Any]], now_ms: int) -> dict[int, VersionState]:
    """Where each assignment stands among those of its station and of its kind."""
    groups: dict[tuple[int, str], list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault((row.station_id, row.kind), []).append(row)
    return {
        row.id: state
        for group in groups.values()
        for row, state in zip(
            group,
            model.states([(row.effective_from_ms, row.cancelled_at_ms is not None) for row in group], now_ms),
            strict=True,
        )
    }


def _assignment(row: Row[Any], state: VersionState) -> AssignmentRow:
    return AssignmentRow(
        assignment_id=row.id,
        station_id=row.station_id,
        tariff_id=row.tariff_id,
        tariff_name=row.name,
        kind=TariffKind(row.kind),
        effective_from_ms=row.effective_from_ms,
        state=state,
        created_by=row.created_by,
    )


async def pushes_page(
    connection: AsyncConnection, station_id: int, *, state: PushState | None, after_code: str | None, limit: int
) -> list[PushRow]:
    """The last push to each charge point of a station, by code."""
    statement = (
        select(pushes, versions.c.tariff_id, versions.c.version_no, versions.c.tariff_no)
        .join(versions, versions.c.id == pushes.c.version_id)
        .where(pushes.c.station_id == station_id)
        .order_by(pushes.c.charge_point_code)
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(pushes.c.state == state.value)
    if after_code is not None:
        statement = statement.where(pushes.c.charge_point_code > after_code)
    return [
        PushRow(
            charge_point_code=row.charge_point_code,
            tariff_id=row.tariff_id,
            version_id=row.version_id,
            version_no=row.version_no,
            tariff_no=row.tariff_no,
            state=PushState(row.state),
            reason=row.reason,
            requested_by=row.requested_by,
            asked_at_ms=row.asked_at_ms,
            ended_at_ms=row.ended_at_ms,
        )
        for row in await connection.execute(statement)
    ]
