"""Charging sessions, their curves, reports and records over the API."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.sessions import views
from chargecloud.features.sessions.http_models import RecordOut, RecordsOut, ReportOut, SampleOut, SessionOut
from chargecloud.features.sessions.messages import ChargingSession, SessionState
from chargecloud.infra.http.auth import Principal, Someone, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.live import LiveTopic
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.kernel.errors import Invalid, NotFound

router = APIRouter(tags=["sessions"])
Reader = Annotated[Principal, Depends(require("orders.read"))]
SessionNo = Annotated[str, Path(min_length=1, max_length=64, pattern="^[0-9A-Za-z-]+$")]
StateQuery = Annotated[SessionState | None, Query(strict=False)]
CodeQuery = Annotated[str, Query(pattern="^([0-9]{14}|[0-9A-F]{8})?$")]


def may_see(who: Principal, session: ChargingSession) -> bool:
    """Drivers see their own sessions, staff those within their reach."""
    if who.kind == "driver":
        return session.driver_id == who.id
    return "orders.read" in who.permissions and who.reach.covers(session.operator_id, session.station_id)


async def visible(connection: AsyncConnection, who: Principal, session_no: str) -> ChargingSession:
    """A session that this person may see, or NotFound."""
    found = await views.session(connection, session_no)
    if found is None or not may_see(who, found):
        raise NotFound(f"没有充电会话 {session_no}", "session_unknown", session_no=session_no)
    return found


@router.get("/sessions", operation_id="listSessions", summary="充电会话列表")
async def list_sessions(
    staff: Reader, db: Db, pages: Pages, state: StateQuery = None, charge_point_code: CodeQuery = ""
) -> Page[SessionOut]:
    """Sessions, newest first."""
    wanted = views.SessionFilter(
        operator_id=staff.operator_id,
        station_ids=staff.station_ids,
        state=state.value if state else "",
        charge_point_code=charge_point_code,
    )
    async with db.read() as connection:
        rows = await views.list_sessions(connection, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[SessionOut.of(row.session) for row in shown], next=following)


@router.get("/sessions/{session_no}", operation_id="getSession", summary="充电会话")
async def get_session(session_no: SessionNo, who: Someone, db: Db) -> SessionOut:
    """One session; drivers see their own."""
    async with db.read() as connection:
        return SessionOut.of(await visible(connection, who, session_no))


@router.get("/sessions/{session_no}/records", operation_id="listRecords", summary="交易记录")
async def list_records(session_no: SessionNo, staff: Reader, db: Db) -> RecordsOut:
    """Every record that was uploaded for a session, with its bytes."""
    async with db.read() as connection:
        await visible(connection, staff, session_no)
        return RecordsOut(items=[RecordOut.of(row) for row in await views.records_of(connection, session_no)])


@router.get("/sessions/{session_no}/samples", operation_id="listSamples", summary="充电曲线")
async def list_samples(session_no: SessionNo, who: Someone, db: Db, pages: Pages) -> Page[SampleOut]:
    """The charging curve, oldest first; drivers see their own."""
    async with db.read() as connection:
        await visible(connection, who, session_no)
        rows = await views.samples_of(connection, session_no, after_id=pages.before_id or 0, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[SampleOut.of(row) for row in shown], next=following)


@router.get("/sessions/{session_no}/battery-reports", operation_id="listBatteryReports", summary="BMS 报文")
async def list_reports(session_no: SessionNo, staff: Reader, db: Db, pages: Pages) -> Page[ReportOut]:
    """What battery and charger told each other, oldest first."""
    async with db.read() as connection:
        await visible(connection, staff, session_no)
        rows = await views.reports_of(connection, session_no, after_id=pages.before_id or 0, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[ReportOut.of(row) for row in shown], next=following)


@router.get("/records/misplaced", operation_id="listMisplacedRecords", summary="归属不符的交易记录")
async def list_misplaced(staff: Reader, db: Db, pages: Pages) -> Page[RecordOut]:
    """Records that were uploaded for a session of another charge point; they were not confirmed (abuse A05)."""
    if pages.before is not None and [type(part) for part in pages.before] != [int, str]:
        raise Invalid("`before` is not a cursor of this list", "invalid_cursor")
    async with db.read() as connection:
        rows = await views.misplaced(connection, reach=staff.reach, before=pages.before, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: (row.received_at_ms, row.record_id))
    return Page(items=[RecordOut.of(row) for row in shown], next=following)


async def session_snapshot(connection: AsyncConnection, who: Principal, key: str) -> dict[str, object] | None:
    """A session for its driver, and for staff who may see it."""
    found = await views.session(connection, key[:64])
    return views.snapshot(found) if found is not None and may_see(who, found) else None


LIVE_TOPICS = (LiveTopic(prefix="session", snapshot=session_snapshot),)
