"""Use cases of charging sessions: begin, follow, stop, record; each is one step in the caller's unit of work."""

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.commands import StartCharging
from chargecloud.device.events import (
    Beat,
    ChargeAborted,
    ChargeEnded,
    CommandEnded,
    CommandOutcome,
    FullyCharged,
    MeterSampled,
    StartAnswered,
    StopAnswered,
)
from chargecloud.features.sessions import model, model_two_wheel, service_adopt, service_live, sql, views
from chargecloud.features.sessions.messages import (
    ChargeDetailRecord,
    ChargingSession,
    RequestStart,
    SessionState,
    StopReason,
)
from chargecloud.features.sessions.model import Fact, Step
from chargecloud.features.sessions.service_live import settle_step
from chargecloud.features.sessions.views_figures import Flow, StartSums, flow, start_sums
from chargecloud.features.stations import service as stations
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound, TooMany
from chargecloud.kernel.killpoints import reach

START_COMMANDS = {"StartCharging": "start:", "AnswerStart": "answer:"}
NEVER_SENT = {CommandOutcome.EXPIRED, CommandOutcome.OFFLINE, CommandOutcome.UNSUPPORTED}


def start_command_id(session_no: str) -> str:
    """The one id of the command that starts a session: it cannot be given twice."""
    return f"start:{session_no}"


def answer_command_id(session_no: str) -> str:
    """Likewise, for a start that was requested at the charge point."""
    return f"answer:{session_no}"


async def session(uow: UnitOfWork, session_no: str) -> ChargingSession:
    """A session, or NotFound."""
    found = await sql.find(uow, session_no)
    if found is None:
        raise NotFound(f"没有充电会话 {session_no}", "session_unknown", session_no=session_no)
    return found


async def recorded(uow: UnitOfWork, record_id: str) -> tuple[ChargingSession, ChargeDetailRecord]:
    """A record with its session, or NotFound."""
    found = await sql.find_record(uow, record_id)
    if found is None:
        raise NotFound(f"没有交易记录 {record_id}", "record_unknown", record_id=record_id)
    return found


async def recorded_many(
    uow: UnitOfWork, record_ids: Sequence[str]
) -> dict[str, tuple[ChargingSession, ChargeDetailRecord]]:
    """Records by their ids, with their sessions; what is unknown is left out."""
    return await sql.find_records(uow, record_ids)


async def free_places(
    uow: UnitOfWork, *, driver_id: int, driver_slots: int, connectors: list[tuple[str, int]]
) -> list[str]:
    """Keys of free places of the driver, one a connector; raises when a connector or too many places are taken."""
    keys = [connector_key(code, number) for code, number in connectors]
    taken = await sql.occupying(uow, driver_id=driver_id, connector_keys=keys)
    busy = [entry for entry in taken if entry.connector_key in keys]
    if busy:
        raise Conflict("充电枪正在使用中", "connector_busy", session_no=_own(busy[0], driver_id))
    used = {entry.driver_key for entry in taken}
    free = [key for key in (f"{driver_id}/{slot}" for slot in range(driver_slots)) if key not in used]
    if len(free) < len(keys):
        raise TooMany(f"同时进行的充电不能超过 {driver_slots} 个", "too_many_open_orders", limit=driver_slots)
    return free[: len(keys)]


async def occupant(uow: UnitOfWork, charge_point_code: str, connector_no: int) -> ChargingSession | None:
    """The session that occupies a connector."""
    return next(iter(await sql.find_here(uow, "", connector_key(charge_point_code, connector_no))), None)


def _own(session: ChargingSession, driver_id: int) -> str:
    """A driver learns the number of its own session only."""
    return session.session_no if session.driver_id == driver_id else ""


def connector_key(charge_point_code: str, connector_no: int) -> str:
    """What makes two sessions on one connector impossible."""
    return f"{charge_point_code}/{connector_no}"


