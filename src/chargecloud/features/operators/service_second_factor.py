"""The second factor: a phone that shows codes, ten recovery codes, and how one gets rid of both (ADR 60)."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import model, sql_second_factor, sql_sign_in, sql_staff
from chargecloud.features.operators import model_second_factor as rules
from chargecloud.features.operators.messages import SignInStep, Staff
from chargecloud.features.operators.service_audit import audit
from chargecloud.features.operators.service_passwords import verify
from chargecloud.features.operators.service_tries import begin_try
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused, Unauthenticated


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone has to be told, shown this once."""

    secret: str
    address: str
    """The same for a QR code."""


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody's account is looked after."""

    on: bool
    required: bool
    """By the role, where the operator of the platform wants it."""
    recovery_codes_left: int


async def second_factor(connection: AsyncConnection, member: Staff, required_roles: frozenset[str]) -> SecondFactor:
    """Whether somebody has one, must have one, and how many recovery codes are left."""
    left = await sql_second_factor.recovery_codes_left(connection, member.staff_id) if member.has_second_factor else 0
    return SecondFactor(on=member.has_second_factor, required=member.role in required_roles, recovery_codes_left=left)


async def begin_second_factor(database: Database, principal: Principal, password: str) -> Enrolment:
    """A new secret; nothing is asked for before a code of it has been seen. An open browser alone is not enough."""
    member = await _myself(database, principal)
    if member.has_second_factor:
        raise Conflict("已启用动态验证码；更换手机请先停用", "second_factor_on")
    attempt = await begin_try(database, member.username, principal.source)
    if not await verify(attempt.password_hash, password):
        raise Invalid("密码不正确", "wrong_password", field="password")
    secret = rules.new_totp_secret()
    async with database.unit() as uow:
        await sql_sign_in.note_success(uow, attempt.attempt_id)
        operator = await sql_staff.find_operator(uow.connection, member.operator_id)
        if not await sql_second_factor.begin_factor(uow, member.staff_id, secret):
            raise Conflict("已启用动态验证码；更换手机请先停用", "second_factor_on")
    issuer = operator.name if operator else "chargecloud"
    return Enrolment(secret=secret, address=rules.totp_address(secret, member.username, issuer))


async def confirm_second_factor(uow: UnitOfWork, principal: Principal, code: str, token: str) -> list[str]:
    """The phone has the secret: from now on it is asked. Recovery codes, shown this once; other sessions end."""
    factor = await sql_second_factor.find_factor(uow.connection, principal.id)
    if factor is None or factor.confirmed_at_ms is not None:
        raise Conflict("请先获取新的二维码", "second_factor_not_begun")
    step = rules.step_of(factor.secret, code, uow.now_ms, factor.last_step)
    if step is None:
        raise Invalid("验证码不正确；请核对手机时间后输入最新的 6 位数字", "wrong_code", field="code")
    if not await sql_second_factor.confirm_factor(uow, factor, step):
        raise Conflict("请先获取新的二维码", "second_factor_not_begun")
    codes = rules.new_recovery_codes()
    hashes = [rules.recovery_hash(each) for each in codes]
    await sql_second_factor.set_recovery_codes(uow, principal.id, hashes)
    await sql_sign_in.end_other_sessions(uow, principal.id, model.secret_hash(token))
    audit(uow, principal, "staff.enable_second_factor", f"staff:{principal.id}")
    return codes


async def accept_code(uow: UnitOfWork, staff_id: int, code: str) -> bool:
    """Use up a code of the phone, or a recovery code; False when it is neither, or was used before."""
    factor = await sql_second_factor.find_factor(uow.connection, staff_id)
    if factor is None or factor.confirmed_at_ms is None:
        return False
    step = rules.step_of(factor.secret, code, uow.now_ms, factor.last_step)
    if step is not None:
        return await sql_second_factor.use_step(uow, factor, step)
    return await sql_second_factor.use_recovery_code(uow, staff_id, rules.recovery_hash(code))


async def remove_second_factor(database: Database, principal: Principal, *, password: str, code: str) -> None:
    """Do without from now on. Takes both factors; wrong ones count as failed sign-ins."""
    member = await _myself(database, principal)
    if not member.has_second_factor:
        raise Conflict("没有启用动态验证码", "second_factor_off")
    if member.role in database.options.second_factor_roles:
        raise Refused("您的角色必须启用动态验证码，不能停用；更换手机请由管理员重置", "second_factor_required")
    attempt = await begin_try(database, member.username, principal.source, SignInStep.CODE)
    wrong = Invalid("密码或验证码不正确", "wrong_password_or_code", field="code")
    if not await verify(attempt.password_hash, password):
        raise wrong
    async with database.unit() as uow:
        if not await accept_code(uow, member.staff_id, code):
            raise wrong
        await sql_sign_in.note_success(uow, attempt.attempt_id)
        await sql_second_factor.remove_factor(uow, member.staff_id)
        audit(uow, principal, "staff.disable_second_factor", f"staff:{member.staff_id}")


async def reset_second_factor(uow: UnitOfWork, principal: Principal, staff_id: int) -> Staff:
    """Somebody else has lost their phone: the password alone is asked for again, and their sessions end."""
    member = await sql_staff.find_staff(uow.connection, staff_id, principal.operator_id)
    if member is None:
        raise NotFound(f"没有后台人员 {staff_id}", "staff_unknown", staff_id=staff_id)
    if staff_id == principal.id:
        raise Refused("自己的动态验证码请在“我的账号”用密码和验证码停用", "not_yourself")
    if not await sql_second_factor.remove_factor(uow, staff_id):
        raise Conflict("对方没有启用动态验证码", "second_factor_off")
    await sql_sign_in.end_sessions(uow, staff_id)
    audit(uow, principal, "staff.reset_second_factor", f"staff:{staff_id}")
    return member


async def _myself(database: Database, principal: Principal) -> Staff:
    async with database.read() as connection:
        member = await sql_staff.find_staff(connection, principal.id, principal.operator_id)
    if member is None:
        raise Unauthenticated("登录已失效，请重新登录", "not_signed_in")
    return member
