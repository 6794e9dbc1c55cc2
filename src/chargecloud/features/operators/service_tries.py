"""Tries to sign in, counted before anything is looked at, so that parallel guesses cannot slip by."""

import msgspec

from chargecloud.features.operators import model, sql_sign_in
from chargecloud.features.operators.messages import SignInStep
from chargecloud.features.operators.service_passwords import NOBODY
from chargecloud.infra.sql.engine import Database


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """A try that was allowed, with what the password is compared with."""

    attempt_id: int
    account: sql_sign_in.Account | None

    @property
    def password_hash(self) -> str:
        usable = self.account and not self.account.staff.disabled
        return self.account.password_hash if self.account and usable else NOBODY


async def begin_try(database: Database, username: str, source: str, step: SignInStep = SignInStep.PASSWORD) -> Try:
    """Count a try of an account from a source; TooMany when there were too many. Codes count like passwords."""
    username, source = username.strip().lower()[:32], source[:64]
    async with database.unit() as uow:
        await sql_sign_in.take_turn(uow, username, source)
        recent = await sql_sign_in.recent_attempts(uow.connection, username, source, uow.now_ms)
        model.check_attempts(recent, uow.now_ms)
        attempt_id = await sql_sign_in.add_attempt(uow, username, source, step)
        return Try(attempt_id=attempt_id, account=await sql_sign_in.find_account(uow.connection, username))
