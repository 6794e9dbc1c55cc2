"""Statements of sign-in: attempts, accounts and sessions."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import model, sql_staff
from chargecloud.features.operators.messages import SignInStep, Staff, StaffSession
from chargecloud.features.operators.model import Attempts
from chargecloud.features.operators.sql import STAFF_COLUMNS, attempts, sessions, staff, staff_of, tickets, turns
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with the hash of their password."""

    staff: Staff
    password_hash: str


SLOTS = 256
_TURN = insert_ignore(turns)


async def take_turn(uow: UnitOfWork, username: str, source: str) -> None:
    """Until this unit of work ends nobody else looks at the tries of this account or this source.

    Inserting a row that is there locks it, on a server; on SQLite one unit writes at a time anyway. The order keeps
    two that need the same slots from waiting for each other.
    """
    slots = {crc32(f"{kind}:{text}".encode()) % SLOTS for kind, text in (("account", username), ("source", source))}
    await uow.connection.execute(_TURN, [{"slot": slot} for slot in sorted(slots)])


async def recent_attempts(connection: AsyncConnection, username: str, source: str, now_ms: int) -> Attempts:
    """What a lock-out looks at."""
    recent = select(attempts.c.at_ms).order_by(attempts.c.at_ms.desc())
    of_source = recent.where(attempts.c.source == source, attempts.c.at_ms > now_ms - model.SOURCE_WINDOW_MS)
    known_sources = select(attempts.c.source).where(
        attempts.c.username == username,
        attempts.c.succeeded.is_(True),
        attempts.c.at_ms > now_ms - model.KNOWN_SOURCE_MS,
    )
    failures = recent.where(
        attempts.c.username == username,
        attempts.c.succeeded.is_(False),
        attempts.c.step != SignInStep.PASSWORD_RIGHT.value,
        attempts.c.at_ms > now_ms - model.ACCOUNT_WINDOW_MS,
    )
    is_known = (await connection.execute(known_sources.where(attempts.c.source == source).limit(1))).first()
    which = attempts.c.source == source if is_known else attempts.c.source.not_in(known_sources)
    account = (await connection.execute(failures.where(which).limit(model.ACCOUNT_FAILURES))).scalars()
    tries = (await connection.execute(of_source.limit(model.SOURCE_ATTEMPTS))).scalars()
    return Attempts(account_failures_ms=list(account), source_attempts_ms=list(tries))


async def add_attempt(uow: UnitOfWork, username: str, source: str, step: SignInStep) -> int:
    """A try that counts as a failure until it is known better."""
    row = {"username": username, "source": source, "succeeded": False, "at_ms": uow.now_ms, "step": step.value}
    key = (await uow.connection.execute(insert(attempts).values(row))).inserted_primary_key
    return int(key[0]) if key else 0


async def note_success(uow: UnitOfWork, attempt_id: int) -> None:
    """The try was a sign-in."""
    await uow.connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(succeeded=True))


async def note_password_right(uow: UnitOfWork, attempt_id: int) -> None:
    """The password was right, and a code is asked for."""
    step = SignInStep.PASSWORD_RIGHT.value
    await uow.connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(step=step))


async def prune_attempts(uow: UnitOfWork, *, before_ms: int) -> int:
    """Forget old tries; how many."""
    return (await uow.connection.execute(delete(attempts).where(attempts.c.at_ms < before_ms))).rowcount


async def find_account(connection: AsyncConnection, username: str) -> Account | None:
    """An account by the name it signs in with."""
    statement = select(*STAFF_COLUMNS, staff.c.password_hash).where(staff.c.username == username)
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    member = await sql_staff.with_stations(connection, staff_of(row))
    return Account(staff=member, password_hash=row.password_hash)


async def add_session(uow: UnitOfWork, staff_id: int, *, token_hash: str, source: str, agent: str) -> StaffSession:
    """A session that lives at most twelve hours."""
    row = {
        "staff_id": staff_id,
        "token_hash": token_hash,
        "created_at_ms": uow.now_ms,
        "seen_at_ms": uow.now_ms,
        "expires_at_ms": uow.now_ms + model.SESSION_ABSOLUTE_MS,
        "source": source,
        "agent": agent,
    }
    key = (await uow.connection.execute(insert(sessions).values(row))).inserted_primary_key
    return StaffSession(
        session_id=int(key[0]) if key else 0,
        staff_id=staff_id,
        created_at_ms=uow.now_ms,
        seen_at_ms=uow.now_ms,
        expires_at_ms=uow.now_ms + model.SESSION_ABSOLUTE_MS,
        source=source,
        agent=agent,
    )


