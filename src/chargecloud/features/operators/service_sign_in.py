"""Signing in and out. Passwords are looked at between two units of work, never inside one: hashing takes a while."""

import msgspec

from chargecloud.features.operators import model, sql_second_factor, sql_sign_in, sql_staff
from chargecloud.features.operators.messages import SignInStep, Staff, StaffSession
from chargecloud.features.operators.model_second_factor import TICKET_MS
from chargecloud.features.operators.service_audit import audit
from chargecloud.features.operators.service_passwords import hash_password, verify
from chargecloud.features.operators.service_second_factor import accept_code
from chargecloud.features.operators.service_tries import begin_try
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Invalid, Unauthenticated
from chargecloud.kernel.ids import new_secret


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says who they are."""

    username: str
    password: str
    source: str
    """Address the request came from; lock-outs count by it."""
    agent: str = ""


class IssuedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session, with its token shown this once."""

    session: StaffSession
    staff: Staff
    token: str


class SignInCode(msgspec.Struct, frozen=True, kw_only=True):
    """The second step: the ticket of the first, and a code."""

    ticket: str
    code: str
    source: str
    agent: str = ""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right and a code is asked for; no session yet."""

    token: str
    expires_at_ms: int


async def sign_in(database: Database, request: SignIn) -> IssuedSession | Ticket:
    """A session for the right password, or a ticket for the second step. Unauthenticated and TooMany say nothing of
    whether the name exists."""
    attempt = await begin_try(database, request.username, request.source)
    right = await verify(attempt.password_hash, request.password)
    account = attempt.account
    if not right or account is None or account.staff.disabled:
        raise Unauthenticated("登录名或密码不正确", "wrong_credentials")
    async with database.unit() as uow:
        if account.staff.has_second_factor:
            await sql_sign_in.note_password_right(uow, attempt.attempt_id)
            ticket = Ticket(token=new_secret(), expires_at_ms=uow.now_ms + TICKET_MS)
            hashed = model.secret_hash(ticket.token)
            await sql_second_factor.add_ticket(uow, account.staff.staff_id, hashed, ticket.expires_at_ms)
            return ticket
        await sql_sign_in.note_success(uow, attempt.attempt_id)
        return await _issue(uow, account.staff, request.source, request.agent)


async def sign_in_with_code(database: Database, request: SignInCode) -> IssuedSession:
    """A session for a ticket and a code that was never used; wrong codes count like wrong passwords."""
    ended = Unauthenticated("登录步骤已过期，请重新输入密码", "sign_in_ticket_ended")
    hashed = model.secret_hash(request.ticket)
    async with database.read() as connection:
        member = await sql_second_factor.find_ticket(connection, hashed, database.clock.now_ms())
    if member is None:
        raise ended
    attempt = await begin_try(database, member.username, request.source, SignInStep.CODE)
    async with database.unit() as uow:
        if not await accept_code(uow, member.staff_id, request.code):
            raise Unauthenticated("验证码不正确或已用过，请等下一个验证码", "wrong_sign_in_code")
        if not await sql_second_factor.end_ticket(uow, hashed):
            raise ended
        await sql_sign_in.note_success(uow, attempt.attempt_id)
        return await _issue(uow, member, request.source, request.agent)


async def _issue(uow: UnitOfWork, member: Staff, source: str, agent: str) -> IssuedSession:
    token = new_secret()
    await sql_sign_in.keep_newest(uow, member.staff_id, model.MAX_SESSIONS - 1)
    session = await sql_sign_in.add_session(
        uow, member.staff_id, token_hash=model.secret_hash(token), source=source[:64], agent=agent[:200]
    )
    return IssuedSession(session=session, staff=member, token=token)


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End the session of a token; a second time is harmless."""
    await sql_sign_in.end_token(uow, model.secret_hash(token))


async def change_password(database: Database, principal: Principal, *, old: str, new: str) -> None:
    """Replace one's own password; every session ends, this one too. Wrong old passwords count as failed sign-ins."""
    async with database.read() as connection:
        member = await sql_staff.find_staff(connection, principal.id, principal.operator_id)
    if member is None:
        raise Unauthenticated("登录已失效，请重新登录", "not_signed_in")
    attempt = await begin_try(database, member.username, principal.source)
    if not await verify(attempt.password_hash, old):
        raise Invalid("原密码不正确", "wrong_password", field="old_password")
    password_hash = await hash_password(new, username=member.username, role=member.role)
    async with database.unit() as uow:
        await sql_sign_in.note_success(uow, attempt.attempt_id)
        await sql_staff.set_staff(uow, member.staff_id, password_hash=password_hash)
        await sql_sign_in.end_sessions(uow, member.staff_id)
        audit(uow, principal, "staff.change_own_password", f"staff:{member.staff_id}")