async def request_start(uow: UnitOfWork, command: RequestStart, *, requested_by: str) -> ChargingSession:
    """Create the session and tell the charge point to start; the command dies if it cannot leave in time."""
    created = new_session(uow, command, SessionState.REQUESTED)
    await sql.add(uow, created)
    start = StartCharging(
        command_id=start_command_id(command.session_no),
        charge_point_code=command.charge_point_code,
        expires_at_ms=uow.now_ms + uow.options.start_command_s * 1000,
        connector_no=command.connector_no,
        session_no=command.session_no,
        card_label=command.card_label or "0" * 16,
        card_id=command.card_id or "0" * 16,
        balance_fen=command.cap_fen,
        parallel_no=command.parallel_no,
        limit=command.charge_limit,
    )
    await stations.ask(uow, start, requested_by=requested_by)
    service_live.show(uow, created)
    return created


async def authorise_start(uow: UnitOfWork, command: RequestStart) -> ChargingSession:
    """Create the session of a start that was requested at the charge point; the caller answers it."""
    created = new_session(uow, command, SessionState.STARTING)
    await sql.add(uow, created)
    service_live.show(uow, created)
    return created


def new_session(uow: UnitOfWork, command: RequestStart, state: SessionState) -> ChargingSession:
    """A session that has just been asked for."""
    values = msgspec.structs.asdict(command)
    limit = command.limit
    del values["limit"], values["driver_place"], values["charge_limit"]
    proof_ms = model_two_wheel.START_PROOF_MS if command.tariff.plan else model.START_PROOF_MS
    proof_due_at_ms = uow.now_ms + proof_ms
    return ChargingSession(
        **values,
        limit_kind=limit.kind,
        limit_value=limit.value,
        state=state,
        connector_key=connector_key(command.charge_point_code, command.connector_no),
        driver_key=command.driver_place,
        requested_at_ms=uow.now_ms,
        proof_due_at_ms=proof_due_at_ms,
        evidence_at_ms=uow.now_ms,
        due_at_ms=proof_due_at_ms,
    )


async def request_stop(uow: UnitOfWork, session_no: str, reason: StopReason) -> ChargingSession:
    """Ask the charge point to stop; asking twice is harmless. What it owes is settled by its record."""
    found = await session(uow, session_no)
    return await settle_step(uow, found, model.ask_stop(found, reason, uow.now_ms))


async def give_up(uow: UnitOfWork, session_no: str) -> ChargingSession:
    """Staff stop waiting for a record: the last sample has to do."""
    found = await session(uow, session_no)
    step = model.give_up(found, uow.now_ms)
    if step.refused is not None:
        raise Conflict("会话已经结束", "session_over", session_no=session_no, state=found.state.value)
    return await settle_step(uow, found, step)


async def raise_cap(uow: UnitOfWork, session_no: str, cap_fen: int) -> ChargingSession:
    """More money stands behind a running session."""
    found = await session(uow, session_no)
    return await settle_step(uow, found, Step(msgspec.structs.replace(found, cap_fen=cap_fen)))


async def open_sessions_of(uow: UnitOfWork, driver_id: int) -> list[ChargingSession]:
    """Sessions of a driver in which energy may flow."""
    return await sql.occupying(uow, driver_id=driver_id, connector_keys=[])


async def open_sessions_at(uow: UnitOfWork, charge_point_code: str) -> list[ChargingSession]:
    """Sessions that occupy a connector of a charge point."""
    return await sql.open_at(uow, charge_point_code)


async def find_session(uow: UnitOfWork, session_no: str) -> ChargingSession | None:
    """A session, or None."""
    return await sql.find(uow, session_no)


async def start_answered(uow: UnitOfWork, event: StartAnswered, at_ms: int) -> None:
    """The charge point's word on a start; it counts by session number, however late (文档 §0x33)."""
    reach("K12")
    found = await sql.find(uow, event.session_no)
    if found is not None and found.charge_point_code == event.charge_point_code:
        here = await service_live.placed(uow, found, event.connector_no if event.accepted else 0)
        await settle_step(uow, found, model.answer_start(here, event, at_ms))


