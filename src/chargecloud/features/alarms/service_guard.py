"""The fire guard at work: a port that is dangerous is cut off once, a fire cuts off every port of the charge point."""

from chargecloud.device.events import HazardReported, HubSampled, MeterSampled, RecordUploaded
from chargecloud.features.alarms import model_guard, service, sql_guard
from chargecloud.features.alarms.messages import AlarmKind, Cause
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import SessionState, StopReason
from chargecloud.infra.sql.uow import UnitOfWork


async def watch(uow: UnitOfWork, event: MeterSampled) -> None:
    """One report of a charging port. Whoever was asked to stop already is not judged again: it fires once a session."""
    session = await sessions.find_session(uow, event.session_no)
    if session is None or session.state is not SessionState.CHARGING or session.stop_reason:
        return
    if session.charge_point_code != event.charge_point_code or not session.intervals:
        return
    limits = await sql_guard.thresholds_of(uow.connection, session.station_id)
    finding = model_guard.judge(session.intervals, limits)
    if finding is None:
        return
    await sessions.request_stop(uow, session.session_no, StopReason.FIRE_GUARD)
    cause = Cause(
        kind=finding.kind,
        charge_point_code=session.charge_point_code,
        connector_no=session.connector_no,
        subject=session.session_no,
        facts=finding.facts | {"order_no": session.order_no, "session_no": session.session_no},
    )
    await service.raise_alarm(uow, cause)


async def hazard(uow: UnitOfWork, event: HazardReported) -> None:
    """A sensor or a door; what means fire cuts off every port."""
    facts: dict[str, object] = {"hazard": event.hazard[:64], "detail": event.detail_raw}
    if event.fire:
        await _fire(uow, event.charge_point_code, facts)
        return
    cause = Cause(
        kind=AlarmKind.HAZARD,
        charge_point_code=event.charge_point_code,
        connector_no=event.connector_no,
        subject=event.hazard[:64],
        facts=facts,
    )
    await service.raise_alarm(uow, cause)


async def smoke(uow: UnitOfWork, event: HubSampled) -> None:
    """A hub sees smoke; it speaks in the name of the first charge point behind it."""
    await _fire(uow, event.charge_point_code, {"hazard": "smoke", "hub_code": event.hub_code[:32]})


async def ended_by_fire(uow: UnitOfWork, event: RecordUploaded) -> None:
    """A record says that fire ended the charge."""
    facts: dict[str, object] = {"hazard": event.stop_reason[:64], "session_no": event.session_no[:64]}
    await _fire(uow, event.charge_point_code, facts)


async def _fire(uow: UnitOfWork, charge_point_code: str, facts: dict[str, object]) -> None:
    cut: list[int] = []
    for session in await sessions.open_sessions_at(uow, charge_point_code):
        if not session.stop_reason:
            await sessions.request_stop(uow, session.session_no, StopReason.FIRE_GUARD)
            cut.append(session.connector_no)
    cause = Cause(kind=AlarmKind.FIRE, charge_point_code=charge_point_code, facts=facts | {"cut_off": cut})
    await service.raise_alarm(uow, cause)
