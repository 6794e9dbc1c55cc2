"""Records: stored byte for byte and confirmed in the same transaction, one by one or many at once."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import RecordUploaded, digest_of
from chargecloud.features.sessions import model, service_adopt, service_live, sql
from chargecloud.features.sessions.messages import ChargingSession, RecordMisplaced, RecordStanding, SessionRecorded
from chargecloud.features.sessions.model import Step
from chargecloud.features.sessions.service_live import settle_step, settle_steps
from chargecloud.infra.sql.uow import UnitOfWork

CONFIRM_WITHIN_MS = 60_000


class Uploaded(NamedTuple):
    """A record as it came, and the trace it came with."""

    event: RecordUploaded
    at_ms: int
    trace_id: str


class _Filed(NamedTuple):
    uploaded: Uploaded
    digest: str
    session_no: str


async def store_records(uow: UnitOfWork, batch: Sequence[Uploaded]) -> None:
    """Store many records at once: those that are the first of a known session together, any other by itself."""
    filed = [_file(uploaded) for uploaded in batch]
    found = await sql.find_many(uow, sorted({each.session_no for each in filed}))
    times = Counter(each.session_no for each in filed)
    plain: list[tuple[_Filed, ChargingSession]] = []
    odd: list[_Filed] = []
    for each in filed:
        session = found.get(each.session_no)
        code = each.uploaded.event.charge_point_code
        plain_one = session is not None and session.record_id is None and session.connector_no != 0
        if session and plain_one and session.charge_point_code == code and times[each.session_no] == 1:
            plain.append((each, session))
        else:
            odd.append(each)
    await _store_first(uow, plain)
    for each in odd:
        uow.trace_id = each.uploaded.trace_id
        await store_record(uow, each.uploaded.event, each.uploaded.at_ms)


async def _store_first(uow: UnitOfWork, plain: Sequence[tuple[_Filed, ChargingSession]]) -> None:
    rows = [
        sql.record_row(
            uow,
            each.uploaded.event,
            session_no=each.session_no,
            digest=each.digest,
            standing=RecordStanding.FIRST,
        )
        for each, _ in plain
    ]
    await sql.add_records(uow, rows)
    steps = [
        (session, _step(session, each.uploaded.event, str(row["record_id"]), each.uploaded.at_ms))
        for (each, session), row in zip(plain, rows, strict=True)
    ]
    await settle_steps(uow, steps)
    for (each, session), row in zip(plain, rows, strict=True):
        uow.trace_id = each.uploaded.trace_id
        _tell(uow, session, str(row["record_id"]))
        _confirm(uow, each.uploaded.event, each.digest)


async def store_record(uow: UnitOfWork, event: RecordUploaded, at_ms: int) -> None:
    """Store a record byte for byte and confirm it in the same transaction; a second copy is only confirmed again."""
    digest, session_no = _file(Uploaded(event, at_ms, ""))[1:]
    found = await sql.find(uow, session_no)
    if found is not None and found.charge_point_code != event.charge_point_code:
        await _misplaced(uow, event, digest, found)
        return
    standing = RecordStanding.FIRST if found is None or found.record_id is None else RecordStanding.CONFLICT
    row = sql.record_row(uow, event, session_no=session_no, digest=digest, standing=standing)
    record_id = await sql.add_record(uow, row)
    if record_id is not None:
        if found is None:
            found = await service_adopt.adopt_record(uow, event, session_no, at_ms)
        here = await service_live.placed(uow, found, event.connector_no)
        await settle_step(uow, found, _step(here, event, record_id, at_ms))
        _tell(uow, found, record_id)
    _confirm(uow, event, digest)


def _file(uploaded: Uploaded) -> _Filed:
    digest = hashlib.sha256(uploaded.event.raw).hexdigest()
    return _Filed(uploaded, digest, service_adopt.filed_under(uploaded.event, digest))


def _step(found: ChargingSession, event: RecordUploaded, record_id: str, at_ms: int) -> Step:
    energy_mwh = max(event.energy_mwh, event.billed_energy_mwh)
    step = model.record(found, record_id=record_id, energy_mwh=energy_mwh, at_ms=at_ms)
    if event.connector_no == found.connector_no:
        return step
    return msgspec.structs.replace(step, session=model.flagged(step.session, "other_connector"))


def _tell(uow: UnitOfWork, before: ChargingSession, record_id: str) -> None:
    uow.publish(
        SessionRecorded(
            session_no=before.session_no,
            charge_point_code=before.charge_point_code,
            record_id=record_id,
            conflict=before.record_id is not None,
        ),
        key=before.charge_point_code,
    )


def _confirm(uow: UnitOfWork, event: RecordUploaded, digest: str) -> None:
    uow.command(
        ConfirmRecord(
            command_id=f"confirm:{digest[:32]}:{uow.now_ms}",
            charge_point_code=event.charge_point_code,
            expires_at_ms=uow.now_ms + CONFIRM_WITHIN_MS,
            connector_no=event.connector_no,
            session_no=event.session_no,
            digest=digest_of(event.raw),
        )
    )


async def _misplaced(uow: UnitOfWork, event: RecordUploaded, digest: str, owner: ChargingSession) -> None:
    """Kept as evidence, not confirmed, and told once (abuse A05)."""
    row = sql.record_row(uow, event, session_no=owner.session_no, digest=digest, standing=RecordStanding.MISPLACED)
    if await sql.add_record(uow, row) is not None:
        uow.publish(
            RecordMisplaced(
                session_no=owner.session_no,
                charge_point_code=event.charge_point_code,
                owner_code=owner.charge_point_code,
            ),
            key=event.charge_point_code,
        )
