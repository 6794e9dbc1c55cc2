"""Use cases of operators: who works here, how they sign in, what they may, and what they did."""

from collections.abc import Collection
from functools import partial

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import model, sql_sign_in, sql_staff
from chargecloud.features.operators.messages import (
    DEFAULT_OPERATOR_ID,
    Operator,
    Role,
    Staff,
    StaffSession,
    permissions_of,
)
from chargecloud.features.operators.service_approvals import (
    ApprovalKind,
    approvals_waiting,
    ask_approval,
    needs_second,
    outdated_approval,
    waiting_about,
)
from chargecloud.features.operators.service_audit import audit
from chargecloud.features.operators.service_passwords import hash_password, verify
from chargecloud.features.operators.service_second_factor import (
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    reset_second_factor,
    second_factor,
)
from chargecloud.features.operators.service_sign_in import (
    IssuedSession,
    SignIn,
    SignInCode,
    Ticket,
    change_password,
    sign_in,
    sign_in_with_code,
    sign_out,
)
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound, Refused

__all__ = [
    "ApprovalKind",
    "IssuedSession",
    "NewStaff",
    "SignIn",
    "SignInCode",
    "Ticket",
    "approvals_waiting",
    "ask_approval",
    "audit",
    "begin_second_factor",
    "change_password",
    "change_staff",
    "confirm_second_factor",
    "create_staff",
    "end_session",
    "forget_station",
    "hash_password",
    "limit_staff",
    "needs_second",
    "operator",
    "outdated_approval",
    "principal_of",
    "remove_second_factor",
    "require_default_operator",
    "reset_password",
    "reset_second_factor",
    "resolve_session",
    "second_factor",
    "sessions_of",
    "sign_in",
    "sign_in_with_code",
    "sign_out",
    "staff_member",
    "verify",
    "waiting_about",
]


class NewStaff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to work here. `password_hash` comes from `hash_password`, outside the unit of work."""

    username: str
    display_name: str
    role: Role
    password_hash: str
    operator_id: int = DEFAULT_OPERATOR_ID
    station_ids: frozenset[int] | None = None
    """The stations they are limited to; None: all of their operator's."""


async def operator(connection: AsyncConnection, operator_id: int) -> Operator:
    """An operator by id."""
    found = await sql_staff.find_operator(connection, operator_id)
    if found is None:
        raise NotFound(f"没有运营商 {operator_id}", "operator_unknown", operator_id=operator_id)
    return found


async def require_default_operator(uow: UnitOfWork, name: str = "默认运营商") -> Operator:
    """The operator an installation starts with, made when it is missing."""
    await sql_staff.add_operator(uow, name=model.normal_name(name), operator_id=DEFAULT_OPERATOR_ID)
    return await operator(uow.connection, DEFAULT_OPERATOR_ID)


async def create_staff(uow: UnitOfWork, new: NewStaff) -> Staff:
    """Give somebody an account."""
    username = model.normal_username(new.username)
    await operator(uow.connection, new.operator_id)
    if await sql_staff.username_taken(uow.connection, username):
        raise Conflict(f"登录名 {username} 已被使用", "username_taken", field="username")
    row = {
        "operator_id": new.operator_id,
        "username": username,
        "display_name": model.normal_name(new.display_name),
        "role": new.role.value,
        "password_hash": new.password_hash,
        "disabled": False,
        "created_at_ms": uow.now_ms,
    }
    staff_id = await sql_staff.add_staff(uow, row)
    if new.station_ids is not None:
        _no_administrator(new.role)
        await sql_staff.limit_staff(uow, staff_id, new.station_ids)
    return await staff_member(uow.connection, staff_id)


def _no_administrator(role: Role) -> None:
    if role is Role.ADMINISTRATOR:
        raise Refused(
            "管理员负责整个运营商，不能限定站点；请先换成其他角色", "administrator_limited", field="station_ids"
        )


async def limit_staff(
    uow: UnitOfWork, principal: Principal, staff_id: int, station_ids: Collection[int] | None
) -> Staff:
    """Limit somebody to some stations of their operator, or to none (None); it counts from their next request on."""
    member = await staff_member(uow.connection, staff_id, principal.operator_id)
    if station_ids is not None:
        _no_administrator(member.role)
    await sql_staff.limit_staff(uow, staff_id, station_ids)
    return await staff_member(uow.connection, staff_id)