async def find_session(connection: AsyncConnection, token_hash: str, now_ms: int) -> tuple[StaffSession, Staff] | None:
    """A living session and whose it is."""
    statement = (
        select(*STAFF_COLUMNS, *_SESSION_COLUMNS)
        .join(sessions, sessions.c.staff_id == staff.c.id)
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.expires_at_ms > now_ms,
            sessions.c.seen_at_ms > now_ms - model.SESSION_IDLE_MS,
            staff.c.disabled.is_(False),
        )
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    member = await sql_staff.with_stations(connection, staff_of(row))
    return StaffSession(**_session_values(row[len(STAFF_COLUMNS) :])), member


async def sessions_of(connection: AsyncConnection, staff_id: int, now_ms: int) -> list[StaffSession]:
    """Living sessions of somebody, newest first."""
    statement = (
        select(*_SESSION_COLUMNS)
        .where(
            sessions.c.staff_id == staff_id,
            sessions.c.expires_at_ms > now_ms,
            sessions.c.seen_at_ms > now_ms - model.SESSION_IDLE_MS,
        )
        .order_by(sessions.c.id.desc())
    )
    return [StaffSession(**_session_values(row)) for row in await connection.execute(statement)]


_SESSION_COLUMNS = (
    sessions.c.id.label("session_id"),
    sessions.c.staff_id,
    sessions.c.created_at_ms.label("began_at_ms"),
    sessions.c.seen_at_ms,
    sessions.c.expires_at_ms,
    sessions.c.source,
    sessions.c.agent,
)
_SESSION_FIELDS = StaffSession.__struct_fields__


def _session_values(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_SESSION_FIELDS, values, strict=True))


async def touch_session(uow: UnitOfWork, session_id: int) -> None:
    """The session was used just now."""
    await uow.connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at_ms=uow.now_ms))


async def end_session(uow: UnitOfWork, staff_id: int, session_id: int) -> bool:
    """End one session of somebody; False when there is none."""
    statement = delete(sessions).where(sessions.c.id == session_id, sessions.c.staff_id == staff_id)
    return (await uow.connection.execute(statement)).rowcount == 1


async def end_token(uow: UnitOfWork, token_hash: str) -> bool:
    """End the session of a token; False when there is none."""
    return (await uow.connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))).rowcount == 1


async def end_sessions(uow: UnitOfWork, staff_id: int) -> int:
    """End every session of somebody, and what might become one; how many sessions."""
    await uow.connection.execute(delete(tickets).where(tickets.c.staff_id == staff_id))
    return (await uow.connection.execute(delete(sessions).where(sessions.c.staff_id == staff_id))).rowcount


async def end_other_sessions(uow: UnitOfWork, staff_id: int, token_hash: str) -> None:
    """End every session of somebody but the one of this token."""
    others = (sessions.c.staff_id == staff_id) & (sessions.c.token_hash != token_hash)
    await uow.connection.execute(delete(sessions).where(others))


async def keep_newest(uow: UnitOfWork, staff_id: int, keep: int) -> None:
    """End the oldest sessions of somebody beyond so many."""
    newest = select(sessions.c.id).where(sessions.c.staff_id == staff_id).order_by(sessions.c.id.desc())
    oldest = list((await uow.connection.execute(newest.offset(keep).limit(1000))).scalars())
    if oldest:
        await uow.connection.execute(delete(sessions).where(sessions.c.id.in_(oldest)))


async def prune_sessions(uow: UnitOfWork) -> int:
    """Forget sessions that ended by themselves; how many."""
    gone = (sessions.c.expires_at_ms <= uow.now_ms) | (sessions.c.seen_at_ms <= uow.now_ms - model.SESSION_IDLE_MS)
    return (await uow.connection.execute(delete(sessions).where(gone))).rowcount
