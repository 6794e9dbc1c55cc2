"""Signing in and out. Passwords are looked at between two units of work, never inside one: hashing takes a while."""

import msgspec

from chargecloud.features.operators import model, sql_sign_in, sql_staff
from chargecloud.features.operators.messages import Staff, StaffSession
from chargecloud.features.operators.service_audit import audit
from chargecloud.features.operators.service_passwords import NOBODY, hash_password, verify
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


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A try that was allowed, with what the password is compared with."""

    attempt_id: int
    account: sql_sign_in.Account | None

    @property
    def password_hash(self) -> str:
        usable = self.account and not self.account.staff.disabled
        return self.account.password_hash if self.account and usable else NOBODY


async def sign_in(database: Database, request: SignIn) -> IssuedSession:
    """A session for the right password. Unauthenticated and TooMany say nothing of whether the name exists."""
    candidate = await _begin(database, request)
    right = await verify(candidate.password_hash, request.password)
    account = candidate.account
    if not right or account is None or account.staff.disabled:
        raise Unauthenticated("登录名或密码不正确", "wrong_credentials")
    token = new_secret()
    async with database.unit() as uow:
        await sql_sign_in.note_success(uow, candidate.attempt_id)
        await sql_sign_in.keep_newest(uow, account.staff.staff_id, model.MAX_SESSIONS - 1)
        session = await sql_sign_in.add_session(
            uow,
            account.staff.staff_id,
            token_hash=model.secret_hash(token),
            source=request.source[:64],
            agent=request.agent[:200],
        )
    return IssuedSession(session=session, staff=account.staff, token=token)


async def _begin(database: Database, request: SignIn) -> _Candidate:
    """Count the try before its password is looked at, so that parallel guesses cannot slip by."""
    username = request.username.strip().lower()[:32]
    source = request.source[:64]
    async with database.unit() as uow:
        await sql_sign_in.take_turn(uow, username, source)
        recent = await sql_sign_in.recent_attempts(uow.connection, username, source, uow.now_ms)
        model.check_attempts(recent, uow.now_ms)
        attempt_id = await sql_sign_in.add_attempt(uow, username, source)
        return _Candidate(attempt_id=attempt_id, account=await sql_sign_in.find_account(uow.connection, username))


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End the session of a token; a second time is harmless."""
    await sql_sign_in.end_token(uow, model.secret_hash(token))


async def change_password(database: Database, principal: Principal, *, old: str, new: str) -> None:
    """Replace one's own password; every session ends, this one too. Wrong old passwords count as failed sign-ins."""
    async with database.read() as connection:
        member = await sql_staff.find_staff(connection, principal.id, principal.operator_id)
    if member is None:
        raise Unauthenticated("登录已失效，请重新登录", "not_signed_in")
    candidate = await _begin(database, SignIn(username=member.username, password=old, source=principal.source))
    if not await verify(candidate.password_hash, old):
        raise Invalid("原密码不正确", "wrong_password", field="old_password")
    password_hash = await hash_password(new, username=member.username, role=member.role)
    async with database.unit() as uow:
        await sql_sign_in.note_success(uow, candidate.attempt_id)
        await sql_staff.set_staff(uow, member.staff_id, password_hash=password_hash)
        await sql_sign_in.end_sessions(uow, member.staff_id)
        audit(uow, principal, "staff.change_own_password", f"staff:{member.staff_id}")