async def forget_station(uow: UnitOfWork, station_id: int) -> None:
    """A station is gone: whoever was limited to it stays limited, to what is left."""
    await sql_staff.forget_station(uow, station_id)


async def staff_member(connection: AsyncConnection, staff_id: int, operator_id: int | None = None) -> Staff:
    """Somebody by id; an operator sees only its own."""
    found = await sql_staff.find_staff(connection, staff_id, operator_id)
    if found is None:
        raise NotFound(f"没有后台人员 {staff_id}", "staff_unknown", staff_id=staff_id)
    return found


async def change_staff(
    uow: UnitOfWork,
    principal: Principal,
    staff_id: int,
    *,
    display_name: str | None = None,
    role: Role | None = None,
    disabled: bool | None = None,
) -> Staff:
    """Rename somebody, give them another role, disable or enable them. Disabling ends their sessions."""
    before = await staff_member(uow.connection, staff_id, principal.operator_id)
    after = msgspec.structs.replace(
        before,
        display_name=before.display_name if display_name is None else model.normal_name(display_name),
        role=before.role if role is None else role,
        disabled=before.disabled if disabled is None else disabled,
    )
    if staff_id == principal.id and (after.role, after.disabled) != (before.role, before.disabled):
        raise Refused("不能停用自己或更改自己的角色", "not_yourself")
    if before.limited_since_ms is not None:
        _no_administrator(after.role)
    if before.role is Role.ADMINISTRATOR and (after.role is not Role.ADMINISTRATOR or after.disabled):
        await _not_the_last_administrator(uow, before)
    await sql_staff.set_staff(
        uow, staff_id, display_name=after.display_name, role=after.role.value, disabled=after.disabled
    )
    if after.disabled:
        await sql_sign_in.end_sessions(uow, staff_id)
    return after


async def _not_the_last_administrator(uow: UnitOfWork, member: Staff) -> None:
    if not await sql_staff.other_administrators(uow, member.operator_id, member.staff_id):
        raise Refused("至少要保留一名可用的管理员", "last_administrator")


async def reset_password(uow: UnitOfWork, principal: Principal, staff_id: int, password_hash: str) -> Staff:
    """Give somebody else a new password; all their sessions end."""
    member = await staff_member(uow.connection, staff_id, principal.operator_id)
    await sql_staff.set_staff(uow, staff_id, password_hash=password_hash)
    await sql_sign_in.end_sessions(uow, staff_id)
    return member


async def resolve_session(
    connection: AsyncConnection, token: str, now_ms: int, *, second_factor_roles: frozenset[str]
) -> Principal | None:
    """Who a session token stands for; None when it is unknown, idle for 30 minutes, 12 hours old, or disabled."""
    found = await sql_sign_in.find_session(connection, model.secret_hash(token), now_ms)
    if found is None:
        return None
    session, member = found
    idle_ms = now_ms - session.seen_at_ms
    return Principal(
        kind="staff",
        id=member.staff_id,
        name=member.display_name,
        operator_id=member.operator_id,
        permissions=permissions_of(member, second_factor_roles),
        station_ids=member.reach_stations,
        renew=partial(sql_sign_in.touch_session, session_id=session.session_id)
        if idle_ms >= model.SESSION_TOUCH_MS
        else None,
    )


async def principal_of(
    connection: AsyncConnection, staff_id: int, second_factor_roles: frozenset[str]
) -> Principal | None:
    """Somebody who works here with what they may do now, for work they asked for earlier; None when disabled."""
    member = await sql_staff.find_staff(connection, staff_id, None)
    if member is None or member.disabled:
        return None
    return Principal(
        kind="staff",
        id=member.staff_id,
        name=member.display_name,
        operator_id=member.operator_id,
        permissions=permissions_of(member, second_factor_roles),
        station_ids=member.reach_stations,
    )


async def operator_ids(connection: AsyncConnection) -> list[int]:
    """All operators."""
    return await sql_staff.operator_ids(connection)


async def sessions_of(connection: AsyncConnection, principal: Principal, now_ms: int) -> list[StaffSession]:
    """One's own living sessions, newest first."""
    return await sql_sign_in.sessions_of(connection, principal.id, now_ms)


async def end_session(uow: UnitOfWork, principal: Principal, session_id: int) -> None:
    """End one of one's own sessions."""
    if not await sql_sign_in.end_session(uow, principal.id, session_id):
        raise NotFound(f"没有会话 {session_id}", "session_unknown", session_id=session_id)
