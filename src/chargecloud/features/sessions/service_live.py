"""What follows from a step of a session: it is written, the charge point is asked, features and watchers are told."""

from collections.abc import Callable, Sequence

from prometheus_client import Counter

from chargecloud.device.commands import DeviceCommand, ReadSample, StopCharging
from chargecloud.device.events import MeterSampled
from chargecloud.features.sessions import model, sql, views
from chargecloud.features.sessions.messages import (
    ChargingSession,
    Segment,
    SessionEnded,
    SessionEstimated,
    SessionEventBase,
    SessionFailed,
    SessionRejected,
    SessionReopened,
    SessionStarted,
    SessionState,
)
from chargecloud.features.sessions.model import Effect, Step
from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import EnergySegment
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.ids import new_id

STOP_WITHIN_MS = 60_000
READ_WITHIN_MS = 20_000

REFUSED_FACTS = Counter(
    "chargecloud_session_refused_facts", "evidence that a session's state does not allow", ["state", "fact"]
)


async def apply_sample(uow: UnitOfWork, before: ChargingSession, event: MeterSampled, at_ms: int) -> None:
    """One sample for one session, with our running price."""
    trusted = True
    if model.would_prove_nothing_flowed(before, event, at_ms):
        charge_point = await stations.charge_point(uow, before.charge_point_code)
        back_ms = charge_point.presence_since_ms
        trusted = back_ms <= before.requested_at_ms or at_ms - back_ms >= model.UPLOAD_GRACE_MS
    await settle_step(uow, before, model.apply_sample(before, event, at_ms, _pricing(before), trusted=trusted))


def _pricing(session: ChargingSession) -> Callable[[tuple[Segment, ...]], int]:
    """Our price of energy by half hours, under the tariff noted at the start."""
    version = session.tariff
    if version is None:
        return lambda _segments: 0

    def price(segments: tuple[Segment, ...]) -> int:
        parts = [EnergySegment(segment.start_ms, segment.energy_mwh) for segment in segments]
        return tariffs.price_segments(version, parts).total_hao

    return price


async def settle_step(uow: UnitOfWork, before: ChargingSession, step: Step) -> ChargingSession:
    """Write a step down and do what follows from it."""
    if step.session != before:
        await sql.save(uow, before, step.session)
    return await _follow(uow, before, step)


async def settle_steps(uow: UnitOfWork, steps: Sequence[tuple[ChargingSession, Step]]) -> None:
    """Write down the steps of several sessions at once."""
    await sql.save_many(uow, [(before, step.session) for before, step in steps])
    for before, step in steps:
        await _follow(uow, before, step)


async def _follow(uow: UnitOfWork, before: ChargingSession, step: Step) -> ChargingSession:
    if step.refused is not None:
        REFUSED_FACTS.labels(before.state.value, step.refused.value).inc()
    after = step.session
    if after != before:
        show(uow, after)
    for effect in step.effects:
        await _carry_out(uow, after, effect)
    if after.state is not before.state:
        told = _told(after)
        if told is not None:
            uow.publish(told, key=after.charge_point_code)
    return after


async def _carry_out(uow: UnitOfWork, session: ChargingSession, effect: Effect) -> None:
    if effect is Effect.READ_SAMPLE:
        uow.command(
            ReadSample(
                command_id=new_id(),
                charge_point_code=session.charge_point_code,
                expires_at_ms=uow.now_ms + READ_WITHIN_MS,
                connector_no=session.connector_no,
            )
        )
    elif session.connector_key is not None or not await _taken_by_another(uow, session):
        await stations.ask(uow, stop_command(uow, session), requested_by=f"session:{session.stop_reason}")


async def _taken_by_another(uow: UnitOfWork, session: ChargingSession) -> bool:
    """A stop stops whatever the connector does: it must not hit somebody else's charge."""
    key = f"{session.charge_point_code}/{session.connector_no}"
    return any(other.session_no != session.session_no for other in await sql.find_here(uow, "", key))


def stop_command(uow: UnitOfWork, session: ChargingSession) -> DeviceCommand:
    """The command that stops a session; its id names the session, because the answer does not."""
    return StopCharging(
        command_id=f"stop:{session.session_no}:{new_id()[:12]}",
        charge_point_code=session.charge_point_code,
        expires_at_ms=uow.now_ms + STOP_WITHIN_MS,
        connector_no=session.connector_no,
        session_no=session.session_no,
    )


def stopped_session(command_id: str) -> str:
    """The session a stop command was for, empty when it was for none."""
    return command_id.split(":")[1] if command_id.startswith("stop:") else ""


def _told(after: ChargingSession) -> SessionEventBase | None:
    """What other features are told of a session that has entered this state; records speak for themselves."""
    names = {"session_no": after.session_no, "charge_point_code": after.charge_point_code}
    match after.state:
        case SessionState.CHARGING:
            return SessionStarted(**names)
        case SessionState.AWAITING_RECORD:
            return SessionEnded(**names)
        case SessionState.REJECTED:
            return SessionRejected(**names, reason=after.refusal)
        case SessionState.FAILED:
            return SessionFailed(**names, reason=after.stop_reason or after.refusal)
        case SessionState.ESTIMATED:
            return SessionEstimated(**names)
        case SessionState.UNAUTHORISED:
            return SessionReopened(**names)
        case _:
            return None


def show(uow: UnitOfWork, session: ChargingSession) -> None:
    """Tell whoever watches the session."""
    uow.live(f"session:{session.session_no}", views.snapshot(session))
