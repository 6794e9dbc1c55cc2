"""Alarms: list, acknowledge, close, watch."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms import model, service, views
from chargecloud.features.alarms.http_guard import guard_routes
from chargecloud.features.alarms.messages import AlarmKind, AlarmLevel, AlarmState
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
    station_id: int
    kind: AlarmKind
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


def _filters(
    state: AlarmState | None = None,
    kind: AlarmKind | None = None,
    level: AlarmLevel | None = None,
    station_id: Annotated[int | None, Query(ge=1)] = None,
    charge_point_code: Annotated[str | None, Query(pattern="^([0-9]{14}|[0-9A-F]{8})$")] = None,
) -> views.AlarmFilter:
    return views.AlarmFilter(
        state=state, kind=kind, level=level, station_id=station_id, charge_point_code=charge_point_code
    )


@router.get("/alarms", operation_id="listAlarms", summary="告警列表")
async def list_alarms(
    reader: Reader, db: Db, pages: Pages, wanted: Annotated[views.AlarmFilter, Depends(_filters)]
) -> Page[AlarmOut]:
    """What went wrong, newest first."""
    async with db.read() as connection:
        rows = await views.page(connection, reader.operator_id, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.alarm_id)
    return Page[AlarmOut](items=[AlarmOut.of(row) for row in shown], next=following)


@router.get("/alarms/{alarm_id}", operation_id="getAlarm", summary="告警详情")
async def get_alarm(alarm_id: Id, reader: Reader, db: Db) -> AlarmOut:
    """One of them."""
    async with db.read() as connection:
        return AlarmOut.of(await service.alarm(connection, alarm_id, reader.operator_id))


@router.post("/alarms/{alarm_id}/acknowledgement", operation_id="acknowledgeAlarm", summary="确认告警")
async def acknowledge(alarm_id: Id, body: NoteBody, writer: Writer, db: Db) -> AlarmOut:
    """Somebody looks after it."""
    async with db.unit() as uow:
        row = await service.acknowledge(
            uow, alarm_id, operator_id=writer.operator_id, actor=f"staff:{writer.id}", note=body.note
        )
        operators.audit(uow, writer, "alarm.acknowledge", f"alarm:{alarm_id}", {"note": body.note})
    return AlarmOut.of(row)


@router.post("/alarms/{alarm_id}/closure", operation_id="closeAlarm", summary="关闭告警")
async def close(alarm_id: Id, body: NoteBody, writer: Writer, db: Db) -> AlarmOut:
    """Somebody says that it is over; if it is not, the next report opens another."""
    async with db.unit() as uow:
        row = await service.close(
            uow, alarm_id, operator_id=writer.operator_id, actor=f"staff:{writer.id}", note=body.note
        )
        operators.audit(uow, writer, "alarm.close", f"alarm:{alarm_id}", {"note": body.note})
    return AlarmOut.of(row)


async def _snapshot(connection: AsyncConnection, principal: Principal, operator: str) -> Snapshot | None:
    """Alarms of an operator, for its own staff."""
    if not (operator.isascii() and operator.isdecimal() and len(operator) < 16):
        return None
    allowed = "alarms.read" in principal.permissions and principal.operator_id in (None, int(operator))
    return await views.snapshot(connection, int(operator)) if allowed else None


LIVE_TOPICS = (LiveTopic("alarms", _snapshot),)
