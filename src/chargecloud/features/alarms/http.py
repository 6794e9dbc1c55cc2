"""Alarms: list, acknowledge, close, watch."""

from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms import model, service, views
from chargecloud.features.alarms.http_guard import guard_routes
from chargecloud.features.alarms.messages import AlarmAbout, AlarmKind, AlarmLevel, AlarmState
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.live import LiveTopic, Snapshot
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.paging import Page, Pages

router = APIRouter(tags=["alarms"])
router.include_router(guard_routes)

Reader = Annotated[Principal, Depends(require("alarms.read"))]
Writer = Annotated[Principal, Depends(require("alarms.write"))]
Facts = dict[str, object]


class NoteBody(ApiModel):
    """What whoever looked has to say."""

    note: Annotated[str, Field(max_length=200)] = ""


class AlarmOut(ApiModel):
    """An alarm, with what it means and what to do."""

    id: int
    station_id: Annotated[int | None, Field(description="资金类告警不属于任何场站")]
    kind: AlarmKind
    about: AlarmAbout
    level: AlarmLevel
    title: str
    advice: str
    charge_point_code: str
    connector_no: int
    subject: str
    state: AlarmState
    times: int
    facts: Facts
    first_at: Moment
    last_at: Moment
    acknowledged_by: str
    acknowledged_at: Moment | None
    closed_by: str
    closed_at: Moment | None
    note: str

    @classmethod
    def of(cls, row: views.AlarmRow) -> Self:
        kind = model.KINDS[row.kind]
        return cls(
            id=row.alarm_id,
            station_id=row.station_id,
            kind=row.kind,
            about=kind.about,
            level=row.level,
            title=kind.title,
            advice=kind.advice,
            charge_point_code=row.charge_point_code,
            connector_no=row.connector_no,
            subject=row.subject,
            state=row.state,
            times=row.times,
            facts=row.facts,
            first_at=row.first_at_ms,
            last_at=row.last_at_ms,
            acknowledged_by=row.acknowledged_by,
            acknowledged_at=row.acknowledged_at_ms,
            closed_by=row.closed_by,
            closed_at=row.closed_at_ms,
            note=row.note,
        )


def _sees_money(who: Principal) -> bool:
    return "wallets.read" in who.permissions


def _filters(
    state: AlarmState | None = None,
    about: Annotated[AlarmAbout | None, Query(description="设备，或资金（须有 wallets.read）")] = None,
    kind: AlarmKind | None = None,
    level: AlarmLevel | None = None,
    station_id: Annotated[int | None, Query(ge=1)] = None,
    charge_point_code: Annotated[str | None, Query(pattern="^([0-9]{14}|[0-9A-F]{8})$")] = None,
) -> views.AlarmFilter:
    return views.AlarmFilter(
        about=about,
        state=state,
        kind=kind,
        level=level,
        station_id=station_id,
        charge_point_code=charge_point_code,
    )


@router.get("/alarms", operation_id="listAlarms", summary="告警列表")
async def list_alarms(
    reader: Reader, db: Db, pages: Pages, wanted: Annotated[views.AlarmFilter, Depends(_filters)]
) -> Page[AlarmOut]:
    """What went wrong, newest first. What is about money is for those who may see wallets."""
    async with db.read() as connection:
        seen = msgspec.structs.replace(wanted, money=_sees_money(reader))
        rows = await views.page(connection, reader.reach, seen, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.alarm_id)
    return Page[AlarmOut](items=[AlarmOut.of(row) for row in shown], next=following)


@router.get("/alarms/{alarm_id}", operation_id="getAlarm", summary="告警详情")
async def get_alarm(alarm_id: Id, reader: Reader, db: Db) -> AlarmOut:
    """One of them."""
    async with db.read() as connection:
        return AlarmOut.of(await service.alarm(connection, alarm_id, reader.reach, money=_sees_money(reader)))


@router.post("/alarms/{alarm_id}/acknowledgement", operation_id="acknowledgeAlarm", summary="确认告警")
async def acknowledge(alarm_id: Id, body: NoteBody, writer: Writer, db: Db) -> AlarmOut:
    """Somebody looks after it."""
    async with db.unit() as uow:
        before = await service.alarm(uow.connection, alarm_id, writer.reach, money=_sees_money(writer))
        row = await service.acknowledge(uow, before, actor=f"staff:{writer.id}", note=body.note)
        operators.audit(uow, writer, "alarm.acknowledge", f"alarm:{alarm_id}", {"note": body.note})
    return AlarmOut.of(row)


@router.post("/alarms/{alarm_id}/closure", operation_id="closeAlarm", summary="关闭告警")
async def close(alarm_id: Id, body: NoteBody, writer: Writer, db: Db) -> AlarmOut:
    """Somebody says that it is over; if it is not, the next report opens another."""
    async with db.unit() as uow:
        before = await service.alarm(uow.connection, alarm_id, writer.reach, money=_sees_money(writer))
        row = await service.close(uow, before, actor=f"staff:{writer.id}", note=body.note)
        operators.audit(uow, writer, "alarm.close", f"alarm:{alarm_id}", {"note": body.note})
    return AlarmOut.of(row)


async def _snapshot(connection: AsyncConnection, principal: Principal, operator: str) -> Snapshot | None:
    """Alarms of an operator, for its own staff; who is limited to some stations looks at the list."""
    if not _may_watch(principal, operator):
        return None
    return await views.snapshot(connection, int(operator), AlarmAbout.DEVICES)


async def _money_snapshot(connection: AsyncConnection, principal: Principal, operator: str) -> Snapshot | None:
    """Alarms about an operator's money, for those of its staff who may see wallets."""
    if not _may_watch(principal, operator) or not _sees_money(principal):
        return None
    return await views.snapshot(connection, int(operator), AlarmAbout.MONEY)


def _may_watch(principal: Principal, operator: str) -> bool:
    if not (operator.isascii() and operator.isdecimal() and len(operator) < 16):
        return False
    return "alarms.read" in principal.permissions and principal.reach.covers(int(operator), None)


LIVE_TOPICS = (LiveTopic("alarms", _snapshot), LiveTopic("money-alarms", _money_snapshot))
