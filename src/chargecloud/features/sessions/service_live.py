"""What follows from a step of a session: it is written, the charge point is asked, features and watchers are told."""

from collections.abc import Callable, Sequence

import msgspec
from prometheus_client import Counter

from chargecloud.device.capability import Capability
from chargecloud.device.commands import ChangeLimit, ChargeLimit, ChargeMode, DeviceCommand, ReadSample, StopCharging
from chargecloud.device.events import Beat, MeterSampled
from chargecloud.features.drivers import service as drivers
from chargecloud.features.sessions import model, model_meter, model_two_wheel, sql, views
from chargecloud.features.sessions.messages import (
    ChargingSession,
    LimitKind,
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
from chargecloud.kernel.money import HAO_PER_FEN

STOP_WITHIN_MS = 60_000
READ_WITHIN_MS = 20_000

REFUSED_FACTS = Counter(
    "chargecloud_session_refused_facts", "evidence that a session's state does not allow", ["state", "fact"]
)


async def apply_sample(uow: UnitOfWork, before: ChargingSession, event: MeterSampled, at_ms: int) -> None:
    """One sample for one session, with our running price."""
    trusted = True
    if model.would_prove_nothing_flowed(before, event, at_ms):
        trusted = await _has_uploaded(uow, before, at_ms)
    named = event.connector_no if event.session_no == before.session_no else 0
    here = await placed(uow, before, named)
    step = model.apply_sample(here, event, at_ms, _pricing(before), trusted=trusted)
    after = await settle_step(uow, before, step)
    if after.intervals is not before.intervals:
        await _relimit(uow, before, after)
    if after.driver_id is not None and model_meter.runs_low(before, after):
        left_fen = max(after.cap_fen - after.amount_hao // HAO_PER_FEN, 0)
        facts: dict[str, object] = {
            "order_no": after.order_no,
            "session_no": after.session_no,
            "available_fen": left_fen,
        }
        drivers.notice(uow, after.driver_id, "balance_low", facts)


async def _has_uploaded(uow: UnitOfWork, session: ChargingSession, at_ms: int) -> bool:
    """Whether the charge point cannot hold back a record from the time it was away."""
    charge_point = await stations.charge_point(uow, session.charge_point_code)
    back_ms = charge_point.presence_since_ms
    return back_ms <= session.requested_at_ms or at_ms - back_ms >= model.UPLOAD_GRACE_MS


async def placed(uow: UnitOfWork, session: ChargingSession, connector_no: int) -> ChargingSession:
    """A session whose connector was left to the charge point, at the connector it has named by now."""
    if session.connector_no or not connector_no:
        return session
    key = f"{session.charge_point_code}/{connector_no}"
    free = session.connector_key is not None and not await sql.find_here(uow, "", key)
    return msgspec.structs.replace(
        session, connector_no=connector_no, connector_key=key if free else session.connector_key
    )


async def apply_beat(uow: UnitOfWork, event: Beat, at_ms: int) -> None:
    """What a heartbeat of all connectors says of the sessions there."""
    sessions = [
        found for found in await sql.open_at(uow, event.charge_point_code) if model_two_wheel.only_counts(found)
    ]
    taken = frozenset(found.connector_no for found in sessions if found.connector_no)
    for found in sessions:
        status = model_two_wheel.status_here(found, event.connectors, taken)
        overdue = found.began_at_ms is None and at_ms >= found.proof_due_at_ms
        trusted = not overdue or await _has_uploaded(uow, found, at_ms)
        await settle_step(uow, found, model.apply_status(found, status, at_ms, trusted=trusted))


async def _relimit(uow: UnitOfWork, before: ChargingSession, after: ChargingSession) -> None:
    """The power tier changed: what is left of the money lasts for another time than was granted."""
    plan = after.tariff.plan if after.tariff else None
    if plan is None or after.state is not SessionState.CHARGING or not after.cap_fen:
        return
    most_s = after.limit_value * 60 if after.limit_kind is LimitKind.MINUTES else plan.max_duration_s
    usages = model_two_wheel.usage_of(before), model_two_wheel.usage_of(after)
    total_s = tariffs.new_total_s(plan, *usages, after.cap_fen, most_s=min(most_s, plan.max_duration_s))
    if total_s is None:
        return
    charge_point = await stations.charge_point(uow, after.charge_point_code)
    if stations.can(charge_point, Capability.CHANGE_LIMIT):
        change = ChangeLimit(
            command_id=f"limit:{after.session_no}:{new_id()[:12]}",
            charge_point_code=after.charge_point_code,
            expires_at_ms=uow.now_ms + STOP_WITHIN_MS,
            connector_no=after.connector_no,
            session_no=after.session_no,
            limit=ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=total_s, stop_when_full=True),
        )
        await stations.ask(uow, change, requested_by="session:power_tier")


def _pricing(session: ChargingSession) -> Callable[[ChargingSession], int]:
    """Our price under the tariff noted at the start: by half hours, or by what was used."""
    version = session.tariff
    if version is None:
        return lambda _session: 0
    plan = version.plan
    if plan is not None:
        return lambda now: tariffs.running_hao(plan, model_two_wheel.usage_of(now))

    def price(now: ChargingSession) -> int:
        parts = [EnergySegment(segment.start_ms, segment.energy_mwh) for segment in now.segments]
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
