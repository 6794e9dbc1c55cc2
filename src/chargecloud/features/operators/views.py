"""Lists of staff, of what they did, and of who tried to sign in. Operators see their own rows only."""

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.messages import AuditEntry, Role, SignInStep, Staff
from chargecloud.features.operators.sql import STAFF_COLUMNS, attempts, audit_log, staff, staff_of

MAX_NAMES = 5_000


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of audit entries may be narrowed by."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


class SignInAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """A try to sign in."""

    attempt_id: int
    username: str
    source: str
    succeeded: bool
    step: SignInStep
    at_ms: int


class StaffFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of staff may be narrowed by."""

    role: Role | None = None
    disabled: bool | None = None
    text: str | None = None
    """Part of the sign-in name or the display name."""


async def staff_page(
    connection: AsyncConnection, operator_id: int | None, wanted: StaffFilter, *, before_id: int | None, limit: int
) -> list[Staff]:
    """Staff, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if operator_id is not None:
        conditions.append(staff.c.operator_id == operator_id)
    if wanted.role is not None:
        conditions.append(staff.c.role == wanted.role.value)
    if wanted.disabled is not None:
        conditions.append(staff.c.disabled.is_(wanted.disabled))
    if wanted.text:
        conditions.append(
            staff.c.username.contains(wanted.text.lower(), autoescape=True)
            | staff.c.display_name.icontains(wanted.text, autoescape=True)
        )
    if before_id is not None:
        conditions.append(staff.c.id < before_id)
    statement = select(*STAFF_COLUMNS).where(*conditions).order_by(staff.c.id.desc()).limit(limit)
    rows = await connection.execute(statement)
    return await sql_staff.all_with_stations(connection, [staff_of(row) for row in rows])


async def staff_names(connection: AsyncConnection, operator_id: int | None) -> list[tuple[int, str]]:
    """Names by id, newest first; who is disabled keeps theirs."""
    statement = select(staff.c.id, staff.c.display_name).order_by(staff.c.id.desc()).limit(MAX_NAMES)
    if operator_id is not None:
        statement = statement.where(staff.c.operator_id == operator_id)
    return [(row.id, row.display_name) for row in await connection.execute(statement)]


async def audit_page(
    connection: AsyncConnection, operator_id: int | None, wanted: AuditFilter, *, before_id: int | None, limit: int
) -> list[AuditEntry]:
    """Who did what, newest first."""
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (audit_log.c.operator_id, operator_id),
        (audit_log.c.actor, wanted.actor),
        (audit_log.c.action, wanted.action),
        (audit_log.c.object, wanted.object),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.since_ms is not None:
        conditions.append(audit_log.c.at_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        conditions.append(audit_log.c.at_ms < wanted.until_ms)
    if before_id is not None:
        conditions.append(audit_log.c.id < before_id)
    statement = select(audit_log).where(*conditions).order_by(audit_log.c.id.desc()).limit(limit)
    return [
        AuditEntry(
            entry_id=row.id,
            operator_id=row.operator_id,
            at_ms=row.at_ms,
            actor=row.actor,
            actor_name=row.actor_name,
            action=row.action,
            object=row.object,
            facts=row.facts,
            before_digest=row.before_digest,
            after_digest=row.after_digest,
            source=row.source,
            request_id=row.request_id,
            chain_no=row.chain_no,
            digest=row.digest,
        )
        for row in await connection.execute(statement)
    ]


async def attempts_page(
    connection: AsyncConnection, operator_id: int | None, *, before_id: int | None, limit: int
) -> list[SignInAttempt]:
    """Tries to sign in, newest first; an operator sees those of its own names."""
    statement = select(attempts).order_by(attempts.c.id.desc()).limit(limit)
    if operator_id is not None:
        own = select(staff.c.username).where(staff.c.operator_id == operator_id)
        statement = statement.where(attempts.c.username.in_(own))
    if before_id is not None:
        statement = statement.where(attempts.c.id < before_id)
    return [
        SignInAttempt(
            attempt_id=row.id,
            username=row.username,
            source=row.source,
            succeeded=row.succeeded,
            step=SignInStep(row.step),
            at_ms=row.at_ms,
        )
        for row in await connection.execute(statement)
    ]