async def command_ended(uow: UnitOfWork, event: CommandEnded, at_ms: int) -> None:
    """A start command that never left is a refusal; one that nobody answered proves nothing."""
    prefix = START_COMMANDS.get(event.command)
    if prefix is None or not event.command_id.startswith(prefix):
        return
    if event.outcome in NEVER_SENT:
        fact = Fact.NOT_SENT
    elif event.outcome is CommandOutcome.UNANSWERED:
        fact = Fact.UNANSWERED
    else:
        return
    found = await sql.find(uow, event.command_id.removeprefix(prefix))
    if found is not None and found.charge_point_code == event.charge_point_code:
        await settle_step(uow, found, model.lose_start(found, fact, at_ms, reason=event.outcome.value))


async def stop_answered(uow: UnitOfWork, event: StopAnswered, at_ms: int) -> None:
    """The charge point's word on a stop; it names no session, the command or the connector does."""
    key = connector_key(event.charge_point_code, event.connector_no)
    named = service_live.stopped_session(event.command_id)
    for found in await sql.find_here(uow, named, key):
        if found.session_no == (named or found.session_no) and found.charge_point_code == event.charge_point_code:
            step = model.answer_stop(found, accepted=event.accepted, reason=event.reason, at_ms=at_ms)
            await settle_step(uow, found, step)


async def record_sample(uow: UnitOfWork, event: MeterSampled, at_ms: int) -> None:
    """Live values: the session of their number gets the energy, the one that occupies the connector the idle word."""
    key = connector_key(event.charge_point_code, event.connector_no)
    found = await sql.find_here(uow, event.session_no, key)
    here = [entry for entry in found if entry.charge_point_code == event.charge_point_code]
    named = next((entry for entry in here if entry.session_no == event.session_no), None)
    if service_adopt.shows_charging(event):
        if named is None and (event.session_no or not here):
            ours = len(here) == len(found)
            await service_adopt.surface(uow, event, at_ms, occupied=bool(here), keep=ours)
            return
        here = [named] if named is not None else here
    for entry in here:
        await service_live.apply_sample(uow, entry, event, at_ms)


async def fully_charged(uow: UnitOfWork, event: FullyCharged) -> None:
    """The battery is full while the bike stays plugged: what flows from now on is float."""
    found = await sql.find(uow, event.session_no)
    if found is not None and found.charge_point_code == event.charge_point_code:
        await settle_step(uow, found, Step(model_two_wheel.with_full(found, event)))


async def see_beat(uow: UnitOfWork, event: Beat, at_ms: int) -> None:
    """A heartbeat that tells of every connector; of one connector alone it tells nothing of a session."""
    if event.connectors:
        await service_live.apply_beat(uow, event, at_ms)


async def charge_ended(uow: UnitOfWork, event: ChargeEnded | ChargeAborted, at_ms: int) -> None:
    """The battery's or the charger's last word: the record is due."""
    found = await sql.find(uow, event.session_no) if event.session_no else None
    if found is not None and found.charge_point_code == event.charge_point_code and found.began_at_ms is not None:
        await settle_step(uow, found, model.end(found, at_ms))


async def came_online(uow: UnitOfWork, charge_point_code: str) -> None:
    """A charge point is back: what it did meanwhile is asked for soon."""
    await sql.wake(uow, charge_point_code)


async def sweep_one(uow: UnitOfWork, session_no: str) -> None:
    """Look at one session whose time has come."""
    found = await sql.find(uow, session_no)
    if found is not None and found.due_at_ms is not None and found.due_at_ms <= uow.now_ms:
        step = model.tick(found, uow.now_ms, estimate_after_ms=uow.options.estimate_after_s * 1000)
        await settle_step(uow, found, step)


async def due_sessions(uow: UnitOfWork, *, limit: int) -> list[str]:
    """Sessions the sweep has to look at."""
    return await sql.due(uow, limit=limit)


async def live_of(connection: AsyncConnection, session_nos: Sequence[str]) -> dict[str, dict[str, object]]:
    """Sessions as their live topics show them now, by number."""
    return {each.session_no: views.snapshot(each) for each in await views.sessions_of(connection, session_nos)}


__all__ = ["Flow", "StartSums", "flow", "start_sums"]
"""What the read side offers other features beside the functions above."""
