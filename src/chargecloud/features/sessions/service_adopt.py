"""Sessions the platform did not begin: charges it sees without a right to them, and records it has never heard of."""

import msgspec

from chargecloud.device.commands import StopCharging
from chargecloud.device.events import ConnectorStatus, MeterSampled, RecordUploaded, StartMethod
from chargecloud.features.sessions import model, service_live, sql, views
from chargecloud.features.sessions.messages import ChargingSession, SessionState, SessionSurfaced, StopReason
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.ids import new_id

OFFLINE_START_MS = 120_000
"""A number of its own making, seen so soon after a charge point came back, may be an offline card's (文档 §4.8)."""
FOREIGN_AT_MOST = 8
"""Open foreign sessions kept for one charge point; whoever invents more numbers is only stopped."""


def shows_charging(event: MeterSampled) -> bool:
    """A sample that proves energy may flow."""
    return event.status is ConnectorStatus.CHARGING


def filed_under(event: RecordUploaded, digest: str) -> str:
    """The session number a record is kept under; one without a number gets one from its content."""
    return event.session_no if event.session_no.strip("0") else f"blank-{digest[:26]}"


async def surface(uow: UnitOfWork, event: MeterSampled, at_ms: int, *, occupied: bool, keep: bool) -> None:
    """A connector charges under a number we never gave it: keep it, stop it unless an offline card may be behind it.

    `keep` is false for a number that belongs to another charge point: its session is not touched.
    """
    charge_point = await stations.find_charge_point(uow, event.charge_point_code)
    if charge_point is None:
        return
    tolerated = charge_point.online and at_ms - charge_point.presence_since_ms < OFFLINE_START_MS
    stopped = not tolerated and not occupied
    many = await views.count_foreign(uow.connection, charge_point.code) >= FOREIGN_AT_MOST
    if event.session_no and keep and not many:
        await _keep(uow, event, at_ms, charge_point=charge_point, tolerated=tolerated)
    if stopped:
        await stations.ask(uow, _stop(uow, event), requested_by="session:unauthorised")
    uow.publish(
        SessionSurfaced(
            session_no=event.session_no,
            charge_point_code=event.charge_point_code,
            connector_no=event.connector_no,
            stopped=stopped,
        ),
        key=event.charge_point_code,
    )


async def _keep(
    uow: UnitOfWork, event: MeterSampled, at_ms: int, *, charge_point: ChargePoint, tolerated: bool
) -> None:
    blank = _foreign(charge_point, event.connector_no, event.session_no, at_ms - max(event.charged_s, 60) * 1000)
    seen = model.apply_sample(blank, event, at_ms, lambda _session: 0).session
    kept = msgspec.structs.replace(
        model.flagged(seen, "foreign"),
        stop_reason="" if tolerated else StopReason.UNAUTHORISED.value,
        due_at_ms=at_ms + model.RECORD_DUE_MS,
    )
    await sql.add(uow, kept)
    service_live.show(uow, kept)


def _stop(uow: UnitOfWork, event: MeterSampled) -> StopCharging:
    return StopCharging(
        command_id=f"stop:{event.session_no}:{new_id()[:12]}",
        charge_point_code=event.charge_point_code,
        expires_at_ms=uow.now_ms + service_live.STOP_WITHIN_MS,
        connector_no=event.connector_no,
        session_no=event.session_no,
    )


async def adopt_record(uow: UnitOfWork, event: RecordUploaded, session_no: str, at_ms: int) -> ChargingSession:
    """A session made from a record whose number we never gave: an offline card's, or an orphan."""
    charge_point = await stations.charge_point(uow, event.charge_point_code)
    adopted = msgspec.structs.replace(
        model.flagged(_foreign(charge_point, event.connector_no, session_no, at_ms), "unknown_session"),
        method=event.method,
        card_id=event.card_id,
        vin=event.vin,
    )
    await sql.add(uow, adopted)
    return adopted


def _foreign(charge_point: ChargePoint, connector_no: int, session_no: str, requested_at_ms: int) -> ChargingSession:
    """A session without order and driver; it occupies nothing."""
    return ChargingSession(
        session_no=session_no,
        operator_id=charge_point.operator_id,
        station_id=charge_point.station_id,
        charge_point_code=charge_point.code,
        connector_no=connector_no,
        rated_power_w=stations.rated_power_w(power_type=charge_point.power_type, entered_w=charge_point.rated_power_w),
        method=StartMethod.OTHER,
        state=SessionState.UNAUTHORISED,
        requested_at_ms=requested_at_ms,
        proof_due_at_ms=requested_at_ms,
        evidence_at_ms=requested_at_ms,
    )
